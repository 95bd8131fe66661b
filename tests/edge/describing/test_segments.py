"""A stream cut into segments has in each what belongs to it, however long ago the device said what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from firmware_bridge.measurement import Samples
from firmware_bridge.simulators.hosted import converse
from modality.edge.config import DeviceConfig
from modality.edge.describing import decoding
from modality.edge.describing.content import Captured
from modality.registry import DEVICES, SIMULATORS
from tests.delivery.outbox.world import packet
from tests.edge.sources.line import Rig


def _pieces(said: bytes, size: int) -> list[bytes]:
    return [said[at : at + size] for at in range(0, len(said), size)]


def _samples(rig: Rig, driver: str) -> list[dict[str, list[float]]]:
    """The samples of each capture by their names."""
    device = DeviceConfig("bedside", driver, port="line", patient_id="P1")
    found = []
    for item in rig.outbox.items():
        decoded = decoding.decode(Captured(item, device, item.raw.read_bytes(), item.moment.wall, True))
        found.append({name: [one for run in runs for one in run.values] for name, runs in decoded.samples.items()})
    return found


@pytest.mark.parametrize(("driver", "seconds", "name"), [("sensor-board", 150, "pulse"), ("medibus", 60, "flow"),
                                                         ("cyton", 12, "ch1"), ("cms50d", 60, "pleth")])  # fmt: skip
def test_no_segment_lacks_a_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, driver: str, seconds: float, name: str
) -> None:
    """Such devices are greeted, and say once what all later depends on: the board numbers its frames, too."""
    simulator = SIMULATORS.load(driver).simulator(1, {})
    said, events = converse(simulator, DEVICES.load(driver).driver({}), seconds)
    wanted = [one for event in events if isinstance(event, Samples) and event.name == name for one in event.values]
    rig = Rig(tmp_path, monkeypatch, driver, list(_pieces(said, 3001)), segment_s=1e-9)
    try:
        rig.run()
        found = [one for part in _samples(rig, driver) for one in part.get(name, [])]
        assert len(rig.outbox.items()) == -(-len(said) // 3001)
        assert len(wanted) > 1000
        assert found == wanted[: len(found)]
        assert len(wanted) - len(found) <= 2, "what the end of the recording has cut"
    finally:
        rig.outbox.close()


def test_nothing_of_a_patient_is_in_the_next_ones_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scan comes in the middle of a packet: its frames are the patient's before, and so are its numbers."""
    said = packet() * 2 + packet()[:60]
    rig = Rig(tmp_path, monkeypatch, "nonin-2", [said, lambda: rig.source.new_patient(), packet()[60:] + packet() * 2])
    codes = iter(["P1", "P2"])
    rig.intake.scan = lambda _: next(codes)
    try:
        rig.run()
        first, second = (one["pleth"] for one in _samples(rig, "nonin-2"))
        assert first == [*range(100, 125), *range(100, 125), *range(100, 112)]
        assert second == [*range(112, 125), *range(100, 125), *range(100, 125)]
        numbers = [item.details["scan"] for item in rig.outbox.items()]
        assert numbers == ["P1", "P2"]
    finally:
        rig.outbox.close()


def test_a_board_that_was_silent_is_understood_in_the_segment_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator = SIMULATORS.load("sensor-board").simulator(1, {})
    said, events = converse(simulator, DEVICES.load("sensor-board").driver({}), 40)
    wanted = [one for event in events if isinstance(event, Samples) for one in event.values]
    half = len(said) // 2
    line = [said[:half], lambda: rig.passes(2.0), lambda: rig.passes(2.0), said[half:]]
    rig = Rig(tmp_path, monkeypatch, "sensor-board", line, silence_s=3.0)
    try:
        rig.run()
        found = [one for part in _samples(rig, "sensor-board") for one in part["pulse"]]
        assert len(rig.outbox.items()) == 2
        assert len(wanted) - len(found) <= 50, "the frame that the silence has cut, and the end"
        assert found[-500:] == wanted[-500:]
    finally:
        rig.outbox.close()
