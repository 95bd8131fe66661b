"""One performed step: begun, filled with series, and brought to its end whatever happens (RAD-6 to RAD-8, RAD-10)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset

from modality.errors import ModalityError, PeerError, UnreachableError, UsageError, WorkflowError
from modality.identity import Patient
from modality.iods.context import Context, PerformedStep, Series
from modality.iods.context import Study as StudyContext
from modality.iods.kind import Kind
from modality.network.address import DicomAddress
from modality.network.mpps import create_step, set_step
from modality.protocol.performed_step import (
    DISCONTINUATION_REASONS,
    UNSPECIFIED_REASON,
    PerformedSeries,
    StepStart,
    create,
    finish,
)
from modality.protocol.worklist import ScheduledStep
from modality.registry import KINDS
from modality.station.begun import study_began
from modality.station.commit import Outcome
from modality.station.pending import note_receipt
from modality.station.study import Scan, acquire, content_digest, load_phantom
from modality.transfer.destination import Progress, Receipt
from modality.transfer.instance import PreparedInstance
from modality.transfer.syntaxes import EXPLICIT_LITTLE, TransferSyntax
from phantoms.phantom import Phantom

if TYPE_CHECKING:
    from modality.station.station import Station


class Performed:
    """A performed procedure step; a context manager, made by `Station.perform`.

    Attributes:
        uid: SOP Instance UID of the MPPS instance; empty when nobody is told of it.
        study_uid: Study Instance UID, the worklist's or made here.
        state: empty before the step begins, then IN PROGRESS, COMPLETED or DISCONTINUED.
        series: the series acquired so far, with the instances created.
        scans: the scan behind each of them; it gives the same instances again.
        receipt: what the archive did with them.
        problems: what went wrong without ending the step, one line each.
    """

    def __init__(self, station: Station, step: ScheduledStep, number: int, *, description: str = "") -> None:
        self.station = station
        self.step = step
        order = (step.study_uid, step.accession_number, step.patient.patient_id)
        self.identity = station.identity.within("step", str(number), step.step_id, *order)
        self.uid = self.identity.uid("performed step") if station.mpps else ""
        self.study_uid = step.study_uid or self.identity.uid("study")
        self.step_id = f"P{self.identity.number('performed step', 10**9):09d}"
        self.study_id = step.requested_procedure_id[:16] or f"S{self.identity.number('study', 10**9):09d}"
        self.description = description or step.description
        self.state = ""
        self.started: datetime | None = None
        self.series: list[PerformedSeries] = []
        self.scans: list[Scan] = []
        self.receipt = Receipt()
        self.problems: list[str] = []
        self.unreachable = False
        self._reason: str | None = None
        self._study_began: datetime | None = None

    @property
    def patient(self) -> Patient:
        """Whom the step is for."""
        return self.step.patient

    def __enter__(self) -> Performed:
        if self.state:
            raise WorkflowError(f"the performed step {self.step_id} is already {self.state}")
        self.started = self.station.clock()
        if self.station.mpps:
            start = StepStart(
                station_aet=self.station.aet,
                modality=self.step.modality or "OT",
                step_id=self.step_id,
                study_uid=self.study_uid,
                study_id=self.study_id,
                started=self.started,
                scheduled=self.step,
                description=self.description,
                station_name=self.station.equipment.station_name,
            )
            self._begin(self.station.mpps, create(start))
        self.state = "IN PROGRESS"
        return self

    def _begin(self, mpps: DicomAddress, attributes: Dataset) -> None:
        try:
            create_step(mpps, self.uid, attributes, self.station.local)
        except ModalityError:
            raise
        except BaseException:  # interrupted: the RIS may have heard of the step, and is told of its end
            self._reason = UNSPECIFIED_REASON
            with suppress(ModalityError):
                self._finish()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and self._reason is None:
            self._reason = UNSPECIFIED_REASON
        try:
            self._finish()
        except ModalityError as problem:
            if error is None:
                raise
            self.problems.append(str(problem))  # what ended the block matters more: it goes on up

    def _finish(self) -> None:
        if self.station.mpps:
            series = self.series or [self._empty_series()]
            changes = finish(self.station.clock(), series, reason=self._reason)
            set_step(self.station.mpps, self.uid, changes, self.station.local)
        self.state = "DISCONTINUED" if self._reason else "COMPLETED"

    def _empty_series(self) -> PerformedSeries:
        """A step that ended before any image still has a series item (PS3.4 Table F.7.2-1, note 2)."""
        return PerformedSeries(self.identity.uid("series", 0), self.description or "none")

    def discontinue(self, reason: str = UNSPECIFIED_REASON) -> None:
        """End as DISCONTINUED for a reason of CID 9300, once the block is left.

        Raises:
            UsageError: the code is none of CID 9300.
        """
        check_reason(reason)
        self._reason = reason

    def acquire(
        self,
        phantom: Phantom | str | None = None,
        *,
        kind: str | None = None,
        transfer_syntax: TransferSyntax = EXPLICIT_LITTLE,
        quality: float | None = None,
        assignments: Mapping[str, str] | None = None,
        progress: Progress | None = None,
        half: bool = False,
        **options: Any,
    ) -> Receipt:
        """Scan a phantom as one more series of this step, and store the images as they are made.

        Where the archive is away the scan goes on and its images wait in the station's state folder.

        Args:
            phantom: what is scanned; the kind's own by default.
            kind: an entry of the table of kinds; the one of the step's modality by default.
            transfer_syntax: what the images are encoded in.
            quality: of a lossy syntax, on its codec's own scale; None takes the codec's default.
            assignments: attributes set over those of the IOD, by keyword.
            progress: called with the number of images dealt with.
            half: the scan is broken off half-way.
            **options: the acquisition's own, such as `slices`.

        Raises:
            WorkflowError: the step is not in progress.
            UsageError: a name or an option is wrong, or the station has no archive.
        """
        if self.state != "IN PROGRESS":
            raise WorkflowError(
                f"the performed step {self.step_id} is {self.state or 'not begun'}; nothing can join it"
            )
        if self.station.archive is None:
            raise UsageError(f"station {self.station.aet} has no archive to store to")
        found: Kind = KINDS.load(kind or kind_of(self.step.modality))
        seed = self.identity.number(f"series {len(self.series) + 1}", 2**48)
        if phantom is None or isinstance(phantom, str):
            phantom = load_phantom(phantom or found.default_phantom, seed=seed)
        acquisition = acquire(found, phantom, seed=seed, **options)
        content = content_digest(acquisition, assignments)
        context = self._context(found, phantom, len(self.series) + 1, content)
        scan = Scan(found, acquisition, context, transfer_syntax, quality, assignments)
        return self._store(scan, progress, (len(scan) + 1) // 2 if half else len(scan))

    def _context(self, kind: Kind, phantom: Phantom, number: int, content: str) -> Context:
        assert self.started is not None
        if self._study_began is None:
            scheduled_uid = self.step.study_uid
            self._study_began = (
                study_began(self.station, scheduled_uid, self.started) if scheduled_uid else self.started
            )
        identity = self.identity.within("series", str(number), content)
        scheduled = self.step if self.step.step_id or self.step.study_uid or self.step.accession_number else None
        study = StudyContext(
            uid=self.study_uid,
            started=self._study_began,
            study_id=self.study_id,
            accession_number=self.step.accession_number,
            description=self.step.requested_procedure_description or self.description,
            referring_physician=self.step.referring_physician,
            requests=(scheduled,) if scheduled else (),
        )
        series = Series(
            uid=identity.uid("series"),
            number=number,
            started=self.station.clock(),
            frame_of_reference_uid=self.identity.uid("frame of reference"),
            description=f"{kind.title} {phantom.name}",
            protocol_name=self.description or f"{kind.name}-{phantom.name}",
            performed_step=PerformedStep(self.uid, self.step_id, self.started, self.description),
            performing_physician=self.step.performing_physician,
        )
        return Context(self.patient, study, series, identity, self.station.equipment)

    def _store(self, scan: Scan, progress: Progress | None, images: int) -> Receipt:
        series = scan.context.series
        performed = PerformedSeries(
            series.uid,
            series.protocol_name,
            series.description,
            retrieve_aet=getattr(self.station.archive_address, "aet", ""),
            performing_physician=series.performing_physician,
            operators_name=series.operators_name,
        )
        self.series.append(performed)
        self.scans.append(scan)
        instances = self._created(islice(scan, images), performed)
        assert self.station.archive is not None
        receipt = Receipt()
        try:
            self.station.archive.store(instances, progress=progress, receipt=receipt)
        except (UnreachableError, PeerError) as error:
            # A modality does not lose a scan because the archive is away: the rest is made, and all of it waits.
            self.unreachable = self.unreachable or isinstance(error, UnreachableError)
            self.problems.append(str(error))
            for _ in instances:
                pass
            for _, uid in performed.images:
                receipt.fail(uid, error)
        finally:
            # An interruption too leaves behind what was stored before it.
            note_receipt(self.station, receipt)
            self.receipt.add(receipt)
        return receipt

    def _created(self, scan: Iterable[PreparedInstance], performed: PerformedSeries) -> Iterator[PreparedInstance]:
        """The instances of a scan, each on disk and in the performed series before anybody sends it."""
        for instance in scan:
            self.station.pending.put(instance, commit_wanted=self.station.commitment is not None)
            performed.images.append((instance.sop_class_uid, instance.sop_instance_uid))
            yield instance

    def commit(self, *, timeout_s: float = 30.0) -> Outcome:
        """Ask for the commitment of all that this step stored, and wait for the answer (RAD-10).

        Raises:
            UsageError: the station asks nobody for commitment.
            UnreachableError: the archive does not answer.
            PeerError: it refused, or did not answer properly.
        """
        stored = set(self.receipt.stored)
        return self.station.commit(
            [one for each in self.series for one in each.images if one[1] in stored], timeout_s=timeout_s
        )


def check_reason(code: str) -> None:
    """Check a reason for discontinuation.

    Raises:
        UsageError: the code is none of CID 9300.
    """
    if code not in DISCONTINUATION_REASONS:
        known = "; ".join(f"{value} {meaning}" for value, meaning in DISCONTINUATION_REASONS.items())
        raise UsageError(f"{code!r} is no reason of CID 9300; there is {known}")


def kind_of(modality: str) -> str:
    """The kind that makes images of a modality.

    Raises:
        UsageError: there is none.
    """
    for name in KINDS.names():
        if KINDS.load(name).modality == modality:
            return name
    raise UsageError(f"no kind makes images of modality {modality or '(none)'!r}; there is {', '.join(KINDS.names())}")
