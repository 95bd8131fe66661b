"""ASTM E1381 and E1394 (CLSI LIS01-A2, LIS02-A2): the receiver of an analyzer's results, on a serial line or TCP."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from firmware_bridge.drivers.driver import Device, Event, Serial
from firmware_bridge.drivers.laboratory import frames
from firmware_bridge.drivers.laboratory.frames import Broken, End, Enquiry, Frame, Framer, Lost, Token
from firmware_bridge.drivers.laboratory.results import Message
from firmware_bridge.drivers.stream import Stream
from firmware_bridge.errors import SettingsError
from firmware_bridge.measurement import Complete, Reply
from firmware_bridge.settings import settings_of

ACK, NAK = bytes([frames.ACK]), bytes([frames.NAK])

SETTINGS: Mapping[str, Any] = MappingProxyType(
    {
        "encoding": "latin-1",
        # NAK whatever does not follow in number. Off, because devices in the field miscount; a warning says so.
        "strict_numbers": False,
        "sample_component": 0,  # of the sample's id, from 1; 0 is the first one that is filled
        "receive_timeout_s": 30.0,  # E1381: the receiver's timer
        "frame_timeout_s": 2.0,  # our choice: silence that ends a frame without CR, and shows a half one to be given up
    }
)

SESSION, INTERRUPTED = "session", "interrupted session"
"""What is complete: a session that the device has ended, or one that broke off, whose end the device may send again."""

MISSING = "a frame is missing: whose the results behind it are is not known"
ENDLESS = "a record without an end was dropped"
CUT_SHORT = "a session ended within a record, which was dropped"
"""Warnings of results that were lost."""

_NUMBERS = 8


class Astm(Stream):
    """The receiver's side.

    Each frame is answered by a `Reply` with ACK that waits until its bytes are safe, and is NAK if they cannot be. A
    frame that comes again, after a lost ACK or after such a NAK, is acknowledged and not taken twice.

    Args:
        settings: over `SETTINGS`.

    Raises:
        SettingsError: one is unknown or wrong.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self._settings = settings_of("astm", settings, SETTINGS)
        if not _carries_ascii(self._settings["encoding"]):
            raise SettingsError(f"astm: encoding {self._settings['encoding']!r} does not fit: try 'latin-1'")
        if self._settings["sample_component"] < 0:
            raise SettingsError("astm: sample_component counts from 1; 0 is the first one that is filled")
        self._framer = Framer()
        self._silent_s = 0.0
        self._open = False
        self._begin()

    def feed(self, data: bytes) -> list[Event]:
        """What these bytes complete."""
        if data:
            self._silent_s = 0.0
        return self._handled(self._framer.feed(data))

    def waited(self, seconds: float) -> list[Event]:
        """The timers of E1381: a frame, or a session, that does not go on."""
        events: list[Event] = []
        self._silent_s += seconds
        if self._framer.half and self._silent_s >= self._settings["frame_timeout_s"]:
            tokens = self._framer.silence()
            events += self._handled(tokens)
            if self._open and len(tokens) == 1 and isinstance(tokens[0], Lost):
                # Its end was lost on the line, and the device waits: asked now, it sends the frame again at once.
                events += self._refused("a frame did not end", tokens[0].number)
        if self._open and self._silent_s >= self._settings["receive_timeout_s"]:
            self.warn("the device fell silent within a session")
            events += self._close(SESSION if self._message.ended else INTERRUPTED)
        return events

    def finish(self) -> list[Event]:
        """The stream has ended, as recordings do, without EOT."""
        events = self._handled(self._framer.silence())
        return events + self._close(SESSION if self._message.ended else INTERRUPTED)

    def _begin(self) -> None:
        self._last: Frame | None = None
        self._expected = 1
        self._rest = b""  # of a record whose frames ended with ETB so far
        self._half = False  # what comes up to the next record's begin is the end of one whose begin is missing
        self._miscounts = False  # numbers did not follow though nothing was refused, and not within a record
        self._lacking: int | None = None  # number of the frame that was refused or lost behind the last one taken
        self._message = Message(self._settings["encoding"], self._settings["sample_component"], self.warn)

    def _handled(self, tokens: list[Token]) -> list[Event]:
        events: list[Event] = []
        for token in tokens:
            if isinstance(token, Frame):
                events += self._frame(token)
            elif isinstance(token, Lost):
                self._lacking = token.number
            elif isinstance(token, Broken):
                events += self._refused("a frame's checksum failed", token.number)
            elif isinstance(token, Enquiry):
                events += self._close(SESSION if self._message.ended else INTERRUPTED)
                self._open = True
                events.append(Reply(ACK, True, NAK))  # NAK to ENQ: busy, try again in 10 s
            elif isinstance(token, End):
                events += self._close(SESSION)
        self.skipped_bytes += self._framer.skipped_bytes
        self._framer.skipped_bytes = 0
        return events

    def _frame(self, frame: Frame) -> list[Event]:
        events: list[Event] = []
        starts = frame.number == 1 and frame.text[:1] in (b"H", b"h")
        if self._last is not None and frame == self._last:
            self.warn("a frame came again, and was taken once")
            return [Reply(ACK, True, NAK)]
        if starts and self._expected != 1:  # EOT and ENQ were lost
            events += self._close(SESSION if self._message.ended else INTERRUPTED)
        if not self._open:
            if not starts:
                return [*events, *self._refused("a frame came outside of a session", frame.number)]
            self._open = True
        if frame.number != self._expected:
            if self._settings["strict_numbers"]:
                return [*events, *self._refused("a frame's number did not follow the one before", frame.number)]
            self.warn("frame numbers do not follow each other: a frame may be missing")
            lacking = self._lacking is not None and self._lacking != frame.number  # else it is the one that lacked
            if not self._rest and not lacking:
                self._miscounts = True
            elif lacking or not self._miscounts:
                events += self._torn()
        self._lacking = None
        self.frames += 1
        self._last, self._expected = frame, (frame.number + 1) % _NUMBERS
        return [*events, *self._text(frame), Reply(ACK, True, NAK)]

    def _torn(self) -> list[Event]:
        """A frame is missing: what stands before and behind it is never glued together, nor given to one patient."""
        self.warn(MISSING)
        if self._rest:
            self.rejected_frames += 1
            self.skipped_bytes += len(self._rest)
            self._rest, self._half = b"", True
        return [*self._message.torn()]

    def _text(self, frame: Frame) -> list[Event]:
        """Records end with CR, or with the frame if that ended with ETX."""
        *lines, rest = (self._rest + frame.text).split(b"\r")
        if frame.last:
            lines, rest = [*lines, rest], b""
        if self._half:
            self.skipped_bytes += len(lines[0]) if lines else len(rest)
            if lines:
                lines, self._half = lines[1:], False
            else:
                rest = b""
        if len(rest) > frames.LONGEST * _NUMBERS:
            self.warn(ENDLESS)
            self.skipped_bytes += len(rest)
            rest = b""
        self._rest = rest
        return [event for line in lines for event in self._message.take(line)]

    def _refused(self, why: str, number: int) -> list[Event]:
        self._lacking = number
        self.rejected_frames += 1
        self.warn(why)
        return [Reply(NAK, False, b"")]

    def _close(self, what: str) -> list[Event]:
        """End the session; it is complete only if it held something."""
        events: list[Event] = list(self._message.flush())
        if self._rest.strip():
            self.warn(CUT_SHORT)
            self.skipped_bytes += len(self._rest)
        if self._message.records:
            events.append(Complete(what))
        self._open = False
        self._begin()
        return events


def _carries_ascii(encoding: str) -> bool:
    try:
        return "H|".encode(encoding) == b"H|" and b"\xe9".decode(encoding, errors="replace") != ""
    except (LookupError, UnicodeError):
        return False


def recognise(data: bytes) -> float:
    """How sure these bytes are ASTM's: a frame whose checksum holds says it, an unanswered ENQ hints at it."""
    framer = Framer()
    tokens = framer.feed(data) + framer.silence()
    if any(isinstance(token, Frame) for token in tokens):
        return 0.99
    return (
        0.4 if tokens and framer.skipped_bytes == 0 and all(isinstance(one, Enquiry | End) for one in tokens) else 0.0
    )


ASTM = Device(
    name="astm",
    title="Laboratory analyzer, ASTM E1381/E1394 (LIS01/LIS02)",
    serial=Serial(9600, 8, "N", 1),  # E1381's own; devices differ
    driver=Astm,
    settings=SETTINGS,
    streams=False,
    recognise=recognise,
    waveforms={},
    checked=True,
)
