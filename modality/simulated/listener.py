"""The listening side that every simulated DIMSE peer has: associations in, faults applied, all of it ended by stop."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Sequence
from copy import copy
from typing import Any, cast

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.events import Event
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from modality.network.listening import CarefulProvider, ListeningEntity, Provider, abort, end
from modality.network.upper_layer.limits import Limits
from modality.network.upper_layer.reactor import Entity
from modality.simulated.events import EventLog, Happening
from modality.simulated.faults import Fault, Faults
from modality.transfer.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

_LOGGER = logging.getLogger(__name__)
Handler = tuple[evt.EventType, Callable[..., Any]]
_POLL_S = 0.02
_CONNECT_S = 5.0
_DATA_TRANSFER = "Sta6"  # PS3.8 Table 9-3: association established and ready for data transfer


class _Abandoned(Exception):
    """A fault has ended the association under a handler; pynetdicom then lets the request go."""


class _Contexts(list[PresentationContext]):
    """Supported contexts, copied for each association without copying their UIDs (pynetdicom copies them deeply)."""

    def __deepcopy__(self, memo: dict[int, Any]) -> list[PresentationContext]:
        return [copy(context) for context in self]


class Listener:
    """An AE title on a port.

    Args:
        aet: the AE title; others that are called are answered too.
        host: the interface to listen on.
        port: the port; 0 takes a free one.
        contexts: what is supported, the preferred transfer syntax first in each.
        handlers: pynetdicom events and what handles them.
        faults: what goes wrong.
        log: where happenings are written.
        provider: makes the DIMSE provider of each association.
        associations: how many are served at a time.
        limits: what a peer may cost.
    """

    def __init__(
        self,
        aet: str,
        host: str,
        port: int,
        *,
        contexts: Sequence[PresentationContext],
        handlers: Sequence[Handler],
        faults: Faults,
        log: EventLog,
        provider: Provider = CarefulProvider,
        associations: int = 100,
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> None:
        self.ae = Entity(ae_title=aet)
        self.ae.implementation_class_uid = IMPLEMENTATION_CLASS_UID
        self.ae.implementation_version_name = IMPLEMENTATION_VERSION_NAME
        self.ae.maximum_associations = associations
        self.ae.acse_timeout = self.ae.dimse_timeout = 30.0
        self.faults = faults
        self.stopping = threading.Event()
        self._log = log
        self._provider = provider
        self.limits = limits
        self._address = (host, port)
        self._supported = [build_context(Verification), *contexts]
        self.contexts = _Contexts()
        self._handlers: list[Handler] = [
            (evt.EVT_C_ECHO, self._echo),
            (evt.EVT_REQUESTED, self._requested),
            *handlers,
        ]
        self._listening: ListeningEntity | None = None
        self._obey()

    @property
    def port(self) -> int:
        """The port listened on; the one asked for while not started."""
        return self._listening.port if self._listening else self._address[1]

    def start(self) -> None:
        """Listen; connections are taken when this returns.

        Raises:
            OSError: the port cannot be had.
        """
        if self._listening:
            return
        self.stopping.clear()
        self._listening = ListeningEntity(
            self.ae, self._address, self.contexts, self._handlers,
            provider=self._provider, on_abort=self._aborted, limits=self.limits,
        )  # fmt: skip
        self._obey()

    def stop(self) -> None:
        """End every association, every thread and the socket; harmless when not started."""
        if self._listening:
            self.stopping.set()
            self._listening.close()
            self._listening = None

    def add_fault(self, given: Fault | str) -> Fault:
        """One more thing goes wrong, on the associations that are still to come and in their requests.

        Raises:
            UsageError: it is about a service that the peer does not have, or its text is none.
        """
        fault = self.faults.add(given)
        self._obey()
        return fault

    def remove_fault(self, fault: Fault) -> None:
        """One thing goes wrong no more, likewise."""
        self.faults.remove(fault)
        self._obey()

    def _obey(self) -> None:
        """Let the faults happen that are no answer to a request: contexts refused, and instances cut off."""
        limit = self.faults.abort_at_bytes
        self.contexts[:] = _without(self.faults.refused, self._supported)
        # Small PDUs where an instance has to be cut off in its middle.
        self.ae.maximum_pdu_size = 131072 if limit is None else 4096
        if self._listening:
            self._listening.on_data(self._received, wanted=limit is not None)

    def apply(self, event: Event, service: str) -> Fault:
        """Let the faults of a request happen, as far as they come before the work: abort, silence, delay."""
        fault = self.faults.strike(service)
        while fault.silent and not self.stopping.wait(_POLL_S) and not event.assoc.acse.is_aborted():
            pass
        if fault.silent or fault.abort_after is not None or event.assoc.is_aborted:
            # Nothing may be sent after an abort, so the association is over before the handler goes on.
            abort(event.assoc)
            event.assoc.kill()
            raise _Abandoned(service)
        if fault.delay_s:
            self.stopping.wait(fault.delay_s)
        return fault

    def _echo(self, event: Event) -> int:
        fault = self.apply(event, "echo")
        status = fault.status or 0x0000
        self._log.write(Happening("C-ECHO", calling(event), status))
        return status

    def _requested(self, event: Event) -> None:
        primitive = cast(A_ASSOCIATE, event.assoc.requestor.primitive)
        calling_aet = str(primitive.calling_ae_title).strip()
        rejection = self.faults.rejection(calling_aet)
        if rejection is None:
            self._log.write(Happening("association", calling_aet))
            return
        self._log.write(Happening("association", calling_aet, detail=f"rejected {rejection}"))
        event.assoc.acse.send_reject(*rejection)
        event.assoc.is_rejected = True
        event.assoc.kill()

    def _aborted(self, association: Association, reason: str) -> None:
        """Note that what came is answered with A-ABORT; the reason may quote it, line ends and all."""
        reason = "".join(one if one.isprintable() else " " for one in reason)
        self._log.write(
            Happening("association", str(association.requestor.ae_title).strip(), detail=f"aborted: {reason}")
        )
        _LOGGER.warning("%s: association aborted: %s", self.ae.ae_title, reason)

    def _received(self, event: Event) -> None:
        association = event.assoc
        received = association.__dict__.get("_modality_bytes", 0) + len(event.data)
        association.__dict__["_modality_bytes"] = received
        limit = self.faults.abort_at_bytes
        # pynetdicom's `is_established` may come later than the first data: its thread says so behind its answer.
        transfers = association.dul.state_machine.current_state == _DATA_TRANSFER
        if limit is not None and received >= limit and transfers:
            association.abort(block=False)
            # Not in this thread: it is the one that sends the abort.
            threading.Thread(target=end, args=(association,), name="abort").start()


def reachable(address: str) -> bool:
    """Whether somebody listens at "host:port"; asked first, since pynetdicom never closes a socket that is refused."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_S).close()
    except (OSError, ValueError):
        return False
    return True


def answer(status: int, comment: str = "") -> int | Dataset:
    """A DIMSE status, with an Error Comment where there is something to say (PS3.7 C; LO of 64 characters)."""
    if not comment:
        return status
    response = Dataset()
    response.Status = status
    response.ErrorComment = comment.encode("ascii", "replace").decode()[:64]
    return response


def calling(event: Event) -> str:
    """The AE title on the other side of an event's association."""
    return str(event.assoc.requestor.ae_title).strip()


def _without(refused: frozenset[str], contexts: Sequence[PresentationContext]) -> list[PresentationContext]:
    """The contexts that are left when SOP Classes and transfer syntaxes are refused."""
    left = []
    for context in contexts:
        syntaxes = context.transfer_syntax or []
        accepted = [syntax for syntax in syntaxes if syntax not in refused] if refused else syntaxes
        if context.abstract_syntax in refused or not accepted:
            continue
        kept = copy(context)
        if len(accepted) < len(syntaxes):  # pynetdicom checks what it is given, which takes a millisecond a class
            kept.transfer_syntax = [*accepted]
        left.append(kept)
    return left
