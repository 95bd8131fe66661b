"""Records of one message into measurements: each result with the patient and the sample that stand before it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from firmware_bridge.drivers.laboratory.records import Delimiters, Record, delimiters_of, record_of
from firmware_bridge.measurement import Measurement

_NUMBER = re.compile(r"[+-]?([0-9]{1,30}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,2})?")
NAMELESS = "a result without a test code was refused"
"""A warning of a result that was lost."""
_MOST_COMMENTS = 20  # our choice, of one result: a device that repeats itself must not fill the memory
_TEST = 3  # E1394: the fourth component of the test's id is the manufacturer's own code

# Fields of P, O and R that qualify a result: name, and its index in the record, the letter being 0 (E1394).
_PATIENT = {"patient_birth_date": 7, "patient_sex": 8}
_ORDER = {"priority": 5, "requested": 6, "collected": 7, "action": 11, "specimen": 15}
_RESULT = {"reference_range": 5, "nature": 7, "status": 8, "operator": 10, "started": 11, "completed": 12}


class Message:
    """What the records since H have said so far.

    Args:
        encoding: of the text; E1381 has 8-bit characters, in the field mostly Latin-1.
        sample_component: which component of the sample's id is meant, from 1; 0 is the first one that is filled.
        warn: takes what was odd.
    """

    def __init__(self, encoding: str, sample_component: int, warn: Callable[[str], None]) -> None:
        self._encoding = encoding
        self._sample_component = sample_component
        self._warn = warn
        self._delimiters = Delimiters()
        self._result: Record | None = None
        self._comments: list[str] = []
        self._message: dict[str, Any] = {}
        self._patient: dict[str, Any] = {}
        self._order: dict[str, Any] = {}
        self.records = 0
        self.ended = False

    def take(self, line: bytes) -> list[Measurement]:
        """One record; what it completes is the result before it, whose comments have ended."""
        text = line.decode(self._encoding, errors="replace").strip("\n\0 ")
        if not text:
            return []
        self.records += 1
        if text[0] in "Hh":
            return self._header(text)
        record = record_of(text, self._delimiters)
        if record.kind == "C":
            self._comment(record)
            return []
        if record.kind not in "POQRLMS":
            self._warn("a record of a kind that E1394 does not know was passed over")
            return []
        if record.kind in "MS":  # the manufacturer's own, and scientific: kept in the raw bytes only
            return []
        done = self.flush()
        if record.kind == "P":
            self._patient_of(record)
        elif record.kind == "O":
            self._order_of(record)
        elif record.kind == "R":
            self._result, self._comments = record, []
        elif record.kind == "Q":
            self._warn("the device asks for orders (Q record): none are sent")
        else:
            self.ended = True
        return done

    def flush(self) -> list[Measurement]:
        """The result whose comments may have gone on."""
        record, self._result = self._result, None
        if record is None:
            return []
        found = self._measured(record)
        self._comments = []
        return [found] if found is not None else []

    def torn(self) -> list[Measurement]:
        """Records are missing here: who P and O have named before may not be whose results follow."""
        done = self.flush()
        self._patient, self._order = {}, {}
        return done

    def _header(self, text: str) -> list[Measurement]:
        done = self.flush()
        delimiters = delimiters_of(text)
        if delimiters is None:
            self._warn("a header names no delimiters that can be: those of the standard are taken")
        self._delimiters = delimiters or Delimiters()
        record = record_of(text[:2] + text[5:] if delimiters else text, self._delimiters)
        self._patient, self._order, self._comments, self.ended = {}, {}, [], False
        self._message = {"instrument": record.first(4)} if record.first(4) else {}
        if record.text(11) == "Q":  # the processing id: quality control, no patient's
            self._message["quality_control"] = True
        return done

    def _patient_of(self, record: Record) -> None:
        self._order, self._comments = {}, []
        identity = next((found for found in (record.text(4), record.text(3), record.text(2)) if found), "")
        self._patient = {"patient_id": identity, "patient_name": record.text(5)} | _filled(record, _PATIENT)

    def _order_of(self, record: Record) -> None:
        self._comments = []
        sample, instrument = self._sample(record, 2), self._sample(record, 3)
        self._order = {"sample_id": sample or instrument} | _filled(record, _ORDER)
        if instrument:
            self._order["instrument_sample_id"] = record.text(3)
        if record.text(11) == "Q":  # the action code: the sample is a control
            self._order["quality_control"] = True

    def _sample(self, record: Record, index: int) -> str:
        if self._sample_component == 0:
            return record.first(index)
        found = record.components(index)
        return found[self._sample_component - 1] if self._sample_component <= len(found) else ""

    def _comment(self, record: Record) -> None:
        text = record.text(3)
        if text and len(self._comments) < _MOST_COMMENTS:
            self._comments.append(text)
        if text and self._result is None and self._order:
            self._order["sample_comments"] = list(self._comments)

    def _measured(self, record: Record) -> Measurement | None:
        test = record.components(2)
        name = (test[_TEST] if len(test) > _TEST else "") or record.first(2)
        if not name:
            self._warn(NAMELESS)
            return None
        details: dict[str, Any] = {"sample_id": "", "patient_id": "", "patient_name": ""}
        details |= self._message | self._patient | self._order | _filled(record, _RESULT)
        details["abnormal_flag"] = record.text(6)
        details["checked"] = True
        if record.text(2).strip("^") != name:
            details["test"] = record.text(2)
        if record.first(13):
            details["instrument"] = record.first(13)
        if self._comments:
            details["comments"] = list(self._comments)
        return Measurement(name, _value(record), record.text(4), details)


def _filled(record: Record, indices: dict[str, int]) -> dict[str, Any]:
    """The named fields that hold something; of a range, its first component."""
    found = {
        name: record.first(index) if name == "reference_range" else record.text(index)
        for name, index in indices.items()
    }
    return {name: value for name, value in found.items() if value}


def _value(record: Record) -> float | int | str:
    """The number that the value is, or its text; of several components the filled ones."""
    text = record.repeats(3)
    if record.delimiters.repeat not in (record.fields[3] if len(record.fields) > 3 else ""):
        text = "^".join(one for one in record.components(3) if one)
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if text.lstrip("+-").isdigit() else float(text)
