"""The work on one destination: what is due goes, what fails waits longer each time, and what is refused steps aside."""

from __future__ import annotations

import random
import threading
import time
from abc import ABC, abstractmethod
from datetime import datetime
from typing import Any

from modality.delivery.outbox.backoff import wait_s
from modality.delivery.outbox.deliveries import Deliveries
from modality.delivery.outbox.item import Delivery
from modality.edge.config import BoxConfig
from modality.edge.events import Events
from modality.errors import ModalityError

_IDLE_S = 5.0  # how often is looked without being woken: the command line wakes nobody
_BROKEN_FACTOR = 4  # our choice: a broken transfer may be the network's fault, and counts a quarter of a refusal


class Worker(ABC):
    """Delivers to one destination.

    Args:
        name: the destination's.
        box: how long is waited, and how often tried.
        deliveries: what is due.
        events: hears what becomes of it.
    """

    def __init__(self, name: str, box: BoxConfig, deliveries: Deliveries, events: Events) -> None:
        self.name, self._box, self._deliveries, self._events = name, box, deliveries, events
        self._wake = threading.Event()
        self._aside: dict[str, float] = {}
        self._failures = 0
        self._problem = ""
        self._until = 0.0
        self.working = threading.Lock()
        """Held while something may be on its way."""

    @property
    def answers(self) -> bool:
        """The destination answered when it was asked last."""
        return not self._problem

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    def run(self, stop: threading.Event) -> None:
        """Deliver until told to stop."""
        while not stop.is_set():
            self._wake.clear()
            with self.working:
                pause = self._turn()
            self._wait(stop, pause)

    def _wait(self, stop: threading.Event, pause: float) -> None:
        """Wait; being woken shortens it, but not where the destination failed."""
        if self._failures:
            stop.wait(pause)
        elif pause and not stop.is_set():  # who stops us wakes us behind it, and that may have been before the turn
            self._wake.wait(pause)

    def _turn(self) -> float:
        """Do what is due; how long to wait before the next turn."""
        try:
            more = self.deliver()
        except ModalityError as error:
            self._failures += 1
            pause = wait_s(self._failures, self._box.retry_s, self._box.retry_max_s, random.random())
            self._until = time.monotonic() + pause
            if not self._problem:
                self._events.tell("away", self.name, str(error))
            self._problem = str(error)
            return pause
        if self._problem:
            self._events.tell("back", self.name, "it answers again")
        self._failures, self._problem = 0, ""
        if more:
            return 0.0
        soonest = min(list(self._aside.values()), default=time.monotonic() + _IDLE_S) - time.monotonic()
        return min(max(soonest, 0.05), _IDLE_S, self.patience())

    @abstractmethod
    def deliver(self) -> bool:
        """Do what is due; whether there may be more to do at once.

        Raises:
            ModalityError: the destination cannot be used now, whatever the object.
        """

    def patience(self) -> float:
        """Seconds after which there is something to do even if nothing comes."""
        return _IDLE_S

    def due(self, limit: int) -> list[Delivery]:
        """What is to be stored now: in order, without what steps aside."""
        now = time.monotonic()
        self._aside = {uid: until for uid, until in list(self._aside.items()) if until > now}
        return self._deliveries.due(self.name, limit=limit, without=tuple(self._aside))

    def refused(self, delivery: Delivery, reason: str, *, broken: bool = False) -> None:
        """An object was not taken: it steps aside for a while, and at last for good.

        Args:
            delivery: of the object.
            reason: what the destination said.
            broken: the transfer broke off, which need not be the object's fault.
        """
        refusals = delivery.refusals + 1
        dead = refusals >= self._box.attempts * (_BROKEN_FACTOR if broken else 1)
        self._deliveries.refused(self.name, delivery.uid, reason, dead=dead)
        pause = wait_s(refusals, self._box.retry_s, self._box.retry_max_s, random.random())
        self._aside[delivery.uid] = time.monotonic() + pause
        self._events.tell("dead" if dead else "refused", self.name, reason, uid=delivery.item_uid)

    def lost(self, delivery: Delivery, reason: str) -> None:
        """An object cannot be sent at all: its file is gone or damaged."""
        self._deliveries.refused(self.name, delivery.uid, reason, dead=True)
        self._events.tell("dead", self.name, reason, uid=delivery.item_uid)

    def snapshot(self, now: datetime) -> dict[str, Any]:
        """How it does, as plain data.

        Args:
            now: local time.
        """
        ready, stored, oldest = self._deliveries.waiting(self.name)
        age = (now - datetime.fromisoformat(oldest)).total_seconds() if oldest else 0.0
        return {
            "name": self.name,
            "waiting": ready,
            "unconfirmed": stored,
            "oldest_undelivered_s": round(max(0.0, age), 1),
            "problem": self._problem,
            "failures": self._failures,
            "retry_in_s": round(max(0.0, self._until - time.monotonic()), 1) if self._failures else 0.0,
        }
