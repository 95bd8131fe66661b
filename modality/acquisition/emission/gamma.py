"""Studies of a gamma camera: static, dynamic, gated and tomographic, from what one or two detectors count."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from modality.acquisition.emission.camera import COLLIMATORS, Camera, Collimator, Volume, attenuation_per_mm
from modality.acquisition.emission.counts import counted
from modality.acquisition.emission.renal import COMPARTMENTS, Renogram, compartments_of
from modality.acquisition.emission.timing import GammaFrame, Pulse, Uptake
from modality.acquisition.emission.tracers import Tracer
from modality.acquisition.frames import Frame
from phantoms.phantom import Phantom

Real = npt.NDArray[np.float64]

_GRAM = 1e-3  # kg
MOST_COUNTS = 65535
"""Greatest stored value."""

_ASSUMED_KVP, _ASSUMED_T = 120.0, 1.5  # of CT numbers and relaxation times, which are not told here


@dataclass(frozen=True, slots=True)
class GammaProtocol:
    """What is given and set.

    Args:
        study: STATIC, DYNAMIC, GATED, TOMO or RECON TOMO (PS3.3 C.8.4.9, Image Type value 3).
        tracer: what was injected.
        dose_mbq_per_kg: activity at the time of injection for each kg of the patient.
        uptake_s: from injection to the start of the study.
        collimator: a name from `COLLIMATORS`.
        heart_rate: beats a minute; of a gated study.
        bits_stored: bits of a stored value.
    """

    study: str
    tracer: Tracer
    dose_mbq_per_kg: float
    uptake_s: float
    collimator: str
    heart_rate: float = 60.0
    bits_stored: int = 16


@dataclass(frozen=True)
class Gamma:
    """A study: frames of counts.

    Args:
        phantom: the patient.
        protocol: what was set.
        cameras: the detectors, or the views of a tomogram.
        times: of each frame its detector or view, when it begins and how long it takes.
        seed: of the counts.
        uptake: how the tracer moves while it is looked at; of a dynamic study.
        pulse: how the heart beats; of a gated one.
        renogram: how the kidneys pass it on; of a dynamic study of theirs.
    """

    phantom: Phantom
    protocol: GammaProtocol
    cameras: tuple[Camera, ...]
    times: tuple[GammaFrame, ...]
    seed: int
    uptake: Uptake | None = None
    pulse: Pulse | None = None
    renogram: Renogram | None = None

    @property
    def body_part(self) -> str:
        """Body Part Examined."""
        return self.phantom.body_part

    @property
    def digested(self) -> tuple[object, ...]:
        """All that determines the frames besides the seed."""
        kidneys = () if self.renogram is None else (self.renogram,)
        return (self.protocol, self.cameras, self.times, self.phantom, self.uptake, self.pulse, *kidneys)

    def __len__(self) -> int:
        return len(self.times)

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(index) for index in range(len(self)))

    def frame(self, index: int) -> Frame:
        """Frame `index`: counts, shape (rows, columns).

        Raises:
            IndexError: there is no such frame.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        counts = counted(self.expected(index), self.seed, index)
        return Frame(index, np.minimum(counts, MOST_COUNTS).astype(np.uint16))

    @property
    def collimator(self) -> Collimator:
        """Before each detector."""
        return COLLIMATORS[self.protocol.collimator]

    @cached_property
    def bq_per_ml(self) -> float:
        """Activity concentration, when the study begins, of what has taken up as much as the body's mean."""
        left = self.protocol.tracer.isotope.left(self.protocol.uptake_s)
        return round(self.protocol.dose_mbq_per_kg * 1e6 * _GRAM * left, 6)

    @cached_property
    def relative(self) -> tuple[float, ...]:
        """Uptake of each label relative to the body's mean."""
        return self.protocol.tracer.by_label(self.phantom)

    @cached_property
    def changing(self) -> tuple[bool, ...]:
        """Which labels change by themselves: those that take up, or beat, or belong to a kidney."""
        if self.renogram is not None:
            return tuple(place > 0 for place in compartments_of(self.phantom))
        if self.uptake is not None:
            return tuple(value >= self.uptake.least for value in self.relative)
        if self.pulse is not None:
            names = ("", *(one.name for one in self.phantom.structures))
            hot = (None, *(one.tissue.activity for one in self.phantom.structures))
            beating = (Pulse.beats(name, own) for name, own in zip(names, hot, strict=True))
            return tuple(beating)
        return (False,) * len(self.relative)

    def shares(self, index: int) -> tuple[float, ...]:
        """What is there in a frame of the steady labels' activity and of the changing ones', decay apart.

        Of a renogram the changing ones are the kidneys' compartments, each with its own concentration.
        """
        time = self.times[index]
        if self.renogram is not None:
            body = self.renogram.body(time.start_s, time.duration_s)
            return (body, *self.renogram.concentrations(time.start_s, time.duration_s, self._volumes_ml))
        if self.uptake is not None:
            return self.uptake.shares(time.start_s, time.duration_s)
        if self.pulse is not None:
            return 1.0, self.pulse.volume(index, len(self))
        return 1.0, 1.0

    def expected(self, index: int) -> Real:
        """Mean counts of a frame, shape (rows, columns)."""
        steady, *changing = self._projections(self.times[index].camera).astype(np.float64)
        shares = self.shares(index)
        total: Real = steady * shares[0]
        for part, share in zip(changing, shares[1:], strict=True):
            total += part * share
        return total * self._decays(index)

    def _decays(self, index: int) -> float:
        """Of the body's mean concentration in a frame, for each ml."""
        time = self.times[index]
        left = self.protocol.tracer.isotope.mean_share(time.start_s, time.duration_s)
        return self.bq_per_ml * time.duration_s * left

    def _projections(self, camera: int) -> npt.NDArray[np.float32]:
        if camera not in self._seen:
            self._seen[camera] = self._volume.projections(self.cameras[camera], self.collimator)
        return self._seen[camera]

    @cached_property
    def _seen(self) -> dict[int, npt.NDArray[np.float32]]:
        return {}

    @cached_property
    def _volume(self) -> Volume:
        first = self.cameras[0]
        isotope = self.protocol.tracer.isotope
        parts = compartments_of(self.phantom) if self.renogram else tuple(map(int, self.changing))
        changing = len(COMPARTMENTS) if self.renogram else 1
        values = np.zeros((len(self.relative), changing + 2), dtype=np.float32)
        for label, (value, part) in enumerate(zip(self.relative, parts, strict=True)):
            values[label, part] = 1.0 if part and self.renogram else value
        values[:, -1] = [attenuation_per_mm(tissue, isotope) for tissue in self.phantom.tissues]
        low, high = self.phantom.bounds.low_mm[1], self.phantom.bounds.high_mm[1]
        return Volume(self.phantom, values, first, max(1, math.ceil((high - low) / first.pixel_mm) + 1))

    @cached_property
    def _volumes_ml(self) -> tuple[float, ...]:
        """Of the kidneys' compartments."""
        return tuple(self._volume.filled_ml(1 + number) for number in range(len(COMPARTMENTS)))

    @cached_property
    def counts(self) -> int:
        """Counts of all frames."""
        return sum(int(frame.pixels.sum(dtype=np.int64)) for frame in self)

    @cached_property
    def brightest(self) -> float:
        """Greatest mean count of a pixel in any frame."""
        return max(float(self.expected(index).max()) for index in range(len(self)))

    def truth(self) -> Mapping[str, Any]:
        """Where each structure is seen, what it has taken up, and how many counts each frame can expect."""
        listed = []
        for one in self.phantom.truth(kvp=_ASSUMED_KVP, field_strength_t=_ASSUMED_T):
            label, (x, y, z) = one["label"], one["center_mm"]
            listed.append(
                {
                    "name": one["name"],
                    "label": label,
                    "center_mm": one["center_mm"],
                    "radius_mm": one["radius_mm"],
                    "volume_mm3": one["volume_mm3"],
                    **self._taken_up(label),
                    "changes": self.changing[label],
                    "seen": [list(camera.seen((x, y, z))) for camera in self.cameras],
                }
            )
        camera, isotope = self.cameras[0], self.protocol.tracer.isotope
        return {
            "seed": self.seed,
            "phantom": self.phantom.name,
            "study": self.protocol.study,
            "tracer": self.protocol.tracer.name,
            "half_life_s": isotope.half_life_s,
            "rows": camera.rows,
            "columns": camera.columns,
            "pixel_spacing_mm": camera.pixel_mm,
            "detector_angles_deg": [one.angle_deg for one in self.cameras],
            "radius_mm": camera.radius_mm,
            "fwhm_mm_at_center": round(self.collimator.fwhm_mm(camera.radius_mm), 4),
            **({"ejection_fraction": self.pulse.ejection_fraction} if self.pulse else {}),
            **({"renogram": self._curves(self.renogram)} if self.renogram else {}),
            "frames": [
                {
                    "view": time.camera + 1,
                    "start_s": time.start_s,
                    "duration_s": time.duration_s,
                    "steady": self.shares(index)[0],
                    "changing": self._changed(index),
                    "expected_counts": round(float(self.expected(index).sum()), 3),
                }
                for index, time in enumerate(self.times)
            ],
            "structures": listed,
        }

    def _taken_up(self, label: int) -> dict[str, float]:
        """What a label has all the time; of a kidney's, the curves tell."""
        if self.renogram is not None and self.changing[label]:
            return {}
        value = self.relative[label]
        return {"uptake_relative": value, "activity_bq_per_ml": round(value * self.bq_per_ml, 4)}

    def _changed(self, index: int) -> float:
        """What the changing labels have in a frame: of a renogram, of all that was injected."""
        if self.renogram is None:
            return self.shares(index)[1]
        return round(math.fsum(self.renogram.shares(self.times[index].start_s, self.times[index].duration_s)), 9)

    def _curves(self, renogram: Renogram) -> Mapping[str, Any]:
        """Of each kidney's compartment, what it holds in each frame and how many counts that gives."""
        held = [renogram.shares(time.start_s, time.duration_s) for time in self.times]
        seen = [self._projections(time.camera)[1:].sum(axis=(1, 2), dtype=np.float64) for time in self.times]
        counts = [
            [
                value * share * self._decays(index)
                for value, share in zip(seen[index], self.shares(index)[1:], strict=True)
            ]
            for index in range(len(self.times))
        ]
        last = self.times[-1]
        return {
            **renogram.truth(last.start_s + last.duration_s),
            "curves": [
                {
                    "name": name,
                    "share_of_dose": [one[place] for one in held],
                    "expected_counts": [round(float(one[place]), 3) for one in counts],
                }
                for place, name in enumerate(COMPARTMENTS)
            ],
        }
