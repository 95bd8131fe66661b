"""Writers of EDF+, SCP-ECG, aECG and GDT files, from the formats' descriptions and not from our readers."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass
class Edf:
    """A signal of a file to be: label, unit, physical and digital range, samples of each record."""

    label: str
    records: Sequence[Sequence[int]]
    unit: str = "uV"
    physical: tuple[str, str] = ("-3276.8", "3276.7")
    digital: tuple[int, int] = (-32768, 32767)
    filters: str = "HP:0.1Hz LP:75Hz N:50Hz"


def edf(
    signals: Sequence[Edf],
    tals: Sequence[bytes] = (),
    *,
    kind: str = "EDF+C",
    record_s: str = "1",
    patient: str = "MCH-0234567 F 02-MAY-1951 Haagse_Harry",
    recording: str = "Startdate 02-MAR-2002 EMG561 BK/JOP Sony.",
    records: int | None = None,
) -> bytes:
    """A file; `tals` are the annotation lists of each record, without padding (16 words of annotations a record)."""
    count = len(tals) if tals else len(signals[0].records)
    labels = [one.label for one in signals] + (["EDF Annotations"] if tals else [])
    lengths = [len(one.records[0]) for one in signals] + ([16] if tals else [])
    rows: list[list[str]] = [
        labels,
        ["AgAgCl electrode" for _ in labels],
        [one.unit for one in signals] + ([""] if tals else []),
        [one.physical[0] for one in signals] + (["-1"] if tals else []),
        [one.physical[1] for one in signals] + (["1"] if tals else []),
        [str(one.digital[0]) for one in signals] + (["-32768"] if tals else []),
        [str(one.digital[1]) for one in signals] + (["32767"] if tals else []),
        [one.filters for one in signals] + ([""] if tals else []),
        [str(length) for length in lengths],
        ["" for _ in labels],
    ]
    widths = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
    head = (
        f"{'0':8}{patient:80}{recording:80}02.03.0214.27.00{256 * (len(labels) + 1):<8}{kind:44}"
        f"{count if records is None else records:<8}{record_s:8}{len(labels):<4}"
    )
    head += "".join(f"{value:{width}}" for row, width in zip(rows, widths, strict=True) for value in row)
    body = b""
    for index in range(count):
        for one in signals:
            body += struct.pack(f"<{len(one.records[index])}h", *one.records[index])
        if tals:
            body += tals[index].ljust(32, b"\0")
    return head.encode("latin-1") + body


def crc(data: bytes) -> int:
    """CRC-CCITT as EN 1064 has it: polynomial 1021, beginning with FFFF."""
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = ((value << 1) ^ 0x1021) & 0xFFFF if value & 0x8000 else (value << 1) & 0xFFFF
    return value


def section(number: int, body: bytes) -> bytes:
    """A section of SCP-ECG with its header."""
    body += b"\0" * (len(body) % 2)
    rest = struct.pack("<HIBB6s", number, len(body) + 16, 13, 13, b"SCPECG" if number == 0 else b"\0" * 6) + body
    return struct.pack("<H", crc(rest)) + rest


def scp(sections: dict[int, bytes]) -> bytes:
    """A file of SCP-ECG."""
    bodies = {number: section(number, body) for number, body in sorted(sections.items())}
    at = 6 + 16 + 10 * (len(bodies) + 1)
    first = struct.pack("<HII", 0, at - 6, 7)
    for number, body in bodies.items():
        first += struct.pack("<HII", number, len(body), at + 1)
        at += len(body)
    rest = struct.pack("<I", at) + section(0, first) + b"".join(bodies.values())
    return struct.pack("<H", crc(rest)) + rest


def patient_section(**tags: bytes) -> bytes:
    """Section 1 from `t2=b"P1"`; the tags that have to be there are the caller's."""
    body = b"".join(
        struct.pack("<BH", int(name[1:]), len(value)) + value for name, value in tags.items()
    )  # fmt: skip
    return body + b"\xff\0\0"


def lead_section(spans: Sequence[tuple[int, int, int]], flags: int = 0) -> bytes:
    """Section 3 from (first, last, number)."""
    return bytes([len(spans), flags]) + b"".join(struct.pack("<IIB", *one) for one in spans)


