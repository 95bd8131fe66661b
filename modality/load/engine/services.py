"""What the steps of an exam say to RIS and archive: worklist, performed steps, commitment, query and retrieval."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

from pydicom.dataset import Dataset

from modality.errors import InvalidResponse, ResponseTimeout
from modality.identity import fresh_uid
from modality.load.exams.material import Material
from modality.load.exams.plan import PlannedStudy
from modality.network.address import DicomAddress, WebAddress
from modality.network.commitment import CommitmentListener, request_commitment
from modality.network.dicomweb.client import DicomWebClient
from modality.network.local import Local
from modality.network.mpps import create_step, set_step
from modality.network.query import find_study
from modality.network.retrieve.get import fetch_study
from modality.network.worklist import query_worklist
from modality.protocol.commitment import CommitmentReport
from modality.protocol.performed_step import PerformedSeries, StepStart, create, finish
from modality.protocol.worklist import ScheduledStep, WorklistQuery
from modality.transfer.instance import PreparedInstance

_ANSWERING_S = 0.2


class Services:
    """Takes the steps of an exam other than storing it.

    Args:
        archive: whom studies are stored at.
        ris: whom the worklist and performed steps go to; None leaves these out.
        local: who calls.
        material: tells what the instances are.
        listen: host and port where the archive's reports of commitment are taken; None takes them on our association.
    """

    def __init__(
        self,
        archive: DicomAddress | WebAddress,
        ris: DicomAddress | None,
        local: Local,
        material: Material,
        listen: tuple[str, int] | None = None,
    ) -> None:
        self._archive, self._ris, self._local, self._material = archive, ris, local, material
        self._reports: dict[str, tuple[CommitmentReport, float] | None] = {}
        self._reported = threading.Condition()
        self._listener = CommitmentListener(local, listen[1], self._report, host=listen[0]) if listen else None

    def left_out(self, name: str) -> str:
        """Why a step cannot be taken here; empty when it can."""
        if name in ("worklist", "mpps") and self._ris is None:
            return "no RIS is given (--ris)"
        if name == "commitment" and isinstance(self._archive, WebAddress):
            return "storage commitment is asked for by DIMSE"
        return ""

    def take(self, name: str, study: PlannedStudy) -> float:
        """Take one step for a study; returns when it was answered, on `time.perf_counter`'s clock.

        Raises:
            UnreachableError: nobody answers.
            PeerError: the peer refused, or did not answer properly.
        """
        if name == "commitment":
            return self._commit(study)
        {
            "worklist": self._worklist,
            "mpps": self._begin,
            "mpps ended": self._end,
            "query": self._query,
            "retrieve": self._retrieve,
        }[name](study)
        return time.perf_counter()

    def _worklist(self, study: PlannedStudy) -> None:
        assert self._ris is not None
        modality = self._material.modality(study.exam.name)
        query_worklist(self._ris, WorklistQuery(date=study.started.date(), modality=modality), self._local)

    def _begin(self, study: PlannedStudy) -> None:
        assert self._ris is not None
        patient = Dataset()
        patient.PatientName, patient.PatientID = study.patient.name, study.patient.patient_id
        patient.PatientBirthDate, patient.PatientSex = study.patient.birth_date, study.patient.sex
        start = StepStart(
            station_aet=self._local.aet,
            modality=self._material.modality(study.exam.name),
            step_id=f"L{study.number + 1}",
            study_uid=study.uid,
            study_id=f"{study.number + 1}",
            started=study.started,
            scheduled=ScheduledStep(patient),
        )
        create_step(self._ris, self._performed(study), create(start), self._local)

    def _end(self, study: PlannedStudy) -> None:
        assert self._ris is not None
        changes = finish(study.started + timedelta(seconds=60), self._series(study))
        set_step(self._ris, self._performed(study), changes, self._local)

    @staticmethod
    def _performed(study: PlannedStudy) -> str:
        return study.identity.within(study.uid).uid("performed step")

    def _series(self, study: PlannedStudy) -> list[PerformedSeries]:
        found: dict[str, list[tuple[str, str]]] = {}
        for index in range(study.of):
            series, sop_class = self._material.place(study, index)
            found.setdefault(study.series_uid(series), []).append((sop_class, study.instance_uid(index)))
        return [PerformedSeries(uid, study.exam.name, images=images) for uid, images in found.items()]

    def _commit(self, study: PlannedStudy) -> float:
        assert isinstance(self._archive, DicomAddress)
        transaction = fresh_uid()
        wanted = [(self._material.place(study, index)[1], study.instance_uid(index)) for index in range(study.of)]
        with self._reported:
            self._reports[transaction] = None
        wait_s = self._local.timeouts.response_s
        request_commitment(
            self._archive, transaction, wanted, self._local, self._report,
            wait_s=0.0 if self._listener else wait_s, answered=lambda: self._answered(transaction),
        )  # fmt: skip
        with self._reported:
            if self._listener:
                self._reported.wait_for(lambda: self._reports[transaction] is not None, wait_s)
            arrived = self._reports.pop(transaction)
        if arrived is None:
            raise ResponseTimeout(f"{self._archive}: no report of the commitment within {wait_s:g} s")
        report, moment = arrived
        if report.failed:
            raise InvalidResponse(f"{self._archive}: {len(report.failed)} of {len(wanted)} instances not committed")
        return moment

    def _answered(self, transaction: str) -> bool:
        """Whether the report came, and our answer to it has gone: a release sent before it would cross it."""
        arrived = self._reports[transaction]
        return arrived is not None and time.perf_counter() - arrived[1] > _ANSWERING_S

    def _report(self, report: CommitmentReport) -> bool:
        with self._reported:
            if report.transaction_uid not in self._reports:
                return False
            self._reports[report.transaction_uid] = report, time.perf_counter()
            self._reported.notify_all()
            return True

    def _query(self, study: PlannedStudy) -> None:
        if isinstance(self._archive, WebAddress):
            with DicomWebClient(self._archive, self._local) as client:
                found = bool(client.search_studies({"StudyInstanceUID": study.uid}))
        else:
            found = find_study(self._archive, study.uid, self._local, "PatientID", "AccessionNumber") is not None
        if not found:
            raise InvalidResponse(f"{self._archive}: does not list study {study.uid}")

    def _retrieve(self, study: PlannedStudy) -> None:
        received: set[str] = set()

        def receive(instance: PreparedInstance) -> None:
            received.add(instance.sop_instance_uid)

        if isinstance(self._archive, WebAddress):
            with DicomWebClient(self._archive, self._local) as client:
                for uid in dict.fromkeys(
                    study.series_uid(self._material.place(study, at)[0]) for at in range(study.of)
                ):
                    for instance in client.retrieve_series(study.uid, uid):
                        receive(instance)
        else:
            fetch_study(self._archive, study.uid, self._material.contexts(), self._local, receive)
        if len(received) < study.of:
            raise InvalidResponse(f"{self._archive}: gave {len(received)} of the {study.of} instances of {study.uid}")

    def close(self) -> None:
        """Stop listening."""
        if self._listener:
            self._listener.close()
