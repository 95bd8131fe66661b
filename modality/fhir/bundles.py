"""Transactions that change nothing when they are sent again (hl7.org/fhir/R4/http.html, "transaction", "ccreate")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from modality.errors import UsageError
from modality.fhir.checks import check
from modality.fhir.datatypes import Resource, full_url, own_identifier, percent_encoded


def if_none_exist(resource: Mapping[str, Any]) -> str:
    """The search that finds a resource by its first identifier, as If-None-Exist has it.

    Raises:
        UsageError: it has no identifier.
    """
    system, value = own_identifier(resource)
    return f"identifier={percent_encoded(f'{_escaped(system)}|{_escaped(value)}')}"


def _escaped(text: str) -> str:
    """A part of a search value: its delimiters by a backslash (hl7.org/fhir/R4/search.html#escaping)."""
    for special in "\\,$|":
        text = text.replace(special, f"\\{special}")
    return text


def transaction(resources: Iterable[Resource]) -> Resource:
    """A transaction that creates what does not exist yet, and refers to what does.

    Args:
        resources: each with an identifier; one that comes twice goes in once.

    Raises:
        UsageError: one has no identifier, holds a code or unit that its place does not allow, or two with the same
            identifier differ.
    """
    entries: dict[str, Resource] = {}
    for resource in resources:
        where = full_url(resource)
        known = entries.get(where)
        if known and known["resource"] != resource:
            raise UsageError(f"two different {resource['resourceType']} resources have one identifier")
        if known:
            continue
        if problems := check(resource):
            raise UsageError(f"{resource['resourceType']}: {problems[0]}")
        request = {"method": "POST", "url": str(resource["resourceType"]), "ifNoneExist": if_none_exist(resource)}
        entries[where] = {"fullUrl": where, "resource": resource, "request": request}
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries.values())}