def rhythm_section(
    leads: Sequence[bytes], step_nv: int = 2500, interval_us: int = 2000, order: int = 0, bimodal: int = 0
) -> bytes:
    """Section 6 of leads that are coded already."""
    head = struct.pack("<HHBB", step_nv, interval_us, order, bimodal)
    return head + b"".join(struct.pack("<H", len(one)) for one in leads) + b"".join(leads)


# The table of C.2.7.4 (prEN 1064:2002) as it is printed: bits of each code, and base code with its last bit first.
_PREFIXES = (1, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10)
_VALUES = (0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 8, -8)
_CODES = (0, 1, 5, 3, 11, 7, 23, 15, 47, 31, 95, 63, 191, 127, 383, 255, 767)
_OF_8, _OF_16 = 511, 1023


def huffman(values: Sequence[int]) -> bytes:
    """Values coded with the default table."""
    known = {
        value: f"{code:0{bits}b}"[::-1] for value, bits, code in zip(_VALUES, _PREFIXES, _CODES, strict=True)
    }  # fmt: skip
    text = ""
    for value in values:
        if value in known:
            text += known[value]
        elif -128 <= value < 128:
            text += f"{_OF_8:010b}"[::-1] + f"{value & 0xFF:08b}"
        else:
            text += f"{_OF_16:010b}"[::-1] + f"{value & 0xFFFF:016b}"
    text += "0" * (-len(text) % 8)
    return bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8))


def differences(values: Sequence[int], order: int) -> list[int]:
    """First or second differences, the first value or two as they are."""
    if order == 0:
        return list(values)
    if order == 1:
        return [values[0], *(values[at] - values[at - 1] for at in range(1, len(values)))]
    return [*values[:2], *(values[at] - 2 * values[at - 1] + values[at - 2] for at in range(2, len(values)))]


def gdt(*fields: tuple[str, str], encoding: str = "cp437") -> bytes:
    """A file of GDT: each line with its length, which counts length, field number and CR LF."""
    lines = [f"{field}{text}".encode(encoding) for field, text in fields]
    return b"".join(f"{len(line) + 5:03d}".encode() + line + b"\r\n" for line in lines)


def aecg(leads: dict[str, Sequence[int]], *, head: str = "20021122091000.000", scale: str = "5", unit: str = "uV",
         interval: str = "0.002", doctype: str = "", origin: str = "0") -> bytes:  # fmt: skip
    """A file of HL7 aECG with one series of one sequence set."""
    sequences = "".join(
        f'<component><sequence classCode="OBS"><code code="MDC_ECG_LEAD_{name}" codeSystem="2.16.840.1.113883.6.24"/>'
        f'<value xsi:type="SLIST_PQ"><origin value="{origin}" unit="{unit}"/><scale value="{scale}" unit="{unit}"/>'
        f"<digits>{' '.join(map(str, values))}</digits></value></sequence></component>"
        for name, values in leads.items()
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{doctype}<AnnotatedECG xmlns="urn:hl7-org:v3" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" classCode="OBS">'
        '<effectiveTime><low value="20021122091000"/></effectiveTime>'
        "<componentOf><timepointEvent><componentOf><subjectAssignment><subject><trialSubject>"
        '<id root="2.16.840.1.113883.3.5" extension="SBJ-123"/><subjectDemographicPerson><name><family>Doe</family>'
        "<given>Jane</given></name></subjectDemographicPerson></trialSubject></subject></subjectAssignment>"
        "</componentOf></timepointEvent></componentOf>"
        '<component><series classCode="OBSSER"><effectiveTime><low value="20021122091000.000"/></effectiveTime>'
        "<component><sequenceSet><component><sequence>"
        '<code code="TIME_ABSOLUTE" codeSystem="2.16.840.1.113883.5.4"/><value xsi:type="GLIST_TS">'
        f'<head value="{head}"/><increment value="{interval}" unit="s"/></value></sequence></component>'
        f"{sequences}</sequenceSet></component></series></component></AnnotatedECG>\n"
    ).encode()
