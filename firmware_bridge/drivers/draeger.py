"""Draeger Medibus: numbers, settings, texts and alarms of a ventilator on request, and its curves as they come.

Source: Draeger's RS 232 Medibus Protocol Definition. Messages are `ESC|SOH command data CK CK CR`, ESC for a command
and SOH for its answer, CK the sum of all before it as two hexadecimal digits. Bytes of the curves have their top bit
set and may come between any two bytes of a message; they have no checksum.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from firmware_bridge.drivers import draeger_codes as codes
from firmware_bridge.drivers.draeger_realtime import Realtime
from firmware_bridge.drivers.driver import Device, Event, Serial
from firmware_bridge.drivers.stream import Stream, recognised
from firmware_bridge.errors import SettingsError
from firmware_bridge.measurement import Reply, measurement
from firmware_bridge.settings import chosen, settings_of

_ESC, _SOH, _CR, _ETX = 0x1B, 0x01, 0x0D, 0x03
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_LONGEST = 2048  # bytes of a message: our choice, beyond what a page of 255 codes takes
_ENABLE = b"\xd0\xc1\xcf\xc0\xc0"
_ICC_AGAIN_S = 10.0  # a partner that is silent for as long has gone, and initialises again
_SETTINGS: dict[str, Any] = {
    "polls": ["measured"],
    "poll_s": 0.8,
    "answer_s": 3.0,
    "realtime": ["airway_pressure", "flow", "co2"],
    "identity": "0000'MODALITY'01.00:06.00",
}


def message(kind: int, command: int, data: bytes = b"") -> bytes:
    """A Medibus message.

    Args:
        kind: ESC for a command, SOH for an answer.
        command: its code.
        data: what follows.
    """
    body = bytes((kind, command)) + data
    return body + b"%02X\r" % (sum(body) & 0xFF)


class Medibus(Stream):
    """A driver that plays the host: it initialises, asks in turns, keeps alive, and takes the curves.

    Args:
        settings: `polls`, what to ask for (measured, measured-2, settings, texts, alarms, alarms-2, clock);
            `poll_s` between two rounds; `answer_s` after which a question is repeated; `realtime`, up to four curves;
            `identity`, what the host says of itself.

    Raises:
        SettingsError: a setting is unknown or wrong.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        found = settings_of("medibus", settings, _SETTINGS)
        self._polls = [codes.POLLS[chosen("medibus", "polls", one, list(codes.POLLS))] for one in found["polls"]]
        curves = {name: code for code, (name, _) in codes.REALTIME.items()}
        wanted = [chosen("medibus", "realtime", one, list(curves)) for one in found["realtime"]]
        if len(wanted) > 4:
            raise SettingsError(f"medibus: realtime can name four curves, not {len(wanted)}")
        self._poll_s, self._answer_s = found["poll_s"], found["answer_s"]
        self._identity = found["identity"].encode("latin-1", "replace")
        self._realtime = Realtime([curves[one] for one in wanted])
        self._buffer = bytearray()
        self._open = False
        """Within a message."""
        self._todo: list[bytes] = []
        """Questions of this round that are still to ask."""
        self._asked: bytes | None = None
        self._since_s = 0.0
        """Since the last message, or since the round was over."""
        self._silent_s = 0.0

    def start(self) -> bytes:
        """Initialise the communication."""
        self._asked = message(_ESC, codes.ICC)
        return self._asked

    def feed(self, data: bytes) -> list[Event]:
        """Numbers, samples, and what to answer."""
        events: list[Event] = []
        for byte in data:
            if byte & 0x80:
                self._pass(self._realtime.take(byte, events), events)
            else:
                self._slow(byte, events)
        self._realtime.flush(events)
        self._count()
        return events

    def waited(self, seconds: float) -> list[Event]:
        """Ask the next question, ask again, or begin anew."""
        events: list[Event] = []
        self._pass(seconds, events)
        return events

    def finish(self) -> list[Event]:
        """What the curves still hold."""
        events: list[Event] = []
        self._drop()
        self._realtime.finish(events)
        self._count()
        return events

    def _count(self) -> None:
        """Add what the curves counted."""
        curves = self._realtime
        self.frames += curves.frames
        self.skipped_bytes += curves.skipped
        self.rejected_frames += curves.rejected
        curves.frames = curves.skipped = curves.rejected = 0
        for line in curves.warnings:
            self.warn(line)

    def _pass(self, seconds: float, events: list[Event]) -> None:
        """Let time pass: what was waited, or what the curves' cycles took."""
        if seconds <= 0:
            return
        self._since_s += seconds
        self._silent_s += seconds
        if self._silent_s >= _ICC_AGAIN_S:
            self._silent_s, self._todo = 0.0, []
            self._ask(message(_ESC, codes.ICC), events)
        elif self._asked is not None:
            if self._since_s >= self._answer_s:
                self._ask(self._asked, events)
        elif self._since_s >= self._poll_s:
            self._todo = [message(_ESC, one) for one in self._polls or [codes.NOP]]
            self._next(events)

    def _ask(self, question: bytes, events: list[Event]) -> None:
        self._asked, self._since_s = question, 0.0
        events.append(Reply(question, False, b""))

    def _next(self, events: list[Event]) -> None:
        if self._todo:
            self._ask(self._todo.pop(0), events)
        else:
            self._asked, self._since_s = None, 0.0

    def _slow(self, byte: int, events: list[Event]) -> None:
        if byte in (_ESC, _SOH):
            self._drop()
            self._open = True
        if not self._open:
            self.skipped_bytes += 1
        elif byte != _CR:
            self._buffer.append(byte)
            if len(self._buffer) > _LONGEST:
                self._drop()
        else:
            body, check = bytes(self._buffer[:-2]), bytes(self._buffer[-2:])
            if len(body) < 2 or check.upper() != b"%02X" % (sum(body) & 0xFF):
                self._buffer.append(byte)
                self._drop()
                return
            self._open = False
            self._buffer.clear()
            self.frames += 1
            self._silent_s = 0.0
            self._read(body[0], body[1], body[2:], events)

    def _drop(self) -> None:
        """Refuse a message that is not whole."""
        if self._open:
            self.rejected_frames += 1
            self.skipped_bytes += len(self._buffer)
        self._open = False
        self._buffer.clear()

    def _read(self, kind: int, command: int, data: bytes, events: list[Event]) -> None:
        if kind == _ESC:
            known = self._identity if command == codes.IDENTIFY else b""
            events.append(Reply(message(_SOH, command, known), False, b""))
            if command == codes.REALTIME_CHANGED:
                self._todo.append(message(_ESC, codes.REALTIME_CONFIGURATION))
            return
        if command == codes.ICC:
            self._todo = [message(_ESC, codes.IDENTIFY)]
            if self._realtime.wanted:
                self._todo.append(message(_ESC, codes.REALTIME_CONFIGURATION))
        elif command == codes.REFUSED:
            self.warn("the device refused a command")
        elif command == codes.REALTIME_CONFIGURATION:
            self._realtime.configure(data)
            if self._realtime.streams:
                self._todo.append(message(_ESC, codes.REALTIME_TRANSMISSION, self._realtime.request()))
        elif command == codes.REALTIME_TRANSMISSION:
            events.append(Reply(_ENABLE, False, b""))
        else:
            events += _values(command, data)
        self._next(events)


