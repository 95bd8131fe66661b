"""DICOM objects to an archive: stored, and confirmed as the configuration wants."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from modality.delivery.outbox.deliveries import Deliveries
from modality.delivery.outbox.item import Delivery
from modality.edge.config import ArchiveConfig, BoxConfig
from modality.edge.delivering.worker import Worker
from modality.edge.events import Events
from modality.errors import (
    InputError,
    PeerError,
    StorageFailed,
    UnreachableError,
    counted,
)
from modality.identity import fresh_uid
from modality.network.address import DicomAddress, WebAddress
from modality.network.destinations import archive as archive_at
from modality.network.local import Local, Timeouts
from modality.protocol.commitment import FAILURE_REASONS, CommitmentReport
from modality.transfer.destination import Receipt
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read

_TIMEOUTS = Timeouts(connect_s=5.0, association_s=5.0, response_s=30.0)
_STORED_AT_ONCE = 32
_CONFIRMED_AT_ONCE = 200
# How long the association of a request is kept for its report: where we listen too, and where it can come no other way.
_SAME_ASSOCIATION_S, _ONLY_ASSOCIATION_S = 1.0, 2.0
_LOOKED_FOR = 5  # an archive may list later than it answers: so often is looked before an object is stored again


class ArchiveWorker(Worker):
    """Delivers to one archive.

    Args:
        config: the archive's.
        box: the box's.
        deliveries: what is due.
        events: hears what becomes of it.
        listens: reports of commitment can come on associations of the archive's own.
    """

    def __init__(
        self, config: ArchiveConfig, box: BoxConfig, deliveries: Deliveries, events: Events, *, listens: bool
    ) -> None:
        super().__init__(config.name, box, deliveries, events)
        address = config.parsed
        assert isinstance(address, (DicomAddress, WebAddress))  # checked with the configuration
        self._address, self._config, self._listens = address, config, listens
        self._local = Local(box.aet, timeouts=_TIMEOUTS)
        self._archive = archive_at(address, local=self._local)
        self._asked: dict[str, float] = {}
        self._looked: dict[str, int] = {}

    def patience(self) -> float:
        """Until a report is overdue, or the archive is looked into again."""
        again = self._box.retry_s if self._looked else super().patience()
        oldest = min(list(self._asked.values()), default=None)
        if oldest is not None:
            again = min(again, oldest + self._config.confirm_s - time.monotonic())
        return max(0.05, again)

    def deliver(self) -> bool:
        """Store what is due, then confirm what is stored.

        Raises:
            ModalityError: the archive cannot be used now.
        """
        due = self.due(_STORED_AT_ONCE)
        if due:
            self._store(due)
        self._confirm()
        return len(due) == _STORED_AT_ONCE

    def _store(self, due: list[Delivery]) -> None:
        receipt, noted = Receipt(), 0
        of = {delivery.uid: delivery for delivery in due}
        self._events.tell("sending", self.name, counted(len(due), "object"), uids=tuple(of))

        def note(_: int = 0) -> None:
            nonlocal noted
            new, noted = receipt.stored[noted:], len(receipt.stored)
            if new:
                self._deliveries.stored(self.name, new)
                for uid in new:
                    self._events.tell("stored", self.name, "stored", uid=of[uid].item_uid, object=uid)

        try:
            self._archive.store(self._instances(due), progress=note, receipt=receipt)
        finally:
            note()
            self._not_stored(receipt, of)

    def _instances(self, due: Iterable[Delivery]) -> Iterator[PreparedInstance]:
        for delivery in due:
            try:
                instance = read(delivery.path)
                if instance.sop_instance_uid != delivery.uid:
                    raise InputError(f"{delivery.path}: holds another instance than its name says")
            except InputError as error:
                self.lost(delivery, str(error))
            else:
                yield instance

    def _not_stored(self, receipt: Receipt, of: dict[str, Delivery]) -> None:
        """What the archive refused steps aside; of what broke off, the first one, on which it broke.

        Raises:
            PeerError: the archive is out of resources, or the connection broke: the rest waits.
        """
        away = ""
        problems = dict(receipt.failed)
        for status, uids in receipt.refused.items():
            comment = receipt.comments.get(status, "")
            text = f"refused with status {status:04X}H{f' ({comment})' if comment else ''}"
            problems.update(dict.fromkeys(uids, text))
        for uid, problem in problems.items():
            if uid not in receipt.retryable:
                self.refused(of[uid], problem)
            elif not away:
                away = problem
                if uid in receipt.failed:
                    self.refused(of[uid], problem, broken=True)
        if away:
            raise PeerError(away)

    # Confirming.

    def _confirm(self) -> None:
        stored = self._deliveries.unconfirmed(self.name, limit=_CONFIRMED_AT_ONCE)
        if not stored:
            self._asked.clear()
            return
        if self._config.confirmation == "none":
            self._confirmed(stored, "none")
        elif self._config.confirmation == "query":
            self._look_for(stored)
        else:
            self._commit(stored)

    def _confirmed(self, deliveries: Iterable[Delivery], how: str) -> None:
        done = list(deliveries)
        if not done:
            return
        self._deliveries.confirmed(self.name, [one.uid for one in done], how)
        for one in done:
            self._asked.pop(one.uid, None)
            self._looked.pop(one.uid, None)
            self._events.tell("delivered", self.name, f"confirmed: {how}", uid=one.item_uid)

    def _commit(self, stored: list[Delivery]) -> None:
        """Ask for those not asked for yet; those of which no report came in time are looked for."""
        now = time.monotonic()
        late = [one for one in stored if one.uid in self._asked and now - self._asked[one.uid] > self._config.confirm_s]
        if late:
            self._look_for(late)
        new = [one for one in stored if one.uid not in self._asked]
        if new:
            self._ask(new)

    def _ask(self, new: list[Delivery]) -> None:
        from modality.network.commitment import request_commitment  # loads pynetdicom

        assert isinstance(self._address, DicomAddress)
        transaction_uid = fresh_uid()
        uids = [one.uid for one in new]
        self._deliveries.asked(self.name, transaction_uid, uids)
        self._asked.update(dict.fromkeys(uids, time.monotonic()))
        wait = _SAME_ASSOCIATION_S if self._listens else _ONLY_ASSOCIATION_S
        try:
            request_commitment(
                self._address, transaction_uid, [(one.class_uid, one.uid) for one in new], self._local, self.take,
                wait_s=min(wait, self._config.confirm_s), answered=lambda: not self._open(uids),
            )  # fmt: skip
        except PeerError as error:
            self._events.tell("uncommitted", self.name, f"{error}; asked by query instead")
            self._asked.update(dict.fromkeys(self._open(uids), float("-inf")))
        except UnreachableError:
            for uid in uids:
                self._asked.pop(uid, None)
            raise
        if not self._listens:
            self._asked.update(dict.fromkeys(self._open(uids), float("-inf")))

    def _open(self, uids: Iterable[str]) -> list[str]:
        """Those of which no report has spoken."""
        return [uid for uid in uids if uid in self._asked]

    def take(self, report: CommitmentReport) -> bool:
        """Take a report, in whichever thread it comes; whether anything was asked in its transaction."""
        try:
            destination, asked = self._deliveries.asked_in(report.transaction_uid)
            if destination != self.name:
                return False
            stored = {one.uid: one for one in self._deliveries.unconfirmed(self.name, limit=_CONFIRMED_AT_ONCE)}
            self._confirmed([stored[uid] for uid in asked & report.committed & stored.keys()], "commitment")
            for uid in asked & report.failed.keys() & stored.keys():
                code = report.failed[uid]
                self._asked.pop(uid, None)
                self.refused(stored[uid], f"not committed: {FAILURE_REASONS.get(code, f'{code:04X}H')}")
        except StorageFailed:
            return False  # the archive is told that it failed, and may report again
        self.wake()
        return True

    def _look_for(self, stored: list[Delivery]) -> None:
        """Ask the archive by query; what it lists is there, what it does not list for long is stored again."""
        studies: dict[str, list[Delivery]] = {}
        for one in stored:
            studies.setdefault(one.study_uid, []).append(one)
        for study_uid, deliveries in studies.items():
            there = self._listed(study_uid)
            self._confirmed([one for one in deliveries if one.uid in there], "query")
            for one in deliveries:
                if one.uid not in there:
                    self._not_there(one)

    def _not_there(self, one: Delivery) -> None:
        looked = self._looked[one.uid] = self._looked.get(one.uid, 0) + 1
        if looked >= _LOOKED_FOR:
            self._looked.pop(one.uid)
            self._asked.pop(one.uid, None)
            self.refused(one, "stored with success, and not listed by a query")

    def _listed(self, study_uid: str) -> set[str]:
        """The instances of a study that the archive lists.

        Raises:
            ModalityError: it cannot be asked.
        """
        if isinstance(self._address, DicomAddress):
            from modality.network.query import find_instances  # loads pynetdicom

            return set(find_instances(self._address, study_uid, self._local))
        from modality.network.dicomweb.client import DicomWebClient, value

        with DicomWebClient(self._address, self._local) as client:
            return {value(match, "00080018") for match in client.search_instances(study_uid)}


def reports_to(workers: Iterable[ArchiveWorker]) -> Callable[[CommitmentReport], bool]:
    """What takes a report for whichever archive was asked."""
    those = list(workers)
    return lambda report: any(worker.take(report) for worker in those)
