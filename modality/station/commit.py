"""Commitment transactions of a station: asked, answered on whichever association, and known after a restart."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from modality.delivery.pending import PendingInstances
from modality.errors import AssociationAborted, ModalityError, ResponseTimeout, counted
from modality.identity import fresh_uid
from modality.network.address import DicomAddress
from modality.network.commitment import CommitmentListener, request_commitment
from modality.network.local import Local
from modality.protocol.commitment import FAILURE_REASONS, CommitmentReport


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request for commitment.

    Args:
        transaction_uid: its Transaction UID.
        committed: SOP Instance UIDs that the archive took responsibility for.
        failed: Failure Reason by SOP Instance UID.
        unanswered: SOP Instance UIDs of which no report spoke within the time.
    """

    transaction_uid: str
    committed: frozenset[str] = frozenset()
    failed: Mapping[str, int] = field(default_factory=dict)
    unanswered: frozenset[str] = frozenset()

    @property
    def complete(self) -> bool:
        """All that was asked for is committed."""
        return not self.failed and not self.unanswered

    def followed_by(self, later: Outcome) -> Outcome:
        """What is known after a later request, which asked for what was left."""
        committed = self.committed | later.committed
        failed = {uid: why for uid, why in {**self.failed, **later.failed}.items() if uid not in committed}
        unanswered = (self.unanswered | later.unanswered) - committed - failed.keys()
        return Outcome(later.transaction_uid, committed, failed, unanswered)

    @property
    def problems(self) -> list[str]:
        """What is not committed, and why, a line for each reason."""
        reasons = Counter(map(_reason, self.failed.values()))
        lines = [f"commitment of {counted(count, 'image')} failed: {reason}" for reason, count in reasons.items()]
        if self.unanswered:
            lines.append(f"no commitment of {counted(len(self.unanswered), 'image')} within the time; it stays pending")
        return lines


def _reason(code: int) -> str:
    return FAILURE_REASONS.get(code, f"{code:04X}H")


class Commitments:
    """Asks for commitments and takes the reports.

    Args:
        local: who asks.
        pending: knows what was asked for, across restarts.
        listen: port for reports on the archive's own associations, from the first request on; None for none.
        host: the interface listened on.
    """

    def __init__(self, local: Local, pending: PendingInstances, listen: int | None, host: str = "127.0.0.1") -> None:
        self.local, self.pending, self.listen, self.host = local, pending, listen, host
        self._listener: CommitmentListener | None = None
        self._lock = threading.Condition()
        self._reports: dict[str, list[CommitmentReport]] = {}
        self._waiting: set[str] = set()

    def open(self) -> None:
        """Begin to listen, where the station does.

        Raises:
            UsageError: the port cannot be had.
        """
        if self.listen is not None and self._listener is None:
            self._listener = CommitmentListener(self.local, self.listen, self.take, host=self.host)

    @property
    def port(self) -> int | None:
        """The port it listens on; None when it does not."""
        return self._listener.port if self._listener else None

    def take(self, report: CommitmentReport) -> bool:
        """Take a report: what it commits may go, what it refuses is sent again; false for an unknown transaction.

        A report that comes again, after its transaction was answered, changes nothing and is no error: the archive may
        not have had our answer to the first.
        """
        uid = report.transaction_uid
        counts = len(report.committed), len(report.failed)
        asked = self.pending.asked_in(uid)
        if not asked:
            known = self.pending.was_answered(uid)
            self.pending.record(uid, "again" if known else "unknown", *counts)
            return known
        self.pending.failed(
            (uid, f"not committed: {_reason(why)}") for uid, why in report.failed.items() if uid in asked
        )
        self.pending.committed(asked & report.committed)
        self.pending.record(uid, "in time" if uid in self._waiting else "late", *counts)
        with self._lock:
            self._reports.setdefault(uid, []).append(report)
            if self.pending.answered(uid, asked & {*report.committed, *report.failed}):
                self.pending.retire(uid, answered=True)
            self._lock.notify_all()
        return True

    def _spoken_of(self, transaction_uid: str) -> set[str]:
        reports = self._reports.get(transaction_uid, [])
        return {uid for report in reports for uid in (*report.committed, *report.failed)}

    def ask(
        self,
        archive: DicomAddress,
        instances: list[tuple[str, str]],
        *,
        timeout_s: float,
        begun: Callable[[str], None] | None = None,
    ) -> Outcome:
        """Ask, and wait for the report on our association or on the archive's.

        Args:
            archive: who is asked.
            instances: SOP Class and Instance UIDs.
            timeout_s: for the report.
            begun: told the Transaction UID before the request goes out: one that is refused has one too.

        Raises:
            UsageError: the port to listen on cannot be had.
            ModalityError: the request failed; its transaction UID is retired.
        """
        asked = {uid for _, uid in instances}
        transaction_uid = fresh_uid()
        if not asked:
            return Outcome(transaction_uid)
        self.open()
        if begun:
            begun(transaction_uid)
        self.pending.asked(transaction_uid, asked)
        self._waiting.add(transaction_uid)
        until = time.monotonic() + timeout_s

        def answered() -> bool:
            with self._lock:
                return asked <= self._spoken_of(transaction_uid)

        try:
            request_commitment(
                archive, transaction_uid, instances, self.local, self.take, wait_s=timeout_s, answered=answered
            )
        except ModalityError as error:
            if not answered():
                # Where the request may have arrived, and only its response is missing, a report can still come.
                if not isinstance(error, (AssociationAborted, ResponseTimeout)):
                    self.pending.retire(transaction_uid)
                raise
        with self._lock:
            if self._listener:
                self._lock.wait_for(
                    lambda: asked <= self._spoken_of(transaction_uid), timeout=max(0.0, until - time.monotonic())
                )
            self._waiting.discard(transaction_uid)
            return self._outcome(transaction_uid, asked)

    def _outcome(self, transaction_uid: str, asked: set[str]) -> Outcome:
        committed: set[str] = set()
        failed: dict[str, int] = {}
        for report in self._reports.pop(transaction_uid, []):
            committed |= asked & report.committed
            failed |= {uid: why for uid, why in report.failed.items() if uid in asked}
        return Outcome(transaction_uid, frozenset(committed), failed, frozenset(asked - committed - failed.keys()))

    def close(self) -> None:
        """Stop listening."""
        if self._listener:
            self._listener.close()
            self._listener = None
