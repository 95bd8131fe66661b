"""The host's driver, in conversation with the board's real code run here."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from firmware_bridge.drivers.sensor_board import SENSOR_BOARD
from firmware_bridge.envelope import (
    ACK,
    CREDIT,
    DATA,
    HELLO,
    NAK,
    VERSION,
    WAVEFORM,
    Channel,
    pack,
    pack_data,
    pack_hello,
)
from firmware_bridge.errors import SettingsError
from firmware_bridge.framing import frame
from firmware_bridge.measurement import Reply, Samples
from tests.firmware_bridge.conversation import driver_of, replies, samples, talk, values, whole

PULSE = Channel("pulse", WAVEFORM, 10, "", 1)


def hello(boot: int, seq: int = 0) -> bytes:
    return frame(pack(HELLO, seq, 0, pack_hello(boot, [PULSE])))


def data(seq: int, index: int, count: int = 5) -> bytes:
    return frame(pack(DATA, seq, index * 10, pack_data(0, index, list(range(index, index + count)))))


def starts(events: list[Any]) -> list[tuple[int, int]]:
    return [(one.start, len(one.values)) for one in events if isinstance(one, Samples)]


def test_all_that_a_board_measures_arrives_in_order() -> None:
    done = talk("sensor-board", 20, moments={4.0: lambda one: one.fault("button", True)})
    assert done.heard == done.said
    assert ("button", 1) in done.heard
    assert [value for name, value in done.heard if name == "temperature"] == [36.8] * 21
    assert {one.unit for one in values(done.events) if one.name == "temperature"} == {"Cel"}
    pulse = samples(done.events)
    assert list(pulse) == list(range(2000))
    assert pulse == samples(done.simulator.said)
    assert (done.driver.rejected_frames, done.driver.skipped_bytes) == (0, 0)


@pytest.mark.parametrize("line", ["flip=2000", "lose=2000", "noise=2000", "flip=200", "lose=200"])
def test_on_a_bad_line_nothing_is_lost_or_wrong_in_the_end(line: str) -> None:
    done = talk("sensor-board", 60, line=[line])
    assert done.driver.rejected_frames > 0
    heard, said = samples(done.events), samples(done.simulator.said)
    assert all(said[place] == value for place, value in heard.items())
    assert list(heard) == list(range(len(heard)))
    assert len(heard) >= len(said) - 400
    assert done.heard == done.said[: len(done.heard)]


def test_after_silence_the_board_has_kept_what_it_could() -> None:
    done = talk("sensor-board", 40, line=["silence=5:8"])
    assert list(samples(done.events)) == list(range(4000))


def test_what_the_board_could_not_keep_is_a_gap_and_not_glued() -> None:
    done = talk("sensor-board", 60, line=["silence=5:40"])
    pulse = list(samples(done.events))
    gaps = [(before, after) for before, after in itertools.pairwise(pulse) if after != before + 1]
    assert len(gaps) == 1
    assert 500 < gaps[0][1] - gaps[0][0] < 4000
    assert pulse[-1] == 5999  # by the board's own clock nothing has moved
    assert any("missing" in one for one in done.driver.warnings)


def test_a_board_that_starts_again_goes_on_behind_a_gap() -> None:
    done = talk("sensor-board", 20, moments={10.0: lambda one: one.fault("reset", True)})
    pulse = list(samples(done.events))
    gaps = [after - before for before, after in itertools.pairwise(pulse) if after != before + 1]
    assert len(gaps) == 1
    assert 1900 < len(pulse) <= 2000
    assert "the board has started again" in done.driver.warnings


def test_data_are_acknowledged_when_they_are_safe() -> None:
    driver = driver_of("sensor-board", window=4)
    driver.feed(hello(1))
    events = driver.feed(data(0, 0))
    assert replies(events) == [Reply(frame(pack(ACK, 0, 0)) + frame(pack(CREDIT, 5, 0)), True, b"")]


def test_a_frame_that_comes_again_is_acknowledged_and_not_doubled() -> None:
    driver = driver_of("sensor-board")
    driver.feed(hello(1))
    events = driver.feed(data(0, 0) + data(0, 0) + data(1, 5))
    assert starts(events) == [(0, 5), (5, 5)]
    assert len(replies(events)) == 3
    assert replies(events)[1] == Reply(frame(pack(ACK, 0, 0)), True, b"")


def test_what_is_missing_is_asked_for_and_what_follows_waits() -> None:
    driver = driver_of("sensor-board")
    driver.feed(hello(1))
    events = driver.feed(data(0, 0) + data(2, 10) + data(3, 15))
    assert starts(events) == [(0, 5)]
    assert replies(events)[1:] == [Reply(frame(pack(NAK, 1, 0)), False, b"")]
    assert starts(driver.feed(data(1, 5) + data(2, 10) + data(3, 15))) == [(5, 5), (10, 5), (15, 5)]


def test_a_host_that_comes_late_begins_with_what_the_board_still_has() -> None:
    driver = driver_of("sensor-board")
    driver.feed(hello(1, seq=200))
    events = driver.feed(data(200, 7000) + data(201, 7005) + data(202, 7100))
    assert starts(events) == [(0, 5), (5, 5), (100, 5)]


def test_the_count_goes_on_across_its_turn() -> None:
    driver = driver_of("sensor-board")
    driver.feed(hello(1, seq=250))
    events = driver.feed(b"".join(data((250 + place) % 256, 5 * place) for place in range(20)))
    assert starts(events) == [(5 * place, 5) for place in range(20)]


def test_a_hello_that_comes_again_moves_nothing() -> None:
    driver = driver_of("sensor-board")
    driver.feed(hello(1))
    driver.feed(data(0, 0) + data(1, 5))
    assert starts(driver.feed(hello(1, seq=0) + data(0, 0) + data(1, 5) + data(2, 10))) == [(10, 5)]


def test_a_silent_board_is_greeted_again_and_again() -> None:
    driver = driver_of("sensor-board")
    greeting = frame(pack(HELLO, 0, 0, bytes([VERSION])))
    assert driver.start() == greeting
    assert driver.waited(0.6) == []
    assert driver.waited(0.6) == [Reply(greeting, False, b"")]
    assert driver.waited(0.6) == []
    assert driver.waited(0.6) == [Reply(greeting, False, b"")]


def test_data_of_a_board_that_was_not_introduced_are_not_guessed_at() -> None:
    driver = driver_of("sensor-board")
    events = driver.feed(data(0, 0))
    assert starts(events) == []
    assert replies(events) == [Reply(driver.start(), False, b"")]


def test_another_version_is_refused_and_said() -> None:
    driver = driver_of("sensor-board")
    payload = bytearray(pack_hello(1, [PULSE]))
    payload[0] = 9
    assert driver.feed(frame(pack(HELLO, 0, 0, bytes(payload)))) == []
    assert any("version 9" in one for one in driver.warnings)


def test_a_recording_of_both_sides_is_read() -> None:
    driver = driver_of("sensor-board")
    both = driver.start() + hello(1) + frame(pack(CREDIT, 8, 0)) + data(0, 0) + frame(pack(ACK, 0, 0)) + data(1, 5)
    assert starts(whole(driver, both)) == [(0, 5), (5, 5)]
    assert driver.rejected_frames == 0


def test_it_is_recognised_by_its_hello() -> None:
    assert SENSOR_BOARD.recognise(b"\x01\x02" + b"\0" + hello(1)) == 0.99
    assert SENSOR_BOARD.recognise(bytes(range(256)) * 4) == 0.0


def test_a_window_that_cannot_be_is_refused() -> None:
    with pytest.raises(SettingsError, match="window"):
        driver_of("sensor-board", window=0)
