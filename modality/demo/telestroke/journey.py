"""The hops of a run: each exchange between two systems, how long it took, and what went wrong with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from modality.errors import ModalityError


@dataclass(slots=True)
class Hop:
    """One exchange, or one piece of work between two.

    Args:
        origin: who asks, sends or works.
        target: whom; empty for work that needs nobody else.
        transaction: what the standards call it.
        detail: what came of it, for people.
        latency_ms: how long it took.
        bytes: of images or resources that went over the network; 0 where nobody counted.
        error: what went wrong; empty when nothing did.
    """

    origin: str
    target: str
    transaction: str
    detail: str = ""
    latency_ms: float = 0.0
    bytes: int = 0
    error: str = ""

    @property
    def name(self) -> str:
        """Who did what with whom."""
        return f"{self.transaction} ({self.origin}{f' to {self.target}' if self.target else ''})"

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            "from": self.origin,
            "to": self.target,
            "transaction": self.transaction,
            "detail": self.detail,
            "latency_ms": round(self.latency_ms, 1),
            "bytes": self.bytes,
            "error": self.error,
        }


@dataclass(slots=True)
class Journey:
    """The hops so far, in order.

    Args:
        done: told of each hop when it is over, failed ones included.
        hops: those so far.
    """

    done: Callable[[Hop], None] = lambda _: None
    hops: list[Hop] = field(default_factory=list)

    @contextmanager
    def hop(self, origin: str, target: str, transaction: str) -> Iterator[Hop]:
        """Time a hop; its block says what came of it. An error is noted, and goes on up."""
        hop = Hop(origin, target, transaction)
        began = time.perf_counter()
        try:
            yield hop
        except ModalityError as error:
            hop.error = str(error)
            raise
        finally:
            hop.latency_ms = (time.perf_counter() - began) * 1000
            self.hops.append(hop)
            self.done(hop)

    @property
    def broken(self) -> Hop | None:
        """The hop that failed, if one did."""
        return next((hop for hop in self.hops if hop.error), None)
