"""What a simulated peer did, kept for whoever tests against it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that a simulated peer answered, sent or refused.

    Args:
        what: the service, as the standard writes it ("C-STORE", "N-ACTION"), or "association".
        calling_aet: the AE title on the other side.
        status: the DIMSE status given or received; None where there is none.
        uid: the SOP instance or transaction it was about, if one.
        detail: one line for people.
    """

    what: str
    calling_aet: str
    status: int | None = None
    uid: str = ""
    detail: str = ""


class EventLog:
    """The last ten thousand happenings, oldest first; safe to write and read from any thread."""

    def __init__(self) -> None:
        self._happenings: deque[Happening] = deque(maxlen=_KEPT)
        self._written = threading.Condition()

    def write(self, happening: Happening) -> None:
        """Keep a happening, and wake whoever waits for one."""
        with self._written:
            self._happenings.append(happening)
            self._written.notify_all()

    def of(self, what: str) -> list[Happening]:
        """The happenings of one service."""
        return [happening for happening in self if happening.what == what]

    def wait_for(self, what: str, count: int = 1, *, timeout_s: float = 30.0) -> list[Happening]:
        """Wait until at least `count` happenings of one service are there.

        Raises:
            TimeoutError: they did not come in time.
        """
        deadline = time.monotonic() + timeout_s
        with self._written:
            while len(found := [one for one in self._happenings if one.what == what]) < count:
                if not self._written.wait(deadline - time.monotonic()) and time.monotonic() >= deadline:
                    raise TimeoutError(f"{len(found)} of {count} {what} in {timeout_s:g} s")
            return found

    def __iter__(self) -> Iterator[Happening]:
        with self._written:
            return iter(list(self._happenings))

    def __len__(self) -> int:
        return len(self._happenings)
