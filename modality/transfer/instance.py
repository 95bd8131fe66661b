"""The prepared instance: a data set encoded once into one transfer syntax, held as buffers.

The head holds all before the pixel data, the tail the pixel data and what follows. The places of the identifiers in
the head are known, so a new patient, study or UID is stamped in without touching the tail: copies of an instance
under other identities share one tail, and a file on disk becomes an instance by mapping it into memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from modality.errors import InputError, UnsupportedError, UsageError
from modality.transfer.deflation import deflated_head, deflated_tail
from modality.transfer.elements import KEYWORDS, TEXT_TAGS, UID_TAGS, Buffer, Layout, Place, cut_short, replace, scan
from modality.transfer.files import write_whole
from modality.transfer.part10 import write_meta
from modality.transfer.syntaxes import BY_UID, EXPLICIT_LITTLE, TransferSyntax

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_LONGEST = 0xFFFE  # the length field of a short element has two bytes (PS3.5 7.1.2), and lengths are even
_PATIENT_NAME = KEYWORDS["PatientName"]
_CHARACTER_SET = KEYWORDS["SpecificCharacterSet"]


class PreparedInstance:
    """One SOP instance, ready to leave.

    Args:
        transfer_syntax_uid: the syntax of the buffers; one that our table does not hold passes as explicit little
            endian, which all encapsulated syntaxes are (PS3.5 A.4).
        head: the encoded data set up to the pixel data, not deflated.
        tail: the pixel data element and what follows; for a deflated syntax deflated already, unless it comes with
            `as_read`.
        source: where it came from, for messages.
        top: where the identifiers at the top of the head stand, if that is known already.
        as_read: a deflated data set as it was read: it travels unchanged until a stamp changes the head.
        path: the file that it is mapped from.
        known: identifiers that need not be looked up: `sop_instance_uid` and the like.
    """

    opening: bytes | None = None
    """What stands before the data set in a file, where that is not our own preamble and meta information."""

    def __init__(
        self,
        transfer_syntax_uid: str,
        head: bytes,
        tail: Sequence[Buffer] = (),
        source: str = "",
        *,
        top: Sequence[Place] = (),
        as_read: Buffer | None = None,
        path: Path | None = None,
        known: Mapping[str, str] | None = None,
    ) -> None:
        self.transfer_syntax_uid = transfer_syntax_uid
        self.head = head
        self.tail = tuple(tail)
        self.source = source
        self.path = path
        self._top = top
        self._as_read = as_read
        self.known(**known or {})

    def known(self, **identifiers: str) -> None:
        """Identifiers that need not be looked up: `sop_instance_uid` and the like."""
        self.__dict__.update(identifiers)

    def __repr__(self) -> str:
        return f"<PreparedInstance {self.sop_instance_uid} {self.syntax.keyword}>"

    @property
    def syntax(self) -> TransferSyntax:
        """The layout of the bytes."""
        return BY_UID.get(self.transfer_syntax_uid, EXPLICIT_LITTLE)

    @cached_property
    def layout(self) -> Layout:
        """Where the identifiers stand in the head."""
        return scan(self.head, explicit=self.syntax.explicit, little_endian=self.syntax.little_endian)

    @cached_property
    def sop_class_uid(self) -> str:
        """SOP Class UID."""
        return self.identifier("SOPClassUID")

    @cached_property
    def sop_instance_uid(self) -> str:
        """SOP Instance UID."""
        return self.identifier("SOPInstanceUID")

    @cached_property
    def study_uid(self) -> str:
        """Study Instance UID."""
        return self.identifier("StudyInstanceUID")

    @cached_property
    def series_uid(self) -> str:
        """Series Instance UID."""
        return self.identifier("SeriesInstanceUID")

    def identifier(self, keyword: str) -> str:
        """The value of one of the identifiers at the top of the data set; empty when it is absent.

        Raises:
            UsageError: the keyword is none of `modality.transfer.elements.KEYWORDS`.
        """
        tag, raw = self._tag(keyword), self._raw(keyword)
        if tag in UID_TAGS:
            return raw.decode("ascii", "replace")
        return _decode(tag, raw, self._character_set)

    @staticmethod
    def _tag(keyword: str) -> int:
        if keyword not in KEYWORDS:
            raise UsageError(f"{keyword} is not an identifier that a prepared instance keeps track of")
        return KEYWORDS[keyword]

    def _raw(self, keyword: str) -> bytes:
        tag = self._tag(keyword)
        for place in self._top or self.layout.places:
            if place.tag == tag and place.depth == 0:
                return self.head[place.offset : place.offset + place.length].rstrip(b"\0 ")
        return b""

    @property
    def _character_set(self) -> str:
        return self._raw("SpecificCharacterSet").decode("ascii", "replace")

    @property
    def size(self) -> int:
        """Bytes of the data set as it travels."""
        return sum(len(part) for part in self.buffers())

    def buffers(self) -> list[Buffer]:
        """The data set as it travels, in order."""
        if not self.syntax.deflated:
            return [self.head, *self.tail]
        parts = [self._as_read] if self._as_read is not None else [deflated_head(self.head), *self.tail]
        odd = sum(len(part) for part in parts) % 2
        return [*parts, *([b"\0"] if odd else [])]  # PS3.5 A.5: a single NULL pads to even length

    @cached_property
    def _shared_tail(self) -> tuple[Buffer, ...]:
        """The tail as it travels behind other heads."""
        return self.tail if self._as_read is None else (deflated_tail(self.tail),)

    def stamp(self, values: Mapping[str, str] | None = None, uids: Mapping[str, str] | None = None) -> PreparedInstance:
        """The same instance under another identity.

        Args:
            values: new values by keyword, for elements at the top of the data set; each must be there already.
            uids: new UID by old one, wherever the old one stands, references in sequences included.

        Raises:
            UsageError: a keyword is not an identifier, its element is not in the data set, or a value does not fit.
            UnsupportedError: the instance's character set cannot hold a value.
            InputError: a sequence of the data set is damaged.
        """
        edits = []
        wanted = {self._tag(keyword): text for keyword, text in (values or {}).items()}
        if _CHARACTER_SET in wanted:
            raise UsageError("SpecificCharacterSet cannot be stamped: the other texts would have to be encoded anew")
        for place in self.layout.places:
            if place.depth == 0 and place.tag in wanted:
                edits.append((place, self._encode(place.tag, wanted.pop(place.tag))))
            elif uids and place.tag in UID_TAGS:
                raw = self.head[place.offset : place.offset + place.length].rstrip(b"\0 ")
                old = raw.decode("ascii", "replace").split("\\")
                if any(one in uids for one in old):
                    edits.append((place, self._encode(place.tag, "\\".join(uids.get(one, one) for one in old))))
        if wanted:
            names = ", ".join((UID_TAGS | TEXT_TAGS)[tag] for tag in wanted)
            raise UsageError(f"{self.source or self.sop_instance_uid}: no {names} to stamp")
        head = replace(self.head, edits, little_endian=self.syntax.little_endian)
        stamped = PreparedInstance(self.transfer_syntax_uid, head, self._shared_tail, self.source)
        if all(place.length == len(value) for place, value in edits):
            stamped.__dict__["layout"] = self.layout  # nothing has moved: it need not be found again
        return stamped

    def _encode(self, tag: int, text: str) -> bytes:
        if tag in UID_TAGS:
            if not text.isascii():
                raise UsageError(f"{UID_TAGS[tag]} {text!r} is no UID")
            value, pad = text.encode("ascii"), b"\0"
        else:
            value, pad = _encode(tag, text, self._character_set), b" "
        if len(value) > _LONGEST:
            raise UsageError(f"{(UID_TAGS | TEXT_TAGS)[tag]}: a value of {len(value)} bytes is too long")
        return value + pad * (len(value) % 2)

    def part10(self, source_aet: str = "") -> list[Buffer]:
        """The instance as a DICOM file: meta information, then the buffers."""
        if self.opening is not None:
            return [self.opening, *self.buffers()]
        meta = write_meta(self.sop_class_uid, self.sop_instance_uid, self.transfer_syntax_uid, source_aet)
        return [meta, *self.buffers()]

    def write(self, path: Path, *, durable: bool = False) -> None:
        """Write the instance as a DICOM file that appears whole; see `write_whole`.

        Raises:
            UsageError: the file cannot be written.
            InputError: the file that it is mapped from was cut short meanwhile.
        """
        write_whole(path, self._readable(), durable=durable)

    def _readable(self) -> list[Buffer]:
        """The instance as a DICOM file, of bytes that are still there."""
        parts = self.part10()
        if any(map(cut_short, parts)):
            raise InputError(f"{self.source}: the file was cut short after it was opened")
        return parts

    def dataset(self) -> Dataset:
        """The instance decoded by pydicom, file meta included.

        Raises:
            InputError: its file was cut short meanwhile.
        """
        from io import BytesIO

        from pydicom import dcmread

        return dcmread(BytesIO(b"".join(self._readable())))


def _decode(tag: int, raw: bytes, character_set: str) -> str:
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    from pydicom.charset import convert_encodings, decode_bytes
    from pydicom.config import IGNORE
    from pydicom.valuerep import TEXT_VR_DELIMS, PersonName

    encodings = convert_encodings(character_set.split("\\"))
    if tag == _PATIENT_NAME:  # of bytes its length would be counted in bytes
        return str(PersonName(raw, encodings, validation_mode=IGNORE))
    return decode_bytes(raw, encodings, TEXT_VR_DELIMS)


def _encode(tag: int, text: str, character_set: str) -> bytes:
    if text.isascii():
        return text.encode("ascii")
    from pydicom.charset import convert_encodings, encode_string
    from pydicom.valuerep import PersonName

    encodings = convert_encodings(character_set.split("\\"))
    if not all(any(_holds(encoding, character) for encoding in encodings) for character in text):
        raise UnsupportedError(f"the instance's character set ({character_set or 'ISO_IR 6'}) cannot hold {text!r}")
    return PersonName(text).encode(encodings) if tag == _PATIENT_NAME else encode_string(text, encodings)


def _holds(encoding: str, character: str) -> bool:
    try:
        character.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
