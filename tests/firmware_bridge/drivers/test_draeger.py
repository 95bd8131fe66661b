"""Draeger Medibus against published frames, and messages that this file writes itself."""

from __future__ import annotations

from typing import Any

import pytest

from firmware_bridge.drivers.draeger import MEDIBUS
from firmware_bridge.drivers.driver import Event
from firmware_bridge.errors import SettingsError
from firmware_bridge.measurement import Measurement, Reply
from firmware_bridge.simulators.draeger import Ventilator
from firmware_bridge.simulators.faults import Faulty, parse
from firmware_bridge.simulators.hosted import converse
from tests.firmware_bridge.truth import merged, numbers

# Frames that an Atlan A350 exchanged with its host, from a report of the OpenICE project's users: its host's ICC, its
# date and time, and who it is.
ICC = bytes.fromhex("1B 51 36 43 0D")
CLOCK = bytes.fromhex("01 28 31 35 3A 32 37 3A 31 32 32 31 2D 41 55 47 2D 32 36 44 31 0D")
IDENTITY = bytes.fromhex("01 52 35 35 35 35 27 41 33 58 58 27 30 32 2E 31 30 3A 30 36 2E 30 30 42 38 0D")


def answer(command: int, data: bytes = b"", kind: int = 1) -> bytes:
    body = bytes((kind, command)) + data
    return body + f"{sum(body) & 255:02X}\r".encode()


CONFIGURATION = answer(0x53, b"00   20000-  20  100FFF01   20000- 200  200FFF")


def fed(data: bytes, **settings: Any) -> tuple[list[Event], Any]:
    driver = MEDIBUS.driver(settings)
    return driver.feed(data) + driver.finish(), driver


def test_published_frames_hold() -> None:
    assert MEDIBUS.driver({}).start() == ICC
    events, driver = fed(CLOCK + IDENTITY)
    assert numbers(events) == [("clock", "2026-08-21T15:27:12", "")]
    assert (driver.frames, driver.rejected_frames, driver.skipped_bytes) == (2, 0, 0)


def test_a_page_of_measured_data() -> None:
    page = b"D6  12" + b"B9 6.1" + b"78-  2" + b"E6----" + b"02 7.5" + b"EB  97"
    events, _ = fed(answer(0x24, page))
    assert [one for one in events if isinstance(one, Measurement)] == [
        Measurement("respiratory_rate", 12, "/min", {"code": "D6"}),
        Measurement("minute_volume", 6.1, "L/min", {"code": "B9"}),
        Measurement("peep", -2, "mbar", {"code": "78"}),
        Measurement("medibus-24-02", 7.5, "", {"code": "02"}),
        Measurement("spo2", 97, "%", {"code": "EB"}),
    ]


def test_settings_texts_and_alarms() -> None:
    events, _ = fed(answer(0x29, b"0B  5.0") + answer(0x2A, b"20\x36Adults\x03") + answer(0x27, b"19ADISCONNECT !"))
    assert [one for one in events if isinstance(one, Measurement)] == [
        Measurement("set_peep", 5.0, "mbar", {"code": "0B"}),
        Measurement("text_message", "Adults", "", {"code": "20"}),
        Measurement("alarm", "DISCONNECT !", "", {"priority": "1", "code": "9A"}),
    ]


def test_a_message_whose_sum_is_wrong_is_refused() -> None:
    good = answer(0x24, b"D6  12")
    for place in range(len(good)):
        damaged = bytearray(good)
        damaged[place] ^= 0x01
        events, driver = fed(bytes(damaged))
        assert numbers(events) == []
        assert driver.frames == 0
    assert fed(good[:4] + good)[1].rejected_frames == 1


def test_the_device_is_answered() -> None:
    driver = MEDIBUS.driver({"identity": "0001'ME'01.00:06.00"})
    said = [one for one in driver.feed(answer(0x30, kind=0x1B) + answer(0x52, kind=0x1B)) if isinstance(one, Reply)]
    assert [one.data for one in said] == [answer(0x30), answer(0x52, b"0001'ME'01.00:06.00")]


def test_curves_are_scaled_as_the_device_says_and_may_come_within_a_message() -> None:
    low, high = bytes((0x80, 0x80)), bytes((0xBF, 0xBF))
    cycle = b"\xd3\xc6\xc0" + low + high
    page = answer(0x24, b"D6  12")
    events, driver = fed(CONFIGURATION + cycle + page[:5] + cycle + page[5:] + b"\xd1" + high)
    assert merged(events) == {
        "airway_pressure": {0: -20.0, 1: -20.0, 2: 100.0},
        "flow": {0: 200.0, 1: 200.0},
    }
    assert numbers(events) == [("respiratory_rate", 12, "/min")]
    assert driver.skipped_bytes == 0


def test_a_cycle_that_is_not_whole_is_a_gap() -> None:
    def cycle(bins: int) -> bytes:
        pair = bytes((0x80 | bins & 63, 0x80 | bins >> 6))
        return b"\xd3" + pair + pair

    cycles = [cycle(100 * index) for index in range(12)]
    expected = {index: -20 + 100 * index / 4095 * 120 for index in range(12)}
    for place in range(5):
        damaged = list(cycles)
        damaged[5] = cycles[5][:place] + cycles[5][place + 1 :]
        events, driver = fed(CONFIGURATION + b"".join(damaged))
        found = merged(events)["airway_pressure"]
        assert found == pytest.approx({index: value for index, value in expected.items() if index != 5})
        assert driver.rejected_frames == 1


def test_curves_before_their_configuration_are_said_to_be_left_out() -> None:
    events, driver = fed(b"\xd1\x80\x80" * 5)
    assert events == []
    assert driver.warnings == ["curves came before the device said how it scales them, and were left out"]


def test_a_conversation_survives_silence_and_noise() -> None:
    driver = MEDIBUS.driver({"polls": ["measured", "alarms", "clock"]})
    faults = [parse("silence=10:15"), parse("noise=300"), parse("disconnected=30:5", ["disconnected"])]
    simulator = Faulty(Ventilator(1, {}), faults, seed=1)
    _, events = converse(simulator, driver, 60.0)
    names = [one.name for one in events if isinstance(one, Measurement)]
    assert names.count("respiratory_rate") >= 28
    assert 3 <= names.count("alarm") <= 6
    assert names.count("clock") >= 30
    pressure = merged(events)["airway_pressure"]
    assert len(pressure) > 2000
    assert set(numbers(events)) - {("alarm", "DISCONNECT !", ""), ("clock", "2026-08-21T15:27:12", "")} <= set(
        numbers(simulator.said)
    )


def test_settings_are_checked() -> None:
    with pytest.raises(SettingsError, match="polls cannot be 'measure': did you mean 'measured'"):
        MEDIBUS.driver({"polls": ["measure"]})
    with pytest.raises(SettingsError, match="realtime can name four curves, not 5"):
        MEDIBUS.driver({"realtime": ["flow", "co2", "o2", "pleth", "airway_pressure"]})
    with pytest.raises(SettingsError, match="poll_s"):
        MEDIBUS.driver({"poll_s": "1"})
