"""Values out of other people's data sets, which may hold anything: as shown, and as compared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset

from modality.protocol import worklist
from modality.protocol.matching import UNREADABLE
from modality.protocol.temporal import period

_CODE_VALUES = ("CodeValue", "LongCodeValue", "URNCodeValue")


class Part(NamedTuple):
    """A piece of evidence.

    Args:
        source: where it comes from, for people.
        dataset: what it holds.
        undeclared: keywords of texts beyond ASCII for which no character set is declared.
    """

    source: str
    dataset: Dataset
    undeclared: tuple[str, ...] = ()


class Finding(NamedTuple):
    """One comparison of a rule: both values, and whether the rule held.

    Args:
        attribute: the keyword compared, or what else is.
        left: where the one value stands.
        left_value: the value.
        right: where the other stands, or what it is held against.
        right_value: the value, or what is allowed.
        held: they agree.
    """

    attribute: str
    left: str
    left_value: str
    right: str
    right_value: str
    held: bool


def text(dataset: Dataset, keyword: str) -> str:
    """A value as text without padding; empty when absent, and what it is where it cannot be read."""
    try:
        return worklist.text(dataset, keyword).strip(" \0")
    except UNREADABLE as error:
        return f"(unreadable: {error})".splitlines()[0]


def sequence(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; none where it is absent or no sequence."""
    try:
        value = dataset.get(keyword)
        return [item for item in value if isinstance(item, Dataset)] if value else []
    except UNREADABLE:
        return []


def number(dataset: Dataset, keyword: str) -> float | None:
    """A single number; None where there is none."""
    found = numbers(dataset, keyword)
    return found[0] if len(found) == 1 else None


def numbers(dataset: Dataset, keyword: str) -> list[float]:
    """The numbers of an attribute; none where one cannot be read."""
    try:
        return [float(part) for part in text(dataset, keyword).split("\\") if part]
    except ValueError:
        return []


def shown(dataset: Dataset, keyword: str) -> str:
    """What to show people of an attribute: text, codes, or references."""
    if dictionary_VR(keyword) != "SQ":
        return text(dataset, keyword)
    return ", ".join(sorted({_item(item) for item in sequence(dataset, keyword)} - {""}))


def _item(item: Dataset) -> str:
    code = next((text(item, name) for name in _CODE_VALUES if text(item, name)), "")
    if code:
        return f"{code} {text(item, 'CodingSchemeDesignator')}".strip()
    return " ".join(
        text(item, name) for name in ("ReferencedSOPClassUID", "ReferencedSOPInstanceUID") if text(item, name)
    )


def normal(dataset: Dataset, keyword: str) -> str:
    """What is compared: names without empty components, times without what their form leaves open, numbers as such."""
    value, vr = shown(dataset, keyword), dictionary_VR(keyword)
    if vr == "PN":
        return "=".join(group.rstrip("^ ") for group in value.split("=")).rstrip("=")
    if vr in ("DA", "TM"):
        try:
            return period(vr, value)[0].isoformat()
        except ValueError:
            return value
    if vr in ("IS", "DS"):
        try:
            return "\\".join(f"{float(part):g}" for part in value.split("\\"))
        except ValueError:
            return value
    return value


def compare(keyword: str, left: Part, right: Part, *, where: str = "either") -> Iterator[Finding]:
    """The finding of one attribute in two data sets.

    Args:
        keyword: of the attribute.
        left: one of them.
        right: the other.
        where: they are compared where "either" has a value, where the "right" one has, or where "both" have.
    """
    ours, theirs = shown(left.dataset, keyword), shown(right.dataset, keyword)
    needed = {"either": bool(ours or theirs), "right": bool(theirs), "both": bool(ours and theirs)}
    if needed[where]:
        held = normal(left.dataset, keyword) == normal(right.dataset, keyword)
        yield Finding(keyword, left.source, ours, right.source, theirs, held)


def against(attribute: str, part: Part, value: str, allowed: str, held: bool) -> Finding:
    """The finding of one value against what is allowed."""
    return Finding(attribute, part.source, value, "rule", allowed, held)


def moment(dataset: Dataset, date: str, time: str, both: str = "") -> tuple[datetime, datetime] | None:
    """The first and the last moment that a date and a time name together; None where there is no readable date.

    Args:
        dataset: holds them.
        date: keyword of the date; empty for `both` alone.
        time: keyword of the time.
        both: keyword of a DT that may stand instead; one with an offset from UTC is not compared.
    """
    try:
        whole = text(dataset, both) if both else ""
        if whole and not (date and text(dataset, date)):
            return None if whole[-5:-4] in ("+", "-") else period("DT", whole)
        if not date:
            return None
        day = period("DA", text(dataset, date))
        clock = text(dataset, time)
        if not clock:
            return day
        first, last = period("TM", clock)
        return datetime.combine(day[0], first.time()), datetime.combine(day[0], last.time())
    except ValueError:
        return None
