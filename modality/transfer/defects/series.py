"""Defects of series: the last instance disagrees with the first about what all of them share, or must not."""

from __future__ import annotations

from collections.abc import Callable

from modality.transfer.defects import tags
from modality.transfer.defects.defect import Defect, Disagree
from modality.transfer.defects.elements import Element, Elements, inserted, remade, value, value_of


def _same(tag: int) -> Disagree:
    def disagree(parts: Elements, first: Elements) -> list[Element]:
        uid = value_of(first, tag)
        return value(tag, uid + b"\0" * (len(uid) % 2))(parts)

    return disagree


def _other(tag: int, vr: bytes, make: Callable[[bytes], bytes]) -> Disagree:
    def disagree(parts: Elements, first: Elements) -> list[Element]:
        return inserted(parts, Element(tag, vr, make(value_of(first, tag))))

    return disagree


def _another_uid(tag: int) -> Disagree:
    return lambda parts, _: remade(tag, _next_uid)(parts)


def _next_uid(content: bytes) -> bytes:
    """Another UID of the same length."""
    text = content.rstrip(b"\0")
    return (text[:-1] + (b"1" if text[-1:] != b"1" else b"2")).ljust(len(content), b"\0")


SERIES: dict[str, Defect] = {
    "same-sop-instance-uid": Defect(
        "the last instance under the SOP Instance UID of the first", "PS3.5 9, PS3.3 C.12.1: unique",
        disagrees=_same(tags.SOP_INSTANCE),
    ),
    "two-patients": Defect(
        "the last instance of a study with another Patient ID", "PS3.3 A.1.2, A.1.2.2: a study is of one patient",
        disagrees=_other(tags.PATIENT_ID, b"LO", lambda one: b"ANOTHER " if one != b"ANOTHER" else b"PATIENT "),
    ),
    "two-birth-dates": Defect(
        "the last instance of a patient with another Patient's Birth Date", "PS3.3 A.1.2, C.7.1.1",
        disagrees=_other(tags.BIRTH_DATE, b"DA", lambda one: b"19010101" if one != b"19010101" else b"19020202"),
    ),
    "two-studies": Defect(
        "the last instance of a series in another study", "PS3.3 A.1.2.3: a series is of one study",
        disagrees=_another_uid(tags.STUDY),
    ),
    "two-modalities": Defect(
        "the last instance of a series with another Modality", "PS3.3 A.1.2.3, C.7.3.1",
        disagrees=_other(tags.MODALITY, b"CS", lambda one: b"OT" if one != b"OT" else b"CT"),
    ),
    "two-frames-of-reference": Defect(
        "the last instance of a series in another frame of reference", "PS3.3 A.1.2.3, C.7.4.1.1.1",
        disagrees=_another_uid(tags.FRAME_OF_REFERENCE), needs="frame of reference",
    ),
}  # fmt: skip
