"""An association for C-STORE on the requestor of our own: what a sender is made of, without pydicom or pynetdicom."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from modality.errors import (
    AssociationAborted,
    AssociationRejected,
    ContextRefused,
    InputError,
    InvalidResponse,
    ModalityError,
    PeerError,
    ResponseTimeout,
    UnreachableError,
)
from modality.network.address import DicomAddress
from modality.network.local import Local, tls_context
from modality.network.upper_layer.connection import Connection
from modality.protocol.negotiation import Accepted, ProposedContext
from modality.protocol.upper_layer.command import Response
from modality.protocol.upper_layer.pdu import Aborted, PresentationContext, Proposal, Rejected, Released
from modality.protocol.upper_layer.pdu import Accepted as AssociateAccept
from modality.protocol.upper_layer.requestor import Closed, Event, Requestor, State
from modality.transfer.instance import PreparedInstance

_ABORT_S = 0.5  # how long a peer that does not read may keep our A-ABORT waiting, before we just close
# PS3.8 Table 9-21: what a source's reason means.
_REASONS = {
    (1, 1): "no reason given",
    (1, 2): "application context name not supported",
    (1, 3): "calling AE title not recognized",
    (1, 7): "called AE title not recognized",
    (2, 1): "no reason given (ACSE)",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "local limit exceeded",
}


def rejection(peer: DicomAddress, event: Rejected) -> AssociationRejected:
    """A-ASSOCIATE-RJ as an error."""
    why = _REASONS.get((event.source, event.reason), f"source {event.source}, reason {event.reason}")
    return AssociationRejected(
        f"{peer}: association rejected: {why} ({'transient' if event.result == 2 else 'permanent'})",
        transient=event.result == 2,
        result=event.result,
        source=event.source,
        reason=event.reason,
    )


def unconfirmed(peer: DicomAddress) -> PeerError:
    """That a peer does not answer to the user identity, as one that knows no such thing may (PS3.7 D.3.3.7)."""
    return PeerError(f"{peer}: does not confirm the user identity, as was asked for")


class StorageAssociation:
    """An established association that instances are stored over.

    Args:
        peer: whom to call.
        contexts: SOP Class UID and Transfer Syntax UIDs of each presentation context, at most 128.
        local: who calls.
        async_window: requests that we ask to have out at a time; None asks for nothing, and sends one at a time.

    Raises:
        UnreachableError: nobody answers.
        AssociationRejected: the peer does not want us.
        AssociationAborted: it hung up.
        ContextRefused: it accepted none of the contexts.
        PeerError: it does not confirm the user identity, as was asked for.
    """

    def __init__(
        self, peer: DicomAddress, contexts: Sequence[ProposedContext], local: Local, *, async_window: int | None = None
    ) -> None:
        self.peer = peer
        proposed = [PresentationContext(2 * at + 1, one, syntaxes) for at, (one, syntaxes) in enumerate(contexts)]
        window = (async_window, 1) if async_window is not None else None
        self._requestor = Requestor(Proposal(peer.aet, local.aet, proposed, async_window=window, user=local.user))
        self._timeouts = timeouts = local.timeouts
        self._over: AssociationAborted | None = None
        tls = tls_context(peer, local)
        self._connection = Connection(peer, connect_s=timeouts.connect_s, answer_s=timeouts.association_s, tls=tls)
        try:
            self._establish()
        except BaseException:
            self.abort()
            raise
        self._connection.expect(timeouts.response_s)
        if local.user and local.user.confirm and self._requestor.accepted.identity_response is None:
            self.release()
            raise unconfirmed(peer)

    def _establish(self) -> None:
        try:
            self._send([self._requestor.associate()])
            event = self._events()[0]
        except ResponseTimeout as error:
            wait = self._connection.answer_s
            raise UnreachableError(f"{self.peer}: connected, but no answer to A-ASSOCIATE within {wait:g} s") from error
        except AssociationAborted as error:
            raise AssociationAborted(f"{self.peer}: hung up before the association was established") from error
        if isinstance(event, Rejected):
            raise rejection(self.peer, event)
        if not self.accepted.syntaxes:
            raise ContextRefused(f"{self.peer}: accepted none of the proposed presentation contexts")

    @property
    def accepted(self) -> Accepted:
        """The presentation contexts that the peer accepted."""
        return self._requestor.accepted_syntaxes

    @property
    def agreed(self) -> AssociateAccept:
        """What the peer answered to the proposal."""
        return self._requestor.accepted

    @property
    def alive(self) -> bool:
        """The association still stands."""
        return self._requestor.state is State.ESTABLISHED

    @property
    def may_send(self) -> bool:
        """One more request may go out before a response comes."""
        return self._requestor.may_invoke

    def send(self, instance: PreparedInstance) -> int:
        """Send one instance in the syntax it is in; returns the Message ID that the response will name.

        Raises:
            ContextRefused: no context for its class and syntax was accepted.
            PeerError: the peer stopped reading, aborted, or the connection broke.
            InputError: its file was cut short meanwhile; the association is aborted.
        """
        message_id, buffers = self._requestor.store(
            instance.sop_class_uid, instance.transfer_syntax_uid, instance.sop_instance_uid, instance.buffers()
        )
        try:
            self._send(buffers)
        except InputError as error:
            self.abort()  # half a message is out
            raise InputError(f"{instance.source or instance.sop_instance_uid}: {error}") from error
        return message_id

    def _send(self, buffers: Sequence[bytes | memoryview]) -> None:
        self._connection.expect(self._connection.answer_s)
        try:
            self._connection.send(buffers)
        except (AssociationAborted, ResponseTimeout) as error:
            # The peer may have said why before it closed, or read no further: an A-ABORT that waits says more.
            try:
                self.arrived()
            except AssociationAborted as said:
                raise said from error
            except PeerError:
                pass
            raise

    def responses(self, what: str = "C-STORE") -> list[Response]:
        """Wait for one response or more; `what` names the request in messages.

        Raises:
            PeerError: the association ended instead, or nothing proper came in time.
        """
        self._connection.expect(self._timeouts.response_s)
        try:
            events = self._events()
        except ResponseTimeout as error:
            wait = self._connection.answer_s
            raise ResponseTimeout(f"{self.peer}: no {what} response within {wait:g} s") from error
        return self._responses(events)

    def arrived(self) -> list[Response]:
        """The responses that are there already; waits for none.

        Raises:
            PeerError: the association ended instead, or nothing proper came.
        """
        if self._over:
            raise self._over
        data = self._connection.receive_at_once()
        return [] if data is None else self._responses(self._meaning(data))

    def _responses(self, events: Sequence[Event]) -> list[Response]:
        found = [event for event in events if isinstance(event, Response)]
        if any(isinstance(event, Released) for event in events):
            over = AssociationAborted(f"{self.peer}: released the association while a request was out")
            if not found:
                raise over
            self._over = over  # what was answered before counts; the end is told to who still waits
        return found

    def echo(self) -> Response:
        """C-ECHO, and its response.

        Raises:
            ContextRefused: the peer did not accept Verification.
            PeerError: it did not answer properly.
        """
        _, buffers = self._requestor.echo()
        self._send(buffers)
        return self.responses("C-ECHO")[0]

    def _events(self) -> list[Event]:
        """Read until something has come that means something."""
        if self._over:
            raise self._over
        while not (events := self._meaning(self._connection.receive())):
            pass
        return events

    def _meaning(self, data: bytes) -> list[Event]:
        """What bytes of the peer mean; what has to be answered at once is answered."""
        try:
            events = self._requestor.receive(data)
        except InvalidResponse as error:
            raise InvalidResponse(f"{self.peer}: {error}") from error
        if self._requestor.reply:
            with suppress(PeerError, UnreachableError):  # a peer that is gone already has still said what it said
                self._connection.send([self._requestor.reply])
            self._requestor.reply = b""
        for number, event in enumerate(events):
            if isinstance(event, Aborted):
                self._over = AssociationAborted(f"{self.peer}: aborted the association")
            elif isinstance(event, Closed) and not event.expected:
                self._over = AssociationAborted(f"{self.peer}: closed the connection")
            if self._over and number:
                return events[:number]  # what was answered before counts; the end is told when more is asked for
            if self._over:
                raise self._over
        return events

    def release(self) -> None:
        """A-RELEASE, and close; nothing when the association is over."""
        try:
            if self.alive:
                self._connection.expect(self._timeouts.association_s)
                self._connection.send([self._requestor.release()])
                while self._requestor.state is State.RELEASING:
                    self._events()
        except (PeerError, UnreachableError):
            pass  # all requests are answered: how the peer says goodbye changes nothing
        finally:
            self._connection.close()

    def abort(self) -> None:
        """A-ABORT where there is an association to end, and close."""
        with suppress(ModalityError):
            self._connection.expect(_ABORT_S)
            self._connection.send([self._requestor.abort()])
        self._connection.close()
