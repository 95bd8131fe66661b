"""A requestor of the storage service as a state machine: bytes in, events out; events in, bytes out (PS3.8 9.2).

It opens no socket. `receive` takes what came from the peer and gives the events it stands for; the other methods give
the bytes to send. What the peer may not do ends in `InvalidResponse`, what we may not do in `WorkflowError`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from modality.errors import ContextRefused, InvalidResponse, WorkflowError
from modality.protocol.negotiation import Accepted as AcceptedSyntaxes
from modality.protocol.upper_layer import command, pdu
from modality.protocol.upper_layer.command import Response
from modality.protocol.upper_layer.pdu import Aborted, Accepted, Fragment, Proposal, Rejected, Released

VERIFICATION = "1.2.840.10008.1.1"
MOST_OUTSTANDING = 64
"""Requests out at a time, whatever the peer grants: sockets must hold their responses while we write (our choice)."""


class State(Enum):
    """States of PS3.8 Table 9-1 to 9-5 that a requestor comes to."""

    IDLE = "Sta1: no association yet"
    REQUESTED = "Sta5: awaiting A-ASSOCIATE-AC or -RJ"
    ESTABLISHED = "Sta6: ready for data transfer"
    RELEASING = "Sta7: awaiting A-RELEASE-RP"
    ENDED = "Sta1: the association is over"


class Closed(NamedTuple):
    """The peer closed the connection; unexpected unless the association was over."""

    expected: bool


Event = Accepted | Rejected | Aborted | Released | Response | Closed

# What the peer may send in which state, and where that leads (PS3.8 Table 9-10, the requestor's part).
_TRANSITIONS: dict[tuple[State, type], State] = {
    (State.REQUESTED, Accepted): State.ESTABLISHED,
    (State.REQUESTED, Rejected): State.ENDED,
    (State.REQUESTED, Aborted): State.ENDED,
    (State.ESTABLISHED, list): State.ESTABLISHED,
    (State.ESTABLISHED, pdu.ReleaseRequested): State.ENDED,
    (State.ESTABLISHED, Aborted): State.ENDED,
    (State.RELEASING, list): State.RELEASING,
    (State.RELEASING, pdu.ReleaseRequested): State.RELEASING,  # both ask at once: answered, and still awaited
    (State.RELEASING, Released): State.ENDED,
    (State.RELEASING, Aborted): State.ENDED,
}


class Requestor:
    """One association, from A-ASSOCIATE-RQ to its end.

    Args:
        proposal: what it is requested with.
    """

    def __init__(self, proposal: Proposal) -> None:
        self.proposal = proposal
        self.state = State.IDLE
        self.accepted = Accepted()
        self.reply = b""
        self._by_pair: dict[tuple[str, str], int] = {}
        self._accepted_syntaxes = AcceptedSyntaxes()
        self._received = bytearray()
        self._message = bytearray()
        self._data_set_due = False
        self._outstanding: dict[int, int] = {}
        self._message_id = 0
        self._window = 1

    @property
    def outstanding(self) -> int:
        """Requests that have no response yet."""
        return len(self._outstanding)

    @property
    def may_invoke(self) -> bool:
        """Whether one more request may go out before a response comes (PS3.7 D.3.3.3)."""
        return self.state is State.ESTABLISHED and len(self._outstanding) < self._window

    @property
    def accepted_syntaxes(self) -> AcceptedSyntaxes:
        """The transfer syntaxes accepted for each SOP Class, in the order proposed."""
        return self._accepted_syntaxes

    def associate(self) -> bytes:
        """A-ASSOCIATE-RQ."""
        self._leave(State.IDLE, State.REQUESTED)
        return pdu.associate_rq(self.proposal)

    def store(
        self,
        sop_class_uid: str,
        transfer_syntax_uid: str,
        sop_instance_uid: str,
        data_set: Iterable[bytes | bytearray | memoryview],
    ) -> tuple[int, list[bytes | memoryview]]:
        """C-STORE-RQ as Message ID and buffers to send; the data set's own buffers stand among them, not copied.

        Raises:
            ContextRefused: no accepted context has that class and syntax.
            WorkflowError: the association does not stand, or as many requests are out as the peer allows.
        """
        context_id = self._by_pair.get((sop_class_uid, transfer_syntax_uid))
        if context_id is None:
            raise ContextRefused(f"no presentation context for {sop_class_uid} in {transfer_syntax_uid}")
        message_id = self._invoke(command.C_STORE_RSP)
        request = command.store_request(message_id, sop_class_uid, sop_instance_uid)
        return message_id, pdu.fragments(context_id, request, data_set, self.accepted.max_pdu)

    def echo(self) -> tuple[int, list[bytes | memoryview]]:
        """C-ECHO-RQ as Message ID and buffers to send.

        Raises:
            ContextRefused: the peer did not accept Verification.
            WorkflowError: as for `store`.
        """
        context_id = next((one for pair, one in self._by_pair.items() if pair[0] == VERIFICATION), None)
        if context_id is None:
            raise ContextRefused("no presentation context for Verification")
        message_id = self._invoke(command.C_ECHO_RSP)
        return message_id, pdu.fragments(context_id, command.echo_request(message_id), (), self.accepted.max_pdu)

    def _invoke(self, answered_by: int) -> int:
        if not self.may_invoke:
            raise WorkflowError(f"no request may go out now: {self.state.value}, {self.outstanding} outstanding")
        self._message_id = self._message_id % 65535 + 1
        while self._message_id in self._outstanding:
            self._message_id = self._message_id % 65535 + 1
        self._outstanding[self._message_id] = answered_by
        return self._message_id

    def release(self) -> bytes:
        """A-RELEASE-RQ."""
        self._leave(State.ESTABLISHED, State.RELEASING)
        return pdu.RELEASE_RQ

    def abort(self) -> bytes:
        """A-ABORT, in any state; nothing when there is no association to end."""
        over = self.state in (State.IDLE, State.ENDED)
        self.state = State.ENDED
        return b"" if over else pdu.ABORT

    def _leave(self, state: State, to: State) -> None:
        if self.state is not state:
            raise WorkflowError(f"not now: {self.state.value}")
        self.state = to

    def receive(self, data: bytes | memoryview) -> list[Event]:
        """Take what came, empty for the end of the stream; gives what it means, whole PDUs only.

        What has to be answered at once is left in `reply`, for the caller to send.

        Raises:
            InvalidResponse: it is no PDU, or none that may come now.
        """
        if not data:
            expected, self.state = self.state is State.ENDED, State.ENDED
            return [Closed(expected)]
        self._received += data
        events: list[Event] = []
        while self.state is not State.ENDED and (found := pdu.split(self._received)):
            kind, body, end = found
            del self._received[:end]
            events += self._take(pdu.decode(kind, body))
        return events

    def _take(self, received: pdu.Pdu) -> list[Event]:
        following = _TRANSITIONS.get((self.state, type(received)))
        if following is None:
            raise InvalidResponse(f"the peer sent {type(received).__name__} out of turn ({self.state.value})")
        self.state = following
        if isinstance(received, list):
            return [event for fragment in received for event in self._fragment(fragment)]
        if isinstance(received, pdu.ReleaseRequested):
            self.reply += pdu.RELEASE_RP
            return [] if following is State.RELEASING else [Released()]
        if isinstance(received, Accepted):
            self._negotiated(received)
        return [received]

    def _negotiated(self, accepted: Accepted) -> None:
        self.accepted = accepted
        for context in self.proposal.contexts:
            result, syntax = accepted.results.get(context.id, (1, ""))
            if result == 0 and syntax in context.transfer_syntaxes:
                self._by_pair.setdefault((context.abstract_syntax, syntax), context.id)
        syntaxes: dict[str, list[str]] = {}
        for sop_class, syntax in self._by_pair:
            syntaxes.setdefault(sop_class, []).append(syntax)
        self._accepted_syntaxes = AcceptedSyntaxes({one: tuple(found) for one, found in syntaxes.items()})
        if accepted.max_pdu and accepted.max_pdu < 8:
            raise InvalidResponse(f"the peer takes PDUs of {accepted.max_pdu} bytes, which hold nothing")
        if self.proposal.async_window:
            asked, granted = self.proposal.async_window[0], accepted.async_window[0]
            self._window = min(asked or MOST_OUTSTANDING, granted or MOST_OUTSTANDING, MOST_OUTSTANDING)

    def _fragment(self, fragment: Fragment) -> list[Event]:
        if not fragment.command:
            if not self._data_set_due:
                raise InvalidResponse("the peer sent a data set that belongs to no response")
            self._data_set_due = not fragment.last
            return []
        self._message += fragment.data
        if len(self._message) > pdu.LARGEST_PDU:
            raise InvalidResponse("the peer sent a command set without end")
        if not fragment.last:
            return []
        response = command.read_response(bytes(self._message))
        self._message.clear()
        if self._outstanding.pop(response.message_id, None) != response.command:
            raise InvalidResponse(
                f"the peer sent response {response.command:04X}H to message {response.message_id}, which awaits none"
            )
        if response.status in command.PENDING:
            raise InvalidResponse(
                f"the peer answered {command.NAMES[response.command]} with status {response.status:04X}H (pending), "
                "which only queries know"
            )
        self._data_set_due = response.has_data_set
        return [response]
