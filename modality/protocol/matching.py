"""How a C-FIND identifier selects entities, and what each answer holds (PS3.4 C.2.2.2, C.2.2.1).

Choices the standard leaves to an SCP: names are matched without regard to case and by any of their component groups;
other text is case-sensitive; several values in a key other than a UID match when one of them does; an end of a range
that is less precise than the value ("-1800") includes all that it names.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterator

from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException
from pydicom.tag import BaseTag, Tag

from modality.errors import PeerError
from modality.protocol import temporal
from modality.protocol.repertoire import character_set_for

# Never matched (PS3.4 C.2.2.2; C.4.1.1.3.1 for the level).
_NOT_KEYS = frozenset({0x00080005, 0x00080052, 0x00080053, 0x00080201})
# PS3.4 C.2.2.2.4: these VRs take wild cards.
_WILD_CARD_VRS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
_NUMBER_VRS = frozenset({"DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"})
_BULK_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
# PS3.4 Table K.6-1: ranges of both are one range from date and time to date and time.
_START_DATE, _START_TIME = Tag("ScheduledProcedureStepStartDate"), Tag("ScheduledProcedureStepStartTime")

UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    NotImplementedError,
    OSError,
    EOFError,
    struct.error,
    BytesLengthException,
    Warning,
)
"""What pydicom raises when it turns received bytes into what they are not; its warnings, where they are errors."""


class InvalidIdentifier(PeerError):
    """A C-FIND, C-GET or C-MOVE identifier that no SOP Class allows (status A900H, PS3.4 C.4.1.1.4).

    Args:
        message: one line for people.
        tags: the offending elements.
    """

    def __init__(self, message: str, *tags: int) -> None:
        super().__init__(message)
        self.tags = tags


def matches(query: Dataset, candidate: Dataset) -> bool:
    """Whether an entity has what an identifier asks for.

    Args:
        query: the identifier as received.
        candidate: the attributes of the entity.

    Raises:
        InvalidIdentifier: the identifier cannot be read, or a key's value is none that its VR can be matched with.
    """
    combined = _combined_range(query)
    if combined and not combined.holds(_text(candidate, _START_DATE), _text(candidate, _START_TIME)):
        return False
    done = {_START_DATE, _START_TIME} if combined else set()
    return all(_element_matches(key, candidate) for key in keys(query) if key.tag not in done)


def answer(query: Dataset, candidate: Dataset) -> Dataset:
    """The response for an entity that matches: the keys asked for, each empty where nothing is known.

    Of a sequence the items that match are given, with what was asked of them; all of it when nothing was asked. The
    Specific Character Set is the candidate's when it holds every character, else UTF-8.

    Args:
        query: the identifier as received.
        candidate: the attributes of the entity.

    Raises:
        InvalidIdentifier: the identifier cannot be read.
    """
    response = _selection(query, candidate)
    needed = character_set_for(response, candidate.get("SpecificCharacterSet"))
    if needed:
        response.SpecificCharacterSet = needed
    return response


def keys(query: Dataset) -> Iterator[DataElement]:
    """The key attributes of an identifier, group lengths and what is never matched left out.

    Raises:
        InvalidIdentifier: an element cannot be read.
    """
    for tag in sorted(query.keys()):
        if tag in _NOT_KEYS or tag.element == 0:
            continue
        try:
            element = query[tag]
        except UNREADABLE as error:
            raise InvalidIdentifier(f"{tag}: cannot be read: {error}", tag) from error
        vr = dictionary_VR(tag) if dictionary_has_tag(tag) else element.VR
        if (vr == "SQ") != (element.VR == "SQ"):
            raise InvalidIdentifier(f"{tag}: a {vr} is sent as {element.VR}", tag)
        yield element


def _selection(query: Dataset, candidate: Dataset) -> Dataset:
    response = Dataset()
    for key in keys(query):
        found = candidate.get(key.tag)
        if key.VR != "SQ":
            response[key.tag] = found if found is not None else DataElement(key.tag, key.VR, None)
            continue
        asked = _item(key)
        items = list(found.value) if found is not None else []
        if asked is not None:
            items = [_selection(asked, item) for item in items if matches(asked, item)]
        response[key.tag] = DataElement(key.tag, "SQ", items)
    return response


def _item(key: DataElement) -> Dataset | None:
    """The item of a sequence key; None when the sequence is asked for whole (PS3.4 C.2.2.2.6)."""
    if len(key.value) > 1:
        raise InvalidIdentifier(f"{key.keyword}: a sequence key has one item, not {len(key.value)}", key.tag)
    return key.value[0] if key.value and len(key.value[0]) else None


def _element_matches(key: DataElement, candidate: Dataset) -> bool:
    found = candidate.get(key.tag)
    if key.VR == "SQ":
        asked = _item(key)
        # A sequence that the entity lacks still matches an item of empty keys, as each of them does alone.
        items = list(found.value) if found is not None else []
        return asked is None or any(matches(asked, item) for item in items or [Dataset()])
    wanted = _values(key)
    if not wanted or key.VR in _BULK_VRS:
        return True
    have = _values(found) if found is not None else []
    return any(_value_matches(key, value, have) for value in wanted)


def _values(element: DataElement) -> list[str]:
    value = element.value
    if value is None or (isinstance(value, (str, bytes)) and not value):
        return []
    parts = value if element.VM > 1 else [value]
    return [text for text in (str(part).rstrip(" \0") for part in parts) if text]


def _text(dataset: Dataset, tag: BaseTag) -> str:
    element = dataset.get(tag)
    return "\\".join(_values(element)) if element is not None else ""


def _value_matches(key: DataElement, wanted: str, have: list[str]) -> bool:
    vr = key.VR
    if vr in ("DA", "TM", "DT"):
        try:
            span = temporal.span(vr, wanted)
        except ValueError as error:
            raise InvalidIdentifier(f"{key.keyword}: {error}", key.tag) from error
        return any(span.holds(value) for value in have)
    if vr in _WILD_CARD_VRS:
        # A lone asterisk is universal matching (PS3.4 C.2.2.2.3): it also finds what has no value.
        return not wanted.strip("*") or any(_text_matches(vr, wanted, value) for value in have)
    if vr in _NUMBER_VRS:
        return _number(wanted, key) in [_as_float(value) for value in have]
    return wanted in have


def _number(text: str, key: DataElement) -> float:
    number = _as_float(text)
    if number is None:
        raise InvalidIdentifier(f"{key.keyword}: {text!r} is no number", key.tag)
    return number


def _as_float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _text_matches(vr: str, wanted: str, value: str) -> bool:
    if vr != "PN":
        return _wild(wanted.strip(), value.strip())
    groups = [_folded(group) for group in value.split("=")]
    asked = [_folded(group) for group in wanted.split("=")]
    if len(asked) == 1:
        return any(_wild(asked[0], group) for group in groups)
    pairs = zip(asked, groups + [""] * len(asked), strict=False)
    return all(not pattern or _wild(pattern, group) for pattern, group in pairs)


def _folded(group: str) -> str:
    """A name's component group without case, and without the delimiters that may trail it (PS3.5 6.2.1.2)."""
    return unicodedata.normalize("NFC", group).casefold().strip().rstrip("^")


def _wild(pattern: str, text: str) -> bool:
    """Whether `*` (any run of characters) and `?` (any one) make the pattern the text, in time of their product."""
    at, star, resume = 0, -1, 0
    position = 0
    while position < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, position
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[position]):
            at += 1
            position += 1
        elif star >= 0:
            resume += 1
            at, position = star + 1, resume
        else:
            return False
    return not pattern[at:].strip("*")


def _combined_range(query: Dataset) -> temporal.CombinedSpan | None:
    """The range of date and time that a worklist query asks for, if it gives both as ranges."""
    try:
        day, time = _text(query, _START_DATE), _text(query, _START_TIME)
        return temporal.combined(day, time) if "-" in day and "-" in time else None
    except UNREADABLE as error:
        raise InvalidIdentifier(f"scheduled start: {error}", _START_DATE, _START_TIME) from error
