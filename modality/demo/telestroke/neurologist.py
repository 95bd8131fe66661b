"""The neurologist's side: finds the patient in FHIR, follows the ImagingStudy to the images, and looks at all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modality.demo.telestroke.clinic import ARCHIVE, FHIR, digest
from modality.demo.telestroke.journey import Journey
from modality.errors import AddressError, InvalidResponse, counted
from modality.fhir.datatypes import DICOM_UID, Resource
from modality.network.address import WebAddress, parse
from modality.network.dicomweb.client import DicomWebClient
from modality.network.fhir import FhirClient
from modality.network.local import Local
from modality.protocol.matching import UNREADABLE
from modality.transfer.instance import PreparedInstance

WHO = "neurologist"
_WADO_RS = "dicom-wado-rs"


@dataclass(slots=True)
class Case:
    """What the neurologist found.

    Args:
        patient: the Patient.
        study: the ImagingStudy.
        observations: the Observations of the patient that answer the same order.
        endpoint: where the images were fetched from.
        series: the images by Series Instance UID, as the ImagingStudy lists them.
    """

    patient: Resource
    study: Resource
    observations: list[Resource]
    endpoint: str
    series: dict[str, list[PreparedInstance]]

    @property
    def images(self) -> list[PreparedInstance]:
        """All images."""
        return [one for images in self.series.values() for one in images]


def look(identifier: tuple[str, str], fhir: WebAddress, archive: WebAddress, local: Local, journey: Journey) -> Case:
    """Find a patient's case.

    Args:
        identifier: system and value of the patient's identifier, all that is known.
        fhir: where it is looked for.
        archive: the archive that our user and password are for; another that an ImagingStudy names gets none.
        local: who calls.
        journey: takes the hops.

    Raises:
        ModalityError: a hop failed; the journey says which.
    """
    with FhirClient(fhir, local) as client:
        with journey.hop(WHO, FHIR, "FHIR search Patient") as hop:
            patient = _one("Patient", client.search("Patient", {"identifier": "|".join(identifier)}), identifier[1])
            reference = f"Patient/{patient['id']}"
            hop.detail = reference
        with journey.hop(WHO, FHIR, "FHIR search ImagingStudy") as hop:
            studies = list(client.search("ImagingStudy", {"patient": reference}))
            study = _latest(studies, reference)
            hop.detail = f"{study.get('numberOfSeries')} series, {study.get('numberOfInstances')} instances"
        with journey.hop(WHO, FHIR, "FHIR read Endpoint") as hop:
            endpoint = _endpoint(study, client)
            hop.detail = endpoint
        with journey.hop(WHO, FHIR, "FHIR search Observation") as hop:
            orders = _references(study.get("basedOn"))
            found = client.search("Observation", {"patient": reference})
            observations = [one for one in found if not orders or orders & _references(one.get("basedOn"))]
            if not observations:
                raise InvalidResponse(f"{client.root}: there is no Observation of {reference} for the order")
            hop.detail = f"{len(observations)} observations"
    with journey.hop(WHO, ARCHIVE, "WADO-RS") as hop:
        series = _fetch(study, endpoint, archive, local)
        images = [one for some in series.values() for one in some]
        hop.bytes = sum(one.size for one in images)
        hop.detail = f"{counted(len(images), 'image')} in {len(series)} series"
    return Case(patient, study, observations, endpoint, series)


def compare(case: Case, pixels: Mapping[str, str], journey: Journey) -> int:
    """Compare the images with what was scanned, pixel by pixel; gives how many are equal.

    Args:
        case: what was found.
        pixels: digests by SOP Instance UID, as `clinic.digest` makes them.
        journey: takes the hop.

    Raises:
        InvalidResponse: one is missing, or differs.
    """
    with journey.hop(WHO, "", "compare pixels") as hop:
        held = {one.sop_instance_uid: _digest(one) for one in case.images}
        equal = sum(held.get(uid) == known for uid, known in pixels.items())
        hop.detail = f"{equal} of {len(pixels)} images equal"
        if equal < len(pixels) or len(held) > len(pixels):
            missing, more = len(pixels.keys() - held.keys()), len(held.keys() - pixels.keys())
            differ = len(pixels) - equal - missing
            raise InvalidResponse(f"{case.endpoint}: {missing} images missing, {differ} differ, {more} were not sent")
    return equal


def _digest(instance: PreparedInstance) -> str:
    """As `clinic.digest`; empty for pixels that came back unreadable."""
    try:
        return digest(instance)
    except UNREADABLE:
        return ""


def _one(kind: str, found: Iterable[Resource], what: str) -> Resource:
    matches = list(found)
    if len(matches) != 1:
        raise InvalidResponse(f"{len(matches)} resources {kind} have the identifier {what}; it has to be one")
    return matches[0]


def _latest(studies: Sequence[Resource], whose: str) -> Resource:
    if not studies:
        raise InvalidResponse(f"there is no ImagingStudy of {whose}")
    return max(studies, key=lambda one: str(one.get("started", "")))


def _references(value: Any) -> set[str]:
    """What references point to, without the server's root."""
    found = value if isinstance(value, list) else []
    return {"/".join(str(one.get("reference", "")).split("/")[-2:]) for one in found if isinstance(one, dict)}


def _endpoint(study: Resource, client: FhirClient) -> str:
    """The DICOMweb service root of the study's images."""
    for one in study.get("endpoint", []):
        resource = client.read(str(one.get("reference", "")))
        kind = resource.get("connectionType", {}).get("code")
        if kind == _WADO_RS and resource.get("address"):
            return str(resource["address"])
    raise InvalidResponse(f"{client.root}: the ImagingStudy names no endpoint for WADO-RS")


def study_uid(study: Resource) -> str:
    """The Study Instance UID of an ImagingStudy.

    Raises:
        InvalidResponse: it has none.
    """
    for one in study.get("identifier", []):
        if one.get("system") == DICOM_UID:
            return str(one.get("value", "")).removeprefix("urn:oid:")
    raise InvalidResponse(f"ImagingStudy/{study.get('id')} has no Study Instance UID")


def _fetch(study: Resource, endpoint: str, archive: WebAddress, local: Local) -> dict[str, list[PreparedInstance]]:
    """The images of each series, in the order of the ImagingStudy."""
    same = str(archive).rstrip("/").partition("://")[2].rpartition("@")[2] == endpoint.rstrip("/").partition("://")[2]
    address = archive if same else parse(endpoint)
    if not isinstance(address, WebAddress):
        raise AddressError(f"{endpoint}: the endpoint is no web service")
    # What lets in to our archive is nobody else's business.
    caller = local if same else Local(local.aet, local.timeouts, local.tls)
    fetched: dict[str, list[PreparedInstance]] = {}
    with DicomWebClient(address, caller) as client:
        for series in study.get("series", []):
            listed = [str(one.get("uid")) for one in series.get("instance", [])]
            held = {one.sop_instance_uid: one for one in client.retrieve_series(study_uid(study), str(series["uid"]))}
            if missing := [uid for uid in listed if uid not in held]:
                raise InvalidResponse(
                    f"{client.root}: {len(missing)} of {len(listed)} images of the ImagingStudy are not there, "
                    f"the first {missing[0]}"
                )
            fetched[str(series["uid"])] = [held[uid] for uid in listed]
    return fetched
