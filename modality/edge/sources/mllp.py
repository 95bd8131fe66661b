"""HL7 v2 over MLLP: a device's or middleware's results, answered with AA only when they are safe."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from typing import Any

from modality.edge.config import DeviceConfig
from modality.edge.naming import seed
from modality.edge.readers.hl7_results import check
from modality.edge.sources.intake import Intake
from modality.errors import ConfigurationError, ModalityError, StorageFailed, WorkflowError
from modality.identity import uid
from modality.protocol.hl7.acknowledge import acknowledgment, control_id_in
from modality.protocol.hl7.message import Message
from modality.protocol.hl7.refusal import DATA_TYPE, INTERNAL, SEQUENCE, Refusal
from modality.protocol.matching import UNREADABLE
from modality.simulated.hl7.listener import MllpListener

KIND = "hl7-oru"
_SCHEME = "tcp-listen://"
_REOPEN_S = 2.0


def address_of(port: str) -> tuple[str, int]:
    """Host and port of ``tcp-listen://host:port``.

    Raises:
        ConfigurationError: it is none.
    """
    host, _, number = port.removeprefix(_SCHEME).rpartition(":")
    if not port.startswith(_SCHEME) or not host or not number.isdecimal() or int(number) > 65535:
        raise ConfigurationError(f"{port!r} is no port that a sender of HL7 can call: give {_SCHEME}127.0.0.1:2575")
    return host.strip("[]"), int(number)


class Hl7Source:
    """Takes the results that one device sends, over any number of connections.

    A message is the same as another when its sender, its control ID and all that stands behind MSH are the same: it is
    answered with AA again, and is one capture as long as the outbox remembers the first. A control ID that comes again
    with other results, as of a device that counts from 1 after each start, is a capture of its own.

    Args:
        config: its configuration.
        intake: where captures go.
    """

    def __init__(self, config: DeviceConfig, intake: Intake) -> None:
        self.name, self._config, self._intake = config.name, config, intake
        self._lock = threading.Lock()
        self._seed = seed(intake.outbox)
        self._problem = "not opened yet"
        self._captures = self._refused = self._again = 0
        self._last: float | None = None
        self.port = 0
        """The port listened on; 0 while none is."""

    def run(self, stop: threading.Event) -> None:
        """Listen until told to stop; a port that cannot be had is asked for again."""
        host, number = address_of(self._config.port)
        while not stop.is_set():
            listener = MllpListener(self, host, number)
            try:
                listener.start()
            except OSError as error:
                problem = f"{self._config.port}: cannot listen: {error.strerror or error}"
                if problem != self._problem:
                    self._intake.events.tell("lost", self.name, problem)
                self._problem = problem
                stop.wait(_REOPEN_S)
                continue
            self._problem, self.port = "", listener.port
            self._intake.events.tell("opened", self.name, listener.address)
            try:
                stop.wait()
            finally:
                listener.stop()
                self.port = 0

    def answer(self, content: bytes) -> bytes:
        """Take a message, without its frame; gives the acknowledgment, without one too."""
        with self._lock:
            message: Message | None = None
            refusal: Refusal | None = None
            try:
                message = Message(content)
                self._take(message, content)
            except Refusal as error:
                refusal = error
            except StorageFailed as error:
                self._problem = str(error)
                refusal = Refusal(INTERNAL, "the result could not be made safe: send it again later")
            except ModalityError as error:
                refusal = Refusal(INTERNAL, str(error))
            except UNREADABLE:  # what no check has foreseen; its own words could hold what the message holds
                refusal = Refusal(DATA_TYPE, "a value is not what its type says")
            return self._answered(message, refusal, content)

    def refuse(self, reason: str) -> bytes:
        """The answer to what is no message at all."""
        with self._lock:
            return self._answered(None, Refusal(SEQUENCE, reason, rejected=True), b"")

    def _take(self, message: Message, content: bytes) -> None:
        check(message)
        header = message.header
        sender = [header(field).text for field in (3, 4, 10)]
        behind = content.strip().replace(b"\r\n", b"\r").replace(b"\n", b"\r").partition(b"\r")[2].strip()
        digest = hashlib.sha256(behind).hexdigest()
        name = uid("edge", self._seed, "hl7", self.name, *sender, digest)
        if self._known(name):
            self._again += 1
            self._intake.events.tell("again", self.name, "a message that is safe already was sent again", uid=name)
            return
        details = {"control_id": header(10).text[:64], **self._intake.scanned(self.name)}
        item = self._intake.take(self.name, KIND, [content], size=len(content), uid=name, details=details)
        self._intake.outbox.acknowledged(item.uid)
        self._captures += 1
        self._problem, self._last = "", time.monotonic()

    def _known(self, name: str) -> bool:
        try:
            self._intake.outbox.item(name)
        except WorkflowError:
            return False
        return True

    def _answered(self, message: Message | None, refusal: Refusal | None, content: bytes) -> bytes:
        if refusal:
            self._refused += 1
            self._intake.events.tell("refused", self.name, f"{refusal.acknowledgment} {refusal.code}: {refusal}")
        now, read = self._intake.clock.wall(), "" if message else control_id_in(content)
        return acknowledgment(message, refusal, now, secrets.token_hex(8), read)

    def snapshot(self) -> dict[str, Any]:
        """Whether it listens, what came, and what of it was refused."""
        seen = self._captures + self._again + self._refused
        return {
            "driver": KIND,
            "connected": not self._problem,
            "problem": self._problem,
            "captures": self._captures,
            "frames": self._captures + self._again,
            "rejected_frames": self._refused,
            "skipped_bytes": 0,
            "sent_again": self._again,
            "error_rate": round(self._refused / seen, 6) if seen else 0.0,
            "last_good_s": None if self._last is None else round(time.monotonic() - self._last, 1),
        }
