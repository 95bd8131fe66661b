"""What a server says of a refusal, in one line, without what we told it of a patient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_LONGEST = 240
_SHORTEST_SECRET = 3  # shorter texts would black out half of every line
# Elements whose texts say nothing of a patient.
_PUBLIC = frozenset(
    ("resourceType", "system", "code", "use", "url", "gender", "reference", "type", "profile", "valueCode")
)


def secrets_of(value: Any) -> set[str]:
    """The texts of a document that are a patient's: all of a Patient's own, identifiers, and names of people."""
    return {text for text in _secrets(value, within_patient=False) if len(text) >= _SHORTEST_SECRET}


def _secrets(value: Any, *, within_patient: bool) -> Iterator[str]:
    if isinstance(value, Mapping):
        within_patient = within_patient or value.get("resourceType") == "Patient"
        person = "display" in value and not ("code" in value or "system" in value)
        for key, one in value.items():
            if isinstance(one, str):
                identifier = key == "value" and "system" in value
                if key not in _PUBLIC and (within_patient or identifier or (person and key == "display")):
                    yield one
            else:
                yield from _secrets(one, within_patient=within_patient)
    elif isinstance(value, list):
        for one in value:
            if isinstance(one, str):
                if within_patient:
                    yield one
            else:
                yield from _secrets(one, within_patient=within_patient)


def reason(body: Any, secrets: Iterable[str]) -> str:
    """What an OperationOutcome says, as one line; empty when it is none or says nothing.

    Args:
        body: the answer's document.
        secrets: texts that must not be shown.
    """
    if not isinstance(body, Mapping) or body.get("resourceType") != "OperationOutcome":
        return ""
    issues = [one for one in _list(body.get("issue")) if isinstance(one, Mapping)]
    grave = [one for one in issues if one.get("severity") in ("fatal", "error")] or issues
    said = [_said(one) for one in grave]
    line = "; ".join(list(dict.fromkeys(one for one in said if one))[:3])
    for secret in sorted(secrets, key=len, reverse=True):
        line = line.replace(secret, "***")
    line = " ".join(line.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}..."


def _said(issue: Mapping[str, Any]) -> str:
    details = issue.get("details")
    text = (
        issue.get("diagnostics") or (details.get("text") if isinstance(details, Mapping) else "") or issue.get("code")
    )
    where = [one for one in _list(issue.get("expression")) if isinstance(one, str)]
    return f"{where[0]}: {text}" if where and text else str(text or "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
