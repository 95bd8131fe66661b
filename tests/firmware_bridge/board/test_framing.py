from __future__ import annotations

import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge import envelope
from firmware_bridge.envelope import Channel
from firmware_bridge.framing import LONGEST, Deframer, cobs, crc16, frame, uncobs


def test_the_crc_has_its_check_value() -> None:
    assert crc16(b"123456789") == 0x29B1
    assert crc16(b"") == 0xFFFF


@given(st.binary(max_size=300))
def test_the_crc_is_the_librarys(data: bytes) -> None:
    assert crc16(data) == binascii.crc_hqx(data, 0xFFFF)


@pytest.mark.parametrize(
    ("data", "coded"),
    [
        (b"", b"\x01"),
        (b"\x00", b"\x01\x01"),
        (b"\x00\x00", b"\x01\x01\x01"),
        (b"\x11\x22\x00\x33", b"\x03\x11\x22\x02\x33"),
        (b"\x11\x22\x33\x44", b"\x05\x11\x22\x33\x44"),
        (b"\x11\x00\x00\x00", b"\x02\x11\x01\x01\x01"),
    ],
)
def test_cobs_is_that_of_the_paper(data: bytes, coded: bytes) -> None:
    assert cobs(data) == coded
    assert uncobs(coded) == data


@given(st.binary(max_size=600) | st.integers(250, 260).map(lambda size: b"\x01" * size))
def test_cobs_comes_back_and_has_no_zero(data: bytes) -> None:
    assert b"\0" not in cobs(data)
    assert uncobs(cobs(data)) == data


@given(st.lists(st.binary(min_size=1, max_size=LONGEST), max_size=5), st.integers(1, 40))
def test_frames_come_back_in_any_chunks(payloads: list[bytes], chunk: int) -> None:
    data = b"".join(frame(one) for one in payloads)
    deframer = Deframer()
    found = [one for at in range(0, len(data), chunk) for one in deframer.feed(data[at : at + chunk])]
    assert found == payloads
    assert deframer.broken_bytes == 0


@given(st.binary(min_size=1, max_size=60), st.integers(0), st.integers(0, 7))
def test_a_changed_bit_is_noticed(payload: bytes, at: int, bit: int) -> None:
    data = bytearray(frame(payload))
    data[at % len(data)] ^= 1 << bit
    assert payload not in Deframer().feed(bytes(data) + b"\0")


@given(st.binary(min_size=2, max_size=60), st.integers(0))
def test_a_lost_byte_is_noticed(payload: bytes, at: int) -> None:
    data = bytearray(frame(payload))
    del data[at % (len(data) - 1)]
    assert Deframer().feed(bytes(data)) == [None]


@given(st.binary(max_size=1000))
def test_rubbish_is_counted_and_what_follows_is_found(rubbish: bytes) -> None:
    deframer = Deframer()
    found = deframer.feed(rubbish + b"\0" + frame(b"good"))
    assert found[-1] == b"good"
    kept = sum(len(frame(one)) - 1 for one in found[:-1] if one is not None)
    ends = (rubbish + b"\0").count(0)
    assert deframer.broken_bytes + kept + ends >= len(rubbish)


def test_a_payload_that_does_not_fit_is_refused() -> None:
    assert len(frame(bytes([1]) * LONGEST)) == LONGEST + 4
    with pytest.raises(ValueError, match="250"):
        frame(bytes(LONGEST + 1))


CHANNELS = [Channel("pulse", envelope.WAVEFORM, 10, "", 1), Channel("temperature", envelope.VALUE, 1000, "Cel", 100)]


def test_messages_come_back() -> None:
    packed = envelope.pack(envelope.DATA, 300, 2**32 + 5, b"xy")
    assert packed == bytes([2, 44, 5, 0, 0, 0]) + b"xy"
    assert envelope.unpack(packed) == (envelope.DATA, 44, 5, b"xy")
    assert envelope.unpack_hello(envelope.pack_hello(0xDEADBEEF, CHANNELS)) == (1, 0xDEADBEEF, CHANNELS)
    assert envelope.unpack_data(envelope.pack_data(1, 70_000, [1, -2, 99_999])) == (1, 70_000, [1, -2, 32767])


def test_a_seq_is_ahead_of_another_across_the_turn() -> None:
    assert [envelope.ahead(*one) for one in ((5, 3), (3, 5), (1, 255), (255, 1), (7, 7))] == [2, -2, 2, -2, 0]


@given(st.binary(max_size=60))
def test_no_bytes_break_a_message(data: bytes) -> None:
    envelope.unpack(data)
    envelope.unpack_data(data)
    hello = envelope.unpack_hello(data)
    assert hello is None or all(one.period_ms > 0 and one.divisor > 0 for one in hello.channels)


@given(st.integers(0, 100))
def test_a_hello_that_is_cut_is_none(cut: int) -> None:
    whole = envelope.pack_hello(1, CHANNELS)
    assert envelope.unpack_hello(whole[: cut % len(whole)]) is None
