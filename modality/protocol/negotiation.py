"""Which presentation contexts to propose, and in which one an instance travels (PS3.8 7.1.1.13, PS3.7 annex D)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from modality.errors import UsageError
from modality.transfer.part10 import is_uid
from modality.transfer.syntaxes import BY_UID, EXPLICIT_LITTLE, IMPLICIT_LITTLE, syntax

MOST_CONTEXTS = 128
"""Context IDs are the odd numbers from 1 to 255 (PS3.8 9.3.2.2)."""

FALLBACKS = (EXPLICIT_LITTLE.uid, IMPLICIT_LITTLE.uid)
"""Proposed beside an instance's own syntax, so that it can be transcoded where the peer does not take it as it is."""

OWN = "own"
"""Stands for the syntax that an instance is in."""

Context = tuple[str, str]
"""SOP Class UID and Transfer Syntax UID."""

ProposedContext = tuple[str, tuple[str, ...]]
"""SOP Class UID and the Transfer Syntax UIDs of one presentation context, of which the peer chooses one."""


@dataclass(frozen=True, slots=True)
class Negotiation:
    """How an instance comes to the transfer syntax that it travels in.

    Args:
        propose: presentation contexts of each SOP Class: each the syntaxes in it by keyword or UID, in order; `own` is
            the one that an instance is in. By default each syntax has a context of its own, so that the peer answers
            for each.
        transcode: what may be done to an instance whose own syntax the peer does not take: nothing, what loses
            nothing, or what loses something where nothing else is left.
        quality: of a lossy syntax, on its codec's own scale; None takes the codec's default.
        async_window: requests that may be out at a time where the peer grants it; None does not ask, since some
            archives drop an association that carries the question (PS3.7 D.3.3.3).

    Raises:
        UnknownNameError: a syntax is neither a keyword of the table nor a UID.
        UsageError: a context is empty, there are more than an association carries, the window is none, or a lossy
            syntax's scale does not hold the quality.
    """

    propose: tuple[tuple[str, ...], ...] = ((OWN,), *((uid,) for uid in FALLBACKS))
    transcode: Literal["never", "lossless", "lossy"] = "lossless"
    quality: float | None = None
    async_window: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.propose) <= MOST_CONTEXTS or not all(self.propose):
            raise UsageError(f"propose 1 to {MOST_CONTEXTS} presentation contexts, each with a transfer syntax")
        if self.async_window is not None and not 0 <= self.async_window <= 0xFFFF:
            raise UsageError(f"an asynchronous window of {self.async_window} operations: 1 to 65535, or 0 for no limit")
        named = tuple(tuple(map(_uid, syntaxes)) for syntaxes in self.propose)
        object.__setattr__(self, "propose", named)
        lossy = any(uid in BY_UID and not BY_UID[uid].lossless for syntaxes in named for uid in syntaxes)
        if self.transcode == "lossy" and not lossy:
            raise UsageError("no lossy transfer syntax is proposed: propose one, JPEGBaseline8Bit for example")
        if self.quality is not None and self.transcode != "lossy":
            raise UsageError("a quality is for lossy transcoding, which has to be allowed")
        for uid in [uid for syntaxes in named for uid in syntaxes if uid in BY_UID and not BY_UID[uid].lossless]:
            BY_UID[uid].check_quality(self.quality)


def _uid(name: str) -> str:
    return name if name == OWN or is_uid(name) else syntax(name).uid


DEFAULT = Negotiation()


def proposals(instances: Iterable[Context], negotiation: Negotiation = DEFAULT) -> list[list[ProposedContext]]:
    """The contexts for instances of these classes and syntaxes, in lists that an association can carry.

    All contexts of one SOP Class stand in one list, unless it has more than an association can carry.
    """
    wanted: dict[str, dict[str, None]] = {}
    for sop_class, uid in instances:
        wanted.setdefault(sop_class, {})[uid] = None
    groups: list[list[ProposedContext]] = [[]]
    for sop_class, own in wanted.items():
        proposed = [
            tuple(dict.fromkeys(uid if one == OWN else one for one in syntaxes))
            for syntaxes in negotiation.propose
            for uid in (own if OWN in syntaxes else ("",))
        ]
        contexts = [(sop_class, syntaxes) for syntaxes in dict.fromkeys(proposed)]
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

    def candidates(self, sop_class_uid: str, transfer_syntax_uid: str, negotiation: Negotiation = DEFAULT) -> list[str]:
        """The syntaxes that an instance may be sent in, best first: its own alone, else those that we can write.

        Args:
            sop_class_uid: the instance's class.
            transfer_syntax_uid: the syntax it is in.
            negotiation: what may be done to it.
        """
        offered = self.syntaxes.get(sop_class_uid, ())
        if transfer_syntax_uid in offered:
            return [transfer_syntax_uid]
        if negotiation.transcode == "never" or transfer_syntax_uid not in BY_UID:
            return []
        known = [BY_UID[uid] for uid in offered if uid in BY_UID]
        # Native ones come first: encapsulated ones are often offered only because another instance is in them.
        found = sorted((one for one in known if one.lossless), key=lambda one: one.encapsulated)
        found += [one for one in known if not one.lossless and negotiation.transcode == "lossy"]
        return [one.uid for one in found]
