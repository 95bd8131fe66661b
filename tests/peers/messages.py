"""Messages as a modality without fault sends them, made by hand, to show that the peers are strict and fair."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from pydicom import Dataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt
from pynetdicom.association import Association

from modality.network.upper_layer.reactor import Entity
from tests.peers.dcmjs import Dcmjs
from tests.peers.process import HOST
from tests.peers.worklist_items import HEAD_CT, STATION_AET, coded

PERFORMED_STEP = UID("1.2.840.10008.3.1.2.3.3")  # PS3.4 F.7.4
COMMITMENT = UID("1.2.840.10008.1.20.1")  # PS3.4 J.3.5
COMMITMENT_INSTANCE = UID("1.2.840.10008.1.20.1.1")
CREATED_EMPTY = (
    "PatientBirthDate",
    "PatientSex",
    "ReferencedPatientSequence",
    "PerformedStationName",
    "PerformedLocation",
    "PerformedProcedureTypeDescription",
    "ProcedureCodeSequence",
    "PerformedProcedureStepEndDate",
    "PerformedProcedureStepEndTime",
    "PerformedProcedureStepDiscontinuationReasonCodeSequence",
    "PerformedSeriesSequence",
)
SCHEDULED_EMPTY = (
    "ReferencedStudySequence",
    "RequestedProcedureID",
    "RequestedProcedureDescription",
    "ScheduledProcedureStepDescription",
)


def created() -> Dataset:
    """An N-CREATE as it should be."""
    scheduled = Dataset()
    scheduled.StudyInstanceUID = generate_uid()
    scheduled.AccessionNumber = "ACC1"
    scheduled.ScheduledProcedureStepID = "SPS1"
    scheduled.ScheduledProtocolCodeSequence = [coded(HEAD_CT)]
    step = Dataset()
    for item, keywords in ((scheduled, SCHEDULED_EMPTY), (step, CREATED_EMPTY)):
        for keyword in keywords:
            setattr(item, keyword, [] if keyword.endswith("Sequence") else "")
    step.SpecificCharacterSet = "ISO_IR 192"
    step.PatientName = "Łukasiewicz^Żaneta=山田^太郎"
    step.PatientID = "PEER1"
    step.ScheduledStepAttributesSequence = [scheduled]
    step.PerformedProcedureStepID = "PPS1"
    step.PerformedStationAETitle = "SIM"
    step.PerformedProcedureStepStartDate = "20260304"
    step.PerformedProcedureStepStartTime = "101112.5"
    step.PerformedProcedureStepStatus = "IN PROGRESS"
    step.PerformedProcedureStepDescription = "Head"
    step.Modality = "CT"
    step.StudyID = "1"
    step.PerformedProtocolCodeSequence = [coded(HEAD_CT)]
    return step


def series(*uids: str) -> Dataset:
    """An item of the Performed Series Sequence as it should be."""
    item = Dataset()
    item.PerformingPhysicianName = item.OperatorsName = item.SeriesDescription = ""
    item.RetrieveAETitle = "ORTHANC"
    item.ProtocolName = "Head"
    item.SeriesInstanceUID = generate_uid()
    item.ReferencedImageSequence = list(commitment_of(list(uids)).ReferencedSOPSequence)
    item.ReferencedNonImageCompositeSOPInstanceSequence = []
    return item


def final(state: str = "COMPLETED") -> Dataset:
    """The last N-SET as it should be."""
    step = Dataset()
    step.PerformedProcedureStepStatus = state
    step.PerformedProcedureStepEndDate = "20260304"
    step.PerformedProcedureStepEndTime = "101530"
    step.PerformedSeriesSequence = [series(generate_uid(), generate_uid())]
    if state == "DISCONTINUED":
        reason = Dataset()
        reason.CodeValue, reason.CodingSchemeDesignator = "110513", "DCM"
        reason.CodeMeaning = "Discontinued for unspecified reason"
        step.PerformedProcedureStepDiscontinuationReasonCodeSequence = [reason]
        step.PerformedSeriesSequence = [series()]
    return step


def commitment_of(uids: list[str]) -> Dataset:
    """The identifiers of a storage commitment request for CT images."""
    request = Dataset()
    request.TransactionUID = "1.2.3.999"
    request.ReferencedSOPSequence = []
    for uid in uids:
        item = Dataset()
        item.ReferencedSOPClassUID = CTImageStorage
        item.ReferencedSOPInstanceUID = uid
        request.ReferencedSOPSequence.append(item)
    return request


def associate(peer: Dcmjs, *sop_classes: str, syntax: str = ExplicitVRLittleEndian, **options: Any) -> Association:
    """An association with the dcmjs peer, as station SIM."""
    modality = Entity(STATION_AET)
    for sop_class in sop_classes:
        modality.add_requested_context(sop_class, syntax)
    association = modality.associate(HOST, peer.port, ae_title=peer.aet, **options)
    assert association.is_established
    return association


def ask_commitment(association: Association, request: Dataset) -> int:
    """The status of an N-ACTION that requests storage commitment (PS3.4 J.3.2)."""
    status, _ = association.send_n_action(request, 1, COMMITMENT, COMMITMENT_INSTANCE)
    return int(status.Status)


class Reports:
    """Takes N-EVENT-REPORTs, on the modality's own association or on another.

    Attributes:
        received: event type and event information of each, oldest first.
        ways: "same" or "other" association, for each.
        arrived: set when one has come.
    """

    def __init__(self) -> None:
        self.received: list[tuple[int | None, Dataset]] = []
        self.ways: list[str] = []
        self.arrived = threading.Event()
        self.handlers: list[Any] = [(evt.EVT_N_EVENT_REPORT, self._keep)]

    def _keep(self, event: evt.Event) -> tuple[int, None]:
        self.received.append((event.event_type, event.event_information))
        self.ways.append("other" if event.assoc.is_acceptor else "same")
        self.arrived.set()
        return 0x0000, None

    @contextlib.contextmanager
    def listening(self) -> Iterator[dict[str, tuple[str, int]]]:
        """Listens as station SIM for associations with the roles reversed; gives where, by AE title."""
        station = AE(STATION_AET)
        station.add_supported_context(COMMITMENT, scu_role=False, scp_role=True)
        listener = station.start_server((HOST, 0), block=False, evt_handlers=self.handlers)
        assert listener is not None
        try:
            yield {STATION_AET: (HOST, int(listener.server_address[1]))}
        finally:
            listener.shutdown()
