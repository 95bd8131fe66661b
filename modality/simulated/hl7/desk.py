"""The desk of a RIS where HL7 messages are taken, applied and answered; it says nothing of a patient to anyone."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from pathlib import Path

from modality.errors import counted
from modality.identity import Clock
from modality.protocol.hl7 import orders, patients, results
from modality.protocol.hl7.acknowledge import acknowledgment, control_id_in
from modality.protocol.hl7.message import Message, require
from modality.protocol.hl7.patients import PatientId
from modality.protocol.hl7.refusal import (
    DATA_TYPE,
    DUPLICATE_KEY,
    EVENT,
    INTERNAL,
    MESSAGE_TYPE,
    PROCESSING_ID,
    SEQUENCE,
    VERSION,
    Refusal,
)
from modality.protocol.hl7.results import Result
from modality.protocol.hl7.values import Values
from modality.protocol.matching import UNREADABLE
from modality.simulated.events import EventLog, Happening
from modality.simulated.hl7 import scheduling
from modality.simulated.ris.steps import Department, WorklistStep

_LOGGER = logging.getLogger(__name__)
# How many messages are remembered, to know one that is sent again; and how many results are kept.
_REMEMBERED = 10_000
_RESULTS = 1_000
_VERSION = re.compile(r"2\.[1-8](\.\d)?", re.ASCII)
_KIND = re.compile(r"[A-Z0-9]{3}", re.ASCII)


class OrderDesk:
    """Takes messages, one at a time; safe to use from any thread.

    Args:
        department: whose steps orders schedule.
        clock: gives the time of answers.
        events: where each message is noted.
        storage: folder where results are written as JSON; None for memory alone.
        aet: the RIS, for the log.

    Raises:
        MissingExtraError: HL7's parser is not installed.

    Attributes:
        results: the last thousand results.
        accepted: messages answered with AA, those sent again among them.
        refused: messages answered with AE or AR.
    """

    def __init__(
        self, department: Department, *, clock: Clock, events: EventLog, storage: Path | None = None, aet: str = "RIS"
    ) -> None:
        require()
        self.results: deque[Result] = deque(maxlen=_RESULTS)
        self.accepted = self.refused = 0
        self._department = department
        self._clock = clock
        self._events = events
        self._storage = storage
        self._aet = aet
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str, str], bytes] = OrderedDict()
        self._handlers: dict[str, dict[str, Callable[[Message], str]]] = {
            "ORM": {"O01": self._orders},
            "OMI": {"O23": self._orders},
            # Admitted, registered, preadmitted, updated, person updated; merged (RAD-1, RAD-12).
            "ADT": {**dict.fromkeys(("A01", "A04", "A05", "A08", "A31"), self._update), "A40": self._merge},
            "ORU": {"R01": self._results},
        }

    @property
    def takes(self) -> dict[str, tuple[str, ...]]:
        """The trigger events that are taken, by message type."""
        return {kind: tuple(events) for kind, events in self._handlers.items()}

    @property
    def summary(self) -> str:
        """How many messages were taken and refused, and how many results are kept."""
        taken = counted(self.accepted, "HL7 message")
        return f"{taken} taken and {self.refused} refused, {counted(len(self.results), 'result')} kept"

    def answer(self, content: bytes) -> bytes:
        """Take a message, without its frame; gives the acknowledgment, without one too."""
        with self._lock:
            message: Message | None = None
            refusal: Refusal | None = None
            detail = ""
            try:
                message = Message(content)
                detail = self._taken(message, hashlib.sha256(content.strip()).digest())
            except Refusal as error:
                refusal = error
            except UNREADABLE as error:
                # Something that no check has foreseen; its own words could hold what the message holds.
                _LOGGER.debug("an HL7 message raised %s", type(error).__name__)
                refusal = Refusal(DATA_TYPE, "a value fits no attribute")
            return self._answered(message, refusal, detail, content)

    def refuse(self, reason: str) -> bytes:
        """The answer to what is no message at all."""
        with self._lock:
            return self._answered(None, Refusal(SEQUENCE, reason, rejected=True), "", b"")

    def _taken(self, message: Message, digest: bytes) -> str:
        """Apply a message, or see that it was applied."""
        header = message.header
        kind, event = message.kind
        header.required(9)
        key = (header(3)(1).text, header(4)(1).text, header.required(10).text)
        if not _VERSION.fullmatch(header.required(12)(1).text):
            raise header.refuse(VERSION, "a version that is none of 2.1 to 2.8", 12)
        if header(11)(1).text not in ("", "P", "T", "D"):
            raise header.refuse(PROCESSING_ID, "none of P, T and D", 11)
        if kind not in self._handlers:
            raise header.refuse(MESSAGE_TYPE, "ADT, OMI, ORM and ORU are taken here", 9)
        handler = self._handlers[kind].get(event)
        if handler is None:
            raise header.refuse(EVENT, f"of {kind}, {' '.join(self._handlers[kind])} are taken here", 9)
        if key in self._known:
            if self._known[key] != digest:
                raise header.refuse(DUPLICATE_KEY, "another message came with this control ID", 10)
            return "sent again, not applied again"
        detail = handler(message)
        self._known[key] = digest
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return detail

    def _orders(self, message: Message) -> str:
        read = orders.read(message)

        def change(steps: list[WorklistStep]) -> list[WorklistStep]:
            return scheduling.ordered(steps, read, message.character_set.dicom)

        self._department.reschedule(change)
        return ", ".join(order.action for order in read)

    def _update(self, message: Message) -> str:
        values = patients.patient_of(message)
        whose = patients.identifiers(message.first("PID"), 3)
        # The ID under which a patient is known changes by a merge alone.
        known = {key: value for key, value in values.items() if not _IDENTIFIES.fullmatch(key)}
        return self._revise(message, [(whose, known)])

    def _merge(self, message: Message) -> str:
        return self._revise(
            message,
            [
                (patients.identifiers(mrg, 1), {**patients.identification(pid), **patients.demographics(pid)})
                for pid, mrg in patients.merges(message)
            ],
        )

    def _revise(self, message: Message, changes: list[tuple[list[PatientId], Values]]) -> str:
        touched = 0

        def change(steps: list[WorklistStep]) -> list[WorklistStep]:
            nonlocal touched
            for whose, values in changes:
                steps, number = scheduling.revised(steps, whose, values, message.character_set.dicom)
                touched += number
            return steps

        self._department.reschedule(change)
        return f"{counted(touched, 'step')} changed"

    def _results(self, message: Message) -> str:
        found = results.read(message)
        if self._storage is not None:
            header = message.header
            name = hashlib.sha256("\x1f".join(header(field).text for field in (3, 4, 10)).encode()).hexdigest()[:16]
            aside = self._storage / f"result-{name}.part"
            document = json.dumps([one.to_json() for one in found], indent=1, ensure_ascii=False)
            try:
                self._storage.mkdir(mode=0o700, parents=True, exist_ok=True)
                aside.write_text(document, encoding="utf-8", errors="replace")
                aside.replace(self._storage / f"result-{name}.json")
            except OSError as error:
                raise Refusal(INTERNAL, f"a result could not be written: {error.strerror}") from error
        self.results.extend(found)
        observations = sum(len(one.observations) for one in found)
        return f"{counted(len(found), 'result')}, {counted(observations, 'observation')}"

    def _answered(self, message: Message | None, refusal: Refusal | None, detail: str, content: bytes) -> bytes:
        self.accepted += refusal is None
        self.refused += refusal is not None
        kind = "^".join(message.kind) if message and all(map(_KIND.fullmatch, message.kind)) else "HL7"
        code = refusal.acknowledgment if refusal else "AA"
        said = f"{code} {refusal.code}: {refusal}" if refusal else f"{code}: {detail}"
        sender = message.header(3)(1).text[:64] if message else ""
        self._events.write(Happening(kind, sender, detail=said))
        _LOGGER.log(logging.WARNING if refusal else logging.INFO, "%s: %s answered %s", self._aet, kind, said)
        read = "" if message else control_id_in(content)
        return acknowledgment(message, refusal, self._clock(), secrets.token_hex(8), read)


_IDENTIFIES = re.compile("PatientID|IssuerOfPatientID|IssuerOfPatientIDQualifiersSequence")
