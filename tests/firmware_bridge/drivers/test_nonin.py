"""Nonin against its datasheet's tables, with packets that this file writes itself."""

from __future__ import annotations

from typing import Any

import pytest

from firmware_bridge.drivers.driver import Event
from firmware_bridge.drivers.nonin import NONIN_2, NONIN_7, NONIN_ASCII, Nonin
from firmware_bridge.errors import SettingsError
from firmware_bridge.measurement import Measurement
from tests.firmware_bridge.truth import merged, numbers

# A packet of an OEM III in format #2, frame by frame: rate 72, saturation 97, firmware 48. Source: the Pufferfish
# project's test of its Nonin driver (Apache-2.0); the first two frames stand in the datasheet's format, too.
PUBLISHED = bytes.fromhex(
    "0181010083 01800148CA 01800161E3 01800130B2 0180010082 0180010082 0180010082 0180010082 01800161E3 01800161E3"
    "01800161E3 0180010082 0180010082 0180010082 01800148CA 01800161E3 01800161E3 0180010082 0180010082 0180010082"
    "01800148CA 0180010082 01800148CA 0180010082 0180010082"
)


def packet(rate: int, spo2: int, *, wide: bool = False, status: int = 0x80, pleth: int = 100) -> list[bytes]:
    data = {1: rate >> 7, 2: rate & 127, 3: spo2, 4: 48, 14: (rate + 1) >> 7, 15: rate + 1 & 127, 16: spo2 - 1}
    frames = []
    for place in range(1, 26):
        sync = status | (place == 1)
        wave = pleth + place
        head = (sync, wave >> 8, wave & 255, data.get(place, 0)) if wide else (1, sync, wave & 255, data.get(place, 0))
        frames.append(bytes((*head, sum(head) & 255)))
    return frames


def read(data: bytes, **settings: Any) -> tuple[list[Event], Nonin]:
    driver = Nonin("nonin-2", settings)
    return driver.feed(data) + driver.finish(), driver


def test_a_published_packet_is_read() -> None:
    events, driver = read(PUBLISHED)
    assert numbers(events) == [("spo2", 97, "%"), ("heart_rate", 72, "/min")]
    assert merged(events) == {"pleth": dict.fromkeys(range(25), 1)}
    assert (driver.frames, driver.skipped_bytes, driver.rejected_frames) == (25, 0, 0)


def test_the_numbers_come_with_the_next_packets_first_frame() -> None:
    driver = NONIN_2.driver({})
    assert driver.feed(PUBLISHED) == []
    assert driver.feed(PUBLISHED[:5]) == []
    assert numbers(driver.feed(PUBLISHED[5:10])) == [("spo2", 97, "%"), ("heart_rate", 72, "/min")]


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("rate", [18, 127, 128, 321, 510])
def test_rates_of_nine_bits(wide: bool, rate: int) -> None:
    driver = (NONIN_7 if wide else NONIN_2).driver({})
    events = driver.feed(b"".join(packet(rate, 88, wide=wide)) * 2) + driver.finish()
    assert numbers(events) == [("spo2", 88, "%"), ("heart_rate", rate, "/min")] * 2


def test_format_7_has_sixteen_bits_of_pleth() -> None:
    driver = NONIN_7.driver({})
    events = driver.feed(b"".join(packet(70, 97, wide=True, pleth=65000))) + driver.finish()
    assert merged(events) == {"pleth": {index: 65001 + index for index in range(25)}}


def test_what_is_missing_is_left_out() -> None:
    events, driver = read(b"".join([*packet(511, 97), *packet(70, 127), *packet(511, 127, status=0xC0)]))
    assert numbers(events) == [("spo2", 97, "%"), ("heart_rate", 70, "/min")]
    assert len(merged(events)["pleth"]) == 75
    assert driver.warnings == ["the sensor was disconnected"]


def test_flags_of_the_status_qualify_the_numbers() -> None:
    for bit, name in ((0x40, "sensor_off"), (0x20, "artifact"), (0x10, "out_of_track"), (0x08, "sensor_alarm")):
        events, _ = read(b"".join(packet(70, 97, status=0x80 | bit)))
        assert [one.details for one in events if isinstance(one, Measurement)] == [{name: True}] * 2


