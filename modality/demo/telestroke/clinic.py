"""The rural clinic: takes the order, scans the head, stores the images, and reports what was seen at the bedside."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from modality.demo.telestroke.journey import Hop, Journey
from modality.demo.telestroke.scene import VITAL_SIGNS, Scene
from modality.errors import InvalidResponse, ModalityError, PeerError, UnreachableError, counted
from modality.fhir.bundles import transaction
from modality.fhir.datatypes import Resource
from modality.fhir.equipment import wado_endpoint
from modality.fhir.imaging import imaging_study_of
from modality.fhir.observations import nih_stroke_scale, vital_signs
from modality.fhir.orders import service_request_of
from modality.fhir.people import patient as patient_resource
from modality.network.address import WebAddress
from modality.network.dicomweb.archive import WebArchive
from modality.network.fhir import FhirClient
from modality.network.local import Local
from modality.protocol.worklist import ScheduledStep
from modality.station.performed import Performed
from modality.station.station import Station
from modality.station.study import load_phantom
from modality.transfer.destination import Progress, Receipt
from modality.transfer.instance import PreparedInstance

if TYPE_CHECKING:
    from collections.abc import Iterator

CT, RIS, BEDSIDE = "clinic CT", "clinic RIS", "clinic bedside"
ARCHIVE, FHIR = "centre archive", "centre FHIR"


@dataclass(slots=True)
class Sent:
    """What left the clinic.

    Args:
        study_uid: Study Instance UID.
        mpps_uid: SOP Instance UID of the performed step.
        accession_number: of the order.
        identifier: system and value of the patient's identifier in FHIR.
        pixels: a digest of the pixels by SOP Instance UID.
        stored: what of FHIR was made or found, by type of resource.
    """

    study_uid: str = ""
    mpps_uid: str = ""
    accession_number: str = ""
    identifier: tuple[str, str] = ("", "")
    pixels: dict[str, str] = field(default_factory=dict)
    stored: dict[str, list[str]] = field(default_factory=dict)


def digest(instance: PreparedInstance) -> str:
    """A digest of an instance's pixels, however they are encoded."""
    pixels = instance.dataset().pixel_array
    return hashlib.sha256(f"{pixels.dtype.str} {pixels.shape} ".encode() + pixels.tobytes()).hexdigest()


class _Scanned:
    """The archive as the scanner sees it: the scan first, then the images in one go, so that each is timed apart."""

    def __init__(self, archive: WebArchive, journey: Journey, sent: Sent) -> None:
        self._archive, self._journey, self._sent = archive, journey, sent
        self.instances: list[PreparedInstance] = []

    def store(
        self,
        instances: Iterable[PreparedInstance],
        *,
        progress: Progress | None = None,
        receipt: Receipt | None = None,
    ) -> Receipt:
        """Make all instances, then store them by STOW-RS."""
        receipt = Receipt() if receipt is None else receipt
        with self._journey.hop(CT, "", "scan") as hop:
            self.instances = list(instances)
            self._sent.pixels = {one.sop_instance_uid: digest(one) for one in self.instances}
            hop.detail = f"{counted(len(self.instances), 'image')} of the phantom head-stroke"
        with self._journey.hop(CT, ARCHIVE, "STOW-RS") as hop:
            self._archive.store(self.instances, progress=progress, receipt=receipt)
            hop.bytes = receipt.bytes
            hop.detail = f"{len(receipt.stored)} of {len(self.instances)} images stored"
            if not receipt.complete:
                reasons = [f"{len(uids)} with reason {status:04X}H" for status, uids in receipt.refused.items()]
                reasons += sorted(set(receipt.failed.values()))
                raise InvalidResponse(f"{self._archive.address}: not all images were stored: {'; '.join(reasons)}")
        return receipt


