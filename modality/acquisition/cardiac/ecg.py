"""An ECG: a heart's rhythm and waves, recorded through leads with noise, and the truth of its beats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from modality.acquisition import noise as chance
from modality.acquisition.cardiac import leads, waves
from modality.acquisition.cardiac.leads import TWELVE, Stored
from modality.acquisition.cardiac.rhythm import NORMAL, RHYTHMS, Activity, Beat
from modality.acquisition.cardiac.waves import Wave
from modality.acquisition.curves import Values, sine
from modality.errors import UsageError

STEP_MV = 0.0025
"""One step of the samples: our choice, as common electrocardiographs have it."""

FORMS: Mapping[str, tuple[tuple[str, ...], float, float, tuple[float, float], float]] = {
    "12-lead": (TWELVE, 500.0, 10.0, (200.0, 1000.0), 30.0),
    "general": ((*TWELVE, "X", "Y", "Z"), 500.0, 10.0, (200.0, 1000.0), 300.0),
    "ambulatory": (("II", "V1", "V5"), 200.0, 300.0, (50.0, 1000.0), 3600.0),
}
"""Of each form: leads, samples a second and length in s by default, its rates (PS3.3 A.34.3 to A.34.5), and most s."""

_MOST_SAMPLES = 16384  # of a channel of a 12-lead ECG (PS3.3 A.34.3.4.5)
_LEAST_SECONDS = 2.0
_RATES = (30.0, 220.0)
_WHITE, _WANDER = 21, 22  # streams of chance
# At a noise of 1, in mV: our choices, of a patient who lies still.
_MUSCLE_MV, _WANDER_MV, _MAINS_MV, _MAINS_HZ = 0.010, 0.040, 0.004, 50.0
_FIBRILLATION_MV, _FIBRILLATION_HZ = 0.07, 6.1
_ST_AFTER_J_S = 0.060  # where ST is measured

Form = Literal["12-lead", "general", "ambulatory"]
Rhythm = Literal["sinus", "af", "pvc", "wenckebach", "complete-block", "st-elevation"]
Site = Literal["anterior", "inferior"]


@dataclass(frozen=True, slots=True)
class EcgProtocol:
    """What was set.

    Args:
        form: which recording it is.
        rhythm: a name of `RHYTHMS`.
        rate: beats a minute of the sinus node, or in fibrillation of the ventricles.
        seconds: length.
        sampling_hz: samples a second.
        noise: how much of it, 0 for none.
        st_mv: elevation of the ST segment.
        st_site: the wall it comes from.
    """

    form: str
    rhythm: str
    rate: float
    seconds: float
    sampling_hz: float
    noise: float
    st_mv: float
    st_site: str


@dataclass(frozen=True, eq=False)
class Ecg:
    """A recording: one instance.

    Args:
        protocol: what was set.
        seed: of rhythm and noise.
    """

    protocol: EcgProtocol
    seed: int
    phantom: None = None

    def __len__(self) -> int:
        return 1

    @property
    def digested(self) -> Any:
        """What determines the recording besides the seed."""
        return self.protocol

    @property
    def leads(self) -> tuple[str, ...]:
        """Names of the leads, in the order of the samples."""
        return FORMS[self.protocol.form][0]

    @property
    def count(self) -> int:
        """Samples of a lead."""
        return round(self.protocol.seconds * self.protocol.sampling_hz)

    @cached_property
    def activity(self) -> Activity:
        """When atria and ventricles beat, some beats before and after the recording among them."""
        return RHYTHMS[self.protocol.rhythm](self.protocol.rate, self.protocol.seconds, self.seed)

    @property
    def beats(self) -> tuple[Beat, ...]:
        """The beats whose R peaks were recorded."""
        return tuple(beat for beat in self.activity.beats if 0 <= self.sample(beat.at_s) < self.count)

    def sample(self, at_s: float) -> int:
        """The sample that is nearest to a moment, from 0."""
        return round(at_s * self.protocol.sampling_hz)

    def complex_of(self, beat: Beat) -> tuple[Wave, ...]:
        """The waves of a beat, T the last and P not among them."""
        stretch = math.sqrt(min(max(beat.interval_s, 0.3), 1.5))
        normal = beat.kind == NORMAL
        tee = waves.NORMAL_T if normal else waves.VENTRICULAR_T
        later: tuple[Wave, ...] = (
            Wave(round(tee.at_s * stretch, 6), round(tee.width_s * math.sqrt(stretch), 6), tee.vector),
        )
        if normal and self.protocol.rhythm == "st-elevation":
            later = (waves.injury(self.protocol.st_site, self.protocol.st_mv), *later)
        return (*(waves.NORMAL_QRS if normal else waves.VENTRICULAR_QRS), *later)

    def samples(self) -> Stored:
        """What was recorded, in steps of `STEP_MV`: shape (samples, leads)."""
        return self._sampled(self.protocol.noise)

    def clean(self) -> Stored:
        """The same without noise."""
        return self._sampled(0.0)

    def _sampled(self, level: float) -> Stored:
        dipole = self._dipole()
        sampled = {}
        for number, name in enumerate(leads.measured(self.leads)):
            signal = leads.seen(dipole, name)
            if level:
                signal = signal + level * self._noise(number)
            sampled[name] = np.rint(signal / STEP_MV).astype(np.int32)
        return leads.complete(sampled, self.leads)

    def _dipole(self) -> Values:
        rate_hz, activity = self.protocol.sampling_hz, self.activity
        dipole = np.zeros((3, self.count))
        for beat in activity.beats:
            waves.add(dipole, rate_hz, beat.at_s, self.complex_of(beat))
        for at_s in activity.p_waves:
            waves.add(dipole, rate_hz, at_s, (waves.P,))
        if activity.fibrillating:
            dipole[2] -= self._fibrillation()
            dipole[1] += 0.3 * self._fibrillation()
        return dipole

    def _fibrillation(self) -> Values:
        """Fibrillation waves: a saw tooth of three harmonics, its frequency and size slowly modulated.

        M. Stridh, L. Sörnmo, IEEE Trans. Biomed. Eng. 48:105 (2001).
        """
        time = np.arange(self.count) / self.protocol.sampling_hz
        turns = _FIBRILLATION_HZ * time + 0.4 * sine(0.23 * time + self._phase(100))
        saw = sine(turns) + sine(2.0 * turns) * 0.5 + sine(3.0 * turns) * 0.25
        shaped: Values = saw * (_FIBRILLATION_MV * (1.0 + 0.3 * sine(0.31 * time + self._phase(101))))
        return shaped

    def _phase(self, index: int) -> float:
        return int(chance.bits(self.seed, _WANDER, index, 1)[0]) / 65536.0

    def _noise(self, lead: int) -> Values:
        """Muscles, breathing and mains, in mV."""
        time = np.arange(self.count) / self.protocol.sampling_hz
        white = chance.normal(self.seed, _WHITE, lead, (1, self.count))[0]
        found: Values = white.astype(np.float64) * _MUSCLE_MV
        found += sine(0.22 * time + self._phase(lead)) * (_WANDER_MV * (0.5 + self._phase(50 + lead)))
        found += sine(_MAINS_HZ * time + self._phase(30)) * _MAINS_MV
        return found

    def truth(self) -> dict[str, Any]:
        """Beats with R peaks as sample indices from 0, and intervals in ms; ST is what the clean leads show."""
        beats, protocol = self.beats, self.protocol
        intervals = [beat.interval_s for beat in beats]
        clean = self.clean()
        return {
            "seed": self.seed,
            "form": protocol.form,
            "rhythm": protocol.rhythm,
            "sampling_hz": protocol.sampling_hz,
            "samples": self.count,
            "step_mv": STEP_MV,
            "leads": list(self.leads),
            "heart_rate_per_min": round(60.0 * len(intervals) / sum(intervals), 2) if intervals else None,
            "beats": [self._described(beat) for beat in beats],
            "p_waves": [self.sample(at) for at in self.activity.p_waves if 0 <= self.sample(at) < self.count],
            "st_mv": {name: self._st_mv(clean[:, column]) for column, name in enumerate(self.leads)},
        }

    def intervals_ms(self, beat: Beat) -> dict[str, float | None]:
        """RR (to the beat before), PR, QRS and QT of a beat, in ms; no PR where no P wave was conducted to it."""
        *of_qrs, tee = self.complex_of(beat)
        of_qrs = [wave for wave in of_qrs if wave.at_s < waves.ST_AT_S]
        begins, ends = min(wave.begins_s for wave in of_qrs), max(wave.ends_s for wave in of_qrs)
        pr = None if beat.p_at_s is None else beat.at_s + begins - (beat.p_at_s + waves.P.begins_s)
        spans = {"rr_ms": beat.interval_s, "pr_ms": pr, "qrs_ms": ends - begins, "qt_ms": tee.ends_s - begins}
        return {name: None if span is None else round(1e3 * span, 1) for name, span in spans.items()}

    def _described(self, beat: Beat) -> dict[str, Any]:
        return {
            "r_sample": self.sample(beat.at_s),
            "kind": beat.kind,
            "p_sample": None if beat.p_at_s is None else self.sample(beat.p_at_s),
            **self.intervals_ms(beat),
        }

    def _st_mv(self, lead: Stored) -> float | None:
        """ST against the level before QRS, the middle of those of the normal beats; None where there are none."""
        levels = []
        ends = max(wave.ends_s for wave in waves.NORMAL_QRS)
        before = min(wave.begins_s for wave in waves.NORMAL_QRS)
        for beat in self.beats:
            at, level = self.sample(beat.at_s + ends + _ST_AFTER_J_S), self.sample(beat.at_s + before)
            if beat.kind == NORMAL and level >= 0 and at < len(lead):
                levels.append(int(lead[at]) - int(lead[level]))
        return round(sorted(levels)[len(levels) // 2] * STEP_MV, 4) if levels else None


def ecg(
    phantom: None = None,
    *,
    seed: int,
    form: Form = "12-lead",
    rhythm: Rhythm = "sinus",
    rate: float = 72.0,
    seconds: float | None = None,
    sampling_hz: float | None = None,
    noise: float = 1.0,
    st_mv: float = 0.3,
    st_site: Site = "anterior",
) -> Ecg:
    """Record an ECG.

    Args:
        phantom: none: a heart is no phantom.
        seed: of rhythm and noise.
        form: 12-lead (10 s), general (12 leads and Frank's X, Y, Z), or ambulatory (II, V1, V5; 5 min).
        rhythm: sinus, af (fibrillation of the atria), pvc (premature beats of a ventricle), wenckebach (second degree
            block), complete-block (third degree), or st-elevation.
        rate: beats a minute of the sinus node, 30 to 220; in af of the ventricles.
        seconds: length.
        sampling_hz: samples a second.
        noise: of muscles, breathing and mains; 0 for none, 1 for a patient who lies still.
        st_mv: elevation of the ST segment where it is seen best; rhythm st-elevation only.
        st_site: anterior or inferior, where the elevation comes from.

    Raises:
        UsageError: no such form or rhythm, or a number out of its range.
    """
    del phantom
    for what, name, known in (("form", form, FORMS), ("rhythm", rhythm, RHYTHMS), ("site", st_site, waves.ST_SITES)):
        if name not in known:
            raise UsageError(f"{what} {name!r}: one of {', '.join(known)}")
    _, usual_hz, usual_s, rates_hz, most_s = FORMS[form]
    sampling_hz = usual_hz if sampling_hz is None else sampling_hz
    seconds = usual_s if seconds is None else seconds
    for what, value, (least, most) in (
        ("rate", rate, _RATES),
        ("seconds", seconds, (_LEAST_SECONDS, most_s)),
        ("sampling", sampling_hz, rates_hz),
        ("noise", noise, (0.0, 20.0)),
        ("st_mv", st_mv, (-1.0, 1.0)),
    ):
        if not least <= value <= most:
            raise UsageError(f"{what} {value:g}: between {least:g} and {most:g} for a {form} ECG")
    if form == "12-lead" and round(seconds * sampling_hz) > _MOST_SAMPLES:
        raise UsageError(f"a 12-lead ECG holds {_MOST_SAMPLES} samples: record less, or in form general")
    elevated = rhythm == "st-elevation"
    protocol = EcgProtocol(
        form, rhythm, float(rate), float(seconds), float(sampling_hz), float(noise),
        float(st_mv) if elevated else 0.0, st_site if elevated else "",
    )  # fmt: skip
    return Ecg(protocol, seed)
