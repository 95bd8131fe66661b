"""A station: the acquisition modality of IHE's Scheduled Workflow (RAD-5 to RAD-8, RAD-10)."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modality.delivery.history import StudyHistory
from modality.delivery.pending import PendingInstances
from modality.errors import AddressError, UsageError
from modality.identity import Clock, Identity, fresh_seed, system_clock
from modality.iods.context import Equipment
from modality.network.address import Address, DicomAddress, WebAddress, ae_title, parse, parse_dicom
from modality.network.destinations import destination
from modality.network.local import Local, Timeouts
from modality.network.worklist import query_worklist
from modality.protocol.upper_layer.user_information import UserIdentity
from modality.protocol.worklist import ScheduledStep, WorklistQuery, parse_date
from modality.station.commit import Commitments, Outcome
from modality.station.pending import Settled, settle
from modality.station.performed import Performed
from modality.station.steps.evidence import Evidence
from modality.station.steps.reporting import StepReports, Told
from modality.station.steps.studies import Grouping
from modality.transfer.destination import Destination, Progress

if TYPE_CHECKING:
    import ssl


class Station:
    """A modality with an AE title, the RIS that tells it what to scan, and the archive that keeps what it scanned.

    Args:
        aet: its AE title.
        ris: asked for the worklist; at http(s):// for its unified worklist only (UPS-RS).
        archive: takes the images; a DICOM address or a folder.
        mpps: told of performed steps; the RIS unless told otherwise, None for nobody.
        commitment: asked for storage commitment; the archive unless told otherwise, None for nobody.
        listen: port for reports on associations of the archive's own; None waits on our own association only.
        listen_host: the interface listened on; an archive on another machine needs another than loopback.
        state: folder for what must survive a restart; a temporary one by default, gone with the station.
        seed: what identity and noise come from; a new one by default.
        clock: gives the date and time.
        equipment: what the images say of the machine.
        timeouts: how long peers are waited for.
        tls: what secures connections to `dicoms://` addresses; the system's certificates by default.
        user: on whose behalf peers are called; nobody's by default.

    Raises:
        UsageError: an address or the AE title is wrong, or the state folder cannot be used.
    """

    def __init__(
        self,
        aet: str,
        *,
        ris: str | DicomAddress | WebAddress | None = None,
        archive: str | Address | None = None,
        mpps: str | DicomAddress | None = "ris",
        commitment: str | DicomAddress | None = "archive",
        listen: int | None = None,
        listen_host: str = "127.0.0.1",
        state: Path | str | None = None,
        seed: int | None = None,
        clock: Clock = system_clock,
        equipment: Equipment | None = None,
        timeouts: Timeouts | None = None,
        tls: ssl.SSLContext | None = None,
        user: UserIdentity | None = None,
    ) -> None:
        self.local = Local(ae_title(aet), timeouts or Timeouts(), tls, user)
        self.ris = _worklist(ris)
        self.archive_address = parse(archive) if isinstance(archive, str) else archive
        self.archive: Destination | None = None
        if self.archive_address is not None:
            self.archive = destination(self.archive_address, self.local)
        if mpps == "ris":
            self.mpps = self.ris if isinstance(self.ris, DicomAddress) else None
        else:
            self.mpps = _dicom(mpps)
        if commitment == "archive":
            self.commitment = self.archive_address if isinstance(self.archive_address, DicomAddress) else None
        else:
            self.commitment = _dicom(commitment)
        self.clock = clock
        self.identity = Identity(fresh_seed() if seed is None else seed, ("station", self.local.aet))
        self.equipment = equipment or Equipment(station_name=self.local.aet)
        self._clean: Callable[[], object] = lambda: None
        if state is None:
            state = Path(tempfile.mkdtemp(prefix="modality-"))
            # Nobody has to close a station, and one that is forgotten is no reason to warn.
            self._clean = weakref.finalize(self, shutil.rmtree, state, ignore_errors=True)
        self.pending = PendingInstances(Path(state))
        self.history = StudyHistory(self.pending.database)
        self.reports = StepReports(self.local, self.pending.steps)
        self.evidence = Evidence()
        self.commitments = Commitments(self.local, self.pending, listen, listen_host)
        self._performed = 0

    @property
    def aet(self) -> str:
        """Our AE title."""
        return self.local.aet

    def worklist(
        self,
        *,
        date: str | date | None = "today",
        modality: str = "",
        station_aet: str | None = None,
        patient_id: str = "",
        patient_name: str = "",
        accession_number: str = "",
        requested_procedure_id: str = "",
    ) -> list[ScheduledStep]:
        """The scheduled steps that match, oldest first (RAD-5).

        Args:
            date: scheduled start: a date, or as text `today`, `any`, YYYY-MM-DD, or a range A..B.
            modality: Modality; any by default.
            station_aet: Scheduled Station AE Title; this station's own by default, empty for any.
            patient_id: Patient ID.
            patient_name: Patient's Name, with wildcards.
            accession_number: Accession Number.
            requested_procedure_id: Requested Procedure ID.

        Raises:
            UsageError: the station has no RIS, or the date is none.
            UnreachableError: the RIS does not answer.
            PeerError: it refused, or did not answer properly.
        """
        if self.ris is None:
            raise UsageError(f"station {self.aet} has no RIS to ask for a worklist")
        if isinstance(self.ris, WebAddress):
            raise UsageError(
                f"{self.ris}: a modality worklist is asked over DIMSE; on the web there are workitems: --ups"
            )
        query = WorklistQuery(
            date=parse_date(date, self.clock().date()) if isinstance(date, str) else date,
            modality=modality,
            station_aet=self.aet if station_aet is None else station_aet,
            patient_id=patient_id,
            patient_name=patient_name,
            accession_number=accession_number,
            requested_procedure_id=requested_procedure_id,
        )
        return query_worklist(self.ris, query, self.local)

    def perform(
        self,
        step: ScheduledStep | Sequence[ScheduledStep],
        *,
        description: str = "",
        grouping: Grouping = "one",
        append: bool = False,
    ) -> Performed:
        """Perform a scheduled step, or one that `modality.protocol.worklist.unscheduled` stands for.

        The result is a context manager: the step is IN PROGRESS within its block, COMPLETED after it, DISCONTINUED when
        the block raises. A RIS that does not answer is told later, see `tell`.

        Args:
            step: what to perform; several scheduled steps of one patient and modality are performed as one (the group
                case).
            description: Performed Procedure Step Description; the scheduled one by default.
            grouping: the images of a group in "one" study, or once for "each" scheduled step.
            append: the step adds to what was performed of the scheduled step before: the numbers of its series go on.

        Raises:
            UsageError: the scheduled steps cannot be performed as one.
        """
        self._performed += 1
        steps = (step,) if isinstance(step, ScheduledStep) else tuple(step)
        return Performed(self, steps, self._performed, description=description, grouping=grouping, append=append)

    def tell(self, mpps: str | DicomAddress | WebAddress | None = None) -> Told:
        """Tell the RIS what it has not heard yet of performed steps, those of earlier runs included.

        A step that a killed run left in progress is ended as DISCONTINUED, with the instances created in it.

        Args:
            mpps: whom to tell; whom each message was for by default.

        Raises:
            UsageError: the state folder cannot be used.
        """
        self.reports.end_unfinished(self.clock())
        return self.reports.flush(_worklist(mpps))

    def commit(
        self,
        instances: list[tuple[str, str]],
        *,
        timeout_s: float = 30.0,
        begun: Callable[[str], None] | None = None,
    ) -> Outcome:
        """Ask for the commitment of instances (SOP Class and Instance UID), and wait for the answer (RAD-10).

        Raises:
            UsageError: the station asks nobody for commitment.
            UnreachableError: the archive does not answer.
            PeerError: it refused, or did not answer properly.
        """
        if self.commitment is None:
            raise UsageError(f"station {self.aet} has nobody to ask for storage commitment")
        return self.commitments.ask(self.commitment, instances, timeout_s=timeout_s, begun=begun)

    def resume(
        self, *, timeout_s: float = 30.0, mpps: str | DicomAddress | None = None, progress: Progress | None = None
    ) -> Settled:
        """Finish what an earlier run left: store, ask for commitment, and tell the RIS, even if the archive is away.

        Args:
            timeout_s: how long each commitment is waited for.
            mpps: who is told of performed steps; whom each message was for by default.
            progress: called with the number of images dealt with.

        Raises:
            UsageError: the station has no archive.
            UnreachableError: the archive does not answer.
        """
        told = None
        try:
            settled = settle(self, timeout_s=timeout_s, progress=progress)
        finally:
            told = self.tell(mpps)  # after the last attempt to store, which is when a step is over
        settled.told = told
        return settled

    def close(self) -> None:
        """Stop listening, and remove a temporary state folder."""
        self.commitments.close()
        self.reports.queue.close()
        self._clean()

    def __enter__(self) -> Station:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _worklist(address: str | DicomAddress | WebAddress | None) -> DicomAddress | WebAddress | None:
    """Where a RIS is.

    Raises:
        AddressError: there is none at such an address.
        UsageError: a password stands in it, which would be kept on disk with what waits to be told.
    """
    found = parse(address) if isinstance(address, str) else address
    if isinstance(found, Path):
        raise AddressError(f"{found}: a RIS is at dicom://AET@host:port, or at https://... for its unified worklist")
    if isinstance(found, WebAddress) and str(found) != found.url:
        raise UsageError(f"{found}: give the user of a worklist by --user and --passcode-file, not in its address")
    return found


def _dicom(address: str | DicomAddress | None) -> DicomAddress | None:
    return parse_dicom(address) if isinstance(address, str) else address
