"""One performed step: begun, filled with series, and brought to its end whatever happens (RAD-6 to RAD-8, RAD-10)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset

from modality.errors import ModalityError, UsageError, WorkflowError
from modality.network.address import DicomAddress
from modality.protocol.performed_step import (
    DISCONTINUATION_REASONS,
    UNSPECIFIED_REASON,
    PerformedSeries,
    StepStart,
    create,
    finish,
)
from modality.protocol.worklist import ScheduledStep
from modality.station.commit import Outcome
from modality.station.steps.acquiring import AcquiredStep
from modality.station.steps.filling import kind_of
from modality.station.steps.reporting import Told
from modality.station.steps.studies import Grouping, scheduled_key

__all__ = ["Performed", "check_reason", "kind_of"]

if TYPE_CHECKING:
    from modality.station.station import Station


class Performed(AcquiredStep):
    """A performed procedure step; a context manager, made by `Station.perform`.

    Attributes:
        uid: SOP Instance UID of the MPPS instance; empty when nobody is told of it.
        study_uid: Study Instance UID, the worklist's or made here; the first of `studies`.
        studies: the studies that it fills, one unless a group is performed once for each request.
        state: empty before the step begins, then IN PROGRESS, COMPLETED or DISCONTINUED.
        series: the series acquired so far, with the instances created.
        scans: the scan behind each of them; it gives the same instances again.
        receipt: what the archive did with them.
        problems: what went wrong without ending the step, one line each.
        reported: whether the RIS knows all: "told", "waiting", "refused", or "nobody" to be told.
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
        super().__init__(station, steps, number, description=description, grouping=grouping, append=append)
        self.uid = self.identity.uid("performed step") if station.mpps else ""
        self.reported = "told" if station.mpps else "nobody"
        self._reason: str | None = None
        self._committed: frozenset[str] = frozenset()

    @property
    def reason(self) -> str:
        """Why it is, or will be, discontinued: a code of CID 9300; empty where it is not."""
        return self._reason or ""

    def __enter__(self) -> Performed:
        if self.state:
            raise WorkflowError(f"the performed step {self.step_id} is already {self.state}")
        self.started = self.station.clock()
        if self.station.mpps:
            studies = [(step, study.uid) for study in self.studies for step in study.steps]
            order = sorted(studies, key=lambda one: self.steps.index(one[0]))
            start = StepStart(
                station_aet=self.station.aet,
                modality=self.step.modality or "OT",
                step_id=self.step_id,
                study_uid=order[0][1],
                study_id=self.study_id,
                started=self.started,
                scheduled=self.step,
                description=self.description,
                station_name=self.station.equipment.station_name,
                also=tuple(order[1:]),
            )
            self._begin(self.station.mpps, create(start))
        for step in self.steps:
            if key := scheduled_key(step):
                self.station.history.performed(key)
        self.state = "IN PROGRESS"
        return self

    def _begin(self, mpps: DicomAddress, attributes: Dataset) -> None:
        try:
            self.note(self.station.reports.begin(self.uid, mpps, attributes))
        except ModalityError:
            raise
        except BaseException:  # interrupted: the RIS may have heard of the step, and is told of its end
            self._reason = UNSPECIFIED_REASON
            with suppress(ModalityError):
                self._finish()
            raise

    def note(self, told: Told, what: str = "performed step") -> None:
        """Note what the RIS was not told of the performed step, or of what else goes with it."""
        was_waiting = self.reported == "waiting"
        if what == "performed step":
            self.reported = "refused" if told.refused else "waiting" if told.problems else "told"
        self.unreachable = self.unreachable or told.unreachable
        self.problems += [
            f"{message.operation} of the {what} was refused, and is kept as such: {why}"
            for message, why in told.refused
        ]
        if not was_waiting:
            self.problems += [
                f"the RIS is told of the {what} later, by --resume or the next run: {one}" for one in told.problems
            ]

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
            self.note(self.station.reports.end(self.uid, changes))
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

    def ordered_anew(self, steps: Sequence[ScheduledStep]) -> Performed:
        """This step, not begun yet, for scheduled steps as the RIS has them by now.

        Raises:
            WorkflowError: it has begun.
        """
        if self.state:
            raise WorkflowError(f"the performed step {self.step_id} is already {self.state}")
        return Performed(
            self.station,
            steps,
            self.number,
            description=self.given_description,
            grouping=self.grouping,
            append=self.append,
        )

    def commit(self, *, timeout_s: float = 30.0, begun: Callable[[str], None] | None = None) -> Outcome:
        """Ask for the commitment of all that this step stored and that is not committed yet, and wait (RAD-10).

        Args:
            timeout_s: for the report.
            begun: told the Transaction UID before the request goes out.

        Raises:
            UsageError: the station asks nobody for commitment.
            UnreachableError: the archive does not answer.
            PeerError: it refused, or did not answer properly.
        """
        stored = set(self.receipt.stored) - self._committed
        outcome = self.station.commit(
            [one for each in self.series for one in each.images if one[1] in stored], timeout_s=timeout_s, begun=begun
        )
        self._committed |= outcome.committed
        return outcome


def check_reason(code: str) -> None:
    """Check a reason for discontinuation.

    Raises:
        UsageError: the code is none of CID 9300.
    """
    if code not in DISCONTINUATION_REASONS:
        known = "; ".join(f"{value} {meaning}" for value, meaning in DISCONTINUATION_REASONS.items())
        raise UsageError(f"{code!r} is no reason of CID 9300; there is {known}")
