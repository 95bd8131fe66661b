"""What a STOW-RS response says of each instance (PS3.18 Tables 10.5.3-2 to 10.5.3-4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_FAILED, _REFERENCED, _OTHER = "00081198", "00081199", "0008119A"
_UID, _FAILURE, _WARNING = "00081155", "00081197", "00081196"
# An instance that failed for no reason given: "cannot understand" (PS3.4 B.2.3), which no repetition mends.
_NO_REASON = 0xC000


@dataclass(slots=True)
class Account:
    """What became of the instances of a request.

    Args:
        stored: the warning by SOP Instance UID, 0 for none.
        failed: the failure reason by SOP Instance UID.
        others: the failure reasons of instances that the service could not tell.
    """

    stored: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    others: list[int] = field(default_factory=list)


def account(document: Any) -> Account:
    """Read a Store Instances Response in the DICOM JSON Model.

    Raises:
        ValueError: it is none, or says nothing of any instance.
    """
    if isinstance(document, list) and len(document) == 1:  # some services wrap it, as search results are
        document = document[0]
    if not isinstance(document, dict):
        raise ValueError("no data set in the DICOM JSON Model")
    found = Account()
    for item in _items(document, _FAILED):
        found.failed[_text(item, _UID)] = _number(item, _FAILURE, _NO_REASON)
    for item in _items(document, _REFERENCED):
        # One that a service lists in both sequences has failed.
        if (uid := _text(item, _UID)) not in found.failed:
            found.stored[uid] = _number(item, _WARNING, 0)
    found.others = [_number(item, _FAILURE, _NO_REASON) for item in _items(document, _OTHER)]
    if not (found.stored or found.failed or found.others):
        raise ValueError("no instance is told of")
    return found


def _items(document: dict[str, Any], tag: str) -> Iterator[dict[str, Any]]:
    for item in _values(document, tag):
        if not isinstance(item, dict):
            raise ValueError(f"({tag}) holds something else than items")
        yield item


def _values(document: dict[str, Any], tag: str) -> list[Any]:
    element = document.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return values if isinstance(values, list) else []


def _text(item: dict[str, Any], tag: str) -> str:
    values = _values(item, tag)
    return str(values[0]).rstrip("\0 ") if values else ""


def _number(item: dict[str, Any], tag: str, default: int) -> int:
    values = _values(item, tag)
    try:
        return int(values[0]) & 0xFFFF if values else default
    except (TypeError, ValueError):
        raise ValueError(f"({tag}) holds {values[0]!r}, no number") from None
