"""What the server can do, as a CapabilityStatement (hl7.org/fhir/R4/capabilitystatement.html)."""

from __future__ import annotations

from typing import Any

from modality.simulated.fhir.parameters import PARAMETERS
from modality.transfer.part10 import IMPLEMENTATION_VERSION_NAME

_INTERACTIONS = ("read", "create", "update", "search-type")
# When what is said here last changed.
_DATE = "2026-11-25"


def capabilities(address: str, *, secured: bool) -> dict[str, Any]:
    """The statement.

    Args:
        address: the service root.
        secured: a bearer token is asked for.
    """
    rest: dict[str, Any] = {
        "mode": "server",
        "resource": [_resource(kind) for kind in PARAMETERS],
        "interaction": [{"code": "transaction"}, {"code": "batch"}],
    }
    if secured:
        rest["security"] = {"description": "a bearer token (RFC 6750)"}
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _DATE,
        "kind": "instance",
        "software": {"name": "modality", "version": IMPLEMENTATION_VERSION_NAME},
        "implementation": {
            "description": "a FHIR server for tests; validates structure, codes, units and references",
            "url": address,
        },
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [rest],
    }


def _resource(kind: str) -> dict[str, Any]:
    known = PARAMETERS[kind]
    included = [f"{kind}:{name}" for name, one in known.items() if one.kind == "reference"]
    return {
        "type": kind,
        "interaction": [{"code": one} for one in _INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": False,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalUpdate": True,
        **({"searchInclude": included} if included else {}),
        "searchParam": [{"name": name, "type": one.kind} for name, one in known.items()],
    }