def _values(command: int, data: bytes) -> list[Event]:
    """The values of an answer."""
    if command in (codes.MEASURED_PAGE_1, codes.MEASURED_PAGE_2):
        page = codes.MEASURED_1 if command == codes.MEASURED_PAGE_1 else codes.MEASURED_2
        return _numbers(command, data, 4, page)
    if command == codes.DEVICE_SETTINGS:
        return _numbers(command, data, 5, codes.SETTINGS)
    if command == codes.TEXTS:
        # Code, length as a character from "0" on, text, ETX.
        return [
            measurement("text_message", found[2].decode("latin-1").strip(), code=found[1].decode("latin-1"))
            for found in re.finditer(rb"([0-9A-F]{2})[0-\x7f]([^\x03]*)\x03", data)
        ]
    if command in (codes.ALARMS_1, codes.ALARMS_2):
        # Priority, code, a phrase of twelve characters.
        return [
            measurement("alarm", one[3:].decode("latin-1").strip(), priority=one[:1].decode(), code=one[1:3].decode())
            for one in _cut(data, 15)
        ]
    if command == codes.CLOCK:
        return _clock(data.decode("latin-1"))
    return []


def _clock(text: str) -> list[Event]:
    """The device's clock, `15:27:1221-AUG-26`, as an ISO date and time."""
    found = re.fullmatch(r"([0-9]{2}:[0-9]{2}:[0-9]{2})([0-9]{2})-([A-Z]{3})-([0-9]{2})", text.strip())
    if found is None or found[3] not in _MONTHS:
        return []
    month = _MONTHS.index(found[3]) + 1
    return [measurement("clock", f"20{found[4]}-{month:02}-{found[2]}T{found[1]}")]


def _numbers(command: int, data: bytes, width: int, page: Mapping[str, tuple[str, str]]) -> list[Event]:
    events: list[Event] = []
    for one in _cut(data, 2 + width):
        code, text = one[:2].decode("latin-1"), one[2:].decode("latin-1").replace(" ", "")
        name, unit = page.get(code, (f"medibus-{command:02X}-{code}", ""))
        if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)", text):
            value = float(text)
            events.append(measurement(name, int(value) if "." not in text else value, unit, code=code))
    return events


def _cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data) - size + 1, size)]


MEDIBUS = Device(
    name="medibus",
    title="Draeger Medibus: ventilators and anaesthesia machines, numbers and curves",
    serial=Serial(19200, 8, "E", 1),
    driver=Medibus,
    settings=_SETTINGS,
    streams=True,
    recognise=lambda data: recognised(Medibus({}), data, sure=1.0, least=1),
    waveforms={name: 62.5 for name, _ in codes.REALTIME.values()},
    checked=True,
    units={name: unit for name, unit in codes.REALTIME.values() if unit},
)
