"""Defects of values: attributes that are not there, and values that their VR does not allow."""

from __future__ import annotations

from modality.transfer.defects import tags
from modality.transfer.defects.defect import Defect
from modality.transfer.defects.elements import (
    Element,
    Elements,
    changed,
    inserted,
    left_out,
    put,
    remade,
    value,
    without,
)

_MULLER = "Müller^Jörg"
_KANJI = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"  # PS3.5 H.3.1's name, its third group left out


def _even(text: bytes, pad: bytes = b" ") -> bytes:
    return text + pad * (len(text) % 2)


def _other_uid(content: bytes) -> bytes:
    """Another UID of the same length."""
    text = content.rstrip(b"\0")
    return (text[:-1] + (b"1" if text[-1:] != b"1" else b"2")).ljust(len(content), b"\0")


def _short(content: bytes, end: bytes) -> bytes:
    """The head of a UID with another end, the same for all instances of a series."""
    return _even(content.rstrip(b"\0")[:40].rstrip(b".") + end, b"\0")


def _space_padded(content: bytes) -> bytes:
    text = content.rstrip(b"\0")
    return (text if len(text) % 2 else text[:-1]) + b" "


def _undecodable(parts: Elements) -> list[Element]:
    named = inserted(parts, Element(tags.PATIENT_NAME, b"PN", b"M\xfcller^\xff\xfe "))
    return inserted(named, Element(tags.CHARACTER_SET, b"CS", b"ISO_IR 192"))


def _undeclared(parts: Elements) -> list[Element]:
    named = inserted(parts, Element(tags.PATIENT_NAME, b"PN", _even(_MULLER.encode())))
    return without(named, tags.CHARACTER_SET)


def _escaped(parts: Elements) -> list[Element]:
    named = inserted(parts, Element(tags.PATIENT_NAME, b"PN", _even(_KANJI)))
    return inserted(named, Element(tags.CHARACTER_SET, b"CS", b"ISO_IR 100"))


