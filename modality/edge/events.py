"""What happens in the box, told to whoever listens: the log, a page, an audit trail."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from modality.identity import Clock, system_clock

_REMEMBERED = 200  # our choice: what a page shows at once


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Args:
        what: "captured", "held", "described", "stored", "delivered", "dead", "opened", "lost", "away", "back", ...
        where: the device or destination.
        uid: the item's UID, if it is about one.
        text: in words, without a patient's data.
        at: local time.
        details: what else belongs to it, without a patient's data.
    """

    what: str
    where: str
    uid: str
    text: str
    at: datetime
    details: dict[str, Any] = field(default_factory=dict)


Listener = Callable[[Event], None]


class Events:
    """Tells every listener, in the thread in which it happens; remembers the last ones.

    Args:
        clock: gives the local time.
    """

    def __init__(self, clock: Clock = system_clock) -> None:
        self._clock = clock
        self._listeners: list[Listener] = []
        self._recent: deque[Event] = deque(maxlen=_REMEMBERED)
        self._lock = threading.Lock()

    def listen(self, listener: Listener) -> None:
        """Add a listener; it must be quick, and must not raise."""
        self._listeners.append(listener)

    def tell(self, what: str, where: str, text: str, *, uid: str = "", **details: Any) -> None:
        """Something has happened."""
        event = Event(what, where, uid, text, self._clock(), details)
        with self._lock:
            self._recent.append(event)
        for listener in self._listeners:
            listener(event)

    def recent(self) -> list[Event]:
        """The last ones, oldest first."""
        with self._lock:
            return list(self._recent)
