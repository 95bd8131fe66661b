"""Data sets in the DICOM JSON Model, what is large by reference (PS3.18 annex F)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from modality.protocol.matching import UNREADABLE

BULK_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
# Our choice: what is longer is had by its own request.
LARGEST_INLINE = 1024
_CHARACTER_SET = 0x00080005

Reference = Callable[[str], str]
"""Makes the URL of bulk data from its path in the data set, as ``54000100/0/54001010``."""
Elsewhere = Mapping[int, tuple[str, str]]
"""VR and URL, by tag, of values that a data set in memory does not hold."""


def json_model(
    dataset: Dataset, reference: Reference | None = None, path: str = "", elsewhere: Elsewhere | None = None
) -> dict[str, Any]:
    """A data set in the JSON model; a value that is none of its kind is left out, its attribute is not.

    Args:
        dataset: what is said.
        reference: makes URLs of binary values of more than 1024 bytes; None writes all within the document.
        path: where the data set stands, for those in sequences.
        elsewhere: attributes more, by reference.
    """
    model: dict[str, Any] = {}
    for tag in sorted(dataset.keys()):
        if tag.element == 0 or tag.group == 0x0002:
            continue
        name = f"{tag:08X}"
        try:
            element = dataset[tag]
        except UNREADABLE:
            raw: Any = dataset.get_item(tag)
            model[name] = {"vr": raw.VR or "UN"}
            continue
        if tag == _CHARACTER_SET:
            model[name] = {"vr": "CS", "Value": ["ISO_IR 192"]}  # JSON is UTF-8 (PS3.18 F.2)
        elif isinstance(element.value, Sequence):
            items = [json_model(item, reference, f"{path}{name}/{at}/") for at, item in enumerate(element.value)]
            model[name] = {"vr": "SQ", **({"Value": items} if items else {})}
        elif reference and element.VR in BULK_VRS and len(element.value or b"") > LARGEST_INLINE:
            model[name] = {"vr": element.VR, "BulkDataURI": reference(path + name)}
        else:
            model[name] = _leaf(element)
    for number, (vr, url) in (elsewhere or {}).items():
        model[f"{number:08X}"] = {"vr": vr, "BulkDataURI": url}
    return dict(sorted(model.items())) if elsewhere else model


def _leaf(element: DataElement) -> dict[str, Any]:
    try:
        return dict(element.to_json_dict(None, 0))
    except UNREADABLE:
        return {"vr": element.VR}


def element_at(dataset: Dataset, path: str) -> DataElement:
    """The element of a path that `json_model` made.

    Raises:
        LookupError: there is none.
    """
    *steps, last = path.split("/")
    if len(steps) % 2 or not all(_is_tag(text) for text in (*steps[::2], last)):
        raise LookupError(path)
    for tag, at in _pairs(steps):
        items = dataset[Tag(int(tag, 16))].value
        if not isinstance(items, Sequence) or not at.isdecimal():
            raise LookupError(path)
        dataset = items[int(at)]
    return dataset[Tag(int(last, 16))]


def _pairs(steps: list[str]) -> Iterator[tuple[str, str]]:
    return zip(steps[::2], steps[1::2], strict=True)


def _is_tag(text: str) -> bool:
    return len(text) == 8 and all(character in "0123456789abcdefABCDEF" for character in text)
