"""What a source is, and the one door through which captures come into the box."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from modality.delivery.outbox.item import Capture, Item, Moment
from modality.delivery.outbox.outbox import Outbox
from modality.edge.clock import BoxClock
from modality.edge.events import Events
from modality.transfer.elements import Buffer


class Source(Protocol):
    """One device of the configuration at work."""

    name: str

    def run(self, stop: threading.Event) -> None:
        """Take what comes until told to stop; then make safe what is open, and come back."""

    def snapshot(self) -> dict[str, Any]:
        """How it does, as plain data, for people and monitors."""


class Intake:
    """Makes captures safe, and tells the box of them.

    Args:
        outbox: where they go.
        clock: the box's.
        events: hears of each.
        wake: called behind each.
    """

    def __init__(self, outbox: Outbox, clock: BoxClock, events: Events, wake: Callable[[], None]) -> None:
        self.outbox, self.clock, self.events, self._wake = outbox, clock, events, wake
        self.scan: Callable[[str], str] = lambda _: ""
        """The code that holds for a device now; empty for none."""

    def scanned(self, source: str) -> dict[str, Any]:
        """What a scanner has said of whom a device is used on now, as details of a capture.

        Args:
            source: the device's name.
        """
        code = self.scan(source)
        return {"scan": code} if code else {}

    def take(
        self,
        source: str,
        kind: str,
        parts: Iterable[Buffer],
        *,
        size: int = 0,
        uid: str = "",
        origin: str = "",
        moment: Moment | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> Item:
        """Make a capture safe; see `Outbox.capture`.

        Args:
            source: the device's name.
            kind: format of the bytes.
            parts: the bytes.
            size: how many, as far as known.
            uid: SOP Instance UID, if it has one already.
            origin: what tells it from every other that the source still holds.
            moment: when it began; now by default.
            details: what goes with it.

        Raises:
            StorageFailed: it is not safe.
        """
        capture = Capture(
            source,
            kind,
            moment or self.clock.moment(),
            uid,
            origin,
            self.scanned(source) if details is None else details,
        )
        item = self.outbox.capture(capture, parts, size=size)
        self.events.tell("captured", source, f"{item.size} bytes of {kind} are safe", uid=item.uid)
        self._wake()
        return item
