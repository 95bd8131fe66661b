"""Waveforms and vital signs of monitors: pulse oximeters, ventilators, amplifiers."""

from __future__ import annotations

import importlib
import re
import statistics
from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np

from firmware_bridge.measurement import Measurement, Samples
from modality.edge.describing.content import Captured, Content, Observed, Part
from modality.edge.describing.decoding import Decoded, decode
from modality.errors import InputError
from modality.iods.coded import Code, unit
from modality.iods.waveforms.leads import ECG_LEADS, EEG_LEADS
from modality.iods.waveforms.recording import Channel, Event, Group, Reading, Recording, split_at_gaps

_DOUBTS = ("sensor_off", "sensor_alarm", "finger_out", "probe_error")  # what a device says where it measures nothing
_LONGEST_GAP_S = 60.0  # our choice: a longer one ends a recording instead of being padded
_EVERY_S = 1.0  # of a value that is given more often, one a second is an annotation
_MOST_16_BIT = 32767
_UNITS = {"%": "percent", "/min": "per minute"}

READINGS: Mapping[str, Code] = {
    "spo2": Code("59408-5", "LN", "Oxygen saturation in Arterial blood by Pulse oximetry"),
    "heart_rate": Code("8867-4", "LN", "Heart rate"),
    "respiratory_rate": Code("9279-1", "LN", "Respiratory rate"),
    "temperature": Code("8310-5", "LN", "Body temperature"),
}
"""Values that become annotations, and Observations by the same names."""

_SINGLE: Mapping[str, tuple[str, str]] = {
    "pleth": ("arterial_pulse", "SOURCE"),
    "pulse": ("arterial_pulse", "SOURCE"),
    "airway_pressure": ("respiratory", "PRESSURE"),
    "tracheal_pressure": ("respiratory", "PRESSURE"),
    "flow": ("respiratory", "AIRFLOW"),
    "respiratory_volume": ("respiratory", "RESPIRATION"),
    "co2": ("respiratory", "CO2"),
    "co2_kpa": ("respiratory", "CO2"),
    "co2_percent": ("respiratory", "CO2"),
}
"""Waveforms that are instances of their own: the module of `modality.iods.waveforms`, and its channel source."""

_RANGES: Mapping[str, tuple[int, int]] = {"nonin-2": (0, 255), "nonin-7": (0, 65535), "cms50d": (0, 127)}
"""What a device can give, where its numbers have no unit."""

_OF_AMPLIFIER = re.compile(r"ch[1-9][0-9]?")

_EEG = ("Fp1", "Fp2", "C3", "C4", "T5", "T6", "O1", "O2")  # OpenBCI's usual montage; T5, T6 are its P7, P8
_ECG = ("I", "II", "III", "V1", "V2", "V3", "V4", "V5")


def read(captured: Captured) -> list[Content]:
    """A segment of a stream.

    Raises:
        InputError: its waveforms do not fit together.
    """
    found = decode(captured)
    parts: list[Part] = []
    for name, runs in found.samples.items():
        if name in _SINGLE:
            parts += _single(captured, found, name, runs)
    together = {name: runs for name, runs in found.samples.items() if _OF_AMPLIFIER.fullmatch(name)}
    if together:
        parts += _together(captured, found, together)
    observed = tuple(_observed(captured, found))
    return [Content(parts=tuple(parts), observed=observed, notes=_notes(captured, found))]


def _notes(captured: Captured, found: Decoded) -> tuple[str, ...]:
    notes = [f"{found.rejected} frames were refused"] if found.rejected else []
    unknown = [name for name in found.samples if name not in _SINGLE and not _OF_AMPLIFIER.fullmatch(name)]
    notes += [f"no class of DICOM takes the waveform {name}" for name in unknown]
    if captured.item.details.get("interrupted"):
        notes.append("the box was interrupted within it")
    return tuple(notes)


def _modality(module: str) -> str:
    return str(importlib.import_module(f"modality.iods.waveforms.{module}").IOD.modality)


def _single(captured: Captured, found: Decoded, name: str, runs: Sequence[Samples]) -> list[Part]:
    module_name, source = _SINGLE[name]
    module = importlib.import_module(f"modality.iods.waveforms.{module_name}")
    made = []
    for piece in _pieces(runs):
        samples, gaps = _array([piece])
        channel, whole = _channel(found, name, getattr(module, source), samples[:, 0])
        group = Group(piece[0].rate_hz, whole.reshape(-1, 1), (channel,), gaps)
        recording = _recording(captured, found, group, piece[0].start - runs[0].start)
        made.append(Part(_modality(module_name), module.describe, recording))
    return made


def _together(captured: Captured, found: Decoded, channels: Mapping[str, Sequence[Samples]]) -> list[Part]:
    """Channels of one clock: an EEG, or, where the configuration says so, an ECG."""
    as_ecg = captured.device.kind == "ecg"
    leads, usual = (ECG_LEADS, _ECG) if as_ecg else (EEG_LEADS, _EEG)
    module = importlib.import_module(f"modality.iods.waveforms.{'general_32_bit_ecg' if as_ecg else 'scalp_eeg'}")
    rates = {run.rate_hz for runs in channels.values() for run in runs}
    if len(rates) > 1 or len(channels) > len(usual):
        raise InputError(f"{captured.device.name}: {len(channels)} channels at {len(rates)} rates do not fit together")
    samples, gaps = _array(list(channels.values()))
    described, columns = [], []
    for column, (name, lead) in enumerate(zip(channels, captured.device.channels or usual, strict=False)):
        if lead not in leads:
            raise InputError(f"{captured.device.name}: channel {lead!r} is no lead that is known")
        channel, whole = _channel(found, name, leads[lead], samples[:, column], label=lead, wide=True)
        described.append(channel)
        columns.append(whole)
    group = Group(rates.pop(), np.stack(columns, axis=1), tuple(described), gaps)
    recording = _recording(captured, found, group, 0)
    whole_parts = [recording] if as_ecg else split_at_gaps(recording)
    return [Part(str(module.IOD.modality), module.describe, one) for one in whole_parts]


