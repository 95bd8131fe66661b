"""Performed steps over the network: reported (N-CREATE, N-SET), retrieved (N-GET), notified of (PS3.4 annex F)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, cast

from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pynetdicom import AE, build_context, evt

from modality.errors import StepRefused, UsageError
from modality.network.address import DicomAddress
from modality.network.association import associate
from modality.network.listening import ListeningEntity
from modality.network.local import Local
from modality.protocol.negotiation import FALLBACKS
from modality.protocol.performed_step import (
    NOTIFICATIONS,
    PERFORMED_STEP,
    PERFORMED_STEP_NOTIFICATION,
    PERFORMED_STEP_RETRIEVE,
)
from modality.protocol.step_states import NO_LONGER_UPDATED
from modality.transfer.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME


def create_step(ris: DicomAddress, uid: str, attributes: Dataset, local: Local) -> None:
    """N-CREATE the performed step `uid`.

    Raises:
        UnreachableError: nobody answers.
        StepRefused: the RIS answered with a failure.
        PeerError: it did not answer properly.
    """
    with associate(ris, [(PERFORMED_STEP, FALLBACKS)], local) as association:
        status, _ = association.request("MPPS N-CREATE", association.raw.send_n_create, attributes, PERFORMED_STEP, uid)
        association.checked("MPPS N-CREATE", status, StepRefused)


def set_step(ris: DicomAddress, uid: str, changes: Dataset, local: Local) -> None:
    """N-SET the performed step `uid`.

    Raises:
        UnreachableError: nobody answers.
        StepRefused: the RIS answered with a failure.
        PeerError: it did not answer properly.
    """
    with associate(ris, [(PERFORMED_STEP, FALLBACKS)], local) as association:
        status, _ = association.request("MPPS N-SET", association.raw.send_n_set, changes, PERFORMED_STEP, uid)
        try:
            association.checked("MPPS N-SET", status, StepRefused)
        except StepRefused as refusal:
            if status.get("ErrorID") == NO_LONGER_UPDATED:  # the step is over, and stays so (PS3.4 Table F.7.2-2)
                refusal.retryable = False
            raise


def get_step(ris: DicomAddress, uid: str, local: Local, *keywords: str) -> Dataset:
    """What the RIS knows of the performed step `uid`: N-GET (PS3.4 F.8).

    Args:
        ris: whom to ask.
        uid: SOP Instance UID of the performed step.
        local: who asks.
        *keywords: the attributes wanted, whole sequences; all by default.

    Raises:
        UnreachableError: nobody answers.
        StepRefused: the RIS answered with a failure; 0112H when it knows no such step.
        PeerError: it did not answer properly, or does not offer to be asked.
    """
    with associate(ris, [(PERFORMED_STEP_RETRIEVE, FALLBACKS)], local) as association:
        what = "MPPS N-GET"
        tags = [Tag(keyword) for keyword in keywords]
        # The step is an instance of the SOP Class that created it, whatever SOP Class asks for it (PS3.4 F.8.2.1).
        status, attributes = association.request(
            what, _named(association.raw.send_n_get, PERFORMED_STEP_RETRIEVE), tags, PERFORMED_STEP, uid
        )
        association.checked(what, status, StepRefused)
        if attributes is None:
            raise association.broken(what)
        return cast(Dataset, attributes)


def _named(send: Callable[..., Any], negotiated: str) -> Callable[..., Any]:
    """Send in the context of one SOP Class a request that names another."""
    return lambda *arguments, msg_id: send(*arguments, msg_id=msg_id, meta_uid=negotiated)


@dataclass(frozen=True, slots=True)
class StepNotification:
    """What a RIS tells of a performed step.

    Args:
        uid: SOP Instance UID of the performed step.
        event: what happened to it: IN PROGRESS, COMPLETED, DISCONTINUED, updated or deleted.
    """

    uid: str
    event: str


class NotificationListener:
    """Takes notifications about performed steps on associations that RISs open to us, roles reversed (PS3.4 F.9).

    Args:
        local: our AE title.
        port: where to listen; 0 for any free port.
        on_event: takes each notification.
        host: the address listened on; loopback unless told otherwise.

    Raises:
        UsageError: the port cannot be had.
    """

    def __init__(
        self, local: Local, port: int, on_event: Callable[[StepNotification], None], *, host: str = "127.0.0.1"
    ) -> None:
        self.on_event = on_event
        entity = AE(local.aet)
        entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
        entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
        context = build_context(PERFORMED_STEP_NOTIFICATION, list(FALLBACKS))
        context.scu_role = context.scp_role = True
        try:
            self._listening = ListeningEntity(entity, (host, port), [context], [(evt.EVT_N_EVENT_REPORT, self._take)])
        except OSError as error:
            raise UsageError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
        self.port = self._listening.port

    def _take(self, event: Any) -> tuple[int, None]:
        names = {number: name for name, number in NOTIFICATIONS.items()}
        name = names.get(event.request.EventTypeID)
        if name is None:
            return 0x0113, None  # no such event type (PS3.7 C.5)
        self.on_event(StepNotification(str(event.request.AffectedSOPInstanceUID), name))
        return 0x0000, None

    def close(self) -> None:
        """Stop listening."""
        self._listening.close()

    def __enter__(self) -> NotificationListener:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()