def test_the_longer_average_can_be_chosen() -> None:
    assert numbers(read(b"".join(packet(70, 97)), average="8-beat")[0]) == [
        ("spo2", 96, "%"),
        ("heart_rate", 71, "/min"),
    ]
    with pytest.raises(SettingsError, match="average cannot be '9-beat': did you mean '8-beat'"):
        NONIN_2.driver({"average": "9-beat"})


@pytest.mark.parametrize("lost", range(25))
def test_one_lost_frame_costs_its_packet_and_shifts_nothing(lost: int) -> None:
    packets = [packet(60 + number, 90 + number, pleth=number * 25) for number in range(4)]
    frames = [frame for one in packets for frame in one]
    del frames[25 + lost]
    events, _ = read(b"".join(frames))
    found = [value for name, value, _ in numbers(events) if name == "spo2"]
    # Without its SYNC a packet is no packet, and the one before ends nowhere.
    assert found == ([92, 93] if lost == 0 else [90, 92, 93])
    samples = merged(events)["pleth"]
    assert len(samples) == 99
    assert all(samples[index] == index + 1 for index in [*range(25), *range(50, 100)])


@pytest.mark.parametrize("place", range(125))
def test_a_lost_or_a_changed_byte_costs_a_frame_of_the_waveform_and_leaves_a_gap(place: int) -> None:
    packets = [packet(60 + number, 90 + number, pleth=number * 25) for number in range(4)]
    data = b"".join(frame for one in packets for frame in one)
    at = 125 + place
    for damaged in (data[:at] + data[at + 1 :], data[:at] + bytes((data[at] ^ 4,)) + data[at + 1 :]):
        events, driver = read(damaged)
        assert set(numbers(events)) <= {(n, v + p, u) for p in range(4) for n, v, u in
                                        (("spo2", 90, "%"), ("heart_rate", 60, "/min"))}  # fmt: skip
        assert ("spo2", 91, "%") not in numbers(events)
        samples = merged(events)["pleth"]
        assert samples == {index: index + 1 for index in range(100) if index != 25 + place // 5}
        assert driver.rejected_frames >= 1


def test_a_stream_without_sync_gives_samples_and_no_numbers() -> None:
    frames = packet(70, 97)[1:] * 10
    driver = NONIN_2.driver({})
    early = driver.feed(b"".join(frames))
    assert len(merged(early)["pleth"]) >= 150
    assert len(merged(early + driver.finish())["pleth"]) == 240
    assert numbers(early) == []


def test_a_packet_that_does_not_go_on_gives_its_samples_and_no_numbers() -> None:
    driver = NONIN_2.driver({})
    assert driver.feed(PUBLISHED[:50]) == []
    assert driver.waited(0.6) == []
    assert merged(driver.waited(0.6)) == {"pleth": dict.fromkeys(range(9), 1)}
    assert driver.waited(5.0) == []
    events = driver.feed(PUBLISHED[50:] + PUBLISHED + PUBLISHED[:10])
    assert numbers(events) == [("spo2", 97, "%"), ("heart_rate", 72, "/min")]
    assert sorted(merged(events)["pleth"]) == list(range(9, 50))


def test_the_lines_of_older_models() -> None:
    driver = NONIN_ASCII.driver({})
    events = driver.feed(
        b"rest\r\n10:20:30 SPO2=098 HR=072\r\n10:20:31 SPO2=--- HR=---\r\n10:20:32 SPO2=097 HR=101*\r\n"
        b"10:20:33 SPO2=09 HR=100\r\n10:20:34 SPO2=198 HR=070\r\n10:20:35 SPO2=096 HR=070"
    )
    events += driver.finish()
    assert events == [
        Measurement("spo2", 98, "%", {"time": "10:20:30", "checked": False}),
        Measurement("heart_rate", 72, "/min", {"time": "10:20:30", "checked": False}),
        Measurement("spo2", 97, "%", {"time": "10:20:32", "checked": False, "event": True}),
        Measurement("heart_rate", 101, "/min", {"time": "10:20:32", "checked": False, "event": True}),
        Measurement("spo2", 198, "%", {"time": "10:20:34", "checked": False, "plausible": False}),
        Measurement("heart_rate", 70, "/min", {"time": "10:20:34", "checked": False}),
        Measurement("spo2", 96, "%", {"time": "10:20:35", "checked": False}),
        Measurement("heart_rate", 70, "/min", {"time": "10:20:35", "checked": False}),
    ]
    assert (driver.frames, driver.rejected_frames) == (5, 2)
