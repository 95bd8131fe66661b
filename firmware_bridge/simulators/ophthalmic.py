"""Simulated NIDEK lensmeter, autorefractor, keratometer and tonometer.

Written from the description of NIDEK's interface in devices.md of the project's notes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from firmware_bridge.drivers.driver import Event
from firmware_bridge.errors import SettingsError
from firmware_bridge.measurement import measurement
from firmware_bridge.settings import chosen, settings_of
from firmware_bridge.simulators.simulator import Simulated

_SETTINGS: dict[str, Any] = {
    "interval_s": 5.0,  # between two patients
    "mode": "ncp10",  # "ncp10" just sends; "nidek" asks first
    "checksum": True,
    "cr": False,  # CR behind each ETB, and behind the checksum
}
_FAULTS = ("bad-checksum", "error")

Written = tuple[list[str], list[Event]]
"""Segments, and what they say."""


class Instrument:
    """Sends the values of one patient after the other.

    Args:
        what: the device's name.
        header: of its frames.
        values: draws a patient.
        seed: of the patients.
        settings: over the table's.
    """

    def __init__(
        self,
        what: str,
        header: str,
        values: Callable[[random.Random], Written],
        seed: int,
        settings: Mapping[str, Any],
    ) -> None:
        found = settings_of(what, settings, _SETTINGS)
        if found["interval_s"] <= 0:
            raise SettingsError(f"{what}: interval_s has to be above 0")
        self._asks = chosen(what, "mode", found["mode"], ["ncp10", "nidek"]) == "nidek"
        self._interval_us = round(found["interval_s"] * 1e6)
        self._checksum, self._cr = found["checksum"], "\r" if found["cr"] else ""
        self._header, self._values = header, values
        self.said: list[Event] = []
        self._random = random.Random(f"{what} {seed}")
        self._faults: set[str] = set()
        self._left_us = self._interval_us
        self._heard = b""
        self._pending: Written | None = None

    def advance(self, seconds: float) -> bytes:
        """What is sent in the next `seconds`."""
        sent = b""
        left = round(seconds * 1e6)
        while left >= self._left_us:
            left -= self._left_us
            self._left_us = self._interval_us
            if self._pending is None:
                self._pending = self._patient()
            sent += b"\x01C**\x02RS\x17\x04\r" if self._asks else self._send()
        self._left_us -= left
        return sent

    def feed(self, data: bytes) -> bytes:
        """The data, when the host says that it may have them."""
        self._heard = (self._heard + data)[-64:]
        if b"\x02SD\x17" not in self._heard or b"\x04" not in self._heard.partition(b"\x02SD\x17")[2]:
            return b""
        self._heard = b""
        return self._send() if self._pending is not None else b""

    def fault(self, name: str, on: bool) -> None:
        """While it is on, checksums are wrong, or nothing can be measured."""
        (self._faults.add if on else self._faults.discard)(name)

    def _patient(self) -> Written:
        if "error" not in self._faults:
            return self._values(self._random)
        code = "ERR" if self._header == "DNT" else "IE"
        return [f" R01 {code}" if self._header == "DNT" else code], [measurement("error", code)]

    def _send(self) -> bytes:
        assert self._pending is not None
        segments, truth = self._pending
        self._pending = None
        head = ["IDNIDEK/SIM-1", "DA2026.01.01.12:00"]
        body = f"\x01{self._header}\x02" + "".join(f"{one}\x17{self._cr}" for one in [*head, *segments]) + "\x04"
        data = body.encode("ascii")
        if self._checksum:
            wrong = "bad-checksum" in self._faults
            data += b"%04X" % (sum(data) + wrong & 0xFFFF)
            truth = [] if wrong else truth
        self.said += truth
        return data + (b"\r" if self._cr or not self._checksum else b"")


def _power(value: float) -> str:
    return f"{value:+06.2f}"


def _quarters(random_: random.Random, low: float, high: float) -> float:
    return random_.randint(round(low * 4), round(high * 4)) / 4


def _sphere(random_: random.Random, prefix: str, eye: str) -> Written:
    sphere, cylinder, axis = _quarters(random_, -10, 8), _quarters(random_, -4, 0), random_.randint(1, 180)
    return [f"{prefix}{_power(sphere)}{_power(cylinder)}{axis:03d}"], [
        measurement("sphere", sphere, "[diop]", eye=eye),
        measurement("cylinder", cylinder, "[diop]", eye=eye),
        measurement("axis", axis, "deg", eye=eye),
    ]


def _pd(random_: random.Random) -> Written:
    distance = random_.randint(55, 72)
    return [f"PD{distance}"], [measurement("pupillary_distance", distance, "mm")]


def _together(*parts: Written) -> Written:
    return [one for segments, _ in parts for one in segments], [one for _, events in parts for one in events]


def _lens(random_: random.Random) -> Written:
    parts = []
    for eye in "RL":
        add, prism, base = _quarters(random_, 1, 3), random_.randint(0, 300) / 100, random_.choice("IO")
        away = {"I": "IN", "O": "OUT"}[base]
        parts += [
            _sphere(random_, f" {eye}", eye),
            ([f"A{eye}{_power(add)}"], [measurement("add", add, "[diop]", eye=eye)]),
            ([f"P{eye}{prism:05.2f}{base}"], [measurement("prism", prism, "[p'diop]", eye=eye, base=away)]),
        ]
    return _together(*parts, _pd(random_))


def _eyes(random_: random.Random) -> Written:
    return _together(_sphere(random_, "OR", "R"), _sphere(random_, "OL", "L"), _pd(random_))


def _corneas(random_: random.Random) -> Written:
    parts: list[Written] = []
    for eye in "RL":
        flat, steep, axis = random_.randint(770, 850) / 100, random_.randint(700, 769) / 100, random_.randint(1, 180)
        across = axis + 90 if axis <= 90 else axis - 90
        parts.append(
            (
                [f" {eye}{flat:05.2f}{steep:05.2f}{axis:03d}"],
                [
                    measurement("corneal_radius", flat, "mm", eye=eye, meridian="flat", axis=axis),
                    measurement("corneal_radius", steep, "mm", eye=eye, meridian="steep", axis=across),
                ],
            )
        )
    return _together(*parts)


def _pressures(random_: random.Random) -> Written:
    parts: list[Written] = []
    for eye in "RL":
        readings = [random_.randint(9, 26) for _ in range(3)]
        average = round(sum(readings) / 3, 1)
        listed = "".join(f"{one:>7}/{one * 0.1333:.1f}" for one in readings)
        parts.append(
            (
                [f" {eye}03{listed}  AV{average:.1f}/{average * 0.1333:.2f}"],
                [measurement("intraocular_pressure", average, "mm[Hg]", eye=eye)],
            )
        )
    return _together(*parts)


def _simulated(name: str, title: str, header: str, values: Callable[[random.Random], Written]) -> Simulated:
    return Simulated(name, title, partial(Instrument, name, header, values), _SETTINGS, _FAULTS)


NIDEK_LM = _simulated("nidek-lm", "NIDEK lensmeter", "DLM", _lens)
NIDEK_AR = _simulated("nidek-ar", "NIDEK autorefractor", "DRM", _eyes)
NIDEK_KM = _simulated("nidek-km", "NIDEK keratometer", "DKM", _corneas)
NIDEK_NT = _simulated("nidek-nt", "NIDEK tonometer", "DNT", _pressures)
