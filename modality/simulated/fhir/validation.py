"""Whether a resource may be taken: its structure by fhir.resources' models of R4B, what it says by our checks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from modality.errors import MissingExtraError
from modality.fhir.checks import check
from modality.fhir.problems import Problem
from modality.simulated.fhir.outcomes import Refusal, refused
from modality.simulated.fhir.parameters import PARAMETERS

try:
    from fhir.resources.R4B import get_fhir_model_class
    from pydantic import ValidationError
except ModuleNotFoundError:
    raise MissingExtraError("the FHIR server", "fhir") from None

_MOST = 20


@cache
def _model(kind: str) -> Any:
    return get_fhir_model_class(kind)


def kind_of(resource: Any, where: str = "") -> str:
    """The type of a resource.

    Raises:
        Refusal: it is no resource, or of a type that is not kept here.
    """
    kind = resource.get("resourceType") if isinstance(resource, Mapping) else None
    if not isinstance(kind, str):
        raise refused(400, "structure", "a resource says its resourceType", where)
    if kind not in PARAMETERS:
        raise refused(422, "not-supported", f"no {kind[:64]!r} is kept here: {', '.join(PARAMETERS)}", where)
    return kind


def validate(resource: Mapping[str, Any], where: str = "") -> None:
    """Refuse a resource that is not valid.

    Args:
        resource: of a type that is kept here.
        where: its place in a bundle.

    Raises:
        Refusal: with every problem found; 400 for its structure, 422 for what it says.
    """
    kind = kind_of(resource, where)
    problems = _structure(kind, resource, where)
    if problems:
        raise Refusal(400, *problems[:_MOST])
    found = check(resource)
    if found:
        moved = [Problem(_within(one.where, kind, where), one.reason, one.kind) for one in found[:_MOST]]
        raise Refusal(422, *moved)


def _within(place: str, kind: str, where: str) -> str:
    return where + place.removeprefix(kind) if where else place


def _structure(kind: str, resource: Mapping[str, Any], where: str) -> list[Problem]:
    try:
        taken = _model(kind).model_validate_json(json.dumps(resource))
    except ValidationError as error:
        problems = []
        for one in error.errors(include_input=False, include_url=False, include_context=False):
            path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in one["loc"])
            # Messages of our own models quote nothing; those of pydantic name types and limits.
            problems.append(Problem((where or kind) + path, str(one["msg"])[:200], "structure"))
        return problems
    except (ValueError, TypeError, RecursionError):
        return [Problem(where or kind, f"it is no {kind} of R4", "structure")]
    return list(_turned(resource, json.loads(taken.model_dump_json()), where or kind))


def _turned(given: Any, taken: Any, where: str) -> Iterator[Problem]:
    """Where the models turned a value into one of another type: they take "1" for a number, and R4's JSON does not."""
    if isinstance(given, Mapping) and isinstance(taken, Mapping):
        for key in given.keys() & taken.keys():
            yield from _turned(given[key], taken[key], f"{where}.{key}")
    elif isinstance(given, list) and isinstance(taken, list):
        for number, (one, other) in enumerate(zip(given, taken, strict=False)):
            yield from _turned(one, other, f"{where}[{number}]")
    elif _type(given) != _type(taken):
        yield Problem(where, f"{_type(taken)} belongs here, not {_type(given)}", "structure")


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    names = {int: "a number", float: "a number", str: "a string", dict: "an object", list: "an array"}
    return names.get(type(value), "nothing")
