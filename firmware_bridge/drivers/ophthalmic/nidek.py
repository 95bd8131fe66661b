"""NIDEK lensmeters, autorefractors, keratometers and tonometers on their serial line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from firmware_bridge.drivers.driver import Device, Event, Serial
from firmware_bridge.drivers.ophthalmic.frames import Block, Broken, Frame, Framer
from firmware_bridge.drivers.ophthalmic.segments import measurements
from firmware_bridge.drivers.stream import Stream
from firmware_bridge.errors import SettingsError
from firmware_bridge.measurement import Complete, Reply
from firmware_bridge.settings import chosen, settings_of

_ENDS_S = 0.5  # our choice: silence after EOT that says that no checksum will come


class Nidek(Stream):
    """The host's side.

    A checksum that fails refuses the frame; one that is missing leaves the values unchecked, unless the device has sent
    one before: then it is lost, and the frame refused.

    Args:
        what: the device's name.
        defaults: its settings.
        settings: over them.

    Raises:
        SettingsError: one is unknown or wrong.
    """

    def __init__(self, what: str, defaults: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        super().__init__()
        self._settings = settings_of(what, settings, defaults)
        self._shakes_hands = chosen(what, "mode", self._settings["mode"], ["ncp10", "nidek"]) == "nidek"
        self._owed = chosen(what, "checksum", self._settings["checksum"], ["auto", "required"]) == "required"
        command = self._settings["command"]
        if not (command.isascii() and command.isalpha() and command.startswith("C") and len(command) == 3):
            raise SettingsError(f"{what}: command = {command!r} has to be C and two letters, as in 'CLM'")
        self._send_data = (
            b"\x01" + command.encode("ascii") + b"\x02SD\x17\x04" + (b"\r" if self._settings["cr"] else b"")
        )
        self._framer = Framer()
        self._silent_s = 0.0

    def feed(self, data: bytes) -> list[Event]:
        """What these bytes complete."""
        if data:
            self._silent_s = 0.0
        return self._handled(self._framer.feed(data))

    def waited(self, seconds: float) -> list[Event]:
        """After EOT a short silence ends the frame; before it, a long one gives the frame up."""
        self._silent_s += seconds
        limit = _ENDS_S if self._framer.ended else self._settings["frame_timeout_s"]
        if self._framer.half and self._silent_s >= limit:
            return self._handled(self._framer.silence())
        return []

    def finish(self) -> list[Event]:
        """The stream has ended."""
        return self._handled(self._framer.silence())

    def _handled(self, found: list[Frame | Broken]) -> list[Event]:
        events: list[Event] = []
        for one in found:
            if isinstance(one, Broken):
                self.rejected_frames += 1
                self.warn("a frame was refused: its checksum or its blocks are broken")
            elif all(block.header.startswith("C") for block in one.blocks):
                events += self._command(one.blocks[0])
            else:
                events += self._data(one)
        self.skipped_bytes += self._framer.skipped_bytes
        self._framer.skipped_bytes = 0
        return events

    def _command(self, block: Block) -> list[Event]:
        """The device asks whether it may send; our own answer may be in a recording, too."""
        self.frames += 1
        if block.segments != ["RS"]:
            return []
        if not self._shakes_hands:
            self.warn("the device asks for an answer before it sends: set mode = 'nidek', or NCP10 at the device")
            return []
        return [Reply(self._send_data, False, b"")]

    def _data(self, frame: Frame) -> list[Event]:
        if not frame.checked and self._owed:
            self.rejected_frames += 1
            self.warn("a frame was refused: its checksum is missing")
            return []
        if frame.checked:
            self._owed = True
        else:
            self.warn("frames come without a checksum: values are unchecked")
        self.frames += 1
        values = measurements(frame, self.warn if frame.checked else self._unread)
        return [*values, Complete("message")] if values else []

    def _unread(self, line: str) -> None:
        """Without a checksum, a segment that is none is all that shows that bytes were lost."""
        self.rejected_frames += 1
        self.warn(line)


def _recognise(headers: frozenset[str], data: bytes) -> float:
    framer = Framer()
    sure = 0.0
    for one in framer.feed(data) + framer.silence():
        if isinstance(one, Frame):
            own = any(block.header in headers for block in one.blocks)
            first = one.blocks[0].header in headers
            sure = max(sure, (0.99 if first else 0.9) if one.checked and own else 0.8 if own else 0.0)
    return sure


def _device(name: str, title: str, serial: Serial, headers: str, command: str) -> Device:
    settings = MappingProxyType(
        {
            "mode": "ncp10",  # "ncp10": the device just sends; "nidek": it asks first
            "checksum": "auto",  # "required" refuses each frame without one
            "command": command,  # the header of our answer in mode "nidek"
            "cr": True,  # our answer ends with CR
            "frame_timeout_s": 10.0,
        }
    )
    driver: Callable[[Mapping[str, Any]], Nidek] = partial(Nidek, name, settings)
    recognise = partial(_recognise, frozenset(headers.split()))
    return Device(name, title, serial, driver, settings, False, recognise, {}, checked=True)


# The ports' settings are those that single models start with; each model's menu has its own (an RT-5100's line is
# 2400 7E2).
NIDEK_LM = _device("nidek-lm", "NIDEK lensmeter", Serial(9600, 8, "N", 1), "DLM Dlm", "CLM")
NIDEK_AR = _device("nidek-ar", "NIDEK autorefractor", Serial(9600, 8, "O", 1), "DRM DWF", "CRM")
NIDEK_KM = _device("nidek-km", "NIDEK keratometer", Serial(9600, 8, "O", 1), "DKM", "CKM")
NIDEK_NT = _device("nidek-nt", "NIDEK tonometer", Serial(9600, 8, "O", 1), "DNT DPM", "CNt")
