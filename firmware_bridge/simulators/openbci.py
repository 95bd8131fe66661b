"""A simulated OpenBCI Cyton: eight channels of alpha waves and noise, when it is told to begin.

Written from OpenBCI's description of the Cyton's data format and commands.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from typing import Any

from firmware_bridge.drivers.driver import Event
from firmware_bridge.measurement import Samples
from firmware_bridge.settings import settings_of
from firmware_bridge.simulators.patient import Ticks
from firmware_bridge.simulators.simulator import Simulated

_SETTINGS = {"alpha_uv": 30.0, "talks": False}
_GAIN = 24
_BANNER = b"OpenBCI V3 8-16 channel\r\nADS1299 Device ID: 0x3E\r\nLIS3DH Device ID: 0x33\r\nFirmware: v3.1.1\r\n$$$"


class Board:
    """The board behind its dongle.

    Args:
        seed: of the waves.
        settings: `alpha_uv`, amplitude of the alpha waves; `talks`, whether it was told to begin before.
    """

    def __init__(self, seed: int, settings: Mapping[str, Any]) -> None:
        found = settings_of("cyton", settings, _SETTINGS)
        self.said: list[Event] = []
        self._alpha_uv: float = found["alpha_uv"]
        self._talks: bool = found["talks"]
        self._random = random.Random(f"cyton {seed}")
        self._hz = [self._random.uniform(8, 12) for _ in range(8)]
        self._ticks = Ticks(250)
        self._counter = 0
        self._faults: set[str] = set()

    def advance(self, seconds: float) -> bytes:
        """The frames of the next `seconds`."""
        sent = bytearray()
        for tick in self._ticks.pass_by(seconds):
            if not self._talks:
                continue
            counts = [self._count(channel, tick / 250) for channel in range(8)]
            if "radio-off" not in self._faults:
                for channel, count in enumerate(counts, 1):
                    volts_uv = 4.5 / _GAIN / (2**23 - 1) * count * 1e6
                    self.said.append(Samples(f"ch{channel}", 250.0, self._counter, [volts_uv]))
                body = b"".join((count % 2**24).to_bytes(3, "big") for count in counts)
                sent += bytes((0xA0, self._counter % 256)) + body + bytes(6) + b"\xc0"
            self._counter += 1
        return bytes(sent)

    def feed(self, data: bytes) -> bytes:
        """Take commands: b begins, s stops, v resets and says who it is."""
        answer = b""
        for byte in data:
            if byte == ord("b"):
                self._talks = True
            elif byte == ord("s"):
                self._talks = False
            elif byte == ord("v"):
                self._talks = False
                answer += _BANNER
        return answer

    def fault(self, name: str, on: bool) -> None:
        """An electrode comes off, or the radio is out of reach and whole frames are lost."""
        (self._faults.add if on else self._faults.discard)(name)

    def _count(self, channel: int, at_s: float) -> int:
        noise_uv = self._random.uniform(-5, 5)
        if channel == 0 and "electrode-off" in self._faults:
            return 2**23 - 1
        wave_uv = self._alpha_uv * math.sin(2 * math.pi * self._hz[channel] * at_s)
        return round((wave_uv + noise_uv) / 1e6 * _GAIN / 4.5 * (2**23 - 1))


CYTON = Simulated("cyton", "OpenBCI Cyton with alpha waves", Board, _SETTINGS, ("electrode-off", "radio-off"))
