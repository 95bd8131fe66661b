"""EDF and EDF+ files: EEGs and ECGs by the labels of their signals, a new instance behind each interruption."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from modality.edge.describing.content import Captured, Content, Part
from modality.edge.matching.matching import Hints
from modality.edge.readers import recorded
from modality.edge.readers.edf_file import ANNOTATIONS, Header, Signal, annotations_of, header_of, records_of, runs_of
from modality.errors import InputError, counted
from modality.iods.coded import unit
from modality.iods.waveforms.leads import ECG_LEADS, EEG_LEADS
from modality.iods.waveforms.recording import Channel, Event, Group, Recording

_FILTER = re.compile(r"\b(HP|LP|N):\s*(DC|[0-9.]{1,8})\s*([km]?)Hz", re.IGNORECASE)


def read(captured: Captured) -> list[Content]:
    """A recording.

    Raises:
        InputError: it is none, or none of its signals is an EEG's or an ECG's.
    """
    name = str(captured.item.details.get("file") or captured.device.name)
    try:
        header = header_of(captured.data)
        records = records_of(captured.data, header)
        onsets, events = annotations_of(records, header)
        runs = runs_of(len(records), header, onsets)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    notes = [] if header.started else ["the file names no time of its start: that of its arrival is taken"]
    started = header.started or captured.started
    parts: list[Part] = []
    chosen, others = _chosen(captured, header)
    for (kind, count), signals in chosen.items():
        described = tuple(_channel(signal, lead, kind) for signal, lead in signals)
        rate = count / header.record_s
        made = []
        for index, run in enumerate(runs):
            end = runs[index + 1].onset_s if index + 1 < len(runs) else math.inf
            within = [one for one in events if (index == 0 or one.at_s >= run.onset_s) and one.at_s < end]
            rows = records[run.first : run.first + run.count]
            columns = [rows[:, one.at : one.at + count].reshape(-1) for one, _ in signals]
            group = Group(rate, np.stack(columns, axis=1).astype(np.int32), described)
            made.append(Recording(_later(started, run.onset_s, name), (group,), events=_shifted(within, run.onset_s)))
        parts += recorded.ecg(made) if kind == "ECG" else recorded.eeg(made)
    if not parts:
        raise InputError(f"{name}: no signal is an EEG's or an ECG's by its label: {', '.join(others)[:200]}")
    if len(runs) > 1:
        notes.append(counted(len(runs) - 1, "interruption"))
    notes += [f"left out: {', '.join(others)[:200]}"] if others else []
    return [Content(_hints(header), tuple(parts), notes=tuple(notes))]


def _chosen(
    captured: Captured, header: Header
) -> tuple[dict[tuple[str, int], list[tuple[Signal, str]]], list[str]]:  # fmt: skip
    """Signals with their leads by kind and samples a record, and the labels of those that are neither EEG nor ECG."""
    chosen: dict[tuple[str, int], list[tuple[Signal, str]]] = {}
    others = []
    signals = [one for one in header.signals if one.label != ANNOTATIONS]
    given = captured.device.channels
    if given and len(given) != len(signals):
        raise InputError(f"{captured.device.name}: {len(given)} channels are configured; the file has {len(signals)}")
    for index, signal in enumerate(signals):
        label = given[index] if given else signal.label
        ecg, eeg = recorded.ecg_lead(label), recorded.eeg_electrode(label)
        if not (ecg or eeg) or not recorded.voltage(signal.unit):
            others.append(signal.label)
            continue
        chosen.setdefault(("ECG" if ecg else "EEG", signal.count), []).append((signal, ecg or eeg))
    return chosen, others


def _channel(signal: Signal, lead: str, kind: str) -> Channel:
    found = {mark.upper(): (number, scale) for mark, number, scale in _FILTER.findall(signal.filters)}
    edges = {mark: _hz(*one) for mark, one in found.items()}
    label = "".join(one if one.isprintable() and one != "\\" else " " for one in signal.label).strip()
    code = ECG_LEADS[lead] if kind == "ECG" else EEG_LEADS[lead]
    return Channel(
        (label or lead)[:16], code, unit(recorded.voltage(signal.unit)), signal.step, signal.zero, signal.low,
        signal.high, edges.get("HP"), edges.get("LP"), edges.get("N"),
    )  # fmt: skip


def _hz(number: str, scale: str) -> float | None:
    if number.upper() == "DC":
        return 0.0
    try:
        return float(number) * {"": 1.0, "k": 1e3, "m": 1e-3}[scale.lower()]
    except ValueError:
        return None


def _later(started: datetime, seconds: float, name: str) -> datetime:
    try:
        return started + timedelta(seconds=seconds)
    except OverflowError:
        raise InputError(f"{name}: a record begins {seconds:g} s after the start, which is no time") from None


def _shifted(events: Sequence[Event], by_s: float) -> tuple[Event, ...]:
    return tuple(
        Event(one.text, one.at_s - by_s, None if one.until_s is None else one.until_s - by_s) for one in events
    )


def _hints(header: Header) -> Hints:
    """Code, sex, birth date and name of EDF+, an X where one is not known; EDF prescribes nothing there."""
    words = header.patient.split()
    if not header.plus or len(words) < 4:
        return Hints()
    code, name = (word.replace("_", " ").replace("\\", " ").strip()[:64] for word in (words[0], words[3]))
    return Hints("" if code == "X" else code, "" if name == "X" else name.replace("^", " ").replace("=", " "))
