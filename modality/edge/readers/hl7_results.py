"""HL7 v2 ORU^R01 of a device: results of each of its patients (HL7 v2.5.1 chapter 7)."""

from __future__ import annotations

import math
import re
from datetime import datetime

from firmware_bridge.measurement import Measurement
from modality.edge.describing.content import Captured, Content
from modality.edge.describing.laboratory import content_of
from modality.protocol.hl7.message import Message, Segment
from modality.protocol.hl7.patients import identifiers
from modality.protocol.hl7.refusal import EVENT, MESSAGE_TYPE, PROCESSING_ID, REQUIRED, SEQUENCE, VERSION, Refusal
from modality.protocol.hl7.values import person_name

_VERSION = re.compile(r"2\.[1-8](\.\d)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?", re.ASCII)
_MOMENT = re.compile(r"(\d{8,14})(?:\.\d{1,4})?([+-]\d{4})?", re.ASCII)
_LOINC = re.compile(r"\d{1,5}-\d", re.ASCII)
# HL7 table 0085: deleted, wrong, not asked for or not to be had; to come; orders only.
_NO_RESULT = frozenset("DWXNIO")
_STATUS = {"P": "preliminary", "R": "preliminary", "S": "preliminary", "C": "corrected"}
_DOCUMENTS = ("ED", "RP")
_FLAGS = 3  # of OBX-8, the first ones
_LONGEST = 1024


def check(message: Message) -> list[Measurement]:
    """The results of a message that is one of a device's.

    Raises:
        Refusal: it is another message, or holds no result that is taken.
    """
    header = message.header
    header.required(9)
    header.required(10)
    if not _VERSION.fullmatch(header.required(12)(1).text):
        raise header.refuse(VERSION, "a version that is none of 2.1 to 2.8", 12)
    if header(11)(1).text not in ("", "P", "T", "D"):
        raise header.refuse(PROCESSING_ID, "none of P, T and D", 11)
    kind, event = message.kind
    if kind != "ORU":
        raise header.refuse(MESSAGE_TYPE, "ORU is taken here", 9)
    if event not in ("R01", ""):
        raise header.refuse(EVENT, "of ORU, R01 is taken here", 9)
    message.first("OBR")
    found, passed = results(message)
    if not found:
        raise Refusal(
            SEQUENCE if passed else REQUIRED,
            "none of its results is taken here: documents, or such as are not final yet" if passed else "no result",
            "OBX",
        )
    return found


def results(message: Message) -> tuple[list[Measurement], int]:
    """The results, each with the patient, order and moment that stand before it; and how many OBX are none."""
    found: list[Measurement] = []
    passed = 0
    whose: dict[str, str] = {}
    order: dict[str, str] = {}
    last: Measurement | None = None
    for segment in message.segments:
        if segment.name == "PID":
            whose, order, last = _patient(segment), {}, None
        elif segment.name == "OBR":
            order, last = _order(segment), None
        elif segment.name == "OBX":
            last = _result(segment, {**whose, **order})
            if last is None:
                passed += 1
            else:
                found.append(last)
        elif segment.name == "NTE" and last is not None:
            comment = " ".join(part.text for part in segment.all(3)).strip()
            if comment:
                last.details.setdefault("comments", []).append(comment[:_LONGEST])
    return found, passed


def _patient(pid: Segment) -> dict[str, str]:
    try:
        known = {"patient_id": identifiers(pid, 3)[0].value}
    except Refusal:  # none, or none that DICOM holds: a person has to say whose it is
        known = {}
    return {**known, "patient_name": person_name(pid.all(5))[0]}


def _order(obr: Segment) -> dict[str, str]:
    """The number of an order: that of the department (OBR-18, IHE RAD), else the placer's or the filler's own."""
    number = obr(18).text or obr(2)(1).text or obr(3)(1).text
    return {"sample_id": number, "completed": moment(obr(7).text)}


def _result(obx: Segment, details: dict[str, str]) -> Measurement | None:
    """One OBX; None for a document, a result that is none, or one without a name or a value."""
    kind, status = obx(2).text.upper(), obx(11).text.upper()
    code = obx(3)
    name = code(1).text or code(2).text
    if not name or kind in _DOCUMENTS or status in _NO_RESULT:
        return None
    value = _value(obx, kind)
    if value == "":
        return None
    unit = obx(6)
    loinc = _loinc(code(1).text, code(3).text) or _loinc(code(4).text, code(6).text)
    ucum = unit(1).text if unit(3).text.upper() == "UCUM" else ""
    qualified: dict[str, object] = {
        **details,
        "reference_range": obx(7).text,
        "abnormal_flag": "~".join(one.text for one in obx.all(8)[:_FLAGS]),
        "status": _STATUS.get(status, "final"),
        "completed": moment(obx(14).text) or details.get("completed", ""),
        "loinc": loinc and f"{loinc} {ucum}".strip(),
        "text": code(2).text,
    }
    return Measurement(name, value, unit(1).text, {key: one for key, one in qualified.items() if one})


def _value(obx: Segment, kind: str) -> float | str:
    value = obx(5)
    if kind == "SN":  # comparator, number, separator, number: "^7.4", ">^100", "^1^:^128"
        sign, first, between, second = (value(number).text for number in range(1, 5))
        text = f"{'' if sign == '=' else sign}{first}{between}{second}"
    elif kind in ("CE", "CWE", "CF", "CNE"):
        text = value(2).text or value(1).text
    else:
        text = " ".join(one(1).text for one in obx.all(5))
    text = text.strip()
    if kind in ("NM", "SN") and _NUMBER.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text[:_LONGEST]


def _loinc(code: str, system: str) -> str:
    return code if system.upper() == "LN" and _LOINC.fullmatch(code) else ""


def moment(text: str) -> str:
    """A time stamp (HL7 TS, DTM) as local YYYYMMDD[HHMM[SS]]; empty when it is none."""
    found = _MOMENT.fullmatch(text)
    if not found or len(found[1]) not in (8, 12, 14):
        return ""
    digits, offset = found[1], found[2]
    if not offset or len(digits) == 8:
        return digits
    try:
        zoned = datetime.strptime(digits.ljust(14, "0") + offset, "%Y%m%d%H%M%S%z")
        return f"{zoned.astimezone():%Y%m%d%H%M%S}"
    except (ValueError, OverflowError, OSError):
        return ""


def read(captured: Captured) -> list[Content]:
    """A message that was taken.

    Raises:
        Refusal: it is none that is read here.
    """
    message = Message(captured.data)
    found = check(message)
    passed = results(message)[1]
    notes = (f"{passed} OBX were passed over",) if passed else ()
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for one in found:
        patient, sample = one.details.get("patient_id", ""), one.details.get("sample_id", "")
        groups.setdefault((patient, "" if patient else sample), []).append(one)
    return [content_of(captured, each, notes) for each in groups.values()]
