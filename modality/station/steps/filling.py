"""What is acquired in a performed step: series by series, in each study that it fills, stored as it is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from modality.acquisition.digest import content_digest
from modality.acquisition.frames import Acquisition
from modality.delivery.signals import uninterrupted
from modality.errors import PeerError, UnreachableError, UsageError, WorkflowError
from modality.identity import Patient
from modality.iods.context import Context, PerformedStep, Series
from modality.iods.context import Study as StudyContext
from modality.iods.kind import Kind
from modality.iods.reports.source import about as reported_on
from modality.protocol.performed_step import PerformedSeries
from modality.protocol.worklist import ScheduledStep
from modality.registry import KINDS
from modality.station.begun import last_series_number, study_began
from modality.station.pending import note_receipt
from modality.station.steps.scanning import Encoding, offset
from modality.station.steps.studies import FilledStudy, Grouping, check_group, filled_studies, scheduled_key
from modality.station.study import Scan
from modality.transfer.destination import Progress, Receipt
from modality.transfer.instance import PreparedInstance

if TYPE_CHECKING:
    from modality.station.station import Station


class FilledStep:
    """The part of a performed step that is filled; `Performed` begins and ends it.

    Args:
        station: who performs it.
        steps: the scheduled steps that it answers, of one patient and modality.
        number: its number among those of the station, from 1.
        description: Performed Procedure Step Description; the scheduled one by default.
        grouping: the images in one study, or in one for each scheduled step.
        append: it continues studies that the station has begun before.

    Raises:
        UsageError: the scheduled steps cannot be performed as one.
    """

    def __init__(
        self,
        station: Station,
        steps: Sequence[ScheduledStep],
        number: int,
        *,
        description: str = "",
        grouping: Grouping = "one",
        append: bool = False,
    ) -> None:
        check_group(steps)
        self.station = station
        self.steps = tuple(steps)
        step = self.step = self.steps[0]
        order = (step.study_uid, step.accession_number, step.patient.patient_id)
        self.identity = station.identity.within("step", str(number), step.step_id, *order)
        self.number, self.given_description, self.grouping, self.append = number, description, grouping, append
        if append and (times := station.history.times_performed(scheduled_key(step))):
            self.identity = self.identity.within("again", str(times))  # a later run numbers its steps from 1 too
        self.uid = ""
        self.studies = filled_studies(self.steps, grouping, self._made_study)
        self.study_uid = self.studies[0].uid
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
        self._acquired = 0
        self._known: dict[str, tuple[datetime, int]] = {}

    def _made_study(self, number: int) -> str:
        return self.identity.uid("study", number) if number else self.identity.uid("study")

    @property
    def patient(self) -> Patient:
        """Whom the step is for."""
        return self.step.patient

    def _check_in_progress(self) -> None:
        if self.state != "IN PROGRESS":
            raise WorkflowError(
                f"the performed step {self.step_id} is {self.state or 'not begun'}; nothing can join it"
            )
        if self.station.archive is None:
            raise UsageError(f"station {self.station.aet} has no archive to store to")

    def _seed(self) -> int:
        return self.identity.number(f"series {self._acquired + 1}", 2**48)

    def _fill(
        self,
        kind: Kind,
        acquisition: Acquisition,
        encoding: Encoding,
        description: str,
        protocol: str,
        progress: Progress | None,
        *,
        half: bool,
        about: Mapping[str, Scan] | None = None,
    ) -> Receipt:
        """Make an acquisition's images in each study, and store them.

        What is a report is about the series of the same study in `about`.
        """
        self._acquired += 1
        receipt = Receipt()
        done = self.receipt.dealt_with
        for study in self.studies:
            source = (about or {}).get(study.uid)
            own = reported_on(acquisition, source.acquisition, source.context) if source else acquisition
            content = "".join((content_digest(own, encoding.assignments), *encoding.finish.scope))
            scanned = "-".join(filter(None, (kind.name, getattr(own.phantom, "name", ""))))
            named = protocol or self.description or scanned
            context = self._context(study, description, named, content)
            syntax = encoding.transfer_syntax or kind.default_syntax
            written: dict[str, Any] = {"assignments": encoding.assignments, "finish": encoding.finish}
            scan = Scan(kind, own, context, syntax, encoding.quality, **written)
            images = (len(scan) + 1) // 2 if half else len(scan)
            receipt.add(self._store(scan, progress and offset(progress, done), images))
            done += images
        return receipt

    def _begun(self, study: FilledStudy) -> tuple[datetime, int]:
        """When a study began, and the highest Series Number in it so far."""
        assert self.started is not None
        if study.uid not in self._known:
            began = study_began(self.station, study.uid, self.started) if study.scheduled else self.started
            others = last_series_number(self.station, study.uid) if began != self.started else 0
            ours = self.station.history.series_number(study.uid) if self.append else 0
            self._known[study.uid] = (began, max(others, ours))
        return self._known[study.uid]

    def _context(self, study: FilledStudy, description: str, protocol_name: str, content: str) -> Context:
        assert self.started is not None
        began, before = self._begun(study)
        number = before + self._acquired
        self.station.history.numbered(study.uid, number)
        order = study.steps[0]
        identity = self.identity.within("series", str(number), content)
        if study is not self.studies[0]:
            identity = identity.within("study", study.uid)
        filled = StudyContext(
            uid=study.uid,
            started=began,
            study_id=self.study_id,
            accession_number=order.accession_number,
            description=order.requested_procedure_description or self.description,
            referring_physician=order.referring_physician,
            requests=study.requests,
        )
        series = Series(
            uid=identity.uid("series"),
            number=number,
            started=self.station.clock(),
            frame_of_reference_uid=self.identity.uid("frame of reference"),
            description=description,
            protocol_name=protocol_name,
            performed_step=PerformedStep(self.uid, self.step_id, self.started, self.description),
            performing_physician=order.performing_physician,
        )
        return Context(self.patient, filled, series, identity, self.station.equipment)

    def beside(self, study: FilledStudy, description: str) -> Context:
        """The context of one more series in a study, which belongs to no performed step."""
        self._acquired += 1
        context = self._context(study, description, "", description)
        return replace(context, series=replace(context.series, performed_step=None))

    def _store(self, scan: Scan, progress: Progress | None, images: int) -> Receipt:
        series = scan.context.series
        about: dict[str, Any] = {
            "protocol_name": series.protocol_name,
            "description": series.description,
            "retrieve_aet": getattr(self.station.archive_address, "aet", ""),
            "performing_physician": series.performing_physician,
            "operators_name": series.operators_name,
        }
        first = len(self.series)
        performed = self._performed(series.uid, about)
        self.scans.append(scan)
        instances = self._created(islice(scan, images), performed, about)
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
            for _, uid in (image for one in self.series[first:] for image in one.images):
                receipt.fail(uid, error)
        finally:
            # An interruption too leaves behind what was stored before it.
            note_receipt(self.station, receipt)
            self.receipt.add(receipt)
        return receipt

    def _performed(self, uid: str, about: Mapping[str, Any]) -> PerformedSeries:
        performed = PerformedSeries(uid, **about)
        self.series.append(performed)
        if self.uid:
            self.station.reports.queue.series(self.uid, uid, dict(about))
        return performed

    def _created(
        self, scan: Iterable[PreparedInstance], first: PerformedSeries, about: Mapping[str, Any]
    ) -> Iterator[PreparedInstance]:
        """The instances of a scan, each on disk and in its performed series before anybody sends it."""
        series = {first.uid: first}
        for instance in scan:
            performed = series.get(instance.series_uid)
            if performed is None:  # raw images stand in a series beside that of the pictures
                description = str(instance.dataset().get("SeriesDescription") or "")
                performed = self._performed(instance.series_uid, {**about, "description": description})
                series[performed.uid] = performed
            with uninterrupted():  # what is kept is sent in the end: the step has to name it
                self.station.pending.put(
                    instance,
                    commit_wanted=self.station.commitment is not None,
                    step_uid=self.uid,
                    series_uid=performed.uid,
                )
                performed.images.append((instance.sop_class_uid, instance.sop_instance_uid))
            yield instance


def kind_of(modality: str) -> str:
    """The kind that makes images of a modality.

    Raises:
        UsageError: there is none.
    """
    # CT before enhanced-ct: the kind that bears the modality's name is the one that every archive takes.
    for name in sorted(KINDS.names(), key=lambda name: name.upper() != modality):
        if KINDS.load(name).modality == modality:
            return name
    raise UsageError(f"no kind makes images of modality {modality or '(none)'!r}; there is {', '.join(KINDS.names())}")
