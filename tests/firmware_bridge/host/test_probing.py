"""A probe at a serial port, whose bytes are rubbish at any setting but the device's own."""

from __future__ import annotations

import random

import pytest

from firmware_bridge.drivers.driver import Serial
from firmware_bridge.errors import PortError
from firmware_bridge.host import probing
from firmware_bridge.simulators.hosted import converse
from modality.registry import DEVICES, SIMULATORS

EVERY = [DEVICES.load(name) for name in sorted(DEVICES.entries)]


class Wire:
    """A port whose device is heard only with its own setting; what is written to it is a failure."""

    def __init__(self, own: Serial, data: bytes, given: Serial) -> None:
        self._data = data if given == own else random.Random(given.baud).randbytes(len(data))

    def read(self, wait_s: float) -> bytes:
        data, self._data = self._data[:500], self._data[500:]
        return data

    def write(self, data: bytes) -> None:
        raise AssertionError("a probe listens only")

    def close(self) -> None:
        pass


@pytest.mark.parametrize("name", ["nonin-2", "nonin-ascii", "cms50d", "cyton", "medibus", "astm", "nidek-ar"])
def test_settings_are_tried_until_the_device_is_recognised(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = DEVICES.load(name).serial
    data, _ = converse(
        SIMULATORS.load(name).simulator(1, {}), DEVICES.load(name).driver({}), 20.0 if name == "astm" else 5.0
    )
    tried: list[Serial] = []
    monkeypatch.setattr(probing, "open_port", lambda address, serial: Wire(own, data, serial))
    found = probing.probe("/dev/ttyS9", EVERY, listen_s=0.02, trying=tried.append)
    assert found.guesses[0].device.name == name
    assert found.guesses[0].serial == own
    assert tried[-1] == own
    assert len(tried) == len(set(tried)) == found.settings


def test_a_port_that_is_lost_meanwhile_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(address: str, serial: Serial) -> Wire:
        raise PortError(f"{address}: cannot be opened: gone")

    monkeypatch.setattr(probing, "open_port", gone)
    with pytest.raises(PortError, match="gone"):
        probing.probe("/dev/ttyS9", EVERY, listen_s=0.02)
