"""What a check finds, and how it reads data that may be of any shape."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modality.fhir.terminology import Observable

_LONGEST = 48


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a resource.

    Args:
        where: the element, as a path ("Observation.component[0].code").
        reason: why, in one line.
        kind: a code of hl7.org/fhir/R4/valueset-issue-type.html.
    """

    where: str
    reason: str
    kind: str = "invariant"

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


def shown(code: str) -> str:
    """A code for a message: what stands in its place may be anything, and long."""
    return repr(code if len(code) <= _LONGEST else code[:_LONGEST] + "...")


def dicts(value: Any) -> list[Mapping[str, Any]]:
    """The objects that an element holds, one or many; whatever else it holds is left out."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def codes(concept: Any, system: str) -> list[str]:
    """The codes of a concept in one code system."""
    codings = [coding for one in dicts(concept) for coding in dicts(one.get("coding"))]
    found = [coding.get("code") for coding in codings if coding.get("system") == system]
    return [code for code in found if isinstance(code, str)]


def range_problem(what: Observable, value: float) -> str:
    """Why a value cannot be; empty when it can."""
    if not math.isfinite(value):
        return "the value is no number"
    if (what.low is not None and value < what.low) or (what.high is not None and value > what.high):
        return f"the value is outside {what.low:g}..{'' if what.high is None else format(what.high, 'g')}"
    return ""
