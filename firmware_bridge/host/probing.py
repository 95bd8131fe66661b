"""Finds out what is at the other end of a port by listening only."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from firmware_bridge.drivers.driver import Device, Serial
from firmware_bridge.host.port import open_port

_SURE = 0.75  # a format without a checksum can say 0.8
_LEAST = 0.05  # below this it is chance: our choice
_MOST_BYTES = 65536


class Guess(NamedTuple):
    """What a device may be.

    Args:
        device: its entry.
        confidence: 0 to 1.
        serial: how the port was set when it was heard; the device's own where a port cannot be set.
    """

    device: Device
    confidence: float
    serial: Serial


class Heard(NamedTuple):
    """What a probe has found.

    Args:
        guesses: the likeliest first.
        bytes: how many were heard.
        settings: how many settings of the port were tried.
    """

    guesses: list[Guess]
    bytes: int
    settings: int


def recognise(data: bytes, devices: Iterable[Device], serial: Serial | None = None) -> list[Guess]:
    """What bytes may come from, the likeliest first.

    Args:
        data: the bytes.
        devices: what is known.
        serial: how the port was set; each device's own by default.
    """
    data = data[:_MOST_BYTES]
    guesses = [Guess(one, one.recognise(data) if data else 0.0, serial or one.serial) for one in devices]
    return sorted((one for one in guesses if one.confidence >= _LEAST), key=lambda one: -one.confidence)


def probe(
    address: str,
    devices: Sequence[Device],
    *,
    listen_s: float,
    trying: Callable[[Serial], None] = lambda _: None,
) -> Heard:
    """Listen to a port with the settings of each device until one is recognised for sure.

    Args:
        address: of the port; over TCP and of a pseudo-terminal there are no settings to try, and it is heard once.
        devices: what is known.
        listen_s: how long to listen with each.
        trying: told of each setting.

    Raises:
        PortError: the port cannot be opened, or goes away.
    """
    settings = list(dict.fromkeys(one.serial for one in devices))
    fixed = "://" in address or os.path.realpath(address).startswith("/dev/pts/")
    if fixed:
        settings = settings[:1]
    found: list[Guess] = []
    total = 0
    for tried, serial in enumerate(settings, 1):
        trying(serial)
        data = _listen(address, serial, listen_s)
        total += len(data)
        found += recognise(data, devices, None if fixed else serial)
        if any(one.confidence >= _SURE and one.device.serial == serial for one in found):
            return Heard(_best(found), total, tried)
    return Heard(_best(found), total, len(settings))


def _listen(address: str, serial: Serial, listen_s: float) -> bytes:
    port = open_port(address, serial)
    data = bytearray()
    end = time.monotonic() + listen_s
    try:
        while (left := end - time.monotonic()) > 0 and len(data) < _MOST_BYTES:
            data += port.read(left)
    finally:
        port.close()
    return bytes(data)


def _best(guesses: list[Guess]) -> list[Guess]:
    """Each device once, at its best; of equal ones that at the device's own settings."""
    best: dict[str, Guess] = {}
    for one in sorted(guesses, key=lambda one: (-round(one.confidence, 1), one.serial != one.device.serial)):
        best.setdefault(one.device.name, one)
    return sorted(best.values(), key=lambda one: -one.confidence)
