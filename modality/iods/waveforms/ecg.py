"""The kind ecg: a recording of a heart, as the waveform IOD of its form (PS3.3 A.34.3 to A.34.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydicom.dataset import Dataset

from modality.acquisition.cardiac import Ecg, ecg
from modality.acquisition.cardiac.ecg import STEP_MV
from modality.acquisition.cardiac.rhythm import ESCAPE, NORMAL, PREMATURE
from modality.iods.coded import Code, unit
from modality.iods.context import Context
from modality.iods.kind import Kind
from modality.iods.waveforms import ambulatory_ecg, general_ecg, twelve_lead_ecg
from modality.iods.waveforms.iod import WaveformIod
from modality.iods.waveforms.leads import ECG_LEADS
from modality.iods.waveforms.recording import Channel, Event, Group, Mark, Reading, Recording

IODS: Mapping[str, WaveformIod] = {
    "12-lead": twelve_lead_ecg.IOD,
    "general": general_ecg.IOD,
    "ambulatory": ambulatory_ecg.IOD,
}

# Of PS3.16 CID 3335 ECG Annotations.
_BEATS: Mapping[str, Code] = {
    NORMAL: Code("10:8208", "MDC", "Normal beat (sinus beat, normal conduction)"),
    PREMATURE: Code("10:8336", "MDC", "Ventricular premature contraction beat"),
    ESCAPE: Code("10:8432", "MDC", "Ventricular escape beat"),
}
_FIBRILLATING = Code("10:8240", "MDC", "Dominant beat")
_BLOCKED_P = Code("10:8320", "MDC", "Non-conducted p-wave (blocked)")
# Of PS3.16 CID 3228 ECG Global Waveform Durations, by the truth's names.
_INTERVALS: Mapping[str, Code] = {
    "rr_ms": Code("2:16168", "MDC", "RR interval global"),
    "pr_ms": Code("2:15872", "MDC", "PR interval global"),
    "qrs_ms": Code("2:16156", "MDC", "QRS duration global"),
    "qt_ms": Code("2:16160", "MDC", "QT interval global"),
}
_RHYTHMS: Mapping[str, str] = {
    "sinus": "Sinus rhythm",
    "af": "Atrial fibrillation",
    "pvc": "Sinus rhythm with premature ventricular beats",
    "wenckebach": "Second degree AV block, Mobitz type I",
    "complete-block": "Third degree AV block, ventricular escape rhythm",
    "st-elevation": "Sinus rhythm, ST elevation",
}


def recording_of(acquisition: Ecg, context: Context) -> Recording:
    """A recording with its beats as annotations: each beat by its kind, blocked P waves, and the middle intervals."""
    protocol, beats = acquisition.protocol, acquisition.beats
    millivolt = unit("mV", "millivolt")
    channels = tuple(Channel(name, ECG_LEADS[name], millivolt, STEP_MV) for name in acquisition.leads)
    group = Group(protocol.sampling_hz, acquisition.samples(), channels, label="RHYTHM")
    rate = protocol.sampling_hz
    codes = {**_BEATS, NORMAL: _FIBRILLATING} if acquisition.activity.fibrillating else _BEATS
    marks = [Mark(codes[beat.kind], acquisition.sample(beat.at_s) / rate) for beat in beats]
    conducted = {beat.p_at_s for beat in acquisition.activity.beats}
    marks += [
        Mark(_BLOCKED_P, acquisition.sample(at) / rate)
        for at in acquisition.activity.p_waves
        if at not in conducted and 0 <= acquisition.sample(at) < acquisition.count
    ]
    found = [acquisition.intervals_ms(beat) for beat in beats]
    readings = []
    for name, code in _INTERVALS.items():
        known = sorted(value for one in found if (value := one[name]) is not None)
        if known:
            readings.append(Reading(code, known[len(known) // 2], unit("ms", "millisecond"), 0.0))
    says = _RHYTHMS[protocol.rhythm] + (f", {protocol.st_site}" if protocol.st_site else "")
    whole = Event(says, 0.0, (acquisition.count - 1) / rate)
    return Recording(context.series.started, (group,), tuple(readings), (whole,), tuple(sorted(marks, key=_when)))


def _when(mark: Mark) -> float:
    return mark.at_s


def describe(acquisition: Ecg, context: Context) -> Iterator[Dataset]:
    """The one instance of a recording."""
    yield IODS[acquisition.protocol.form].describe(recording_of(acquisition, context), context)


def sop_class_of(acquisition: Ecg) -> str:
    """SOP Class UID of a recording's form."""
    return IODS[acquisition.protocol.form].sop_class_uid


def _truth(acquisition: Ecg) -> Mapping[str, Any]:
    return acquisition.truth()


ECG = Kind(
    name="ecg",
    modality="ECG",
    sop_class_uid=twelve_lead_ecg.IOD.sop_class_uid,
    title="ECG",
    default_phantom=None,
    acquire=ecg,
    describe=describe,
    truth=_truth,
    sop_class_of=sop_class_of,
    body_parts=False,
    labels=False,
)
