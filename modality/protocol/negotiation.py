"""Which presentation contexts to propose, and in which one an instance travels (PS3.8 7.1.1.13, PS3.7 annex D)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from modality.transfer.syntaxes import BY_UID, EXPLICIT_LITTLE, IMPLICIT_LITTLE

MOST_CONTEXTS = 128
"""Context IDs are the odd numbers from 1 to 255 (PS3.8 9.3.2.2)."""

FALLBACKS = (EXPLICIT_LITTLE.uid, IMPLICIT_LITTLE.uid)
"""Proposed beside an instance's own syntax, so that it can be transcoded where the peer does not take it as it is."""

Context = tuple[str, str]
"""SOP Class UID and Transfer Syntax UID: one presentation context each, so that the peer answers for each pair."""


def proposals(instances: Iterable[Context], fallbacks: Sequence[str] = FALLBACKS) -> list[list[Context]]:
    """The contexts for instances of these classes and syntaxes, in lists that an association can carry.

    All contexts of one SOP Class stand in one list, unless it has more than an association can carry.
    """
    wanted: dict[str, dict[str, None]] = {}
    for sop_class, syntax in instances:
        wanted.setdefault(sop_class, {})[syntax] = None
    groups: list[list[Context]] = [[]]
    for sop_class, own in wanted.items():
        contexts = [(sop_class, uid) for uid in dict.fromkeys([*own, *fallbacks])]
        for first in range(0, len(contexts), MOST_CONTEXTS):
            part = contexts[first : first + MOST_CONTEXTS]
            if len(groups[-1]) + len(part) > MOST_CONTEXTS:
                groups.append([])
            groups[-1].extend(part)
    return [group for group in groups if group]


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a peer accepted: transfer syntaxes by SOP Class, in the order proposed."""

    syntaxes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def choose(self, sop_class_uid: str, transfer_syntax_uid: str, *, transcode: bool = True) -> str | None:
        """The syntax to send an instance in: its own, else a lossless one that we can write, else None.

        Args:
            sop_class_uid: the instance's class.
            transfer_syntax_uid: the syntax it is in.
            transcode: another syntax than its own may be chosen.
        """
        offered = self.syntaxes.get(sop_class_uid, ())
        if transfer_syntax_uid in offered:
            return transfer_syntax_uid
        if not transcode or transfer_syntax_uid not in BY_UID:
            return None
        # Native ones come first: encapsulated ones are offered because another instance is in them.
        lossless = [uid for uid in offered if uid in BY_UID and BY_UID[uid].lossless]
        return min(lossless, key=lambda uid: BY_UID[uid].encapsulated, default=None)
