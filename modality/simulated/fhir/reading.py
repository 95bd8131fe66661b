"""JSON as FHIR has it, from bytes that may be anything (hl7.org/fhir/R4/json.html)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

from modality.fhir.problems import Problem
from modality.simulated.fhir.outcomes import Refusal, refused

_DEEPEST = 64  # our choice; R4's deepest paths are far shorter


def read_json(body: bytes) -> dict[str, Any]:
    """The object that a body holds.

    Raises:
        Refusal: it is no JSON, no object, nested too deeply, or holds what FHIR's JSON may not.
    """
    try:
        document = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else _reason(error)
        raise refused(400, "structure", f"the body is no JSON that FHIR allows: {reason}") from None
    if not isinstance(document, dict):
        raise refused(400, "structure", "the body is no JSON object")
    problems = list(_strange(document))
    if problems:
        raise Refusal(400, *problems[:20])
    return document


def _reason(error: ValueError) -> str:
    # What the errors of json and of decoding quote of the body is left out: it may be a patient's.
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a property comes twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _strange(document: dict[str, Any]) -> Iterator[Problem]:
    """What JSON allows and FHIR does not: nothing may be empty or null, and texts are of Unicode."""
    kind = document.get("resourceType")
    waiting: list[tuple[str, Any, bool, int]] = [(kind if isinstance(kind, str) else "", document, False, 0)]
    while waiting:
        where, value, in_list, depth = waiting.pop()
        if depth > _DEEPEST:
            yield Problem("", f"nested more than {_DEEPEST} levels deep", "structure")
            return
        if value is None and not in_list:
            yield Problem(where[:200], "null stands only in arrays of primitives", "structure")
        if value in ("", [], {}):
            yield Problem(where[:200], "nothing may be empty", "structure")
        if isinstance(value, str) and not _encodable(value):
            yield Problem(where[:200], "half of a surrogate pair is no character", "structure")
        if isinstance(value, dict):
            if not all(map(_encodable, value)):
                yield Problem("", "the name of a property is no text", "structure")
                return
            waiting += [(f"{where}.{key}", one, False, depth + 1) for key, one in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{where}[{number}]", one, True, depth + 1) for number, one in enumerate(value)]


def _encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
