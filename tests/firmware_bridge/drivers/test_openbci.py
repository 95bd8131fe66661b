from __future__ import annotations

import pytest

from firmware_bridge.drivers.openbci import CYTON
from firmware_bridge.errors import SettingsError
from firmware_bridge.measurement import Measurement
from tests.firmware_bridge.truth import merged

# "Actual first byte received from device": the sample packet in the tests of OpenBCI's Node.js library.
PUBLISHED = bytes.fromhex("A000 8FF240 8FDFF4 902BB6 8FBFBF 7FFFFF 7FFFFF 942534 20B67D 00E000E00F70 C0")
UV = 4.5 / 24 / (2**23 - 1) * 1e6


def frame(counter: int, value: int) -> bytes:
    return bytes((0xA0, counter & 255)) + value.to_bytes(3, "big", signed=True) * 8 + bytes(6) + b"\xc0"


def values(data: bytes) -> dict[int, int]:
    driver = CYTON.driver({})
    events = driver.feed(data) + driver.finish()
    return {index: round(value / UV) for index, value in merged(events)["ch8"].items()}


def test_a_published_frame_is_read() -> None:
    driver = CYTON.driver({})
    assert driver.start() == b"b"
    events = driver.feed(PUBLISHED) + driver.finish()
    found = merged(events)
    # 0x8FF240 is 9433664 - 2^24; full scale at a gain of 24 is 187500 uV.
    assert found["ch1"] == {0: pytest.approx(-7343552 * UV)}
    assert found["ch5"] == {0: pytest.approx(187500.0)}
    assert found["ch8"] == {0: pytest.approx(2143869 * UV)}
    beyond = {one.name: one for one in events if isinstance(one, Measurement)}
    assert beyond["ch5_peak"].value == pytest.approx(187500.0)
    assert beyond["ch5_peak"].details == {"checked": False, "plausible": False}


def test_the_gain_scales() -> None:
    driver = CYTON.driver({"gain": 1})
    found = merged(driver.feed(frame(0, 1000)) + driver.finish())
    assert found["ch1"][0] == pytest.approx(1000 * UV * 24)
    for wrong in (0, -2.0, "24"):
        with pytest.raises(SettingsError, match="gain"):
            CYTON.driver({"gain": wrong})


def test_frames_that_the_radio_lost_are_a_gap_by_the_counter() -> None:
    frames = [frame(index, index) for index in range(600)]
    kept = [one for index, one in enumerate(frames) if not (100 <= index < 107 or 250 <= index < 260)]
    assert values(b"".join(kept)) == {
        index: index for index in range(600) if not (100 <= index < 107 or 250 <= index < 260)
    }


def test_a_damaged_counter_moves_no_sample() -> None:
    frames = [bytearray(frame(index, index)) for index in range(50)]
    frames[20][1] ^= 0x40
    assert values(b"".join(frames)) == {index: index for index in range(50)}


def test_lost_bytes_cost_a_frame_each_and_its_place_stays() -> None:
    data = b"".join(frame(index, index) for index in range(300))
    for at in range(33 * 100, 33 * 101):
        assert values(data[:at] + data[at + 1 :]) == {index: index for index in range(300) if index != 100}


def test_a_long_gap_of_rubbish_counts_whole_turns_of_the_counter() -> None:
    before = b"".join(frame(index, 1) for index in range(10))
    after = b"".join(frame(index, 2) for index in range(300, 310))
    found = values(before + bytes(33 * 290) + after)
    assert sorted(found) == [*range(10), *range(300, 310)]
