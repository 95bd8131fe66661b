"""What JSON, truth and manifests say of the series that stand in the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from modality.iods.part import Part
from modality.station.series.scan import Scan

T = TypeVar("T")


def told(part: Part) -> dict[str, Any]:
    """One series as plain data, ready for JSON; presentation_intent where its images have one (PS3.3 C.8.11.1)."""
    intent = {"presentation_intent": part.intent} if part.intent else {}
    return {"series_uid": part.uid, "description": part.description, "instances": part.instances, **intent}


def named(scan: Scan, instances: Iterable[T], kind: str) -> Iterator[tuple[str, Part, T]]:
    """The instances of a scan, each with the name of its file and its series: no two series' names are the same.

    Args:
        scan: what makes them.
        instances: all of them, in their order.
        kind: what the names begin with.
    """
    places = ((part, number) for part in scan.parts for number in range(1, part.instances + 1))
    for made, (part, number) in zip(instances, places, strict=True):
        yield f"{kind}-{part.uid[-8:]}-{number:04d}", part, made
