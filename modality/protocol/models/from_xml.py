"""Data sets out of the Native DICOM Model, an XML document each (PS3.19 A.1)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from pydicom.datadict import dictionary_has_tag, dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, empty_value_for_VR
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag
from pydicom.valuerep import VR

from firmware_bridge.drivers.ophthalmic.tree import Element, XmlRefused, parse

_ROOT, _ATTRIBUTE = "NativeDicomModel", "DicomAttribute"
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
# The VRs whose values a data set in memory holds as numbers; of the others it takes the text.
_NUMBERS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(("SL", "SS", "SV", "UL", "US", "UV"), int),
    **dict.fromkeys(("FD", "FL"), float),
    "AT": lambda text: Tag(int(text, 16)),
}
_MOST_VALUES = 100_000  # of an attribute; our choice: the number of a value would make room for all before it


def data_set(document: bytes) -> Dataset:
    """The data set that a document holds; what groups 0000 and 0002 would say is left out.

    Args:
        document: in any namespace or none, and with attributes in upper case too, as some write them.

    Raises:
        ValueError: it is no such document, a value is none of its VR, or one is bulk data elsewhere.
    """
    try:
        root = parse(document)
    except XmlRefused as error:
        raise ValueError(f"no XML to read: {error}") from None
    if root.name != _ROOT:
        raise ValueError(f"<{root.name[:64]}> where <{_ROOT}> is the root (PS3.19 A.1)")
    return _data_set(root)


def _data_set(within: Element) -> Dataset:
    found = Dataset()
    # A private attribute is given a block of its creator's, which may be told of after it.
    attributes = [(_tag(one), one) for one in within.all(_ATTRIBUTE)]
    for tag, one in sorted(attributes, key=lambda pair: (not pair[0].is_private_creator, pair[0])):
        if tag.group in (0x0000, 0x0002) or tag.element == 0:
            continue
        creator = _given(one, "privateCreator")
        vr = _vr(one, tag)
        value = _value(one, tag, vr)
        if tag.is_private and not tag.is_private_creator and creator:
            block = found.private_block(tag.group, creator, create=True)
            block.add_new(tag.element & 0xFF, vr, value)
        else:
            found[tag] = DataElement(tag, vr, value)
    return found


def _given(one: Element, name: str) -> str:
    return next((value for key, value in one.attributes.items() if key.lower() == name.lower()), "")


def _tag(one: Element) -> BaseTag:
    text, keyword = _given(one, "tag"), _given(one, "keyword")
    if text:
        if len(text) != 8:
            raise ValueError(f"tag {text[:20]!r} is not of eight hexadecimal digits")
        return Tag(int(text, 16))
    known = tag_for_keyword(keyword) if keyword else None
    if known is None:
        raise ValueError(f"an attribute without a tag{f': {keyword[:64]!r} is no keyword' if keyword else ''}")
    return Tag(known)


def _vr(one: Element, tag: BaseTag) -> str:
    vr = _given(one, "vr") or (dictionary_VR(tag) if dictionary_has_tag(tag) else "UN")
    if vr not in VR.__members__:
        raise ValueError(f"{tag}: {vr[:20]!r} is no VR")
    return vr


def _value(one: Element, tag: BaseTag, vr: str) -> Any:
    """The value of an attribute; as pydicom has it where there is none."""
    if one.child("BulkData") is not None:
        raise ValueError(f"{tag}: its value is bulk data elsewhere, which is not fetched")
    if vr == "SQ":
        return [_data_set(item) for item in one.all("Item")]
    inline = one.child("InlineBinary")
    if inline is not None:
        try:
            return base64.b64decode("".join(inline.text.split()), validate=True)
        except binascii.Error as error:
            raise ValueError(f"{tag}: its value is no base64") from error
    if vr == "PN":
        values = _numbered(one.all("PersonName"), tag, _name)
    else:
        of_text = _NUMBERS.get(vr, str)
        values = _numbered(one.all("Value"), tag, lambda value: of_text(value.text) if value.text else "")
    return values[0] if len(values) == 1 else values or empty_value_for_VR(vr)


def _numbered(said: list[Element], tag: BaseTag, read: Callable[[Element], Any]) -> list[Any]:
    """Values in the order of their numbers, from 1; one that is left out is empty."""
    found: dict[int, Any] = {}
    for place, one in enumerate(said, 1):
        number = int(_given(one, "number") or place)
        if not 1 <= number <= _MOST_VALUES or number in found:
            raise ValueError(f"{tag}: a value has the number {number}")
        found[number] = read(one)
    return [found.get(number, "") for number in range(1, max(found, default=0) + 1)]


def _name(one: Element) -> str:
    """A person name as PS3.5 6.2 writes it."""
    groups = []
    for group in _GROUPS:
        within = one.child(group)
        components = [within.value(component) if within else "" for component in _COMPONENTS]
        groups.append("^".join(components).rstrip("^"))
    return "=".join(groups).rstrip("=")
