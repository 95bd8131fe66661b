"""How the archive commits: N-ACTION in, N-EVENT-REPORT out, on this association or on another (PS3.4 J.3)."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Literal, cast

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dimse_messages import N_EVENT_REPORT_RSP
from pynetdicom.dimse_primitives import N_ACTION, N_EVENT_REPORT
from pynetdicom.dsutils import encode
from pynetdicom.events import Event
from pynetdicom.pdu import P_DATA_TF
from pynetdicom.presentation import build_role
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
)

from modality.protocol.matching import UNREADABLE
from modality.simulated.events import Happening
from modality.simulated.listener import Handler, answer, calling, reachable

if TYPE_CHECKING:
    from modality.simulated.archive.archive import SimulatedArchive

Way = Literal["same", "other", "never"]

# PS3.3 C.14.1.1: Failure Reason.
_NO_SUCH_INSTANCE = 0x0112
_CLASS_CONFLICT = 0x0119
_DUPLICATE_TRANSACTION = 0x0131
# Command Field (0000,0100) of an N-ACTION-RSP, in Implicit VR Little Endian (PS3.7 6.3.1, Table E.1-1).
_N_ACTION_RSP = bytes.fromhex("00000001 02000000 3081")
_REPORT_TIMEOUT_S = 10.0
# Our choice: enough for what runs in a test or a demonstration, and an end to what peers leave behind.
_MOST_WAITING = 100
_MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class _Transaction:
    """A commitment asked for and not yet reported."""

    uid: str
    calling_aet: str
    items: list[tuple[str, str]]
    context_id: int
    association: Association
    answered: threading.Event = field(default_factory=threading.Event)


class Commitment:
    """The storage commitment service of an archive.

    Args:
        archive: whose instances are committed.
        way: on which association it reports.
        delay_s: how long it takes to commit.
    """

    def __init__(self, archive: SimulatedArchive, way: Way, delay_s: float) -> None:
        self._archive = archive
        self._way = way
        self._delay_s = delay_s
        self._lock = threading.Lock()
        self._used: dict[str, None] = {}
        self._asked: list[_Transaction] = []
        self._reported: list[_Transaction] = []
        self._threads: list[threading.Thread] = []

    @property
    def handlers(self) -> list[Handler]:
        """What it listens to."""
        return [
            (evt.EVT_N_ACTION, self._action),
            (evt.EVT_PDU_SENT, self._sent),
            (evt.EVT_DIMSE_RECV, self._received),
        ]

    def stop(self) -> None:
        """Wait for reports under way; the listener has been stopped."""
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _action(self, event: Event) -> tuple[int | Dataset, None]:
        fault = self._archive.listener.apply(event, "action")
        status, comment, transaction = self._accepted(event) if not fault.status else (fault.status, "as asked", None)
        uid = transaction.uid if transaction else ""
        if transaction and self._way != "never" and not self._wait(transaction):
            status, comment = 0x0213, f"{_MOST_WAITING} commitments are waiting"
        self._archive.events.write(Happening("N-ACTION", calling(event), status, uid, comment))
        return answer(status, comment), None

    def _wait(self, transaction: _Transaction) -> bool:
        """Keep a transaction until the response to its N-ACTION has gone; false when there are too many."""
        with self._lock:
            # An association that ended before its response went takes its transactions along.
            self._asked = [one for one in self._asked if one.association.is_established]
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            if len(self._asked) + len(self._threads) >= _MOST_WAITING:
                return False
            self._asked.append(transaction)
        return True

    def _accepted(self, event: Event) -> tuple[int, str, _Transaction | None]:
        """Status of an N-ACTION, why, and what it asks for (PS3.4 J.3.2, PS3.7 C)."""
        request = cast(N_ACTION, event.request)
        if request.ActionTypeID != 1:
            return 0x0123, "the only action type is 1", None
        if request.RequestedSOPInstanceUID != StorageCommitmentPushModelInstance:
            return 0x0112, "not the well-known instance", None
        try:
            information = event.action_information
            uid = str(information.get("TransactionUID") or "")
            items = [
                (str(item.ReferencedSOPClassUID), str(item.ReferencedSOPInstanceUID))
                for item in information.get("ReferencedSOPSequence") or []
            ]
        except UNREADABLE as error:
            return 0x0115, str(error), None
        if not uid or not items:
            return 0x0114, "no Transaction UID or no references", None
        if self._way == "other" and calling(event) not in self._archive.destinations:
            return 0x0110, f"no address is known of {calling(event)}", None
        transaction = _Transaction(uid, calling(event), items, event.context.context_id, event.assoc)
        return 0x0000, "", transaction

    def _sent(self, event: Event) -> None:
        """The response to an N-ACTION has gone: now its report may (a report ahead of it would confuse)."""
        if not (isinstance(event.pdu, P_DATA_TF) and _answers_an_action(event.pdu)):
            return
        with self._lock:
            ready = [one for one in self._asked if one.association is event.assoc]
            self._asked = [one for one in self._asked if one.association is not event.assoc]
            for transaction in ready:
                thread = threading.Thread(target=self._report, args=(transaction,), name=f"commit {transaction.uid}")
                thread.start()
                self._threads.append(thread)

    def _received(self, event: Event) -> None:
        if isinstance(event.message, N_EVENT_REPORT_RSP):
            with self._lock:
                waiting = [one for one in self._reported if one.association is event.assoc]
                self._reported = [one for one in self._reported if one not in waiting[:1]]
            status = int(event.message.command_set.Status)
            for transaction in waiting[:1]:
                self._log(transaction, status, "same association")
                transaction.answered.set()

    def _report(self, transaction: _Transaction) -> None:
        """Say what is committed, on the association that the way asks for."""
        if self._archive.listener.stopping.wait(self._delay_s):
            return
        event_type, information = self._outcome(transaction)
        if self._way == "same" and self._on_same(transaction, event_type, information):
            return
        # The modality may release at any time (PS3.4 J.3.3.1.2, note 1): then only another association is left.
        address = self._archive.destinations.get(transaction.calling_aet)
        if address is None:
            self._log(transaction, None, "released, and no address is known: not reported")
            return
        self._on_other(transaction, address, event_type, information)

    def _on_same(self, transaction: _Transaction, event_type: int, information: Dataset) -> bool:
        association = transaction.association
        context = next((cx for cx in association.accepted_contexts if cx.context_id == transaction.context_id), None)
        if not association.is_established or context is None:
            return False
        syntax = context.transfer_syntax[0]
        request = N_EVENT_REPORT()
        request.MessageID = 1
        request.AffectedSOPClassUID = StorageCommitmentPushModel
        request.AffectedSOPInstanceUID = StorageCommitmentPushModelInstance
        request.EventTypeID = event_type
        encoded = encode(information, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
        request.EventInformation = BytesIO(encoded or b"")
        with self._lock:
            self._reported.append(transaction)
        # Past pynetdicom's own call, which would take the peer's next request for our answer.
        association.dimse.send_msg(request, transaction.context_id)
        waited = 0.0
        while not transaction.answered.wait(0.05):
            waited += 0.05
            if not association.is_established or waited > _REPORT_TIMEOUT_S or self._archive.listener.stopping.is_set():
                with self._lock:  # the answer may have come since, and the release behind it
                    waits = [one for one in self._reported if one is not transaction]
                    answered, self._reported = len(waits) == len(self._reported), waits
                return answered
        return True

    def _on_other(self, transaction: _Transaction, address: str, event_type: int, information: Dataset) -> None:
        if not reachable(address):
            self._log(transaction, None, f"nobody answers at {address}: not reported")
            return
        host, _, port = address.rpartition(":")
        # PS3.4 J.3.3.1.3 and PS3.7 D.3.3.4: the requestor proposes itself as SCP.
        role = build_role(StorageCommitmentPushModel, scu_role=False, scp_role=True)
        context = [cx for cx in self._archive.listener.contexts if cx.abstract_syntax == StorageCommitmentPushModel]
        association = self._archive.listener.ae.associate(
            host, int(port), contexts=context, ae_title=transaction.calling_aet, ext_neg=[role]
        )
        if not association.is_established:
            self._log(transaction, None, f"{address} refuses the association: not reported")
            return
        try:
            status, _ = association.send_n_event_report(
                information, event_type, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
            )
            answered = int(status.Status) if "Status" in status else None
            self._log(transaction, answered, "other association")
        except ValueError as error:
            self._log(transaction, None, f"role refused: {error}")
        except RuntimeError as error:  # the association has ended since we looked
            self._log(transaction, None, f"not reported: {error}")
        finally:
            association.release()

    def _outcome(self, transaction: _Transaction) -> tuple[int, Dataset]:
        """Event type and information: which references are committed, which not and why (PS3.4 J.3.3.1)."""
        with self._lock:
            duplicate = transaction.uid in self._used
            self._used[transaction.uid] = None
            if len(self._used) > _MOST_REMEMBERED:
                del self._used[next(iter(self._used))]
        kept = {
            one.sop_instance_uid: one.sop_class_uid
            for one in self._archive.index.instances({"SOPInstanceUID": [uid for _, uid in transaction.items]})
        }
        committed: list[Dataset] = []
        failed: list[Dataset] = []
        for sop_class, instance in transaction.items:
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
            if duplicate:
                item.FailureReason = _DUPLICATE_TRANSACTION
            elif instance not in kept:
                item.FailureReason = _NO_SUCH_INSTANCE
            elif kept[instance] != sop_class:
                item.FailureReason = _CLASS_CONFLICT
            (failed if "FailureReason" in item else committed).append(item)
        information = Dataset()
        information.TransactionUID = transaction.uid
        information.RetrieveAETitle = self._archive.aet
        if committed:
            information.ReferencedSOPSequence = committed
        if failed:
            information.FailedSOPSequence = failed
        return (2 if failed else 1), information

    def _log(self, transaction: _Transaction, status: int | None, detail: str) -> None:
        self._archive.events.write(
            Happening("N-EVENT-REPORT", transaction.calling_aet, status, transaction.uid, detail)
        )


def _answers_an_action(pdu: P_DATA_TF) -> bool:
    """Whether a PDU holds the response to an N-ACTION, and no report that goes between request and response.

    The response has no data set, and its command fits into one fragment (PS3.7 10.3.5, PS3.8 9.3.5.1 and Annex E.2).
    """
    fragments = (item.presentation_data_value or b"\0" for item in pdu.presentation_data_value_items)
    return any(one[0] & 1 and _N_ACTION_RSP in one for one in fragments)
