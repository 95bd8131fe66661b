"""Texts off the wire: decoded, and what their character set does not account for (PS3.5 6.1)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

from pydicom.config import IGNORE
from pydicom.datadict import dictionary_has_tag, dictionary_keyword, dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from modality.protocol.repertoire import TEXT_VRS

_ESCAPE = "\x1b"
# The VRs of strings that are no numbers (PS3.5 6.2), and those among them that take format effectors (PS3.5 6.1.3).
_STRING_VRS = TEXT_VRS | {"AE", "AS", "CS", "DA", "DT", "TM", "UI", "UR"}
_FORMATTED_VRS = frozenset({"LT", "ST", "UT"})
_FORMAT_EFFECTORS = "\t\n\f\r"


def decode(dataset: Dataset) -> list[str]:
    """Decode every text of a data set as it was received; control characters that no value may hold become "?".

    Without Specific Character Set only ISO-IR 6 is allowed, and no code extension (PS3.5 6.1.2.5.4, PS3.3
    C.12.1.1.2). What is beyond it all the same is read as ISO-IR 100: our choice, in which no byte is lost.

    Args:
        dataset: what was received, changed in place.

    Returns:
        Keywords of the attributes that hold what no character set is declared for.
    """
    found = list(dict.fromkeys(_undeclared(dataset, declared=False)))
    dataset.decode()
    _clean(dataset)
    return found


def _undeclared(dataset: Dataset, *, declared: bool) -> Iterator[str]:
    """Names of texts beyond ISO-IR 6 that nothing declares, as bytes or as pydicom has read them (ISO-IR 100)."""
    terms = dataset.get("SpecificCharacterSet")
    if terms is not None:  # an item's own stands for that of the data set around it (PS3.3 C.12.1.1.2)
        declared = terms not in ("", "ISO_IR 6", [])
    for tag in sorted(dataset.keys()):
        raw: Any = dataset.get_item(tag)
        vr = _vr(tag, raw.VR)
        if vr == "SQ":
            for item in dataset[tag].value:
                yield from _undeclared(item, declared=declared)
        elif vr in TEXT_VRS and not declared and raw.value:
            if isinstance(raw.value, bytes):
                text = raw.value.decode("latin-1")
                dataset[tag] = raw._replace(value=raw.value.replace(b"\x1b", b"?"))  # pydicom would follow some escapes
            else:
                text = "\\".join(_parts(raw))
            if not text.isascii() or _ESCAPE in text:
                yield dictionary_keyword(tag) if dictionary_has_tag(tag) else str(tag)


def _clean(dataset: Dataset) -> None:
    for tag in sorted(dataset.keys()):
        raw: Any = dataset.get_item(tag)
        vr = _vr(tag, raw.VR)
        if vr == "SQ":
            for item in dataset[tag].value:
                _clean(item)
        elif vr in _STRING_VRS and dataset[tag].value:
            element = dataset[tag]
            parts = _parts(element)
            allowed = _FORMAT_EFFECTORS if vr in _FORMATTED_VRS else ""
            cleaned = [_without_controls(part, allowed) for part in parts]
            if cleaned != parts:
                element.validation_mode = IGNORE
                element.value = cleaned if element.VM > 1 else cleaned[0]


def _parts(element: DataElement) -> list[str]:
    return [str(part) for part in (element.value if element.VM > 1 else [element.value])]


def _without_controls(text: str, allowed: str) -> str:
    return "".join("?" if unicodedata.category(one) == "Cc" and one not in allowed else one for one in text)


def _vr(tag: BaseTag, vr: str | None) -> str:
    """A value representation; Implicit VR leaves it to the dictionary."""
    return vr or (dictionary_VR(tag) if dictionary_has_tag(tag) else "UN")
