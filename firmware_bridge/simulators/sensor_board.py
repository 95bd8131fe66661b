"""The sensor board's own code with sensors that do not exist."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from firmware_bridge.board.loop import Board
from firmware_bridge.board.sensors import BUTTON, PULSE, TEMPERATURE, Sensor
from firmware_bridge.drivers.driver import Event
from firmware_bridge.envelope import DATA, WAVEFORM, unpack, unpack_data
from firmware_bridge.framing import Deframer
from firmware_bridge.measurement import Samples, measurement
from firmware_bridge.settings import settings_of
from firmware_bridge.simulators.patient import Patient
from firmware_bridge.simulators.simulator import Simulated

_SETTINGS: dict[str, Any] = {"heart_rate": 0, "temperature": 36.8}
_FAULTS = ("reset", "no-temperature", "button")
_STEP_MS = 5  # the loop's turn; the fastest sensor is read every 10 ms


class SimulatedBoard:
    """A board whose clock is the simulation's.

    Args:
        seed: of the pulse, and of the number that the board draws at each start.
        settings: `heart_rate` a minute, 0 for what the seed draws; `temperature` in degrees Celsius.
    """

    def __init__(self, seed: int, settings: Mapping[str, Any]) -> None:
        found = settings_of("sensor-board", settings, _SETTINGS)
        self._patient = Patient(seed, heart_rate=found["heart_rate"])
        self._temperature = found["temperature"]
        self._seed = seed
        self._faults: set[str] = set()
        self.said: list[Event] = []
        self._starts = 0
        self._now_us = 0
        self._done_ms = 0
        self._start_ms = 0
        self._sensors = [
            Sensor(PULSE, self._pulse, False),
            Sensor(TEMPERATURE, self._thermometer, False),
            Sensor(BUTTON, lambda: int("button" in self._faults), True),
        ]
        self._board = self._started()

    def advance(self, seconds: float) -> bytes:
        """What the board sends in the next `seconds`."""
        self._now_us += round(seconds * 1e6)
        sent = b""
        while self._done_ms + _STEP_MS <= self._now_us // 1000:
            self._done_ms += _STEP_MS
            sent += self._turn(b"")
        return sent

    def feed(self, data: bytes) -> bytes:
        """What it sends at once."""
        return self._turn(data)

    def fault(self, name: str, on: bool) -> None:
        """It starts again, its thermometer does not answer, or somebody holds the button."""
        (self._faults.add if on else self._faults.discard)(name)
        if name == "reset" and on:
            self._board = self._started()

    def _started(self) -> Board:
        self._starts += 1
        self._start_ms = self._done_ms
        self._heard = Deframer()
        self._next = 0
        boot = hashlib.sha256(f"{self._seed} {self._starts}".encode()).digest()[:4]
        return Board(self._sensors, int.from_bytes(boot, "little"))

    def _turn(self, received: bytes) -> bytes:
        sent = self._board.step(self._done_ms - self._start_ms, received)
        for payload in self._heard.feed(sent):
            message = unpack(payload) if payload is not None else None
            if message is not None and message.type == DATA and message.seq == self._next:
                self._next = (self._next + 1) % 256
                self._say(message.payload)
        return sent

    def _say(self, payload: bytes) -> None:
        data = unpack_data(payload)
        assert data is not None
        channel = self._sensors[data.channel].channel
        if channel.kind == WAVEFORM:
            self.said.append(Samples(channel.name, 1000 / channel.period_ms, data.index, data.samples))
        else:
            values = [one if channel.divisor == 1 else one / channel.divisor for one in data.samples]
            self.said += [measurement(channel.name, one, channel.unit) for one in values]

    def _pulse(self) -> int:
        wave, _ = self._patient.beat(self._done_ms / 1000, PULSE.period_ms / 1000)
        return round(1500 + 900 * wave)

    def _thermometer(self) -> int:
        if "no-temperature" in self._faults:
            raise OSError("no such device")
        return round(float(self._temperature) * int(TEMPERATURE.divisor))


SENSOR_BOARD = Simulated(
    name="sensor-board",
    title="Our sensor board, its code run here",
    simulator=SimulatedBoard,
    settings=_SETTINGS,
    faults=_FAULTS,
)
