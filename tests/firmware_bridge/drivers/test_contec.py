"""Contec CMS50D+ against its table of bits."""

from __future__ import annotations

from firmware_bridge.drivers.contec import CMS50D, CMS50D_RECORDED
from firmware_bridge.measurement import Complete, Measurement, Reply
from firmware_bridge.simulators.contec import Recorder
from firmware_bridge.simulators.hosted import converse
from tests.firmware_bridge.truth import merged, numbers

# The begin of a download, with a rest of the live stream before it. Source: Apnea Board wiki, Contec CMS50X Data
# Format; the count there is 243 seconds, of which the page shows ten.
PUBLISHED = bytes.fromhex(
    "90283500 F28000F28000F28000 80817200 F08000F08000F08000F08000F08000F08000 F0C45F F0C35F F0C85F F0D45F"
)


def frame(spo2: int, rate: int, wave: int = 50, *, b0: int = 7, b2: int = 0) -> bytes:
    return bytes((0x80 | b0, wave, b2 | rate >> 7 << 6, rate & 127, spo2))


def test_a_frame_is_read() -> None:
    driver = CMS50D.driver({})
    events = driver.feed(frame(97, 72) + frame(97, 72, 51)) + driver.finish()
    assert [one for one in events if isinstance(one, Measurement)] == [
        Measurement("spo2", 97, "%", {"checked": False}),
        Measurement("heart_rate", 72, "/min", {"checked": False}),
    ]
    assert merged(events) == {"pleth": {0: 50, 1: 51}}


def test_the_rates_eighth_bit_is_in_the_third_byte() -> None:
    driver = CMS50D.driver({})
    assert numbers(driver.feed(frame(97, 200)) + driver.finish())[1] == ("heart_rate", 200, "/min")


def test_missing_values_are_left_out_and_odd_ones_are_marked() -> None:
    def details(data: bytes) -> list[tuple[str, dict[str, object]]]:
        driver = CMS50D.driver({})
        events = driver.feed(data) + driver.finish()
        return [(one.name, one.details) for one in events if isinstance(one, Measurement)]

    assert details(frame(0, 0, b0=0x10, b2=0x20)) == []
    assert details(frame(127, 255)) == []
    assert details(frame(120, 70)) == [
        ("spo2", {"checked": False, "plausible": False}),
        ("heart_rate", {"checked": False}),
    ]
    assert details(frame(97, 70, b0=0x20, b2=0x10))[0][1] == {
        "checked": False, "spo2_dropping": True, "probe_error": True,
    }  # fmt: skip


def test_there_are_numbers_every_second_of_a_stream_with_losses() -> None:
    driver = CMS50D.driver({})
    frames = [frame(97, 70) for _ in range(600)]
    for index in range(0, 600, 7):
        frames[index] = frames[index][:3]
    events = driver.feed(b"".join(frames)) + driver.finish()
    assert len([one for one in numbers(events) if one[0] == "spo2"]) >= 10
    assert driver.rejected_frames == 86
    assert max(merged(events)["pleth"]) == 599 - 1  # the first frame was cut, and counts from there


def test_a_published_download_is_read() -> None:
    driver = CMS50D_RECORDED.driver({})
    events = driver.feed(PUBLISHED) + driver.finish()
    assert [(one.name, one.value, one.details["second"]) for one in events if isinstance(one, Measurement)] == [
        ("spo2", 95, 6), ("heart_rate", 68, 6), ("spo2", 95, 7), ("heart_rate", 67, 7),
        ("spo2", 95, 8), ("heart_rate", 72, 8), ("spo2", 95, 9), ("heart_rate", 84, 9),
    ]  # fmt: skip
    assert driver.skipped_bytes == 4
    assert driver.warnings == ["a download was cut short: 10 of 243 seconds came"]


def test_the_device_is_told_to_stop_only_when_all_of_it_is_safe() -> None:
    simulator = Recorder(3, {"seconds": 5})
    driver = CMS50D_RECORDED.driver({})
    assert driver.start() == b"\xf5\xf5"
    simulator.feed(driver.start())
    events = driver.feed(simulator.advance(1.0))
    assert events[-2:] == [Complete("download"), Reply(b"\xf6\xf6\xf6", True, b"\xf5\xf5")]
    assert len(numbers(events)) == 10
    # What could not be made safe is asked for again, and is the same.
    simulator.feed(events[-1].otherwise)
    assert driver.feed(simulator.advance(1.0)) == events


def test_a_stalled_download_is_started_again_and_in_the_end_gives_what_came() -> None:
    simulator = Recorder(3, {"seconds": 60})
    driver = CMS50D_RECORDED.driver({"stall_s": 1.0, "tries": 3})
    simulator.feed(driver.start())
    simulator.fault("stall", True)
    driver.feed(simulator.advance(5.0))
    assert driver.waited(0.9) == []
    assert driver.waited(0.2) == [Reply(b"\xf5\xf5", False, b"\xf5\xf5")]
    simulator.fault("stall", False)
    simulator.feed(b"\xf5\xf5")
    assert len(numbers(driver.feed(simulator.advance(1.0)))) == 120

    stuck = Recorder(3, {"seconds": 60})
    stuck.fault("stall", True)
    driver = CMS50D_RECORDED.driver({"stall_s": 1.0, "tries": 2})
    _, events = converse(stuck, driver, 10.0)
    assert 40 < len(numbers(events)) < 120
    assert numbers(events) == numbers(driver_of_all())[: len(numbers(events))]
    assert any("cut short" in line for line in driver.warnings)


def driver_of_all() -> list[object]:
    driver = CMS50D_RECORDED.driver({})
    return converse(Recorder(3, {"seconds": 60}), driver, 5.0)[1]


def test_a_damaged_triplet_is_refused_and_the_seconds_stay() -> None:
    simulator = Recorder(3, {"seconds": 20, "spo2": 97, "heart_rate": 60})
    simulator.feed(b"\xf5\xf5")
    data = bytearray(simulator.advance(1.0))
    data[-9] ^= 0x80
    driver = CMS50D_RECORDED.driver({})
    events = driver.feed(bytes(data))
    assert [one.details["second"] for one in events if isinstance(one, Measurement) and one.name == "spo2"] == [
        second for second in range(20) if second != 17
    ]
    assert driver.rejected_frames == 1


def test_a_count_that_no_device_can_have_is_no_download() -> None:
    driver = CMS50D_RECORDED.driver({})
    assert driver.feed(bytes.fromhex("F28000F28000F28000 FFFF7F") + b"\xf0\xc4\x5f" * 50) == []
    assert driver.rejected_frames == 1
