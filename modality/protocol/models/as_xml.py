"""Data sets in the Native DICOM Model, an XML document each (PS3.19 A.1)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag, Tag

from modality.protocol.matching import UNREADABLE
from modality.protocol.models.as_json import BULK_VRS, LARGEST_INLINE, Elsewhere, Reference

NAMESPACE = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
_HEAD = f'<?xml version="1.0" encoding="UTF-8"?>\n<NativeDicomModel xmlns="{NAMESPACE}" xml:space="preserve">\n'
_CHARACTER_SET = 0x00080005
# What XML 1.0 has no way to write (its production 2, Char).
_UNWRITABLE = re.compile("[^\\t\\n\\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")


def xml_model(dataset: Dataset, reference: Reference | None = None, elsewhere: Elsewhere | None = None) -> bytes:
    """A data set as a document of its own, in UTF-8; a value that is none of its kind is left out.

    Characters that XML cannot write become U+FFFD.

    Args:
        dataset: what is said.
        reference: makes URLs of binary values of more than 1024 bytes; None writes all within the document.
        elsewhere: attributes more, by reference.
    """
    return "".join((_HEAD, *_attributes(dataset, reference, "", elsewhere or {}), "</NativeDicomModel>\n")).encode()


def _attributes(dataset: Dataset, reference: Reference | None, path: str, elsewhere: Elsewhere) -> Iterator[str]:
    for tag in sorted({*dataset.keys(), *map(Tag, elsewhere)}):
        if tag.element == 0 or tag.group == 0x0002:
            continue
        if tag in elsewhere:
            vr, url = elsewhere[tag]
            yield from _attribute(dataset, tag, vr, [f"<BulkData uri={quoteattr(url)}/>\n"])
            continue
        try:
            element = dataset[tag]
            value = element.value
        except UNREADABLE:
            yield from _attribute(dataset, tag, dataset.get_item(tag).VR or "UN", [])
            continue
        # A VR that depends on others stays undecided where the data set came in implicit ones.
        vr = "UN" if isinstance(value, bytes) and element.VR not in BULK_VRS else element.VR
        here = f"{path}{tag:08X}"
        if isinstance(value, Sequence):
            yield from _attribute(dataset, tag, "SQ", _items(value, reference, here))
        elif reference and isinstance(value, bytes) and len(value) > LARGEST_INLINE:
            yield from _attribute(dataset, tag, vr, [f"<BulkData uri={quoteattr(reference(here))}/>\n"])
        else:
            yield from _attribute(dataset, tag, vr, _values(element))


def _attribute(dataset: Dataset, tag: BaseTag, vr: str, content: Iterator[str] | list[str]) -> Iterator[str]:
    private = tag.is_private and not tag.is_private_creator
    creator = dataset.get(Tag(tag.group, tag.element >> 8)) if private and tag.element >= 0x1000 else None
    # The block's number is of no consequence, and written as 00 (PS3.19 Table A.1.5-2).
    number = Tag(tag.group, tag.element & 0xFF) if creator is not None else tag
    yield f'<DicomAttribute tag="{number:08X}" vr="{vr}"'
    if creator is not None:
        yield f" privateCreator={quoteattr(_plain(str(creator.value)))}"
    elif keyword := keyword_for_tag(tag):
        yield f' keyword="{keyword}"'
    yield ">\n"
    yield from content
    yield "</DicomAttribute>\n"


def _items(sequence: Sequence, reference: Reference | None, path: str) -> Iterator[str]:
    for at, item in enumerate(sequence):
        yield f'<Item number="{at + 1}">\n'
        yield from _attributes(item, reference, f"{path}/{at}/", {})
        yield "</Item>\n"


def _values(element: DataElement) -> Iterator[str]:
    value = element.value
    if element.tag == _CHARACTER_SET:
        value = "ISO_IR 192"  # the document's own
    if element.is_empty:
        return
    if isinstance(value, bytes):
        yield f"<InlineBinary>{base64.b64encode(value).decode()}</InlineBinary>\n"
        return
    values = value if isinstance(value, (list, MultiValue)) else [value]
    for number, one in enumerate(values, 1):
        if element.VR == "PN":
            yield f'<PersonName number="{number}">\n{"".join(_name(str(one)))}</PersonName>\n'
        else:
            said = f"{int(one):08X}" if element.VR == "AT" else "" if one is None else str(one)
            yield f'<Value number="{number}">{_text(said)}</Value>\n'


def _name(name: str) -> Iterator[str]:
    """The component groups of a name that hold something, and their components that do."""
    for group, said in zip(_GROUPS, name.split("="), strict=False):
        if not said.strip("^ "):
            continue
        yield f"<{group}>\n"
        for component, text in zip(_COMPONENTS, said.split("^"), strict=False):
            if text:
                yield f"<{component}>{_text(text)}</{component}>\n"
        yield f"</{group}>\n"


def _text(text: str) -> str:
    # A carriage return as it is would come back as a line feed (XML 1.0, 2.11).
    return escape(_plain(text), {"\r": "&#13;"})


def _plain(text: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
