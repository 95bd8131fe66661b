"""SCP-ECG files (EN 1064, ISO 11073-91064; ANSI/AAMI EC71): the rhythm data as 12-lead ECG.

Sections 0, 1, 2, 3 and 6 are read: samples as they are or coded with the default Huffman table (C.2.7.4 of prEN 1064),
as values or as their first or second differences. Bimodal compression, subtraction of a reference beat and Huffman
tables of the file's own are refused by name. A check sum that does not hold refuses the file.
"""

from __future__ import annotations

import binascii
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from modality.edge.describing.content import Captured, Content
from modality.edge.matching.matching import Hints
from modality.edge.readers import recorded
from modality.errors import InputError
from modality.iods.coded import unit
from modality.iods.waveforms.leads import ECG_LEADS
from modality.iods.waveforms.recording import Channel, Group, Recording

_HEADER = struct.Struct("<HHIBB6s")
_POINTER = struct.Struct("<HII")
_LEAD = struct.Struct("<IIB")
_DEFAULT_TABLE = 19999
_MOST_SAMPLES = 10_000_000
_POINTERS, _PATIENT, _TABLES, _LEADS, _RHYTHM = 0, 1, 2, 3, 6
# Of section 1: last name, first name, identifier; date and time of acquisition.
_LAST, _FIRST, _ID, _DATE, _TIME, _END = 0, 1, 2, 25, 26, 255

# The default table: 0; for 1 to 8 as many ones, a zero and the sign; nine ones and a zero before 8 bits of two's
# complement, ten ones before 16.
_CODE = re.compile(r"(0)|(1{1,8})0([01])|1{9}0([01]{8})|1{10}([01]{16})")

