"""References within what is taken: those of a bundle turned into ids, and each held against what is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from modality.fhir.problems import Problem
from modality.simulated.fhir.outcomes import Refusal
from modality.simulated.fhir.parameters import PARAMETERS

Found = Callable[[str, str], bool]
"""Whether there is a resource of a type and an id."""


def rewritten(value: Any, places: Mapping[str, str]) -> Any:
    """A copy in which references to full URLs of a bundle are those to where the resources are kept."""
    if isinstance(value, dict):
        made = {key: rewritten(one, places) for key, one in value.items()}
        if isinstance(there := made.get("reference"), str):
            made["reference"] = places.get(there, there)
        return made
    return [rewritten(one, places) for one in value] if isinstance(value, list) else value


def check_references(resource: Mapping[str, Any], exists: Found, where: str = "") -> None:
    """Refuse a resource that refers to what is not there; references to other servers are not followed.

    Raises:
        Refusal: 422, with each such reference.
    """
    contained = {f"#{one['id']}" for one in resource.get("contained", []) if isinstance(one, Mapping) and one.get("id")}
    problems = []
    for place, there in _references(resource, where or str(resource["resourceType"])):
        if there.startswith("#"):
            reason = "" if there in contained or there == "#" else "it is not contained here"
        elif there.startswith(("http://", "https://")):
            reason = ""
        else:
            kind, _, rest = there.partition("/")
            identity, _, version = rest.partition("/_history/")
            known = kind in PARAMETERS and not version and exists(kind, identity)
            reason = "" if known else "there is no such resource"
        if reason:
            problems.append(Problem(place, f"{there[:80]!r}: {reason}", "not-found"))
    if problems:
        raise Refusal(422, *problems[:20])


def _references(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        there = value.get("reference")
        if isinstance(there, str):
            yield f"{where}.reference", there
        for key, one in value.items():
            yield from _references(one, f"{where}.{key}")
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _references(one, f"{where}[{number}]")