VALUES: dict[str, Defect] = {
    "no-sop-class-uid": Defect("SOP Class UID left out", "PS3.3 C.12.1, Type 1", left_out(tags.SOP_CLASS)),
    "no-sop-instance-uid": Defect("SOP Instance UID left out", "PS3.3 C.12.1, Type 1", left_out(tags.SOP_INSTANCE)),
    "other-sop-class": Defect(
        "SOP Class UID of another class (Verification) than the command or the file meta information names",
        "PS3.7 9.1.1, PS3.4 B.2.3, PS3.10 7.1", value(tags.SOP_CLASS, b"1.2.840.10008.1.1\0"),
    ),
    "other-sop-instance": Defect(
        "another SOP Instance UID than the command or the file meta information names", "PS3.7 9.1.1, PS3.10 7.1",
        remade(tags.SOP_INSTANCE, _other_uid),
    ),
    "no-study-uid": Defect("Study Instance UID left out", "PS3.3 C.7.2.1, Type 1", left_out(tags.STUDY)),
    "empty-study-uid": Defect("Study Instance UID empty", "PS3.5 7.4.1: Type 1 has a value", value(tags.STUDY, b"")),
    "no-series-uid": Defect("Series Instance UID left out", "PS3.3 C.7.3.1, Type 1", left_out(tags.SERIES)),
    "no-modality": Defect("Modality left out", "PS3.3 C.7.3.1, Type 1", left_out(tags.MODALITY)),
    "empty-type-1": Defect(
        "a Type 1 attribute without a value: those that --set empties, or else Modality",
        "PS3.5 7.4.1: Type 1 has a value", value(tags.MODALITY, b""),
    ),
    "not-enumerated": Defect(
        "a value that PS3.3 does not enumerate: those that --set gives, or else a Patient's Sex of X",
        "PS3.3 C.7.1.1: M, F or O", put(tags.SEX, b"CS", b"X "),
    ),
    "impossible-value": Defect(
        "a number or a direction that PS3.3 rules out: those that --set gives, or else a Window Width of 0",
        "PS3.3 C.11.2.1.2: at least 1", put(tags.WINDOW_WIDTH, b"DS", b"0 "), needs="pixels",
    ),
    "no-type-2": Defect(
        "Patient ID left out, which may be empty but not absent", "PS3.5 7.4.3, PS3.3 C.7.1.1",
        left_out(tags.PATIENT_ID),
    ),
    "long-uid": Defect(
        "a Study Instance UID of 70 characters", "PS3.5 9.1: at most 64", value(tags.STUDY, b"2.25." + b"1" * 65),
    ),
    "letters-in-uid": Defect("letters in the Series Instance UID", "PS3.5 9.1", value(tags.SERIES, b"1.2.series.01\0")),
    "leading-zero-in-uid": Defect(
        "a component of the Series Instance UID that begins with 0", "PS3.5 9.1",
        remade(tags.SERIES, lambda one: _short(one, b".01")),
    ),
    "empty-uid-component": Defect(
        "two periods in a row in the Series Instance UID", "PS3.5 9.1",
        remade(tags.SERIES, lambda one: _short(one, b"..1")),
    ),
    "space-padded-uid": Defect(
        "the Series Instance UID padded by a space", "PS3.5 6.2, 9.1: NULL", remade(tags.SERIES, _space_padded),
    ),
    "odd-length": Defect("a value of odd length", "PS3.5 7.1.1: even", put(tags.PATIENT_ID, b"LO", b"ODD")),
    "long-value": Defect(
        "a Patient ID of 200 characters", "PS3.5 6.2: LO, 64", put(tags.PATIENT_ID, b"LO", b"X" * 200),
    ),
    "too-many-values": Defect(
        "two values of Patient ID", "PS3.6 6: VM 1, PS3.5 6.4", put(tags.PATIENT_ID, b"LO", b"ONE\\ANOTHER "),
    ),
    "null-padded-text": Defect(
        "a Study Description padded by NULL", "PS3.5 6.2: SPACE", put(tags.STUDY_DESCRIPTION, b"LO", b"NUL\0"),
    ),
    "four-component-groups": Defect(
        "a Patient's Name of four component groups", "PS3.5 6.2.1.2: at most three",
        put(tags.PATIENT_NAME, b"PN", b"A^B=C^D=E^F=G^H "),
    ),
    "bad-date": Defect("Study Date 20261399", "PS3.5 6.2: DA", put(tags.STUDY_DATE, b"DA", b"20261399")),
    "old-date": Defect(
        "Study Date 2026.11.26, as ACR-NEMA wrote it", "PS3.5 6.2: DA", put(tags.STUDY_DATE, b"DA", b"2026.11.26"),
    ),
    "bad-time": Defect("Study Time 25:61", "PS3.5 6.2: TM", put(tags.STUDY_TIME, b"TM", b"256100")),
    "iso-date-time": Defect(
        "an Acquisition DateTime as ISO 8601 writes it", "PS3.5 6.2: DT",
        put(tags.ACQUISITION_DATE_TIME, b"DT", b"2026-11-26T10:30:00 "),
    ),
    "bad-age": Defect("a Patient's Age without its unit", "PS3.5 6.2: AS", put(tags.AGE, b"AS", b"47")),
    "bad-number": Defect("an Instance Number of letters", "PS3.5 6.2: IS", put(tags.INSTANCE_NUMBER, b"IS", b"two ")),
    "decimal-comma": Defect("a Patient's Weight of 72,5", "PS3.5 6.2: DS", put(tags.WEIGHT, b"DS", b"72,5")),
    "long-decimal": Defect(
        "a Patient's Weight of 20 characters", "PS3.5 6.2: DS, 16", put(tags.WEIGHT, b"DS", b"72.50000000000000001"),
    ),
    "lower-case-code": Defect("Modality in small letters", "PS3.5 6.2: CS", remade(tags.MODALITY, bytes.lower)),
    "control-characters": Defect(
        "NULL and line feed within the Patient ID", "PS3.5 6.1.3, 6.2: LO", put(tags.PATIENT_ID, b"LO", b"A\0B\nC "),
    ),
    "bad-character-set": Defect(
        "a Patient's Name that is not in the character set it names", "PS3.5 6.1.2.3, PS3.3 C.12.1.1.2", _undecodable,
    ),
    "unknown-character-set": Defect(
        "a Specific Character Set that does not exist", "PS3.3 C.12.1.1.2",
        put(tags.CHARACTER_SET, b"CS", b"ISO_IR 999"),
    ),
    "undeclared-character-set": Defect(
        "a Patient's Name in UTF-8, and no Specific Character Set", "PS3.5 6.1.2.3, PS3.3 C.12.1, Type 1C", _undeclared,
    ),
    "undeclared-escape": Defect(
        "a Patient's Name with escapes to JIS X 0208, which Specific Character Set does not name",
        "PS3.5 6.1.2.4, 6.1.2.5.4", _escaped,
    ),
    "mixed-character-sets": Defect(
        "UTF-8 beside a character set with code extensions", "PS3.5 6.1.2.4, PS3.3 C.12.1.1.2",
        put(tags.CHARACTER_SET, b"CS", b"ISO_IR 192\\ISO 2022 IR 87 "),
    ),
    "unknown-vr": Defect(
        "value representation ZZ", "PS3.5 6.2",
        lambda parts: changed(parts, tags.PATIENT_ID, lambda one: (one._replace(vr=b"ZZ"),)),
    ),
    "wrong-vr": Defect(
        "Patient's Name as US", "PS3.6 6, PS3.5 7.1.1",
        lambda parts: changed(parts, tags.PATIENT_NAME, lambda one: (one._replace(vr=b"US"),)),
    ),
}  # fmt: skip