_NAMES: Mapping[int, str] = {int(code.value.removeprefix("2:")): name for name, code in ECG_LEADS.items()}
"""Leads by the numbers of section 3, which are those of MDC's codes."""


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead of section 3: its number, and its first and last sample, counted from 1."""

    number: int
    first: int
    last: int

    @property
    def count(self) -> int:
        """How many samples it has."""
        return self.last - self.first + 1


def sections_of(data: bytes) -> dict[int, bytes]:
    """The bodies of the sections by their numbers, where they are not empty.

    Raises:
        InputError: the file is none, is damaged, or points beyond its end.
    """
    if len(data) < 6 + _HEADER.size:
        raise InputError("too short for an SCP-ECG file")
    check, size = struct.unpack_from("<HI", data)
    if data[16:22] != b"SCPECG" and struct.unpack_from("<H", data, 8)[0] != _POINTERS:
        raise InputError("no SCP-ECG file: section 0 does not begin it")
    if size != len(data):
        raise InputError(f"it says that it has {size} bytes, and has {len(data)}")
    if binascii.crc_hqx(data[2:], 0xFFFF) != check:
        raise InputError("its check sum does not hold: the file is damaged")
    found: dict[int, bytes] = {}
    pointers = _section(data, _POINTERS, 6, struct.unpack_from("<I", data, 10)[0])
    for at in range(0, len(pointers) - _POINTER.size + 1, _POINTER.size):
        number, length, index = _POINTER.unpack_from(pointers, at)
        if number == _POINTERS or not length:
            continue
        if number in found:
            raise InputError(f"section {number} is there twice")
        found[number] = _section(data, number, index - 1, length)
    return found


def _section(data: bytes, number: int, at: int, length: int) -> bytes:
    if at < 6 or length < _HEADER.size or at + length > len(data):
        raise InputError(f"section {number} is not within the file")
    check, named, size, _, _, _ = _HEADER.unpack_from(data, at)
    if named != number or size != length:
        raise InputError(f"section {number} is not where section 0 says")
    if binascii.crc_hqx(data[at + 2 : at + length], 0xFFFF) != check:
        raise InputError(f"the check sum of section {number} does not hold: the file is damaged")
    return data[at + _HEADER.size : at + length]


def tags_of(body: bytes) -> dict[int, bytes]:
    """The fields of section 1, the first of each tag.

    Raises:
        InputError: one is longer than the section.
    """
    found: dict[int, bytes] = {}
    at = 0
    while at + 3 <= len(body) and body[at] != _END:
        length = int.from_bytes(body[at + 1 : at + 3], "little")
        if at + 3 + length > len(body):
            raise InputError(f"field {body[at]} of section 1 is longer than the section")
        found.setdefault(body[at], body[at + 3 : at + 3 + length])
        at += 3 + length
    return found


def leads_of(body: bytes) -> list[Lead]:
    """The leads of section 3.

    Raises:
        InputError: they do not fit, or a reference beat was subtracted from them.
    """
    if len(body) < 2 or not body[0] or len(body) < 2 + _LEAD.size * body[0]:
        raise InputError("section 3 names no leads, or fewer than it says")
    if body[1] & 1:
        raise InputError("its rhythm data lack a reference beat (reference beat subtraction), which is not read")
    leads = []
    for index in range(body[0]):
        first, last, number = _LEAD.unpack_from(body, 2 + _LEAD.size * index)
        if not 1 <= first <= last or last - first >= _MOST_SAMPLES:
            raise InputError(f"lead {index + 1} of section 3 has samples {first} to {last}")
        leads.append(Lead(number, first, last))
    return leads


def coded_by_table(body: bytes | None) -> bool:
    """Whether the samples are coded with the default Huffman table.

    Raises:
        InputError: they are coded with others.
    """
    if body is None:
        return False
    if len(body) < 2 or int.from_bytes(body[:2], "little") != _DEFAULT_TABLE:
        raise InputError("its samples are coded with Huffman tables of its own (section 2), which are not read")
    return True


def uncoded(data: bytes, count: int) -> npt.NDArray[np.int64]:
    """Numbers coded with the default Huffman table.

    Args:
        data: the bits, the first of a byte its highest.
        count: how many there are; what follows fills the last byte.

    Raises:
        InputError: there are fewer.
    """
    bits = bin(int.from_bytes(b"\1" + data, "big"))[3:]
    numbers: list[int] = []
    at = 0
    while len(numbers) < count:
        found = _CODE.match(bits, at)
        if found is None:
            raise InputError(f"{len(numbers)} of {count} samples can be decoded")
        zero, ones, sign, short, long = found.groups()
        if zero:
            numbers.append(0)
        elif ones:
            numbers.append(-len(ones) if sign == "1" else len(ones))
        else:
            word = short or long
            value = int(word, 2)
            numbers.append(value - (1 << len(word)) if word[0] == "1" else value)
        at = found.end()
    return np.array(numbers, np.int64)


def summed(numbers: npt.NDArray[np.int64], order: int) -> npt.NDArray[np.int16]:
    """Values from their differences: of the first, or the first two, samples the values themselves stand there.

    Args:
        numbers: as they are in the file.
        order: 0 for values, 1 for first differences, 2 for second ones.

    Returns:
        values of 16 bits: a difference that had no room in them has wrapped around, and so does its sum.
    """
    if order == 2 and len(numbers) > 2:
        # x[n] - 2 x[n-1] + x[n-2]: summed once these are the first differences, of which the one at 1 is known.
        first = np.cumsum(np.concatenate([numbers[1:2] - numbers[:1], numbers[2:]]))
        numbers = np.concatenate([numbers[:1], numbers[:1] + np.cumsum(first)])
    elif order == 1:
        numbers = np.cumsum(numbers)
    return numbers.astype(np.int16)


def rhythm_of(body: bytes, leads: list[Lead], *, coded: bool) -> tuple[float, float, list[npt.NDArray[np.int16]]]:
    """Section 6: nanovolts of a step, microseconds of an interval, and the samples of each lead.

    Raises:
        InputError: they do not fit, or are compressed in a way that is not read.
    """
    if len(body) < 6 + 2 * len(leads):
        raise InputError("section 6 is shorter than its leads need")
    step_nv, interval_us, order, bimodal = struct.unpack_from("<HHBB", body)
    if bimodal:
        raise InputError("its rhythm data are compressed by bimodal compression, which is not read")
    if not step_nv or not interval_us or order > 2:
        raise InputError(f"section 6 has {step_nv} nV, {interval_us} us and differences of order {order}")
    sizes = struct.unpack_from(f"<{len(leads)}H", body, 6)
    at, found = 6 + 2 * len(leads), []
    for lead, size in zip(leads, sizes, strict=True):
        data, at = body[at : at + size], at + size
        if len(data) < size or lead.count > 8 * size:
            raise InputError(f"lead {lead.number} has fewer bytes than samples need")
        if coded:
            numbers = uncoded(data, lead.count)
        elif size >= 2 * lead.count:
            numbers = np.frombuffer(data[: 2 * lead.count], "<i2").astype(np.int64)
        else:
            raise InputError(f"lead {lead.number} has fewer bytes than samples need")
        found.append(summed(numbers, order))
    return float(step_nv), float(interval_us), found


def read(captured: Captured) -> list[Content]:
    """A file.

    Raises:
        InputError: it is none, is damaged, or compressed in a way that is not read.
    """
    name = str(captured.item.details.get("file") or captured.device.name)
    try:
        sections = sections_of(captured.data)
        tags = tags_of(sections.get(_PATIENT, b""))
        leads = leads_of(sections.get(_LEADS, b""))
        body = sections.get(_RHYTHM)
        if body is None:
            raise InputError("it holds no rhythm data (section 6)")
        step_nv, interval_us, samples = rhythm_of(body, leads, coded=coded_by_table(sections.get(_TABLES)))
        groups = _groups(leads, samples, step_nv, 1e6 / interval_us)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    started = _started(tags)
    notes = [] if started else ["the file names no time of its start: that of its arrival is taken"]
    unknown = [str(one.number) for one in leads if one.number not in _NAMES]
    notes += [f"leads of unknown numbers: {', '.join(unknown)}"] if unknown else []
    recording = Recording(started or captured.started, groups)
    return [Content(_hints(tags), tuple(recorded.ecg([recording])), notes=tuple(notes))]


def _groups(
    leads: list[Lead], samples: list[npt.NDArray[np.int16]], step_nv: float, rate_hz: float
) -> tuple[Group, ...]:
    """Leads that were recorded at the same time, together."""
    rate = float(round(rate_hz)) if abs(rate_hz - round(rate_hz)) < 1e-6 * rate_hz else rate_hz
    start = min(one.first for one in leads)
    groups = []
    for span in sorted({(one.first, one.last) for one in leads}):
        chosen = [index for index, one in enumerate(leads) if (one.first, one.last) == span]
        channels = tuple(_channel(leads[index].number, step_nv) for index in chosen)
        columns = np.stack([samples[index] for index in chosen], axis=1)
        groups.append(Group(rate, columns, channels, offset_s=(span[0] - start) / rate))
    return tuple(groups)


def _channel(number: int, step_nv: float) -> Channel:
    lead = _NAMES.get(number, "unspecified")
    label = lead if number in _NAMES and number else f"lead {number}"
    return Channel(label, ECG_LEADS[lead], unit("uV"), step_nv / 1000)


def _started(tags: Mapping[int, bytes]) -> datetime | None:
    day, clock = tags.get(_DATE, b""), tags.get(_TIME, b"")
    if len(day) < 4 or len(clock) < 3:
        return None
    try:
        return datetime(int.from_bytes(day[:2], "little"), day[2], day[3], *clock[:3])  # noqa: DTZ001 - local
    except ValueError:
        return None


def _hints(tags: Mapping[int, bytes]) -> Hints:
    last, first, identifier = (_text(tags.get(tag, b"")) for tag in (_LAST, _FIRST, _ID))
    return Hints(identifier, f"{last}^{first}".rstrip("^")[:64])


def _text(data: bytes) -> str:
    text = data.split(b"\0")[0]
    try:
        words = text.decode("utf-8")
    except UnicodeDecodeError:
        words = text.decode("latin-1")
    return " ".join(re.sub(r"[\\^=]", " ", words).split())[:64]
