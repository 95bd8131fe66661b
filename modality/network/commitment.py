"""Storage commitment as user: the request, and the report on the same or on another association (PS3.4 annex J)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any

from pynetdicom import AE, build_context, evt
from pynetdicom.pdu import P_DATA_TF

from modality.errors import CommitmentRefused, InvalidResponse, UsageError
from modality.network.address import DicomAddress
from modality.network.association import associate
from modality.network.listening import ListeningEntity
from modality.network.local import Local
from modality.protocol.commitment import (
    REQUEST_COMMITMENT,
    STORAGE_COMMITMENT,
    STORAGE_COMMITMENT_INSTANCE,
    CommitmentReport,
    action,
    read_report,
)
from modality.protocol.negotiation import FALLBACKS
from modality.transfer.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

OnReport = Callable[[CommitmentReport], bool]
"""Takes a report; false when nothing is known of its transaction."""

_POLL_S = 0.02
_ANSWER_S = 5.0


def _answer(event: Any, on_report: OnReport) -> tuple[int, None]:
    """Hand a report on, and say how that went (PS3.7 C.5, PS3.4 J.3.3.3: always answered)."""
    if event.request.EventTypeID not in (1, 2):  # PS3.4 Table J.3-2
        return 0x0113, None  # no such event type
    try:
        known = on_report(read_report(event.event_information))
    except InvalidResponse:
        return 0x0115, None  # invalid argument value
    return (0x0000 if known else 0x0110), None  # processing failure


def request_commitment(
    archive: DicomAddress,
    transaction_uid: str,
    instances: Iterable[tuple[str, str]],
    local: Local,
    on_report: OnReport,
    *,
    wait_s: float,
    answered: Callable[[], bool],
) -> None:
    """Ask the archive to commit instances, and keep the association open for a while for its answer.

    Args:
        archive: whom to ask.
        transaction_uid: a UID that was never used.
        instances: SOP Class and Instance UIDs.
        local: who asks.
        on_report: takes a report that comes on this association.
        wait_s: how long the association stays open.
        answered: whether the report has come, on this association or another.

    Raises:
        UnreachableError: nobody answers.
        CommitmentRefused: the archive answered with a failure; the transaction UID is spent.
        PeerError: it did not answer properly.
    """
    begun, sent = threading.Event(), threading.Event()

    def take(event: Any) -> tuple[int, None]:
        begun.set()
        return _answer(event, on_report)

    def note(event: Any) -> None:
        if begun.is_set() and isinstance(event.pdu, P_DATA_TF):
            sent.set()

    handlers = [(evt.EVT_N_EVENT_REPORT, take), (evt.EVT_PDU_SENT, note)]
    with associate(archive, [(STORAGE_COMMITMENT, FALLBACKS)], local, handlers=handlers) as association:
        what = "storage commitment N-ACTION"
        status, _ = association.request(
            what,
            association.raw.send_n_action,
            action(transaction_uid, instances),
            REQUEST_COMMITMENT,
            STORAGE_COMMITMENT,
            STORAGE_COMMITMENT_INSTANCE,
        )
        association.checked(what, status, CommitmentRefused)
        until = time.monotonic() + wait_s
        # The reactor of pynetdicom answers the report in its own thread; here is only the waiting.
        while not answered() and association.alive and time.monotonic() < until:
            time.sleep(_POLL_S)
        if begun.is_set() and association.alive:
            sent.wait(_ANSWER_S)  # a release that overtook our answer would leave pynetdicom's reactor for dead


class CommitmentListener:
    """Takes reports on associations that archives open to us, with the roles reversed (PS3.4 J.3.3).

    Args:
        local: our AE title.
        port: where to listen; 0 for any free port.
        on_report: takes each report.
        host: the address listened on; loopback unless told otherwise.
    """

    def __init__(self, local: Local, port: int, on_report: OnReport, *, host: str = "127.0.0.1") -> None:
        self.on_report = on_report
        entity = AE(local.aet)
        entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
        entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
        # The archive requests the association and proposes itself as SCP: both roles are allowed.
        commitment = build_context(STORAGE_COMMITMENT, list(FALLBACKS))
        commitment.scu_role = commitment.scp_role = True
        handlers: Sequence[tuple[Any, Any]] = [
            (evt.EVT_N_EVENT_REPORT, lambda event: _answer(event, self.on_report)),
            (evt.EVT_C_ECHO, lambda _: 0x0000),
        ]
        contexts = [commitment, build_context("1.2.840.10008.1.1", list(FALLBACKS))]
        try:
            self._listening = ListeningEntity(entity, (host, port), contexts, handlers)
        except OSError as error:
            raise UsageError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
        self.port = self._listening.port

    def close(self) -> None:
        """Stop listening."""
        self._listening.close()

    def __enter__(self) -> CommitmentListener:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()
