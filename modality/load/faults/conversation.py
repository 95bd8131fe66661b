"""One association that need not keep to the rules: the caller says what is sent; what comes back is put in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType

from modality.errors import (
    AssociationAborted,
    ContextRefused,
    InvalidResponse,
    ModalityError,
    ResponseTimeout,
    UnreachableError,
)
from modality.network.address import DicomAddress
from modality.network.local import Local, tls_context
from modality.network.upper_layer.connection import Connection
from modality.protocol.upper_layer.command import Response
from modality.protocol.upper_layer.pdu import Aborted, Accepted, PresentationContext, Proposal, Rejected, Released
from modality.protocol.upper_layer.requestor import Closed, Event, Requestor, State
from modality.transfer.instance import PreparedInstance

NOTHING = "nothing"
CLOSED = "connection closed"
UNREACHABLE = "unreachable"
REFUSED = "context refused"
ABORTED = "A-ABORT"


def status_text(status: int) -> str:
    """A DIMSE status as answers show it: ``A900H``."""
    return f"{status:04X}H"


class Conversation:
    """A connection to a peer and the state of the association on it; a context manager that closes it.

    Args:
        peer: whom to call.
        local: who calls, and how long an answer is waited for.
        contexts: SOP Class UID and Transfer Syntax UID of each presentation context.

    Raises:
        UnreachableError: nobody answers.
    """

    def __init__(self, peer: DicomAddress, local: Local, contexts: Sequence[tuple[str, str]]) -> None:
        proposed = [PresentationContext(2 * at + 1, one, (syntax,)) for at, (one, syntax) in enumerate(contexts)]
        self.requestor = Requestor(Proposal(peer.aet, local.aet, proposed))
        self._wait_s = local.timeouts.response_s
        self._connection = Connection(
            peer,
            connect_s=local.timeouts.connect_s,
            answer_s=local.timeouts.association_s,
            tls=tls_context(peer, local),
        )

    def __enter__(self) -> Conversation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()

    def associate(self) -> str:
        """A-ASSOCIATE; empty when the association stands with a context accepted, else what was answered."""
        self.write([self.requestor.associate()])
        said = self.answer()
        if self.requestor.state is not State.ESTABLISHED:
            return said
        return "" if self.requestor.accepted_syntaxes.syntaxes else REFUSED

    def request(self, instance: PreparedInstance, *, max_pdu: int | None = None) -> list[bytes | memoryview]:
        """A C-STORE-RQ of an instance as the buffers that would be sent.

        Args:
            instance: what is stored.
            max_pdu: the longest variable field of a PDU; None for what the peer takes.
        """
        accepted = self.requestor.accepted
        if max_pdu is not None:
            self.requestor.accepted = replace(accepted, max_pdu=max_pdu)
        found = self.requestor.store(
            instance.sop_class_uid, instance.transfer_syntax_uid, instance.sop_instance_uid, instance.buffers()
        )
        self.requestor.accepted = accepted
        return found[1]

    def write(self, buffers: Sequence[bytes | memoryview]) -> bool:
        """Send; false when the peer has hung up or stopped reading."""
        try:
            self._connection.send(buffers)
        except (AssociationAborted, ResponseTimeout):
            return False
        return True

    def answer(self, wait_s: float | None = None) -> str:
        """What the peer does next, in words; `NOTHING` when it is silent for so long."""
        self._connection.expect(self._wait_s if wait_s is None else wait_s)
        while True:
            try:
                events = self.requestor.receive(self._connection.receive())
            except ResponseTimeout:
                return NOTHING
            except AssociationAborted:
                return CLOSED
            except InvalidResponse:
                return "not valid DICOM"
            for event in events:
                return _words(event)

    def release(self) -> None:
        """A-RELEASE, and whatever comes of it."""
        if self.requestor.state is State.ESTABLISHED:
            self.write([self.requestor.release()])
            self.answer()

    def abort(self) -> None:
        """A-ABORT."""
        self.write([self.requestor.abort()])

    def hang_up(self) -> None:
        """Close the connection without a word."""
        self._connection.close()


def _words(event: Event) -> str:
    if isinstance(event, Response):
        return status_text(event.status)
    if isinstance(event, Aborted):
        return ABORTED
    if isinstance(event, Closed):
        return CLOSED
    if isinstance(event, Released):
        return "A-RELEASE"
    if isinstance(event, Rejected):
        return f"A-ASSOCIATE-RJ {event.result}/{event.source}/{event.reason}"
    assert isinstance(event, Accepted)
    return "accepted"


def exchange(peer: DicomAddress, local: Local, instances: Iterable[PreparedInstance]) -> list[str]:
    """Store instances one after the other on an association of their own; what was answered to each, as far as it went.

    Raises:
        UnreachableError: nobody answers.
    """
    instances = list(instances)
    contexts = list(dict.fromkeys((one.sop_class_uid, one.transfer_syntax_uid) for one in instances))
    with Conversation(peer, local, contexts) as conversation:
        if problem := conversation.associate():
            return [problem]
        said: list[str] = []
        for instance in instances:
            try:
                conversation.write(conversation.request(instance))
            except ContextRefused:
                said.append(REFUSED)
                continue
            said.append(conversation.answer())
            if conversation.requestor.state is not State.ESTABLISHED or said[-1] == NOTHING:
                break
        with suppress(ModalityError):
            conversation.release()
        return said


def in_words(error: ModalityError) -> str:
    """An error in the words of an answer."""
    return UNREACHABLE if isinstance(error, UnreachableError) else type(error).__name__
