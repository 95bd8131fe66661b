"""GDT 2.1 and 3.0 (German xDT): results of one examination (records 6310).

Field numbers are those of the interface description of QMS, "GDT Geraetedaten-Traeger" 2.1 and 3.0.
"""

from __future__ import annotations

import re

from firmware_bridge.measurement import Measurement
from modality.edge.describing.content import Captured, Content
from modality.edge.describing.laboratory import content_of
from modality.errors import InputError

_RESULTS = "6310"  # "Daten einer Untersuchung uebermitteln"
_ENCODINGS = {"1": "ascii", "2": "cp437", "3": "cp1252", "4": "iso8859_15", "5": "utf_8"}
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?", re.ASCII)
_LENGTH = re.compile(rb"\d{3}8000\d{4}\r?\n\d{3}8100(\d{1,9})\r?\n")
_LONGEST = 1024
_WORDS = {"6220": "Befund", "6227": "Kommentar", "6228": "Ergebnistabelle"}


def length_of(data: bytes) -> int:
    """How many bytes the record says that it has (field 8100); 0 where it does not."""
    found = _LENGTH.match(data)
    return int(found[1]) if found else 0


def lines_of(data: bytes) -> list[tuple[str, str]]:
    """The fields of a file in order, as field number and content.

    Raises:
        InputError: a line is none of xDT, or its length is not what it says.
    """
    if length_of(data) > len(data):
        raise InputError(f"it ends in the middle: {len(data)} of {length_of(data)} bytes are there")
    raw: list[tuple[str, bytes]] = []
    for number, line in enumerate(data.rstrip(b"\x1a\0").split(b"\n"), start=1):
        body = line.removesuffix(b"\r")
        if not body.strip():
            continue
        if not re.match(rb"\d{7}", body):
            raise InputError(f"line {number} is none of xDT: it begins with its length and the number of its field")
        # Three digits of length, which counts itself, the field's four digits, and CR LF.
        if int(body[:3]) != len(body) + 2:
            raise InputError(f"line {number} says {int(body[:3])} characters and has {len(body) + 2}")
        raw.append((body[3:7].decode("ascii"), body[7:]))
    named = next((body.decode("ascii", "replace").strip() for field, body in raw if field == "9206"), "2")
    encoding = _ENCODINGS.get(named, "cp437")
    return [(field, " ".join(body.decode(encoding, "replace").split())) for field, body in raw]


def measurements(fields: list[tuple[str, str]]) -> list[Measurement]:
    """The results of an examination.

    Raises:
        InputError: the record is no examination's.
    """
    if not fields or fields[0] != ("8000", _RESULTS):
        kind = fields[0][1] if fields and fields[0][0] == "8000" else "none"
        raise InputError(f"record {kind[:8]!r}: results of an examination are {_RESULTS}")
    if any(field == "8000" for field, _ in fields[1:]):
        raise InputError("several records in one file: GDT has one")
    first = dict(reversed(fields))  # of a field that repeats, its first line
    family, given = (re.sub(r"[\\^=]", " ", first.get(field, "")).strip() for field in ("3101", "3102"))
    details = {
        "patient_id": first.get("3000", "")[:64].replace("\\", " ").strip(),
        "patient_name": f"{family}^{given}".rstrip("^")[:64],
        "birth_date": _day(first.get("3103", "")),
        "examination": first.get("8402", ""),
        "completed": _moment(first.get("6200", ""), first.get("6201", "")),
    }
    found = [_result(test, details) for test in _tests(fields)]
    for field, title in _WORDS.items():
        text = " ".join(content for number, content in fields if number == field).strip()
        if text:
            found.append(Measurement(field, text[:_LONGEST], "", {**details, "text": title}))
    return [one for one in found if one is not None]


def _tests(fields: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """The fields of each test, which its identifier (8410) begins."""
    tests: list[list[tuple[str, str]]] = []
    for field, text in fields:
        if field == "8410":
            tests.append([])
        if tests:
            tests[-1].append((field, text))
    return tests


def _result(test: list[tuple[str, str]], details: dict[str, str]) -> Measurement | None:
    own = dict(reversed(test))
    value, name = own.get("8420", ""), own["8410"]
    value = value or " ".join(text for field, text in test if field == "8480")
    if not name or not value:
        return None
    limits = [own.get(field, "") for field in ("8461", "8462")]
    qualified: dict[str, object] = {
        **details,
        "text": own.get("8411", ""),
        "completed": _moment(own.get("8432", ""), own.get("8439", "")) or details["completed"],
        "sample_id": own.get("8310", ""),
        "reference_range": own.get("8460", "") or ("-".join(limits) if any(limits) else ""),
        "abnormal_flag": own.get("8422", ""),
        "comments": [text for field, text in test if field == "8470"],
    }
    number: float | str = value[:_LONGEST]
    if "8420" in own and _NUMBER.fullmatch(value):
        number = float(value.replace(",", "."))  # the decimal comma of German
    return Measurement(name, number, own.get("8421", ""), {key: one for key, one in qualified.items() if one})


def _day(text: str) -> str:
    """DDMMYYYY as YYYYMMDD; empty when it is none."""
    return f"{text[4:]}{text[2:4]}{text[:2]}" if re.fullmatch(r"\d{8}", text, re.ASCII) else ""


def _moment(day: str, clock: str) -> str:
    """Day and HHMMSS as YYYYMMDD[HHMMSS]."""
    at = clock if re.fullmatch(r"\d{6}", clock, re.ASCII) else ""
    return _day(day) + at if _day(day) else ""


def read(captured: Captured) -> list[Content]:
    """An examination.

    Raises:
        InputError: it is none.
    """
    name = str(captured.item.details.get("file") or captured.device.name)
    try:
        found = measurements(lines_of(captured.data))
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    return [content_of(captured, found, ())] if found else []
