from __future__ import annotations

import pytest

from firmware_bridge.drivers.driver import Event
from firmware_bridge.errors import SettingsError
from firmware_bridge.simulators.faults import Fault, Faulty, parse


class Counting:
    """A thousand bytes a second, and what faults it was told of."""

    def __init__(self) -> None:
        self.said: list[Event] = []
        self.told: list[tuple[float, str, bool]] = []
        self._sent = 0
        self.now = 0.0

    def advance(self, seconds: float) -> bytes:
        self.now += seconds
        count = round(self.now * 1000) - self._sent
        self._sent += count
        return bytes(count)

    def feed(self, data: bytes) -> bytes:
        return data

    def fault(self, name: str, on: bool) -> None:
        if not self.told or self.told[-1][2] != on:
            self.told.append((round(self.now, 3), name, on))


def faulty(*texts: str, seed: int = 1) -> Faulty:
    return Faulty(Counting(), [parse(text, ["sensor-off"]) for text in texts], seed=seed)


@pytest.mark.parametrize(("text", "length", "changed"), [("lose=100", 99_000, 0), ("flip=100", 100_000, 1000),
                                                         ("noise=100", 101_000, 1000)])  # fmt: skip
def test_one_byte_in_n_is_struck(text: str, length: int, changed: int) -> None:
    said = faulty(text).advance(100.0)
    assert len(said) == pytest.approx(length, abs=120)
    assert sum(byte != 0 for byte in said) == pytest.approx(changed, abs=120)
    if text.startswith("flip"):
        assert all(bin(byte).count("1") <= 1 for byte in said)


def test_chunks_do_not_matter_and_the_seed_does() -> None:
    faults = ("lose=300", "flip=200", "noise=500", "silence=1.5:2")
    whole = faulty(*faults).advance(10.0)
    pieces = faulty(*faults)
    assert b"".join(pieces.advance(0.05) for _ in range(200)) == whole
    assert faulty(*faults, seed=2).advance(10.0) != whole


def test_silence_loses_what_was_said_in_both_directions() -> None:
    silent = faulty("silence=2:3")
    assert len(silent.advance(10.0)) == 7000
    silent = faulty("silence=2:3")
    assert silent.feed(b"x") == b"x"
    silent.advance(2.5)
    assert silent.feed(b"x") == b""
    assert faulty("silence").advance(10.0) == b""


def test_a_fault_of_the_device_begins_and_ends_in_time() -> None:
    device = Counting()
    Faulty(device, [parse("sensor-off=1:2.5", ["sensor-off"])], seed=1).advance(5.0)
    assert device.told == [(0.0, "sensor-off", False), (1.0, "sensor-off", True), (3.5, "sensor-off", False)]
    device = Counting()
    Faulty(device, [parse("sensor-off", ["sensor-off"])], seed=1).advance(5.0)
    assert device.told == [(0.0, "sensor-off", True)]


def test_every_byte_can_be_struck() -> None:
    assert faulty("lose=1").advance(1.0) == b""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("losse=3", "did you mean 'lose'"),
        ("zzz", "there is lose, flip, noise, silence, unplug, sensor-off"),
        ("lose", "give lose=N"),
        ("lose=0", "give lose=N"),
        ("lose=many", "give lose=N"),
        ("silence=3", "silence=START:SECONDS"),
        ("sensor-off=", "sensor-off=START:SECONDS"),
        ("sensor-off=-1:2", "sensor-off=START:SECONDS"),
    ],
)
def test_what_cannot_be_a_fault_is_refused(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        parse(text, ["sensor-off"])


def test_a_fault_is_read() -> None:
    assert parse("lose=2000") == Fault("lose", one_in=2000.0)
    assert parse("silence=10:5") == Fault("silence", start_s=10.0, end_s=15.0)