def _pieces(runs: Sequence[Samples]) -> list[list[Samples]]:
    """The runs, parted where a gap is too long to be padded."""
    pieces: list[list[Samples]] = []
    end = 0
    for run in runs:
        if not pieces or run.start - end > _LONGEST_GAP_S * run.rate_hz:
            pieces.append([])
        pieces[-1].append(run)
        end = run.start + len(run.values)
    return pieces


def _array(
    channels: Sequence[Sequence[Samples]],
) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float64]], tuple[tuple[int, int], ...]]:
    """The samples of channels side by side, of shape (samples, channels), and the stretches that are missing."""
    first = min(runs[0].start for runs in channels)
    length = max(runs[-1].start + len(runs[-1].values) for runs in channels) - first
    values = np.zeros((length, len(channels)))
    there = np.zeros((length, len(channels)), bool)
    for column, runs in enumerate(channels):
        for run in runs:
            at = run.start - first
            values[at : at + len(run.values), column] = run.values
            there[at : at + len(run.values), column] = True
    missing = np.flatnonzero(np.diff((~there.all(axis=1)).astype(np.int8), prepend=np.int8(0), append=np.int8(0)))
    return values, tuple((int(start), int(end - start)) for start, end in missing.reshape(-1, 2))


def _channel(
    found: Decoded, name: str, source: Code, values: np.ndarray[tuple[int], np.dtype[np.float64]], *,
    label: str = "", wide: bool = False,
) -> tuple[Channel, np.ndarray[tuple[int], np.dtype[np.int32]]]:  # fmt: skip
    """A channel, and its samples as integers.

    Args:
        found: what the device said.
        name: of the waveform.
        source: what it measures.
        values: as the device gave them.
        label: Channel Label; the name by default.
        wide: 32 bits fit.
    """
    physical = found.device.units.get(name)
    label = (label or name)[:16]
    if physical is None:
        # Numbers without a unit: unsigned 16 bits go into signed ones with an offset (Channel Baseline).
        lowest, highest = _RANGES.get(found.device.name, (0, None))
        offset = _MOST_16_BIT + 1 if (highest or float(values.max())) > _MOST_16_BIT else 0
        integers = np.rint(values).astype(np.int32) - offset
        top = None if highest is None else highest - offset
        return Channel(label, source, baseline=float(offset), lowest=lowest - offset, highest=top), integers
    most = float(np.abs(values).max()) if len(values) else 0.0
    step = 1e-3 if wide else 10.0 ** np.ceil(np.log10(max(most, 1e-3) / _MOST_16_BIT))
    integers = np.rint(values / step).astype(np.int32)
    return Channel(label, source, unit=unit(physical), sensitivity=float(step)), integers


def _recording(captured: Captured, found: Decoded, group: Group, skipped: int) -> Recording:
    """What was recorded, with the values and the words that belong to it."""
    offset = skipped / group.rate_hz
    lasts = len(group.samples) / group.rate_hz
    readings, last = [], dict[str, float]()
    for measurement, at in zip(found.measurements, found.at_s, strict=True):
        name, when = measurement.name, at - offset
        value = _number(measurement)
        if name not in READINGS or value is None or not 0 <= when <= lasts:
            continue
        if when - last.get(name, -_EVERY_S) >= _EVERY_S:
            last[name] = when
            code = unit(measurement.unit, _UNITS.get(measurement.unit, ""))
            checked = bool(measurement.details.get("checked", found.device.checked))
            readings.append(Reading(READINGS[name], value, code, when, checked=checked))
    events = [
        Event("samples were lost", start / group.rate_hz, (start + length) / group.rate_hz)
        for start, length in group.gaps
    ]
    started = captured.started + timedelta(seconds=offset)
    return Recording(started, (group,), tuple(readings), tuple(events), synchronized=captured.trusted)


def _number(measurement: Measurement) -> float | None:
    value = measurement.value
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _observed(captured: Captured, found: Decoded) -> list[Observed]:
    """One Observation a vital sign and segment: the median of its values, those apart that the device itself doubts."""
    by_name: dict[str, list[Measurement]] = {}
    for one in found.measurements:
        doubted = one.details.get("plausible") is False or any(one.details.get(doubt) for doubt in _DOUBTS)
        if one.name in READINGS and _number(one) is not None and not doubted:
            by_name.setdefault(one.name, []).append(one)
    made = []
    for name, values in by_name.items():
        median = statistics.median_low([float(one.value) for one in values])
        checked = all(bool(one.details.get("checked", found.device.checked)) for one in values)
        made.append(
            Observed(name, median, values[0].unit, captured.started, {"checked": checked, "count": len(values)})
        )
    return made
