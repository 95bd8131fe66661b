"""What a peer answers to role selection and to SOP Class extended negotiation (PS3.7 D.3.3.4, D.3.3.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from modality.errors import ModalityError
from modality.network.upper_layer.asker import Asker, parts
from modality.protocol.extended import QuerySupport, StorageSupport
from modality.protocol.negotiation import FALLBACKS
from modality.protocol.upper_layer.pdu import Accepted, PresentationContext
from modality.protocol.upper_layer.user_information import Roles

QUERIES = ("1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.31")
"""Patient Root, Study Root and Modality Worklist FIND, of which QuerySupport speaks (PS3.4 C.5.1, K.5.1)."""


@dataclass(slots=True)
class Capabilities:
    """What a peer says of its services, by SOP Class UID; what it gave no answer to is left out.

    Args:
        roles: which roles it lets us play for a storage class when we propose both.
        storage: how it keeps instances.
        query: what its queries can beyond the baseline, all of it asked for.
        problems: what it did instead of answering.
    """

    roles: dict[str, Roles] = field(default_factory=dict)
    storage: dict[str, StorageSupport] = field(default_factory=dict)
    query: dict[str, QuerySupport] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def capabilities(asker: Asker, storage_classes: Sequence[str]) -> Capabilities:
    """Ask for the roles of storage classes, and for extended negotiation of these and of the queries.

    Args:
        asker: requests the associations.
        storage_classes: SOP Class UIDs that the peer accepts.
    """
    found = Capabilities()
    for classes in parts(storage_classes):
        both = dict.fromkeys(classes, Roles(scu=True, scp=True))
        found.roles |= _asked(asker, found, "role selection", classes, roles=both).roles
        ours = dict.fromkeys(classes, StorageSupport().encode())
        answered = _asked(asker, found, "storage extended negotiation", classes, extended=ours).extended
        found.storage |= {uid: StorageSupport.read(answered[uid]) for uid in classes if uid in answered}
    everything = dict.fromkeys(QUERIES, QuerySupport(*[True] * 5).encode())
    answered = _asked(asker, found, "query extended negotiation", QUERIES, extended=everything).extended
    found.query |= {uid: QuerySupport.read(answered[uid]) for uid in QUERIES if uid in answered}
    return found


def _asked(
    asker: Asker,
    found: Capabilities,
    what: str,
    classes: Sequence[str],
    *,
    roles: Mapping[str, Roles] | None = None,
    extended: Mapping[str, bytes] | None = None,
) -> Accepted:
    """The answer; an empty one, and a problem, of a peer that dislikes the question."""
    contexts = [PresentationContext(2 * at + 1, one, FALLBACKS) for at, one in enumerate(classes)]
    try:
        return asker.ask(contexts, roles=roles, extended=extended)
    except ModalityError as error:
        found.problems.append(f"{what}: {str(error).removeprefix(f'{asker.peer}: ')}")
        return Accepted()
