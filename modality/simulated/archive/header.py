"""What the archive reads of a received instance, its pixels left alone."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from io import BytesIO

from pydicom.charset import decode_bytes, python_encoding
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset

from modality.errors import InputError
from modality.protocol.matching import UNREADABLE
from modality.simulated.archive.index import KEPT, REQUEST
from modality.transfer.elements import Place, skim
from modality.transfer.instance import PreparedInstance

_TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_DELIMITERS = {0x5C, 0x5E, 0x3D}
_TAGS = {tag: (keyword, dictionary_VR(tag)) for keyword in KEPT if (tag := tag_for_keyword(keyword)) is not None}
_CHARACTER_SET, _REQUEST_ATTRIBUTES = 0x00080005, 0x00400275


class UnreadableDataset(ValueError):
    """Received bytes are no data set, or lack what an archive files by."""


def read(instance: PreparedInstance) -> dict[str, str]:
    """The attributes of `modality.simulated.archive.index.KEPT` that an instance has, values joined by a backslash.

    The values are decoded, not judged: what is invalid is kept as it came.

    Raises:
        UnreadableDataset: the bytes do not parse, or one of the four UIDs is missing.
    """
    syntax = instance.syntax
    try:
        found = skim(instance.head, explicit=syntax.explicit, little_endian=syntax.little_endian, top=_TAGS)
    except InputError as error:
        raise UnreadableDataset(f"the data set cannot be read: {error}") from error
    values = {
        place.tag: instance.head[place.offset : place.offset + place.length]
        for place in found.places
        if place.depth == 0 and place.tag in _TAGS and place.tag != _REQUEST_ATTRIBUTES
    }
    terms = values.get(_CHARACTER_SET, b"").decode("latin-1").strip(" \0").split("\\")
    codecs = [python_encoding[term] for term in terms if term in python_encoding] or ["iso8859"]
    order = "<H" if syntax.little_endian else ">H"
    attributes = {_TAGS[tag][0]: _decoded(_TAGS[tag][1], value, codecs, order) for tag, value in values.items()}
    for place in found.places:
        if place.tag == _REQUEST_ATTRIBUTES and place.depth == 0:
            attributes["RequestAttributesSequence"] = json.dumps(list(_requests(instance, place, codecs)))
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        if not attributes.get(keyword):
            raise UnreadableDataset(f"the data set has no {keyword}")
    return attributes


def _requests(instance: PreparedInstance, place: Place, codecs: list[str]) -> Iterator[dict[str, str]]:
    """What is kept of each request; nothing of one that cannot be read."""
    syntax = instance.syntax
    begin = place.length_offset - (8 if syntax.explicit else 4)  # tag, and VR with two reserved bytes
    element = BytesIO(instance.head[begin : place.offset + place.length])
    try:
        whole = read_dataset(element, not syntax.explicit, syntax.little_endian, parent_encoding=codecs)
        for item in whole[place.tag].value:
            assert isinstance(item, Dataset)
            yield {keyword: text for keyword in REQUEST if (text := str(item.get(keyword) or "").strip())}
    except UNREADABLE:
        return


def _decoded(vr: str, value: bytes, codecs: Sequence[str], order: str) -> str:
    if vr == "US":
        return str(struct.unpack(order, value[:2])[0]) if len(value) >= 2 else ""
    if vr not in _TEXT_VRS:
        return value.decode("latin-1").strip(" \0")
    if len(codecs) == 1:
        return value.decode(codecs[0], errors="replace").rstrip(" \0")
    return decode_bytes(value, codecs, _DELIMITERS).rstrip(" \0")
