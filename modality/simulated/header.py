"""What the archive reads of a received instance, its pixels left alone."""

from __future__ import annotations

import struct
from io import BytesIO

from pydicom import dcmread
from pydicom.charset import decode_bytes, python_encoding
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.tag import Tag

from modality.protocol.matching import UNREADABLE
from modality.simulated.index import KEPT

_TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_DELIMITERS = {0x5C, 0x5E, 0x3D}


class UnreadableDataset(ValueError):
    """Received bytes are no data set, or lack what an archive files by."""


def read(part_10: bytes) -> dict[str, str]:
    """The attributes of `modality.simulated.index.KEPT` that an instance has; several values joined by a backslash.

    The values are decoded, not judged: what is invalid is kept as it came.

    Raises:
        UnreadableDataset: the bytes do not parse, or one of the four UIDs is missing.
    """
    try:
        dataset = dcmread(BytesIO(part_10), stop_before_pixels=True, specific_tags=list(KEPT))
        attributes = {keyword: text for keyword in KEPT if (text := _text(dataset, keyword)) is not None}
    except (InvalidDicomError, MemoryError, *UNREADABLE) as error:
        raise UnreadableDataset(f"the data set cannot be read: {error}") from error
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        if not attributes.get(keyword):
            raise UnreadableDataset(f"the data set has no {keyword}")
    return attributes


def _text(dataset: Dataset, keyword: str) -> str | None:
    tag = Tag(keyword)
    if tag not in dataset:
        return None
    element = dataset.get_item(tag)
    value = element.value if element is not None else None
    if isinstance(value, bytes):
        little = element.is_little_endian if isinstance(element, RawDataElement) else True
        return _decoded(dataset, keyword, value, little_endian=little)
    if value is None:
        return ""
    return "\\".join(str(part) for part in value) if not isinstance(value, str) else value


def _decoded(dataset: Dataset, keyword: str, value: bytes, *, little_endian: bool) -> str:
    vr = dictionary_VR(keyword)
    if vr == "US":
        return str(struct.unpack("<H" if little_endian else ">H", value[:2])[0]) if len(value) >= 2 else ""
    if vr not in _TEXT_VRS:
        return value.decode("latin-1").strip(" \0")
    charset = dataset.get("SpecificCharacterSet") or ""
    terms = [charset] if isinstance(charset, str) else list(charset)
    codecs = [python_encoding[term] for term in terms if term in python_encoding] or ["iso8859"]
    if len(codecs) == 1:
        return value.decode(codecs[0], errors="replace").rstrip(" \0")
    return decode_bytes(value, codecs, _DELIMITERS).rstrip(" \0")


def coerced(part_10: bytes, changes: tuple[tuple[str, str], ...]) -> bytes:
    """The instance with attributes changed, as an archive does that reconciles patients.

    Args:
        part_10: the instance as a Part 10 file.
        changes: keywords and their new values.
    """
    dataset = dcmread(BytesIO(part_10))
    for keyword, value in changes:
        setattr(dataset, keyword, value)
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
