"""Waveforms that a file holds as the IOD that can carry them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from modality.edge.describing.content import Part
from modality.iods.waveforms import general_32_bit_ecg, general_ecg, scalp_eeg, twelve_lead_ecg
from modality.iods.waveforms.iod import WaveformIod
from modality.iods.waveforms.leads import ECG_LEADS, EEG_LEADS
from modality.iods.waveforms.recording import Recording

# Names of the 10-10 system to those of the 10-20 system for the same places.
_SAME_PLACE = {"T7": "T3", "T8": "T4", "P7": "T5", "P8": "T6"}
_16_BIT = np.iinfo(np.int16)
_UNITS: Mapping[str, str] = {"nv": "nV", "uv": "uV", "\N{MICRO SIGN}v": "uV", "\N{GREEK SMALL LETTER MU}v": "uV",
                             "mv": "mV", "v": "V"}  # fmt: skip


def voltage(unit: str) -> str:
    """A unit of voltage as UCUM has it; empty when it is none."""
    return _UNITS.get(unit.strip().lower(), "")


def lead_of(label: str, leads: Mapping[str, object]) -> str:
    """The name of a lead or electrode, whatever its case; empty when it is none."""
    wanted = label.strip().upper()
    wanted = _SAME_PLACE.get(wanted, wanted)
    return next((name for name in leads if name.upper() == wanted), "")


def ecg_lead(label: str) -> str:
    """The lead that a label names, as in "ECG I" or "aVR"; empty when it names none."""
    return lead_of(_without(label, "ECG", "EKG"), ECG_LEADS)


def eeg_electrode(label: str) -> str:
    """The active electrode that a label names, as in "EEG Fp1-Ref" or "C3-A2"; empty when it names none."""
    return lead_of(_without(label, "EEG").partition("-")[0], EEG_LEADS)


def _without(label: str, *kinds: str) -> str:
    first, _, rest = label.strip().partition(" ")
    return rest.strip() if first.upper() in kinds and rest else label.strip()


def ecg(recordings: Sequence[Recording]) -> list[Part]:
    """ECGs: each as a 12-lead ECG where that can carry it, else as a general one, else as one of 32 bits."""
    parts = []
    for recording in recordings:
        if _fits(twelve_lead_ecg.IOD, recording):
            describe = twelve_lead_ecg.describe
        elif _fits(general_ecg.IOD, recording):
            describe = general_ecg.describe
        else:
            describe = general_32_bit_ecg.describe
        parts.append(Part(general_ecg.IOD.modality, describe, recording))
    return parts


def _fits(iod: WaveformIod, recording: Recording) -> bool:
    """Whether a class of 16 bits can carry a recording by its content constraints."""
    slowest, fastest = iod.rates_hz or (0.0, math.inf)
    total = sum(len(one.channels) for one in recording.groups)
    return (
        len(recording.groups) <= iod.groups
        and (iod.all_channels is None or total <= iod.all_channels)
        and all(
            slowest <= one.rate_hz <= fastest
            and len(one.channels) <= iod.channels
            and (iod.samples is None or len(one.samples) <= iod.samples)
            and _16_BIT.min <= int(one.samples.min())
            and int(one.samples.max()) <= _16_BIT.max
            for one in recording.groups
        )
    )


def eeg(recordings: Sequence[Recording]) -> list[Part]:
    """EEGs, each without an interruption."""
    return [Part(scalp_eeg.IOD.modality, scalp_eeg.describe, one) for one in recordings]
