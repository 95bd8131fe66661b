"""The box's audit trail: what happens becomes messages, which go to the repository in a thread of their own."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from modality.delivery.outbox.backoff import wait_s
from modality.edge.auditing.config import AuditConfig
from modality.edge.auditing.message import MINOR, SERIOUS, SUCCESS, Box, Remote
from modality.edge.auditing.subjects import Subjects
from modality.edge.auditing.syslog import Channel, line
from modality.edge.config import EdgeConfig
from modality.edge.events import Event, Events
from modality.errors import ModalityError
from modality.network.address import DicomAddress, parse

_GATHER_S = 0.5  # what is sent within so long goes into one message for each study
_END_S = 2.0
_RETRY_FIRST_S, _RETRY_MOST_S = 1.0, 60.0
_TOLD = frozenset(
    ("started", "ended", "sending", "stored", "dead", "delivered", "assigned", "discarded", "signed in", "signed out",
     "not signed in")
)  # fmt: skip


class Trail:
    """Listens to what happens, and tells an audit record repository.

    Args:
        audit: where that is.
        config: the box's.
        subjects: knows whose the objects are.
        events: what happens; it is told when the repository is away.
    """

    def __init__(self, audit: AuditConfig, config: EdgeConfig, subjects: Subjects, events: Events) -> None:
        self._config, self._subjects, self._events = config, subjects, events
        self._box = Box(config.edge.aet, audit.site)
        self._channel = Channel(audit)
        self._most = audit.queue
        self._heard: deque[Event] = deque()
        self._waiting: deque[bytes] = deque()
        self._lock, self._wake, self._end = threading.Lock(), threading.Event(), threading.Event()
        self._sent = self._lost = self._failures = 0
        self._problem = ""
        self._not_before = 0.0
        self._remotes = _remotes(config)
        self._fhir = config.fhir.name if config.fhir else ""
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        events.listen(self.hear)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def hear(self, event: Event) -> None:
        """Something has happened."""
        if event.what not in _TOLD:
            return
        with self._lock:
            self._heard.append(event)
            if len(self._heard) > self._most:
                self._heard.popleft()
                self._lost += 1
        self._wake.set()

    def close(self) -> None:
        """Send what is left, where the repository answers; the rest is lost, and counted."""
        self._end.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_END_S + _GATHER_S)
        self._channel.close()
        self._lost += len(self._waiting)
        self._waiting.clear()
        if self._lost:
            self._events.tell("lost", "audit", f"{self._lost} audit messages never reached the repository")

    def snapshot(self) -> dict[str, Any]:
        """How many messages were sent, wait and are lost, and what is wrong."""
        return {
            "sent": self._sent,
            "waiting": len(self._waiting) + len(self._heard),
            "lost": self._lost,
            "problem": self._problem,
        }

    def _run(self) -> None:
        until = float("inf")
        while time.monotonic() < until:
            self._wake.wait(1.0)
            if not self._end.is_set():
                self._end.wait(_GATHER_S if self._heard else 0.0)
            if self._end.is_set() and until == float("inf"):  # the last time, though it was to be tried later
                until = time.monotonic() + _END_S
                self._not_before = 0.0
            ends = until < float("inf")
            self._wake.clear()
            self._compose()
            self._send()
            if ends and (self._problem or not (self._waiting or self._heard)):
                return

    # What happens becomes messages.

    def _compose(self) -> None:
        with self._lock:
            events = list(self._heard)
            self._heard.clear()
        stored: dict[str, list[Event]] = {}
        for event in events:
            if event.what == "stored":
                stored.setdefault(event.where, []).append(event)
        for event in events:
            if event.what != "stored":
                self._told(event)
            elif event.where in stored:  # all of a destination in its first one's place
                those = stored.pop(event.where)
                self._transferred(event.where, [str(one.details.get("object", "")) for one in those], those[-1].at)

    def _told(self, event: Event) -> None:
        at, box = event.at, self._box
        if event.what in ("started", "ended"):
            self._put(box.application(event.what == "started", at), at)
        elif event.what == "sending":
            for what in self._subjects.studies(event.details.get("uids", ())):
                self._put(box.begins(what, self._remote(event.where), at), at)
        elif event.what == "dead" and event.where in self._remotes and event.where != self._fhir:
            self._transferred(event.where, self._subjects.objects(event.uid), at, SERIOUS, event.text)
        elif event.what == "delivered" and event.where == self._fhir:
            for whose in self._subjects.patients(event.uid):
                self._put(box.exported(whose, self._remote(event.where), at), at)
        elif event.what in ("assigned", "discarded") and event.details.get("user"):
            self._decided(event)
        elif "signed" in event.what:
            arrives, failed = event.what != "signed out", event.what == "not signed in"
            outcome = (SERIOUS if event.details.get("locked") else MINOR) if failed else SUCCESS
            self._put(box.authentication(_user(event), arrives, at, outcome), at, failed=failed)

    def _transferred(
        self, where: str, uids: Iterable[str], at: datetime, outcome: str = SUCCESS, reason: str = ""
    ) -> None:
        for what in self._subjects.studies(uids):
            message = self._box.transferred(what, self._remote(where), at, outcome, reason)
            self._put(message, at, failed=outcome != SUCCESS)

    def _decided(self, event: Event) -> None:
        if event.what == "assigned":
            for whose in self._subjects.assigned(event.uid):
                self._put(self._box.record(whose, _user(event), event.at), event.at)
            return
        for what in self._subjects.studies(self._subjects.objects(event.uid)):
            self._put(self._box.deleted(what, _user(event), event.at), event.at)

    def _remote(self, where: str) -> Remote:
        return self._remotes.get(where) or Remote(where)

    def _put(self, message: bytes, at: datetime, *, failed: bool = False) -> None:
        self._waiting.append(line(message, at, host=self._box.host, failed=failed))
        while len(self._waiting) > self._most:
            self._waiting.popleft()
            self._lost += 1

    # Messages go.

    def _send(self) -> None:
        if time.monotonic() < self._not_before:
            return
        while self._waiting:
            try:
                if self._channel.send(self._waiting[0]):
                    self._sent += 1
                else:
                    self._lost += 1
            except ModalityError as error:
                self._failures += 1
                pause = wait_s(self._failures, _RETRY_FIRST_S, _RETRY_MOST_S, random.random())
                self._not_before = time.monotonic() + pause
                if not self._problem:
                    self._events.tell("away", "audit", str(error))
                self._problem = str(error)
                return
            self._waiting.popleft()
            if self._problem:
                self._events.tell("back", "audit", "it takes messages again")
            self._failures, self._problem = 0, ""


def _user(event: Event) -> Remote:
    return Remote(str(event.details.get("user") or "unknown"), str(event.details.get("address", "")))


def _remotes(config: EdgeConfig) -> dict[str, Remote]:
    """The destinations as participants."""
    found = {}
    for one in config.archives:
        address = one.parsed
        if isinstance(address, DicomAddress):
            found[one.name] = Remote(address.aet, address.host, address.aet)
        else:
            found[one.name] = Remote(str(address), _host(str(address)))
    if config.fhir:
        found[config.fhir.name] = Remote(str(parse(config.fhir.address)), _host(config.fhir.address))
    return found


def _host(address: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(address).hostname or ""
