"""The simulated devices against the formats' descriptions, without their drivers."""

from __future__ import annotations

import pytest

from firmware_bridge.errors import SettingsError
from firmware_bridge.simulators.contec import CMS50D
from firmware_bridge.simulators.draeger import MEDIBUS
from firmware_bridge.simulators.nonin import NONIN_2, NONIN_7, NONIN_ASCII
from firmware_bridge.simulators.openbci import CYTON
from firmware_bridge.simulators.patient import Patient, Ticks


@pytest.mark.parametrize("entry", [NONIN_2, NONIN_7])
def test_nonin_sends_three_packets_a_second_as_the_table_has_them(entry: object) -> None:
    data = entry.simulator(1, {"spo2": 93, "heart_rate": 130}).advance(10.0)
    frames = [data[at : at + 5] for at in range(0, len(data), 5)]
    assert len(frames) == 750
    assert all(sum(frame[:4]) % 256 == frame[4] for frame in frames)
    status = [frame[1] if entry is NONIN_2 else frame[0] for frame in frames]
    assert all(one & 0x80 for one in status)
    assert [index for index, one in enumerate(status) if one & 1] == list(range(0, 750, 25))
    for at in range(0, 750, 25):
        packet = [frame[3] for frame in frames[at : at + 25]]
        assert (packet[0] & 3) << 7 | packet[1] == 130
        assert (packet[2], packet[3]) == (93, 48)
        assert all(one < 128 for one in packet)
    # A green perfusion for twelve frames a pulse: 130 a minute are 21 in ten seconds.
    green = [one >> 1 & 3 for one in status]
    begins = [index for index in range(1, 750) if green[index] and not green[index - 1]]
    assert set(green) == {0, 1}
    assert len(begins) in (21, 22)
    assert all(green[index : index + 12] == [1] * 12 for index in begins if index < 738)


def test_nonin_without_a_sensor_says_that_numbers_are_missing() -> None:
    simulator = NONIN_2.simulator(1, {})
    simulator.fault("sensor-off", True)
    data = simulator.advance(1.0)
    assert (data[3], data[8], data[13]) == (3, 127, 127)
    assert data[1] & 0x40
    assert not [one for one in simulator.said if one[0] != "pleth"]


def test_nonin_prints_a_line_a_second() -> None:
    simulator = NONIN_ASCII.simulator(1, {"spo2": 98, "heart_rate": 72, "clock": "23:59:59"})
    assert simulator.advance(2.0) == b"23:59:59 SPO2=098 HR=072\r\n00:00:00 SPO2=098 HR=072\r\n"
    simulator.fault("sensor-off", True)
    assert simulator.advance(1.0) == b"00:00:01 SPO2=--- HR=---\r\n"
    for wrong in ("24:00:00", "noon", "1:2"):
        with pytest.raises(SettingsError, match="clock"):
            NONIN_ASCII.simulator(1, {"clock": wrong})


def test_contec_sends_sixty_frames_a_second_with_one_top_bit_each() -> None:
    simulator = CMS50D.simulator(1, {"spo2": 96, "heart_rate": 140})
    data = simulator.advance(2.0)
    assert len(data) == 600
    assert all((byte >= 0x80) == (index % 5 == 0) for index, byte in enumerate(data))
    assert (data[2] & 0x40, data[3], data[4]) == (0x40, 140 - 128, 96)
    simulator.fault("sensor-off", True)
    assert simulator.advance(1.0)[:1][0] & 0x10


def test_cyton_is_silent_until_it_is_told_to_begin() -> None:
    board = CYTON.simulator(1, {})
    assert board.advance(1.0) == b""
    assert board.feed(b"v").endswith(b"$$$")
    assert board.feed(b"b") == b""
    data = board.advance(1.0)
    assert len(data) == 250 * 33
    assert {(data[at], data[at + 32]) for at in range(0, len(data), 33)} == {(0xA0, 0xC0)}
    assert [data[at + 1] for at in range(0, len(data), 33)] == list(range(250))
    board.feed(b"s")
    assert board.advance(1.0) == b""


def test_medibus_calls_a_host_and_keeps_its_link_alive() -> None:
    ventilator = MEDIBUS.simulator(1, {})
    assert ventilator.advance(3.0) == b"\x1bQ6C\r" * 2
    assert ventilator.feed(b"\x1bQ6D\r") == b""  # a wrong sum
    assert ventilator.feed(b"\x1bQ6C\r") == b"\x01Q52\r\x1bR6D\r"
    assert ventilator.advance(2.0) == b"\x1b04B\r"
    assert ventilator.feed(b"\x1b)44\r").startswith(b"\x01)01  40 0B  5.0")


def test_ticks_are_the_same_however_time_passes() -> None:
    whole, pieces = Ticks(62.5), Ticks(62.5)
    assert [tick for _ in range(300) for tick in pieces.pass_by(0.033)] == list(whole.pass_by(9.9))


def test_a_patient_is_drawn_by_the_seed_or_given() -> None:
    assert len({(Patient(seed).spo2(0), Patient(seed).heart_rate(0)) for seed in range(20)}) > 10
    assert all(85 <= Patient(seed).spo2(at) <= 100 for seed in range(20) for at in range(100))
    assert {Patient(1, spo2=91, heart_rate=55).spo2(at) for at in range(100)} == {91}
    patient = Patient(1, heart_rate=60)
    waves = [patient.beat(at / 100, 0.01) for at in range(1000)]
    assert sum(begins for _, begins in waves) == 10
    assert max(wave for wave, _ in waves) > 0.95
    assert min(wave for wave, _ in waves) < 0.05
