"""What a peer accepts, what it would choose, and its manners: found by proposing, without sending an instance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from modality.network.address import DicomAddress
from modality.network.local import Local
from modality.network.upper_layer.asker import Asker, parts
from modality.network.upper_layer.capabilities import Capabilities, capabilities
from modality.protocol.negotiation import MOST_CONTEXTS, Context
from modality.protocol.upper_layer.pdu import PresentationContext
from modality.protocol.upper_layer.requestor import VERIFICATION
from modality.transfer.syntaxes import IMPLICIT_LITTLE

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
_ASKED_WINDOW = (8, 8)
# Of Verification, in every association: some archives reject or abort one of which they would accept no context.
_LAST_ID = 255


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
        capabilities: its roles and what it says of its services; None unless asked for.
    """

    peer: Peer
    accepted: dict[Context, bool] = field(default_factory=dict)
    preferred: dict[str, str] = field(default_factory=dict)
    capabilities: Capabilities | None = None


def negotiate(
    peer: DicomAddress,
    sop_classes: Sequence[str],
    transfer_syntaxes: Sequence[str],
    local: Local,
    *,
    extended: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Negotiated:
    """Propose every pair of SOP Class and transfer syntax, and some odd things.

    Args:
        peer: whom to ask.
        sop_classes: SOP Class UIDs.
        transfer_syntaxes: Transfer Syntax UIDs.
        local: who asks.
        extended: ask for roles and for SOP Class extended negotiation as well.
        progress: called with the number of associations requested so far.

    Raises:
        UnreachableError: nobody answers.
        AssociationRejected: the peer does not want us.
        PeerError: it did not answer properly.
    """
    asker = Asker(peer, local, progress)
    first = asker.ask([PresentationContext(1, VERIFICATION, (IMPLICIT_LITTLE.uid,))])
    found = Negotiated(
        Peer(first.max_pdu, first.implementation_class_uid, first.implementation_version, asker.window(_ASKED_WINDOW))
    )
    pairs = [(sop_class, syntax) for sop_class in sop_classes for syntax in transfer_syntaxes]
    for part in parts(pairs, MOST_CONTEXTS - 1):
        contexts = [PresentationContext(2 * at + 1, one, (syntax,)) for at, (one, syntax) in enumerate(part)]
        answer = asker.ask([*contexts, *_verification(_LAST_ID)])
        for at, pair in enumerate(part):
            found.accepted[pair] = answer.results.get(2 * at + 1, (1, ""))[0] == 0
    for classes in parts(list(sop_classes), MOST_CONTEXTS - 1):
        everything = tuple(transfer_syntaxes)
        contexts = [PresentationContext(2 * at + 1, one, everything) for at, one in enumerate(classes)]
        answer = asker.ask([*contexts, *_verification(_LAST_ID)])
        for at, sop_class in enumerate(classes):
            result, syntax = answer.results.get(2 * at + 1, (1, ""))
            if result == 0:
                found.preferred[sop_class] = syntax
    found.peer.preferred_in_one_context = found.preferred.get(CT_IMAGE, "")
    found.peer.over_128 = asker.behaviour(_contexts(MOST_CONTEXTS + 1))
    found.peer.illegal = {name: asker.behaviour(contexts) for name, contexts in _illegal().items()}
    if extended:
        found.capabilities = capabilities(asker, list(found.preferred))
    return found


def _contexts(count: int) -> list[PresentationContext]:
    """So many contexts, their IDs odd numbers that start again after 255."""
    return [PresentationContext((2 * at + 1) % 256, CT_IMAGE, (IMPLICIT_LITTLE.uid,)) for at in range(count)]


def _illegal() -> dict[str, list[PresentationContext]]:
    """Proposals that PS3.8 does not allow (9.3.2.2: an odd ID, each once; at least one context and one syntax)."""
    verification = PresentationContext(1, VERIFICATION, (IMPLICIT_LITTLE.uid,))
    return {
        "even context id": [PresentationContext(2, VERIFICATION, (IMPLICIT_LITTLE.uid,))],
        "one context id twice": [verification, PresentationContext(1, CT_IMAGE, (IMPLICIT_LITTLE.uid,))],
        "no transfer syntax": [PresentationContext(1, VERIFICATION, ())],
        "no presentation context": [],
        "unknown abstract syntax": [PresentationContext(1, "1.2.3.4.5.6.7", (IMPLICIT_LITTLE.uid,)), *_verification(3)],
        "malformed uid": [PresentationContext(1, "1.02.x", (IMPLICIT_LITTLE.uid,)), *_verification(3)],
    }


def _verification(context_id: int) -> list[PresentationContext]:
    return [PresentationContext(context_id, VERIFICATION, (IMPLICIT_LITTLE.uid,))]
