"""EDF and EDF+ files as they are: header, records, annotations, and where the recording was interrupted.

Sources: Kemp et al., "A simple format for exchange of digitized polygraphic recordings" (1992), for EDF; Kemp and
Olivan, "European data format 'plus' (EDF+)" (2003), for annotations, discontinuous records, and the standard texts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from modality.errors import InputError
from modality.iods.waveforms.recording import Event

HEADER = 256
"""Bytes of the header, and again of each signal's part of it."""
ANNOTATIONS = "EDF Annotations"
"""Label of the signals that hold annotations."""
_MOST_SIGNALS = 256
_LONGEST_TEXT = 1024
# Widths of a signal's fields; they stand field by field, each for all signals.
_FIELDS = (("label", 16), ("transducer", 80), ("unit", 8), ("physical_low", 8), ("physical_high", 8),
           ("digital_low", 8), ("digital_high", 8), ("filters", 80), ("count", 8), ("reserved", 32))  # fmt: skip
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_ONSET = re.compile(rb"([+-][0-9]{1,12}(?:\.[0-9]{1,12})?)(?:\x15([0-9]{1,12}(?:\.[0-9]{1,12})?))?")


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal of the header.

    Args:
        label: what it is.
        unit: its physical dimension.
        step: physical units of one digital step.
        zero: physical value of the digital value 0.
        low: lowest digital value.
        high: highest digital value.
        filters: prefiltering, in the format's words.
        count: samples in each record.
        at: index of its first sample within a record.
    """

    label: str
    unit: str
    step: float
    zero: float
    low: int
    high: int
    filters: str
    count: int
    at: int


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the records.

    Args:
        patient: local patient identification.
        started: start of the recording; None where what stands there is no time.
        interrupted: records are not contiguous (EDF+D).
        plus: it is EDF+.
        size: bytes of the header.
        records: how many there are; -1 while a recording goes on.
        record_s: seconds of each; 0 where it holds annotations only.
        signals: in order.
    """

    patient: str
    started: datetime | None
    interrupted: bool
    plus: bool
    size: int
    records: int
    record_s: float
    signals: tuple[Signal, ...]

    @property
    def record_size(self) -> int:
        """Bytes of one record."""
        return 2 * sum(one.count for one in self.signals)


@dataclass(frozen=True, slots=True)
class Run:
    """Records without an interruption: number of the first, how many, and when it began, in seconds."""

    first: int
    count: int
    onset_s: float


def header_of(data: bytes) -> Header:
    """Read the header.

    Raises:
        InputError: it is none of EDF, or contradicts itself.
    """
    if data[:1] == b"\xff":
        raise InputError("this is BDF, whose samples have 24 bits; EDF and EDF+ are read")
    if len(data) < HEADER or data[:8].strip() != b"0":
        raise InputError("no EDF file: its header does not begin with version 0")
    text = data[:HEADER].decode("latin-1")
    count = _whole(text[252:256], "number of signals", 1, _MOST_SIGNALS)
    size = _whole(text[184:192], "bytes of the header", 0, 10**7)
    if size != HEADER * (count + 1) or len(data) < size:
        raise InputError(f"a header of {count} signals has {HEADER * (count + 1)} bytes; it says {size}")
    reserved, record_s = text[192:236], _number(text[244:252], "duration of a record")
    if not 0 <= record_s <= 1e6:
        raise InputError(f"a record of {record_s:g} s is none")
    signals = _signals(data[HEADER:size].decode("latin-1"), count)
    if not record_s and any(one.label != ANNOTATIONS for one in signals):
        raise InputError("records of 0 s hold annotations only")
    return Header(
        text[8:88].strip(), _started(text), reserved.startswith("EDF+D"), reserved.startswith("EDF+"), size,
        _whole(text[236:244], "number of records", -1, 10**8), record_s, signals,
    )  # fmt: skip


def _signals(text: str, count: int) -> tuple[Signal, ...]:
    columns: dict[str, list[str]] = {}
    place = 0
    for name, width in _FIELDS:
        columns[name] = [text[place + width * one : place + width * (one + 1)].strip() for one in range(count)]
        place += width * count
    made, at = [], 0
    for index, label in enumerate(columns["label"]):
        what = f"signal {index + 1} ({label})"
        samples = _whole(columns["count"][index], f"samples of {what}", 1, 10**7)
        low, high = (
            _whole(columns[f"digital_{end}"][index], f"digital range of {what}", -32768, 32767)
            for end in ("low", "high")
        )
        bottom, top = (
            _number(columns[f"physical_{end}"][index], f"physical range of {what}") for end in ("low", "high")
        )
        annotations = label == ANNOTATIONS
        if not annotations and (high <= low or top == bottom):
            raise InputError(f"{what}: its digital or physical range is empty")
        step = 1.0 if annotations else (top - bottom) / (high - low)
        filters, physical = columns["filters"][index], columns["unit"][index]
        made.append(Signal(label, physical, step, bottom - low * step, low, high, filters, samples, at))
        at += samples
    return tuple(made)


