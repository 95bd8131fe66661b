"""R4's data types as plain data: codings, quantities, identifiers, names and times (hl7.org/fhir/R4/datatypes.html)."""

from __future__ import annotations

import string
import uuid
from collections.abc import Mapping
from datetime import datetime, timezone, tzinfo
from typing import Any

from modality.errors import UsageError
from modality.fhir.terminology import HL7_TERMINOLOGY, LOINC, UCUM, loinc_codes, loinc_problem

Resource = dict[str, Any]
"""A resource as JSON has it."""

DICOM_UID = "urn:dicom:uid"
URI = "urn:ietf:rfc:3986"
_UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")


def coding(system: str, code: str, display: str = "") -> dict[str, str]:
    """A Coding."""
    return {"system": system, "code": code, **({"display": display} if display else {})}


def concept(system: str, code: str, display: str = "") -> dict[str, Any]:
    """A CodeableConcept of one coding."""
    return {"coding": [coding(system, code, display)]}


def loinc(code: str) -> dict[str, str]:
    """A coding of LOINC with its name.

    Raises:
        UsageError: it is no LOINC code that is known here.
    """
    if problem := loinc_problem(code):
        raise UsageError(problem)
    return coding(LOINC, code, loinc_codes().get(code, ""))


def hl7(system: str, code: str, display: str = "") -> dict[str, Any]:
    """A concept of one of HL7's own code systems, named by the last part of its URL."""
    return concept(HL7_TERMINOLOGY + system, code, display)


def quantity(value: float, unit: str) -> dict[str, Any]:
    """A quantity in a unit of UCUM; a whole number is written as one."""
    whole = int(value) if float(value).is_integer() else value
    return {"value": whole, "unit": unit, "system": UCUM, "code": unit}


def identifier(system: str, value: str, kind: str = "") -> dict[str, Any]:
    """A business identifier; `kind` is a code of HL7 v2 table 0203 ("MR", "ACSN", "PLAC")."""
    found: dict[str, Any] = {"system": system, "value": value}
    if kind:
        found["type"] = hl7("v2-0203", kind)
    return found


def dicom_uid(uid: str) -> dict[str, Any]:
    """The identifier that a UID of DICOM is (hl7.org/fhir/R4/imagingstudy.html, "DICOM UIDs")."""
    return identifier(DICOM_UID, f"urn:oid:{uid}")


def date(text: str) -> str:
    """A date of DICOM (YYYYMMDD) as one of FHIR; empty when it is none.

    PS3.5 6.2: DA is eight digits; the dots of ACR-NEMA are taken too.
    """
    digits = text.replace(".", "")
    try:
        return datetime.strptime(digits, "%Y%m%d").date().isoformat()  # noqa: DTZ007 - a date has no time zone
    except ValueError:
        return ""


def moment(when: datetime, zone: tzinfo = timezone.utc) -> str:
    """A point in time; a naive one, as DICOM's are, is taken in `zone`, since FHIR wants an offset with each time."""
    aware = when if when.tzinfo else when.replace(tzinfo=zone)
    return aware.isoformat(timespec="milliseconds" if aware.microsecond else "seconds").replace("+00:00", "Z")


_PARTS = ("family", "given", "middle", "prefix", "suffix")


def human_names(name: str) -> list[dict[str, Any]]:
    """A person's name of DICOM as R4's, one for each component group that is filled (PS3.5 6.2.1).

    The alphabetic group is the official name; the ideographic and the phonetic one say so by the extension that HL7
    defines for it (iso21090-EN-representation: ABC, IDE, SYL).
    """
    names = []
    for group, representation in zip(name.split("="), ("ABC", "IDE", "SYL"), strict=False):
        parts = dict(zip(_PARTS, (part.strip() for part in group.split("^")), strict=False))
        given = [*parts.get("given", "").split(), *parts.get("middle", "").split()]
        found: dict[str, Any] = {}
        if parts["family"]:
            found["family"] = parts["family"]
        if given:
            found["given"] = given
        for part in ("prefix", "suffix"):
            if parts.get(part):
                found[part] = [parts[part]]
        if not found:
            continue
        text = " ".join([*found.get("prefix", []), *given, found.get("family", ""), *found.get("suffix", [])]).strip()
        one: dict[str, Any] = {"use": "official", "text": text, **found}
        if "=" in name:
            url = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
            one = {"extension": [{"url": url, "valueCode": representation}], **one}
        names.append(one)
    return names


def shown_name(name: str) -> str:
    """A person's name of DICOM in one line; empty when it has none."""
    names = human_names(name)
    return str(names[0]["text"]) if names else ""


def named(name: str) -> dict[str, str] | None:
    """A reference to a person of whom only the name is known; None without one."""
    text = shown_name(name)
    return {"display": text} if text else None


def percent_encoded(text: str) -> str:
    """Text for a part of a URI: whatever is not unreserved as percent and hexadecimal digits (RFC 3986 2.1, 2.3)."""
    return "".join(chr(byte) if chr(byte) in _UNRESERVED else f"%{byte:02X}" for byte in text.encode())


def urn(*parts: str) -> str:
    """A `urn:uuid:` that depends on nothing but `parts`, for what has no address yet (RFC 9562 5.5: version 5)."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, 'modality:' + chr(0x1F).join(parts))}"


def own_identifier(resource: Mapping[str, Any]) -> tuple[str, str]:
    """System and value of the first identifier of a resource, by which it is known everywhere.

    Raises:
        UsageError: it has none.
    """
    for one in resource.get("identifier", []):
        if one.get("system") and one.get("value"):
            return str(one["system"]), str(one["value"])
    raise UsageError(
        f"{resource.get('resourceType')}: it needs an identifier with a system and a value to be referred to"
    )


def full_url(resource: Mapping[str, Any]) -> str:
    """Where a resource stands within a bundle: derived from its type and its identifier, the same each time."""
    return urn(str(resource["resourceType"]), *own_identifier(resource))


def reference(target: Mapping[str, Any] | str) -> dict[str, str]:
    """A reference to a resource of the same bundle, to a stored one (it has an id), or to an address."""
    if isinstance(target, str):
        return {"reference": target}
    kind = str(target["resourceType"])
    where = f"{kind}/{target['id']}" if target.get("id") else full_url(target)
    return {"reference": where, "type": kind}


def without_empty(resource: Resource) -> Resource:
    """The resource without elements that hold nothing, which R4's JSON does not allow."""
    return {key: value for key, value in resource.items() if value not in (None, "", [], {})}
