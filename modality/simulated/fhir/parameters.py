"""The search parameters that are served (hl7.org/fhir/R4/searchparameter-registry.html), and what they look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter.

    Args:
        kind: how its values are compared.
        paths: the elements looked at, dotted.
        target: of a reference, the only type it may point to.
    """

    kind: Literal["token", "reference", "date"]
    paths: tuple[str, ...]
    target: str = ""


def _token(*paths: str) -> Parameter:
    return Parameter("token", paths)


def _reference(path: str, target: str = "") -> Parameter:
    return Parameter("reference", (path,), target)


def _date(*paths: str) -> Parameter:
    return Parameter("date", paths)


_EVERY = {"_id": _token("id"), "_lastUpdated": _date("meta.lastUpdated"), "identifier": _token("identifier")}
_WHOSE = {"subject": _reference("subject"), "patient": _reference("subject", "Patient")}

PARAMETERS: Mapping[str, Mapping[str, Parameter]] = {
    "Patient": {**_EVERY, "birthdate": _date("birthDate"), "gender": _token("gender")},
    "ServiceRequest": {
        **_EVERY,
        **_WHOSE,
        "status": _token("status"),
        "code": _token("code"),
        "occurrence": _date("occurrenceDateTime", "occurrencePeriod"),
    },
    "ImagingStudy": {
        **_EVERY,
        **_WHOSE,
        "status": _token("status"),
        "started": _date("started"),
        "modality": _token("modality", "series.modality"),
        "bodysite": _token("series.bodySite"),
        "series": _token("series.uid"),
        "instance": _token("series.instance.uid"),
        "basedon": _reference("basedOn"),
        "endpoint": _reference("endpoint", "Endpoint"),
    },
    "Observation": {
        **_EVERY,
        **_WHOSE,
        "status": _token("status"),
        "code": _token("code"),
        "component-code": _token("component.code"),
        "category": _token("category"),
        "date": _date("effectiveDateTime", "effectivePeriod", "effectiveInstant"),
        "based-on": _reference("basedOn"),
        "device": _reference("device"),
    },
    "DiagnosticReport": {
        **_EVERY,
        **_WHOSE,
        "status": _token("status"),
        "code": _token("code"),
        "category": _token("category"),
        "date": _date("effectiveDateTime", "effectivePeriod"),
        "issued": _date("issued"),
        "based-on": _reference("basedOn"),
        "result": _reference("result", "Observation"),
    },
    "Device": {**_EVERY, "status": _token("status"), "type": _token("type")},
    "Endpoint": {**_EVERY, "status": _token("status"), "connection-type": _token("connectionType")},
}
"""By type of resource, which are those that are kept."""


def values_at(resource: Any, path: str) -> Iterator[Any]:
    """The values that a dotted path leads to, through lists."""
    first, _, rest = path.partition(".")
    found = resource.get(first) if isinstance(resource, Mapping) else None
    for one in found if isinstance(found, list) else [found]:
        if one is None:
            continue
        if rest:
            yield from values_at(one, rest)
        else:
            yield one