def examine(
    scene: Scene, station: Station, archive: WebArchive, sent: Sent, journey: Journey, options: dict[str, Any]
) -> tuple[ScheduledStep, list[PreparedInstance]]:
    """Take the order from the RIS, perform it, and store its images.

    Args:
        scene: what is to be seen.
        station: the clinic's CT.
        archive: where the images go.
        sent: takes what is known of them.
        journey: takes the hops.
        options: of the acquisition.

    Returns:
        the scheduled step, and the images as they were sent.

    Raises:
        ModalityError: a hop failed; the journey says which.
    """
    with journey.hop(CT, RIS, "MWL C-FIND") as hop:
        steps = station.worklist(accession_number=scene.accession_number)
        if not steps:
            raise InvalidResponse(f"{station.ris}: the order {scene.accession_number} is not in the worklist")
        step = steps[0]
        hop.detail = f"{step.description}, {step.accession_number}"
    scanned = _Scanned(archive, journey, sent)
    station.archive = scanned
    performed = station.perform(step)
    sent.study_uid, sent.mpps_uid, sent.accession_number = performed.study_uid, performed.uid, step.accession_number
    with _reported(performed, journey):
        phantom = load_phantom("head-stroke", seed=scene.seed, side=scene.side)
        performed.acquire(phantom, **options)
    if journey.broken:  # a modality ends its step when the archive is away; this journey ends there
        raise _failure(performed, journey.broken)
    return step, scanned.instances


def _failure(performed: Performed, hop: Hop) -> ModalityError:
    return UnreachableError(hop.error) if performed.unreachable else PeerError(hop.error)


@contextmanager
def _reported(performed: Performed, journey: Journey) -> Iterator[None]:
    """The performed step around what is done in it, both its messages timed."""
    with journey.hop(CT, RIS, "MPPS N-CREATE") as hop:
        performed.__enter__()
        _told(performed)
        hop.detail = "IN PROGRESS"
    try:
        yield
    except BaseException:
        performed.__exit__(*sys.exc_info())
        raise
    with journey.hop(CT, RIS, "MPPS N-SET") as hop:
        performed.__exit__(None, None, None)
        _told(performed)
        hop.detail = performed.state


def _told(performed: Performed) -> None:
    if performed.reported != "told":
        raise PeerError("; ".join(performed.problems) or "the RIS was not told of the performed step")


def report(
    scene: Scene,
    step: ScheduledStep,
    images: list[PreparedInstance],
    sent: Sent,
    *,
    endpoint: str,
    fhir: WebAddress,
    local: Local,
    now: datetime,
    zone: tzinfo,
    journey: Journey,
) -> None:
    """Report patient, order, images and what was observed, in one transaction.

    Args:
        scene: what was seen.
        step: the order.
        images: what was stored of it.
        sent: takes what became of the resources.
        endpoint: the DICOMweb service root where the images are, without user and password.
        fhir: where it goes.
        local: who calls.
        now: when the vital signs and the score were taken, local.
        zone: the time zone of that.
        journey: takes the hop.

    Raises:
        ModalityError: the hop failed.
    """
    bundle = resources(scene, step, images, endpoint=endpoint, now=now, zone=zone)
    sent.identifier = _identifier(bundle[0])
    with journey.hop(BEDSIDE, FHIR, "FHIR transaction") as hop, FhirClient(fhir, local) as client:
        stored = client.transaction(transaction(bundle))
        for one in stored:
            sent.stored.setdefault(one.reference.partition("/")[0], []).append(one.reference)
        made = sum(one.created for one in stored)
        hop.detail = f"{made} resources created, {len(stored) - made} known"


def _identifier(resource: Resource) -> tuple[str, str]:
    first = resource["identifier"][0]
    return first["system"], first["value"]


def resources(
    scene: Scene,
    step: ScheduledStep,
    images: list[PreparedInstance],
    *,
    endpoint: str,
    now: datetime,
    zone: tzinfo,
) -> list[Resource]:
    """The resources of a case: Patient, ServiceRequest, Endpoint, ImagingStudy, and the Observations.

    All answer one ServiceRequest, which ties what was measured to what was imaged.

    Args:
        scene: what was seen.
        step: the order.
        images: what was stored of it.
        endpoint: the DICOMweb service root where the images are.
        now: when the vital signs and the score were taken.
        zone: the time zone of naive times.
    """
    whom = patient_resource(step.patient)
    order = service_request_of(step, whom, scheduled=now, zone=zone)
    where = wado_endpoint(endpoint, name="Images of the medical centre")
    common: dict[str, Any] = {"subject": whom, "effective": now, "based_on": order, "zone": zone}
    return [
        whom,
        order,
        where,
        imaging_study_of((one.dataset() for one in images), whom, endpoints=[where], based_on=order, zone=zone),
        *vital_signs(VITAL_SIGNS, **common),
        nih_stroke_scale(scene.scores, **common, performer="Stroke nurse of the clinic"),
    ]
