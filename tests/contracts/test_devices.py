"""What every device of the table owes: one answer however the bytes come, and no value that was not sent."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.drivers.driver import Driver, Event
from firmware_bridge.errors import SettingsError
from firmware_bridge.measurement import Measurement, Samples
from firmware_bridge.simulators.faults import Faulty, parse
from firmware_bridge.simulators.hosted import converse
from modality.registry import DEVICES, SIMULATORS
from tests.firmware_bridge.truth import follows, merged, numbers, values

EVERY = sorted(DEVICES.entries)
SIMULATED = sorted(SIMULATORS.entries)
SECONDS = 12.0
# Curves that have no checksum though the device's numbers have one.
UNCHECKED_CURVES = ("medibus",)
FILES = {
    "joia-xml": b"""<?xml version="1.0" encoding="UTF-8"?>
<Ophthalmology><Common><Patient><ID> 17 </ID></Patient></Common><Measure type="REF"><REF><R><Median>
<Sphere>-01.25</Sphere><Cylinder>-00.50</Cylinder><Axis>175</Axis>
</Median></R></REF></Measure></Ophthalmology>""",
}


@cache
def stream(name: str) -> bytes:
    """What a device says in `SECONDS`, without a fault."""
    return FILES[name] if name in FILES else conversation(name)[1]


@cache
def conversation(name: str, *faults: str, seed: int = 5) -> tuple[Driver, bytes, list[Event], list[Event]]:
    """A device and its driver talk: the driver, the bytes, what it gave, and the truth."""
    entry = SIMULATORS.load(name)
    simulator = Faulty(entry.simulator(seed, {}), [parse(one, entry.faults) for one in faults], seed=seed)
    driver = DEVICES.load(name).driver({})
    said, events = converse(simulator, driver, SECONDS)
    return driver, said, events, simulator.said


def fed(name: str, pieces: list[bytes]) -> tuple[Any, ...]:
    """All that a driver tells of a stream fed in pieces."""
    driver = DEVICES.load(name).driver({})
    driver.start()
    events = [event for piece in pieces for event in driver.feed(piece)] + driver.finish()
    others = [one for one in events if not isinstance(one, Samples)]
    return others, merged(events), driver.frames, driver.skipped_bytes, driver.rejected_frames, driver.warnings


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


@pytest.mark.parametrize("name", EVERY)
def test_an_entry_says_what_it_is(name: str) -> None:
    entry = DEVICES.load(name)
    assert entry.name == name
    assert entry.title
    assert set(entry.units) <= set(entry.waveforms)
    with pytest.raises(SettingsError, match=name):
        entry.driver({"no_such_setting": 1})


@pytest.mark.parametrize("name", EVERY)
def test_a_device_recognises_its_own_stream_best(name: str) -> None:
    own = DEVICES.load(name).recognise(stream(name))
    others = {other: DEVICES.load(other).recognise(stream(name)) for other in EVERY if other != name}
    assert 0.7 <= own <= 1.0
    assert max(others.values()) < own
    assert DEVICES.load(name).recognise(random.Random(1).randbytes(2000)) < 0.05


@pytest.mark.parametrize("name", SIMULATED)
def test_a_stream_without_a_fault_gives_the_truth_and_skips_nothing(name: str) -> None:
    driver, said, events, truth = conversation(name)
    assert driver.frames > 0
    assert (driver.rejected_frames, driver.skipped_bytes) == (0, 0), driver.warnings
    assert follows(numbers(events), numbers(truth))
    assert len(numbers(events)) > 0 or values(events)
    assert {channel: len(of) for channel, of in values(events).items()} == {
        channel: len(of) for channel, of in values(truth).items()
    }
    assert len(said) > 0


@pytest.mark.parametrize("name", EVERY)
def test_whole_and_byte_by_byte_and_in_random_pieces_are_the_same(name: str) -> None:
    data = stream(name)
    damaged = bytearray(data)
    drawn = random.Random(7)
    for at in range(200, len(damaged), 997):
        damaged[at] = drawn.randrange(256)
    for one in (data, bytes(damaged)):
        whole = fed(name, [one])
        assert fed(name, bytewise(one)) == whole
        pieces, at = [], 0
        while at < len(one):
            size = drawn.randrange(1, 60)
            pieces.append(one[at : at + size])
            at += size
        assert fed(name, pieces) == whole


@pytest.mark.parametrize("name", EVERY)
def test_after_garbage_the_stream_is_found_again(name: str) -> None:
    garbage = random.Random(3).randbytes(300)
    if name in FILES:
        clean, found = fed(name, [stream(name)])[0], fed(name, [garbage, stream(name)])[0]
        assert numbers(found) == numbers(clean)
        return
    driver = DEVICES.load(name).driver({})
    driver.feed(garbage)
    simulator = SIMULATORS.load(name).simulator(5, {})
    _, events = converse(simulator, driver, SECONDS)
    clean = conversation(name)[2]
    assert driver.skipped_bytes + driver.rejected_frames > 0
    assert numbers(events)[-3:] == numbers(clean)[-3:]
    assert len(numbers(events)) >= 0.9 * len(numbers(clean))
    for channel, of in values(clean).items():
        assert len(values(events)[channel]) >= 0.9 * len(of)


@pytest.mark.parametrize("name", EVERY)
def test_cut_short_it_gives_what_came_before(name: str) -> None:
    data = stream(name)
    whole = numbers(fed(name, [data])[0])
    for cut in random.Random(2).sample(range(len(data)), 12):
        found = numbers(fed(name, [data[:cut]])[0])
        assert found == whole[: len(found)]


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=25)
@given(pieces=st.lists(st.binary(max_size=80), max_size=6), at=st.integers(0, 10**6), size=st.integers(0, 200))
def test_no_bytes_make_it_raise(name: str, pieces: list[bytes], at: int, size: int) -> None:
    data = stream(name)
    begin = at % len(data)
    mixed = [*pieces[:2], data[begin : begin + size], *pieces[2:], data[begin // 2 : begin // 2 + size]]
    assert fed(name, mixed) == fed(name, bytewise(b"".join(mixed)))
    driver = DEVICES.load(name).driver({})
    for piece in mixed:
        driver.feed(piece)
        driver.waited(0.7)
    driver.waited(100.0)
    driver.finish()


@pytest.mark.parametrize("fault", ["lose=2000", "flip=2000", "noise=2000", "lose=200", "flip=200"])
@pytest.mark.parametrize("name", [name for name in SIMULATED if DEVICES.load(name).checked])
def test_a_format_with_a_checksum_gives_no_value_that_was_not_sent(name: str, fault: str) -> None:
    for seed in range(3):
        _, _, events, truth = conversation(name, fault, seed=seed)
        if not DEVICES.load(name).streams:
            # What was not acknowledged comes again, or is given up: what it was, another conversation tells.
            assert set(numbers(events)) <= set(numbers(conversation(name, seed=seed)[3]))
            continue
        assert follows(numbers(events), numbers(truth))
        if name not in UNCHECKED_CURVES:
            for channel, of in values(events).items():
                assert follows(of, values(truth)[channel])


@pytest.mark.parametrize("name", [name for name in SIMULATED if not DEVICES.load(name).checked])
def test_a_format_without_a_checksum_counts_what_it_sees_and_marks_its_values(name: str) -> None:
    clean = conversation(name)
    assert all(one.details["checked"] is False for one in clean[2] if isinstance(one, Measurement))
    refused = sum(conversation(name, "lose=100", seed=seed)[0].rejected_frames for seed in range(3))
    assert refused > 0


@pytest.mark.parametrize("name", SIMULATED)
def test_a_simulated_device_repeats_for_a_seed_however_its_time_passes(name: str) -> None:
    entry = SIMULATORS.load(name)
    assert entry.name == name
    first, second = (entry.simulator(seed, {}) for seed in (1, 1))
    assert b"".join(first.advance(0.1) for _ in range(100)) == second.advance(10.0)
    assert merged(first.said) == merged(second.said)
    assert numbers(first.said) == numbers(second.said)
    with pytest.raises(SettingsError, match="no_such_setting"):
        entry.simulator(1, {"no_such_setting": 1})
    streams = {converse(entry.simulator(seed, {}), DEVICES.load(name).driver({}), 10.0)[0] for seed in range(4)}
    assert len(streams) > 1
