"""Which Specific Character Set a data set needs (PS3.3 C.12.1.1.2, PS3.5 6.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydicom.charset import python_encoding
from pydicom.dataset import Dataset

# PS3.5 6.1.2.3: the VRs whose text Specific Character Set governs.
TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
UTF_8 = "ISO_IR 192"


def character_set_for(dataset: Dataset, preferred: str | Sequence[str] | None) -> str | list[str] | None:
    """The character set to declare, so that every text of `dataset` can be encoded.

    Args:
        dataset: what will be sent.
        preferred: the character set that its texts came in, values parted by a backslash or in a list, kept when it
            holds them all.

    Returns:
        The preferred one, UTF-8 if that does not do, or None when ASCII does and nothing is preferred.
    """
    terms = (preferred or "").split("\\") if isinstance(preferred, str) or preferred is None else list(preferred)
    if any(terms) and all(_encodable(text, terms) for text in _texts(dataset)):
        return terms[0] if len(terms) == 1 else terms
    return None if all(text.isascii() for text in _texts(dataset)) else UTF_8


def _encodable(text: str, terms: list[str]) -> bool:
    for term in terms:
        codec = python_encoding.get(term) if term else "ascii"  # an empty first value is ISO-IR 6 (PS3.5 6.1.2.5.1)
        if codec is None:
            continue
        try:
            text.encode(codec)
        except UnicodeEncodeError:
            continue
        return True
    return False


def _texts(dataset: Dataset) -> Iterator[str]:
    """Every text that is encoded as one: values, and each component group of a name (PS3.5 6.2.1.2)."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from _texts(item)
        elif element.VR in TEXT_VRS and element.value:
            for value in element.value if element.VM > 1 else [element.value]:
                yield from str(value).split("=") if element.VR == "PN" else [str(value)]
