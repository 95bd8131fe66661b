"""Attributes to match as query parameters, and back (PS3.18 8.3.4.1)."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from modality.protocol.matching import UNREADABLE, InvalidIdentifier


def count_of(key: str, text: str) -> int:
    """The number of a parameter such as `limit`.

    Raises:
        InvalidIdentifier: it is none.
    """
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise InvalidIdentifier(f"{key}={text[:40]}: a number, 0 or more")
    return int(text)


def keyword_of(name: str) -> str:
    """The keyword of an attribute given by keyword or tag; of one within a sequence, its path as given.

    Raises:
        InvalidIdentifier: there is no such attribute.
    """
    keywords = []
    for part in name.split("."):
        try:
            tag = int(part, 16) if len(part) == 8 and part[:1].isalnum() else None
        except ValueError:
            tag = None
        keyword = keyword_for_tag(tag) or part if tag is not None else part
        if tag is None and tag_for_keyword(part) is None:
            raise InvalidIdentifier(f"{part[:40]!r} is no attribute and no parameter of a search")
        keywords.append(keyword)
    return ".".join(keywords)


def key_of(keyword: str, text: str) -> DataElement:
    """An attribute to match, of the text of its parameter.

    Raises:
        InvalidIdentifier: the text is no value of its kind.
    """
    vr = dictionary_VR(keyword)
    value: str | list[str] = text
    if vr == "UI":  # a list of UIDs (PS3.18 8.3.4.1)
        value = [uid for uid in text.replace("\\", ",").split(",") if uid]
    elif "\\" in text and vr not in ("LT", "ST", "UT"):
        value = text.split("\\")
    try:
        number = vr in ("US", "UL", "SS", "SL")
        return DataElement(Tag(keyword), vr, int(text) if number and text else value, validation_mode=0)
    except UNREADABLE as error:
        raise InvalidIdentifier(f"{keyword}={text[:40]}: {error}") from error


def put_key(keys: Dataset, path: str, text: str) -> None:
    """Put an attribute to match where its path says: ``PatientID``, ``ReferencedRequestSequence.AccessionNumber``.

    Raises:
        InvalidIdentifier: there is no such attribute, or the text is no value of its kind.
    """
    *sequences, last = keyword_of(path).split(".")
    for keyword in sequences:
        if tag_for_keyword(keyword) is None or dictionary_VR(keyword) != "SQ":
            raise InvalidIdentifier(f"{path[:80]!r}: {keyword[:40]} is no sequence")
        if keyword not in keys:
            setattr(keys, keyword, [Dataset()])
        keys = keys[keyword].value[0]
    if tag_for_keyword(last) is None or dictionary_VR(last) == "SQ":
        raise InvalidIdentifier(f"{path[:80]!r} cannot be matched: give the attribute within a sequence")
    keys[Tag(last)] = key_of(last, text)


def parameters(identifier: Dataset, path: str = "") -> Iterator[tuple[str, str]]:
    """The parameters of what an identifier matches; its empty keys ask for values, and are none."""
    for element in identifier:
        name = f"{path}{element.keyword}"
        if element.keyword == "SpecificCharacterSet":  # of a data set, which a URL is not
            continue
        if isinstance(element.value, Sequence):
            for item in element.value:
                yield from parameters(item, f"{name}.")
        elif not element.is_empty:
            values = element.value if element.VM > 1 else [element.value]
            yield name, ("," if element.VR == "UI" else "\\").join(map(str, values))
