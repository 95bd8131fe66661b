"""The private elements of a data set, at any depth, decoded as dictionaries say where the file does not tell the VR."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydicom.charset import convert_encodings
from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag
from pydicom.values import convert_value

from modality.iods.private_elements.dictionary import Dictionaries, Meaning

_DEFAULT_REPERTOIRE = "ISO_IR 6"
_ITEM = b"\xfe\xff\x00\xe0"  # (FFFE,E000) in little endian (PS3.5 7.5)


@dataclass(frozen=True, slots=True)
class PrivateElement:
    """A private element, or one of the standard's within a private sequence.

    Args:
        path: the sequences that it is in, from the outermost, each with the number of the item: ``(0029,1001)[1]``.
        tag: group and element.
        creator: who reserved its block; empty where nobody has, and for one of the standard's.
        name: of its dictionary, or its keyword; empty where it is in none.
        source: its dictionary; empty where it is in none, and for one of the standard's.
        vr: what it was decoded as.
        told_vr: what the file says; empty in implicit VR, which says nothing.
        value: text, a number, a list of them, bytes; of a sequence the number of its items.
        problem: why it could not be decoded; empty where it could.
    """

    path: tuple[str, ...]
    tag: BaseTag
    creator: str
    name: str
    source: str
    vr: str
    told_vr: str
    value: Any
    problem: str = ""

    @property
    def private(self) -> bool:
        """It is none of the standard's."""
        return bool(self.tag.is_private)


def private_elements(dataset: Dataset, dictionaries: Dictionaries) -> Iterator[PrivateElement]:
    """The private elements of a data set in the order of its file, each sequence before what is in it.

    Private Creators and group lengths are left out. Within private sequences the standard's attributes are told too.

    Args:
        dataset: as it was read, with explicit or implicit VRs.
        dictionaries: what the elements mean.
    """
    yield from _walked(dataset, dictionaries, (), _DEFAULT_REPERTOIRE, within=False)


def _walked(
    dataset: Dataset, dictionaries: Dictionaries, path: tuple[str, ...], declared: Any, *, within: bool
) -> Iterator[PrivateElement]:
    declared = dataset.get("SpecificCharacterSet") or declared
    tags = sorted(dataset.keys())
    creators = {(tag.group, tag.element): _text(dataset[tag].value).strip() for tag in tags if tag.is_private_creator}
    for tag in tags:
        if tag.is_private_creator or tag.element == 0:
            continue
        if not tag.is_private:
            yield from _standard(dataset, tag, dictionaries, path, declared, within=within)
            continue
        creator = creators.get((tag.group, tag.element >> 8), "")
        meaning = dictionaries.meaning(creator, tag.group, tag.element & 0xFF) if creator else None
        vr, told, value, problem = _decoded(dataset, tag, meaning, declared)
        items = value if vr == "SQ" and not problem else None
        shown = len(items) if items is not None else value
        named = (meaning.name, meaning.source) if meaning else ("", "")
        yield PrivateElement(path, tag, creator, *named, vr, told, shown, problem)
        for number, item in enumerate(items or (), 1):
            yield from _walked(item, dictionaries, (*path, f"{tag}[{number}]"), declared, within=True)


def _standard(
    dataset: Dataset, tag: BaseTag, dictionaries: Dictionaries, path: tuple[str, ...], declared: Any, *, within: bool
) -> Iterator[PrivateElement]:
    """One of the standard's: told within a private sequence, else only looked into."""
    vr = _told(dataset.get_item(tag)) or (dictionary_VR(tag) if dictionary_has_tag(tag) else "UN")
    if not within and vr not in ("SQ", "UN"):
        return
    vr, told, value, problem = _decoded(dataset, tag, None, declared)
    items = value if vr == "SQ" and not problem else None
    if within:
        shown = len(items) if items is not None else value
        yield PrivateElement(path, tag, "", keyword_for_tag(tag), "", vr, told, shown, problem)
    for number, item in enumerate(items or (), 1):
        yield from _walked(item, dictionaries, (*path, f"{tag}[{number}]"), declared, within=within)


def _text(value: Any) -> str:
    """A Private Creator; of a file that tells no VR for it, or UN, its bytes are in the default repertoire."""
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value or "")


def _told(raw: Any) -> str:
    """The VR that the file tells."""
    if isinstance(raw, RawDataElement):
        return "" if raw.is_implicit_VR else raw.VR or ""
    return str(raw.VR)


def _decoded(dataset: Dataset, tag: BaseTag, meaning: Meaning | None, declared: Any) -> tuple[str, str, Any, str]:
    """VR, the file's VR, value, and why it is none."""
    raw = dataset.get_item(tag)
    told = _told(raw)
    content = raw.value
    if meaning is not None and told in ("", "UN") and (content is None or isinstance(content, bytes)):
        try:
            return meaning.vr, told, _by_dictionary(raw, meaning.vr, content or b"", declared), ""
        except Exception as error:  # noqa: BLE001 - pydicom raises whatever its decoders do
            return meaning.vr, told, content, f"does not fit {meaning.vr} of {meaning.source}: {_line(error)}"
    try:
        element: DataElement = dataset[tag]
    except Exception as error:  # noqa: BLE001 - likewise
        return told or "UN", told, content, f"does not fit {told or 'UN'}: {_line(error)}"
    return str(element.VR), told, element.value, ""


def _by_dictionary(raw: Any, vr: str, content: bytes, declared: Any) -> Any:
    """A value whose VR the file does not tell: in little endian (PS3.5 A.1, and 6.2.2 of UN)."""
    if vr == "UN":
        return content
    if vr == "SQ" and content and not content.startswith(_ITEM):
        raise ValueError("it begins with no item")
    encodings = convert_encodings(declared)
    return convert_value(vr, RawDataElement(raw.tag, vr, len(content), content, 0, True, True), encodings)


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
