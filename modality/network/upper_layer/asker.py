"""Associations requested only to see the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

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
from modality.protocol.negotiation import MOST_CONTEXTS
from modality.protocol.upper_layer.pdu import Aborted, Accepted, PresentationContext, Proposal, Rejected
from modality.protocol.upper_layer.requestor import VERIFICATION, Event, Requestor, State
from modality.protocol.upper_layer.user_information import Roles
from modality.transfer.syntaxes import IMPLICIT_LITTLE

T = TypeVar("T")

# Peers answer within milliseconds; one that is silent about an odd proposal should not hold up the rest.
_PATIENCE_S = 3.0


def parts(items: Sequence[T], most: int = MOST_CONTEXTS) -> Iterator[Sequence[T]]:
    """Items in lists of as many presentation contexts as an association can carry, or fewer."""
    for first in range(0, len(items), most):
        yield items[first : first + most]


class Asker:
    """Requests associations, one after the other, only to see the answer."""

    def __init__(self, peer: DicomAddress, local: Local, progress: Callable[[int], None] | None) -> None:
        self.peer, self.local, self.progress = peer, local, progress
        self.asked = 0
        self._answers_release = True

    def ask(
        self,
        contexts: Sequence[PresentationContext],
        *,
        window: tuple[int, int] | None = None,
        roles: Mapping[str, Roles] | None = None,
        extended: Mapping[str, bytes] | None = None,
    ) -> Accepted:
        """The peer's A-ASSOCIATE-AC.

        Raises:
            ModalityError: it answered with anything else.
        """
        timeouts = self.local.timeouts
        tls = tls_context(self.peer, self.local)
        connection = Connection(self.peer, connect_s=timeouts.connect_s, answer_s=timeouts.association_s, tls=tls)
        proposal = Proposal(
            self.peer.aet,
            self.local.aet,
            contexts,
            async_window=window,
            roles=roles or {},
            extended=extended or {},
            user=self.local.user,
        )
        requestor = Requestor(proposal)
        try:
            connection.send([requestor.associate()])
            events: list[Event] = []
            try:
                while not events:
                    events = requestor.receive(connection.receive())
            except InvalidResponse as error:
                raise InvalidResponse(f"{self.peer}: {error}") from error
            except ResponseTimeout as error:
                wait = connection.answer_s
                raise UnreachableError(f"{self.peer}: no answer to A-ASSOCIATE within {wait:g} s") from error
            if isinstance(events[0], Accepted):
                self._release(connection, requestor)
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

    def _release(self, connection: Connection, requestor: Requestor) -> None:
        """Release; a peer that once did not answer to that is aborted from then on: what it accepts is known."""
        if not self._answers_release:
            connection.send([requestor.abort()])
            return
        connection.expect(min(_PATIENCE_S, self.local.timeouts.association_s))
        try:
            connection.send([requestor.release()])
            while requestor.state is State.RELEASING:
                requestor.receive(connection.receive())
                if requestor.reply:
                    connection.send([requestor.reply])  # both asked at once (PS3.8 9.2.3, AR-8 to AR-10)
                    requestor.reply = b""
        except (PeerError, UnreachableError):
            self._answers_release = False

    def window(self, wanted: tuple[int, int]) -> tuple[int, int]:
        """The asynchronous operations window that the peer grants; (1, 1) too when it dislikes the question."""
        try:
            contexts = [PresentationContext(1, VERIFICATION, (IMPLICIT_LITTLE.uid,))]
            return self.ask(contexts, window=wanted).async_window
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