def _started(text: str) -> datetime | None:
    """Start Date of EDF+, whose year has four digits, else that of EDF, whose year 85 is 1985 and 84 is 2084."""
    day, month, year = (text[168 + 3 * part : 170 + 3 * part] for part in range(3))
    clock = [text[176 + 3 * part : 178 + 3 * part] for part in range(3)]
    written = re.match(r"Startdate (\d\d)-([A-Z]{3})-(\d{4})(?: |$)", text[88:168], re.ASCII)
    try:
        if written and written[2] in _MONTHS:
            date = (int(written[3]), _MONTHS.index(written[2]) + 1, int(written[1]))
        else:
            date = (int(year) + (1900 if int(year) >= 85 else 2000), int(month), int(day))
        hours, minutes, seconds = map(int, clock)
        return datetime(*date, hours, minutes, seconds)  # noqa: DTZ001 - the recorder's local time, as DICOM's
    except ValueError:
        return None


def _whole(text: str, what: str, low: int, high: int) -> int:
    number = int(text) if re.fullmatch(r"\s*[+-]?\d{1,9}\s*", text, re.ASCII) else None
    if number is None or not low <= number <= high:
        raise InputError(f"{what}: {text.strip()!r} is no whole number of {low} to {high}")
    return number


def _number(text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or "_" in text:
        raise InputError(f"{what}: {text.strip()!r} is no number")
    return number


def records_of(data: bytes, header: Header) -> npt.NDArray[np.int16]:
    """The records as an array of shape (records, samples of a record).

    Raises:
        InputError: the file ends before they do.
    """
    body = memoryview(data)[header.size :]
    there = len(body) // header.record_size
    count = there if header.records < 0 else header.records
    if not count or there < count:
        raise InputError(f"it ends in the middle: {there} of {count} records are there")
    samples = np.frombuffer(body[: count * header.record_size], "<i2")
    return samples.reshape(count, -1)


def annotations_of(records: npt.NDArray[np.int16], header: Header) -> tuple[list[float | None], list[Event]]:
    """When each record begins, as its first annotation says (None where none says it), and all other annotations."""
    places = [one for one in header.signals if one.label == ANNOTATIONS]
    onsets: list[float | None] = []
    events: list[Event] = []
    for record in records if places else ():
        onset: float | None = None
        for number, signal in enumerate(places):
            lists = record[signal.at : signal.at + signal.count].tobytes().split(b"\0")
            for place, one in enumerate(lists):
                found = _ONSET.match(one)
                if not found or one[found.end() : found.end() + 1] != b"\x14":
                    continue
                at = float(found[1])
                texts = one[found.end() + 1 :].split(b"\x14")
                if number == 0 and place == 0:  # keeps the time of the record
                    onset = at
                until = None if found[2] is None else at + float(found[2])
                events += [Event(text, at, until) for text in map(_words, texts) if text]
        onsets.append(onset)
    return onsets, events


def _words(text: bytes) -> str:
    return " ".join(text.decode("utf-8", "replace").split())[:_LONGEST_TEXT]


def runs_of(count: int, header: Header, onsets: Sequence[float | None]) -> list[Run]:
    """The stretches of records without an interruption.

    Raises:
        InputError: of an interrupted recording, a record does not say when it begins, or begins before the last ends.
    """
    if not header.interrupted:
        return [Run(0, count, (onsets[0] if onsets else None) or 0.0)]
    runs: list[Run] = []
    fastest = max((one.count for one in header.signals if one.label != ANNOTATIONS), default=1) / (
        header.record_s or 1.0
    )
    for index in range(count):
        onset = onsets[index] if index < len(onsets) else None
        if onset is None:
            raise InputError(f"record {index + 1} of an interrupted recording (EDF+D) does not say when it begins")
        if runs:
            due = runs[-1].onset_s + runs[-1].count * header.record_s
            if abs(onset - due) <= 0.5 / fastest:
                runs[-1] = Run(runs[-1].first, runs[-1].count + 1, runs[-1].onset_s)
                continue
            if onset < due:
                raise InputError(f"record {index + 1} begins at {onset:g} s, before the one before it ends")
        runs.append(Run(index, 1, onset))
    return runs
