"""PS3.3 Table 8.8-1 Code Sequence Macro."""

from __future__ import annotations

from collections.abc import Iterable

from pydicom.dataset import Dataset

from modality.iods.values import set_known
from modality.protocol.worklist import text

_CODE_VALUES = ("CodeValue", "LongCodeValue", "URNCodeValue")


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """A coded concept.

    Args:
        value: Code Value, at most 16 characters.
        scheme: Coding Scheme Designator (PS3.16 section 8).
        meaning: Code Meaning.
    """
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = scheme
    item.CodeMeaning = meaning
    return item


def copied_codes(items: Iterable[Dataset]) -> list[Dataset]:
    """The macro's attributes of codes that a peer sent, each once.

    An item that names no coding scheme names no concept (Coding Scheme Designator is Type 1C beside Code Value) and is
    left out; one without its meaning (Type 1) gets its value for one.
    """
    copies = []
    for item in items:
        known = {keyword: text(item, keyword) for keyword in _CODE_VALUES}
        scheme = text(item, "CodingSchemeDesignator")
        if not scheme and not known["URNCodeValue"]:
            continue
        copy = Dataset()
        set_known(copy, **known, CodingSchemeDesignator=scheme)
        set_known(copy, CodingSchemeVersion=text(item, "CodingSchemeVersion"))
        copy.CodeMeaning = text(item, "CodeMeaning") or next(value for value in known.values() if value)
        if copy not in copies:
            copies.append(copy)
    return copies
