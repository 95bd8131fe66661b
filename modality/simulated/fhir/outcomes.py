"""What a request ends in: a reply, or a refusal, which becomes an OperationOutcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from modality.fhir.problems import Problem


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer over HTTP.

    Args:
        status: HTTP status.
        document: the body, a resource; None without one.
        headers: its header fields.
    """

    status: int
    document: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """A request that is refused.

    Args:
        status: HTTP status of 4xx.
        problems: why; `where` may be empty.
        headers: further header fields of the answer.
    """

    def __init__(self, status: int, *problems: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.status = status
        self.problems = problems
        self.headers = dict(headers or {})

    def reply(self) -> Reply:
        """The answer."""
        return Reply(self.status, outcome(self.problems), self.headers)


def refused(status: int, kind: str, reason: str, where: str = "", **headers: str) -> Refusal:
    """A refusal for one reason."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Refusal(status, Problem(where, reason, kind), headers=named)


def outcome(problems: Iterable[Problem]) -> dict[str, Any]:
    """An OperationOutcome with an issue for each problem (hl7.org/fhir/R4/operationoutcome.html)."""
    issues = []
    for problem in problems:
        issue: dict[str, Any] = {"severity": "error", "code": problem.kind, "diagnostics": problem.reason}
        if problem.where:
            issue["expression"] = [problem.where]
        issues.append(issue)
    return {"resourceType": "OperationOutcome", "issue": issues}
