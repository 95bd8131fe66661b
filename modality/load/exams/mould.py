"""A prepared instance cut open where its identifiers stand, so that a new one is these pieces joined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from modality.transfer.elements import TEXT_TAGS, UID_TAGS, Place, replace, scan
from modality.transfer.instance import PreparedInstance

_PATIENT_AGE = 0x00101010
_INTEGER = 6  # characters: 999,999 instances; a number may be padded (PS3.5 6.2, IS)
_NAME = 32
# How long the text of each element is made, so that whatever replaces it has the same length.
_LENGTHS = {
    "StudyDate": 8, "SeriesDate": 8, "AcquisitionDate": 8, "ContentDate": 8, "PatientBirthDate": 8,
    "StudyTime": 6, "SeriesTime": 6, "AcquisitionTime": 6, "ContentTime": 6,
    "AccessionNumber": 14, "PatientID": 14, "StudyID": 14, "PatientSex": 2, "PatientName": _NAME, "PatientAge": 4,
    "SeriesNumber": _INTEGER, "InstanceNumber": _INTEGER,
}  # fmt: skip
_TEXTS = {tag: keyword for tag, keyword in (TEXT_TAGS | {_PATIENT_AGE: "PatientAge"}).items() if keyword in _LENGTHS}
_TOP = frozenset(_TEXTS) | frozenset(UID_TAGS)
_UID = 44  # what our own UIDs have, all of them
_STANDARD = "1.2.840.10008."  # the standard's own UIDs are no instance's (PS3.6 annex A)


class Slot(NamedTuple):
    """What stands between two pieces.

    Args:
        keyword: of a text; empty for a UID.
        uid: the UID that the mould was made with; empty for a text.
    """

    keyword: str = ""
    uid: str = ""


class Mould:
    """What an instance of an exam is cast in.

    Args:
        instance: with an identity that is none of any run.
    """

    def __init__(self, instance: PreparedInstance) -> None:
        self.instance = instance
        syntax = instance.syntax
        layout = scan(instance.head, explicit=syntax.explicit, little_endian=syntax.little_endian, top=_TOP)
        edits = [
            (place, b" " * _LENGTHS[_TEXTS[place.tag]])
            for place in layout.places
            if place.depth == 0 and place.tag in _TEXTS
        ]
        head = replace(instance.head, edits, little_endian=syntax.little_endian)
        layout = scan(head, explicit=syntax.explicit, little_endian=syntax.little_endian, top=_TOP)
        self.slots: list[Slot] = []
        self._pieces: list[bytes] = []
        at = 0
        for place in layout.places:
            slot = _slot(place, head)
            if slot is None:
                continue
            self.slots.append(slot)
            self._pieces.append(head[at : place.offset])
            at = place.offset + place.length
        self._pieces.append(head[at:])

    def cast(self, texts: Mapping[str, bytes], uid: Callable[[str], str], known: Mapping[str, str]) -> PreparedInstance:
        """A new instance, which shares the pixels.

        Args:
            texts: each element's new text, by keyword, in the length of `text`.
            uid: gives the new UID for an old one.
            known: the new identifiers that need not be looked up any more.
        """
        parts: list[bytes] = []
        for piece, slot in zip(self._pieces, self.slots, strict=False):
            parts += (piece, texts[slot.keyword] if slot.keyword else uid(slot.uid).encode("ascii"))
        parts.append(self._pieces[-1])
        old = self.instance
        return PreparedInstance(old.transfer_syntax_uid, b"".join(parts), old.tail, known=known)


def _slot(place: Place, head: bytes) -> Slot | None:
    """What is to be replaced at a place, if anything."""
    if place.depth == 0 and place.tag in _TEXTS:
        return Slot(keyword=_TEXTS[place.tag])
    if place.tag not in UID_TAGS:
        return None
    value = head[place.offset : place.offset + place.length].rstrip(b"\0 ").decode("ascii")
    own = place.length == _UID and not value.startswith(_STANDARD) and "\\" not in value
    return Slot(uid=value) if own else None


def text(keyword: str, value: str) -> bytes:
    """A text in the length that moulds have for it; what is longer is cut."""
    length = _LENGTHS[keyword]
    return value.encode("ascii")[:length].ljust(length)
