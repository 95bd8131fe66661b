"""Device and Endpoint (hl7.org/fhir/R4/device.html, endpoint.html)."""

from __future__ import annotations

from modality.errors import UsageError
from modality.fhir.datatypes import Resource, coding, concept, identifier, without_empty
from modality.fhir.terminology import DICOM, HL7_TERMINOLOGY, modalities

DEVICE_SYSTEM = "urn:modality:device"
ENDPOINT_SYSTEM = "urn:modality:endpoint"


def device(
    *,
    manufacturer: str,
    model_name: str,
    serial_number: str,
    station_name: str = "",
    software_versions: str = "",
    modality: str = "",
) -> Resource:
    """A Device: the equipment that made images or measurements (PS3.3 C.7.5.1).

    Args:
        manufacturer: Manufacturer.
        model_name: Manufacturer's Model Name.
        serial_number: Device Serial Number.
        station_name: Station Name.
        software_versions: Software Versions.
        modality: its modality (PS3.16 CID 33).

    Raises:
        UsageError: the modality is unknown.
    """
    names = [{"name": model_name, "type": "model-name"}] if model_name else []
    if station_name:
        names.append({"name": station_name, "type": "user-friendly-name"})
    return without_empty(
        {
            "resourceType": "Device",
            "identifier": [identifier(DEVICE_SYSTEM, "/".join((manufacturer, model_name, serial_number)), "SNO")],
            "status": "active",
            "manufacturer": manufacturer,
            "serialNumber": serial_number,
            "deviceName": names,
            "modelNumber": model_name,
            "type": concept(DICOM, modality, modality_name(modality)) if modality else None,
            "version": [{"value": software_versions}] if software_versions else [],
        }
    )


def modality_name(modality: str) -> str:
    """The name of a modality.

    Raises:
        UsageError: it is none of PS3.16 CID 33.
    """
    name = modalities().get(modality)
    if name is None:
        raise UsageError(f"{modality!r} is no modality (PS3.16 CID 33)")
    return name


def wado_endpoint(url: str, *, name: str = "") -> Resource:
    """An Endpoint from which images are retrieved by WADO-RS.

    Args:
        url: the DICOMweb service root.
        name: for people.

    Raises:
        UsageError: the URL is none of http, or holds a user or password.
    """
    authority = url.partition("://")[2].partition("/")[0]
    if not url.startswith(("http://", "https://")) or not authority:
        raise UsageError("an endpoint is at an http:// or https:// URL")
    if "@" in authority:
        raise UsageError("the URL of an endpoint is read by everyone: leave out its user and password")
    root = url.rstrip("/")
    return without_empty(
        {
            "resourceType": "Endpoint",
            "identifier": [identifier(ENDPOINT_SYSTEM, root)],
            "status": "active",
            "connectionType": coding(f"{HL7_TERMINOLOGY}endpoint-connection-type", "dicom-wado-rs", "DICOM WADO-RS"),
            "name": name,
            "payloadType": [{"text": "DICOM"}],
            "payloadMimeType": ["application/dicom"],
            "address": root,
        }
    )
