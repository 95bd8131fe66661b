"""What a peer accepts, what it would choose, and its manners: found by proposing, without sending an instance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from modality.errors import (
    AssociationRejected,
    InvalidResponse,
    ModalityError,
    PeerError,
    ResponseTimeout,
    UnreachableError,
)
from modality.network.address import DicomAddress
from modality.network.local import Local, tls_context
from modality.network.upper_layer.connection import Connection
from modality.network.upper_layer.storage import rejection
from modality.protocol.negotiation import MOST_CONTEXTS, Context
from modality.protocol.upper_layer.pdu import Aborted, Accepted, PresentationContext, Proposal, Rejected
from modality.protocol.upper_layer.requestor import Event, Requestor, State

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
VERIFICATION = "1.2.840.10008.1.1"
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
_ASKED_WINDOW = (8, 8)
# Peers answer within milliseconds; one that is silent about an odd proposal should not hold up the rest.
_PATIENCE_S = 3.0


@dataclass(slots=True)
class Peer:
    """What a peer says of itself, and what it does with odd requests.

    Args:
        max_pdu: the longest PDU that it takes; 0 sets no limit.
        implementation_class_uid: its Implementation Class UID.
        implementation_version: its Implementation Version Name.
        async_window: operations invoked and performed that it grants when asked for eight of each.
        preferred_in_one_context: what it picks for CT Image Storage when all syntaxes stand in one context.
        over_128: what it did with 129 presentation contexts.
        illegal: what it did with each illegal proposal.
    """

    max_pdu: int = 0
    implementation_class_uid: str = ""
    implementation_version: str = ""
    async_window: tuple[int, int] = (1, 1)
    preferred_in_one_context: str = ""
    over_128: str = ""
    illegal: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Negotiated:
    """What a peer can be sent.

    Args:
        peer: what it says of itself.
        accepted: whether it accepted each pair of SOP Class and transfer syntax.
        preferred: the transfer syntax that it picks when offered all, by SOP Class; classes it refused are left out.
    """

    peer: Peer
    accepted: dict[Context, bool] = field(default_factory=dict)
    preferred: dict[str, str] = field(default_factory=dict)


def negotiate(
    peer: DicomAddress,
    sop_classes: Sequence[str],
    transfer_syntaxes: Sequence[str],
    local: Local,
    *,
    progress: Callable[[int], None] | None = None,
) -> Negotiated:
    """Propose every pair of SOP Class and transfer syntax, and some odd things.

    Args:
        peer: whom to ask.
        sop_classes: SOP Class UIDs.
        transfer_syntaxes: Transfer Syntax UIDs.
        local: who asks.
        progress: called with the number of associations requested so far.

    Raises:
        UnreachableError: nobody answers.
        AssociationRejected: the peer does not want us.
        PeerError: it did not answer properly.
    """
    asker = _Asker(peer, local, progress)
    first = asker.ask([PresentationContext(1, VERIFICATION, (IMPLICIT_LITTLE,))])
    found = Negotiated(
        Peer(first.max_pdu, first.implementation_class_uid, first.implementation_version, asker.window())
    )
    pairs = [(sop_class, syntax) for sop_class in sop_classes for syntax in transfer_syntaxes]
    for part in _parts(pairs):
        answer = asker.ask([PresentationContext(2 * at + 1, one, (syntax,)) for at, (one, syntax) in enumerate(part)])
        for at, pair in enumerate(part):
            found.accepted[pair] = answer.results.get(2 * at + 1, (1, ""))[0] == 0
    for classes in _parts(list(sop_classes)):
        everything = tuple(transfer_syntaxes)
        answer = asker.ask([PresentationContext(2 * at + 1, one, everything) for at, one in enumerate(classes)])
        for at, sop_class in enumerate(classes):
            result, syntax = answer.results.get(2 * at + 1, (1, ""))
            if result == 0:
                found.preferred[sop_class] = syntax
    found.peer.preferred_in_one_context = found.preferred.get(CT_IMAGE, "")
    found.peer.over_128 = asker.behaviour(_contexts(MOST_CONTEXTS + 1))
    found.peer.illegal = {name: asker.behaviour(contexts) for name, contexts in _illegal().items()}
    return found


def _parts(items: Sequence[Context] | Sequence[str]) -> Iterator[Sequence]:  # type: ignore[type-arg]
    for first in range(0, len(items), MOST_CONTEXTS):
        yield items[first : first + MOST_CONTEXTS]


def _contexts(count: int) -> list[PresentationContext]:
    """So many contexts, their IDs odd numbers that start again after 255."""
    return [PresentationContext((2 * at + 1) % 256, CT_IMAGE, (IMPLICIT_LITTLE,)) for at in range(count)]


def _illegal() -> dict[str, list[PresentationContext]]:
    """Proposals that PS3.8 does not allow (9.3.2.2: an odd ID, each once; at least one context and one syntax)."""
    verification = PresentationContext(1, VERIFICATION, (IMPLICIT_LITTLE,))
    return {
        "even context id": [PresentationContext(2, VERIFICATION, (IMPLICIT_LITTLE,))],
        "one context id twice": [verification, PresentationContext(1, CT_IMAGE, (IMPLICIT_LITTLE,))],
        "no transfer syntax": [PresentationContext(1, VERIFICATION, ())],
        "no presentation context": [],
        "unknown abstract syntax": [PresentationContext(1, "1.2.3.4.5.6.7", (IMPLICIT_LITTLE,)), *_verification(3)],
        "malformed uid": [PresentationContext(1, "1.02.x", (IMPLICIT_LITTLE,)), *_verification(3)],
    }


def _verification(context_id: int) -> list[PresentationContext]:
    return [PresentationContext(context_id, VERIFICATION, (IMPLICIT_LITTLE,))]


def _part(connection: Connection, requestor: Requestor) -> None:
    """Release the association."""
    connection.send([requestor.release()])
    while requestor.state is State.RELEASING:
        requestor.receive(connection.receive())


class _Asker:
    """Requests associations, one after the other, only to see the answer."""

    def __init__(self, peer: DicomAddress, local: Local, progress: Callable[[int], None] | None) -> None:
        self.peer, self.local, self.progress = peer, local, progress
        self.asked = 0

    def ask(self, contexts: Sequence[PresentationContext], *, window: tuple[int, int] | None = None) -> Accepted:
        """The peer's A-ASSOCIATE-AC.

        Raises:
            ModalityError: it answered with anything else.
        """
        timeouts = self.local.timeouts
        tls = tls_context(self.peer, self.local)
        connection = Connection(self.peer, connect_s=timeouts.connect_s, answer_s=timeouts.association_s, tls=tls)
        requestor = Requestor(Proposal(self.peer.aet, self.local.aet, contexts, async_window=window))
        try:
            connection.send([requestor.associate()])
            events: list[Event] = []
            try:
                while not events:
                    events = requestor.receive(connection.receive())
            except ResponseTimeout as error:
                wait = connection.answer_s
                raise UnreachableError(f"{self.peer}: no answer to A-ASSOCIATE within {wait:g} s") from error
            if isinstance(events[0], Accepted):
                _part(connection, requestor)
        finally:
            connection.close()
            self.asked += 1
            if self.progress:
                self.progress(self.asked)
        event = events[0]
        if isinstance(event, Accepted):
            return event
        if isinstance(event, Rejected):
            raise rejection(self.peer, event)
        raise InvalidResponse(f"{self.peer}: {'aborted' if isinstance(event, Aborted) else 'closed the connection'}")

    def window(self) -> tuple[int, int]:
        """The asynchronous operations window that the peer grants; (1, 1) too when it dislikes the question."""
        try:
            return self.ask(_verification(1), window=_ASKED_WINDOW).async_window
        except (PeerError, UnreachableError):
            return (1, 1)

    def behaviour(self, contexts: Sequence[PresentationContext]) -> str:
        """What the peer does with a proposal, in a word or two."""
        patient, timeouts = self.local, self.local.timeouts
        self.local = replace(
            patient, timeouts=replace(timeouts, association_s=min(_PATIENCE_S, timeouts.association_s))
        )
        try:
            answer = self.ask(contexts)
        except AssociationRejected as error:
            return f"rejected ({error.source}, {error.reason})"
        except ModalityError as error:
            return str(error).removeprefix(f"{self.peer}: ")
        finally:
            self.local = patient
        accepted = sum(result == 0 for result, _ in answer.results.values())
        return f"accepted {accepted} of {len(contexts)}"
