"""A rule of the consistency check, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from modality.station.consistency.case import Case
from modality.station.consistency.values import Finding

HELD, BROKEN, NOT_APPLICABLE = "held", "broken", "not applicable"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Args:
        id: its number, which stays ("R01").
        title: what has to hold.
        clause: where that is asked for.
        compares: what is held against what.
        judge: the comparisons that a case gives; none where the rule does not apply.
    """

    id: str
    title: str
    clause: str
    compares: str
    judge: Callable[[Case], Iterable[Finding]]


@dataclass(slots=True)
class Deviation:
    """A comparison that failed, and how many others failed with the same two values."""

    finding: Finding
    count: int = 1

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        one = self.finding
        return {
            "attribute": one.attribute,
            "left": {"source": one.left, "value": one.left_value},
            "right": {"source": one.right, "value": one.right_value},
            "count": self.count,
        }

    def __str__(self) -> str:
        one = self.finding
        again = f" ({self.count} times)" if self.count > 1 else ""
        return f"{one.attribute}: {one.left_value!r} in {one.left}, {one.right_value!r} in {one.right}{again}"


@dataclass(slots=True)
class Judgement:
    """What became of a rule.

    Args:
        rule: the rule.
        compared: how many comparisons it made.
        deviations: those that failed, each pair of values once.
        example: a comparison that held; None where none did.
    """

    rule: Rule
    compared: int = 0
    deviations: list[Deviation] = field(default_factory=list)
    example: Finding | None = None

    @property
    def state(self) -> str:
        """Held, broken or not applicable."""
        if self.deviations:
            return BROKEN
        return HELD if self.compared else NOT_APPLICABLE

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        one = self.example
        return {
            "id": self.rule.id,
            "title": self.rule.title,
            "clause": self.rule.clause,
            "compares": self.rule.compares,
            "state": self.state,
            "compared": self.compared,
            "deviations": [deviation.document() for deviation in self.deviations],
            "example": Deviation(one).document() if one else None,
        }


def judge(rule: Rule, case: Case) -> Judgement:
    """Hold a case against a rule."""
    made = Judgement(rule)
    seen: dict[tuple[str, str, str], Deviation] = {}
    for finding in rule.judge(case):
        made.compared += 1
        if finding.held:
            made.example = made.example or finding
            continue
        key = (finding.attribute, finding.left_value, finding.right_value)
        if key in seen:
            seen[key].count += 1
        else:
            seen[key] = Deviation(finding)
    made.deviations = list(seen.values())
    return made
