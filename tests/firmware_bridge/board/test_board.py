"""The board's own side: its ring, what is sent again, and what its sensors' moments are called."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from firmware_bridge.board.link import UNDER_WAY_MOST, Link
from firmware_bridge.board.loop import Board
from firmware_bridge.board.ring import Ring
from firmware_bridge.board.sensors import BUTTON, PULSE, TEMPERATURE, Sensor
from firmware_bridge.envelope import (
    ACK,
    CREDIT,
    DATA,
    HELLO,
    LOG,
    NAK,
    Data,
    Envelope,
    pack,
    unpack,
    unpack_data,
    unpack_hello,
)
from firmware_bridge.framing import Deframer, frame


def messages(data: bytes) -> list[Envelope]:
    found = [unpack(one) for one in Deframer().feed(data) if one is not None]
    return [one for one in found if one is not None]


def seqs(data: bytes) -> list[int]:
    return [one.seq for one in messages(data) if one.type == DATA]


def say(kind: int, seq: int = 0) -> bytes:
    return frame(pack(kind, seq, 0))


def linked(waiting: int, *, slots: int = 64) -> Link:
    link = Link(7, [PULSE], slots)
    for number in range(waiting):
        link.put(number, bytes([number]))
    return link


def test_a_full_ring_drops_the_oldest_and_counts_it() -> None:
    ring = Ring(3, 4)
    for number in range(5):
        ring.put(bytes([number]) * (number % 4 + 1))
    assert (len(ring), ring.dropped) == (3, 2)
    assert [ring.take() for _ in range(3)] == [b"\2\2\2", b"\3\3\3\3", b"\4"]
    with pytest.raises(IndexError):
        ring.take()
    with pytest.raises(ValueError, match="longer"):
        ring.put(bytes(5))


def test_without_credit_nothing_is_sent_but_a_hello_now_and_then() -> None:
    link = linked(5)
    said = [messages(link.poll(now)) for now in range(0, 6001, 100)]
    assert [(at, [one.type for one in found]) for at, found in enumerate(said) if found] == [
        (0, [HELLO]), (20, [HELLO]), (40, [HELLO]), (60, [HELLO]),
    ]  # fmt: skip


def test_credit_says_how_far_and_an_acknowledgement_frees() -> None:
    link = linked(10)
    link.feed(say(HELLO) + say(CREDIT, 4), 0)
    assert seqs(link.poll(0)) == [0, 1, 2, 3]
    assert seqs(link.poll(10)) == []
    link.feed(say(ACK, 1) + say(CREDIT, 6), 20)
    assert seqs(link.poll(20)) == [4, 5]


def test_a_nak_brings_all_from_there_again_and_nothing_is_taken_as_safe_by_it() -> None:
    link = linked(6)
    link.feed(say(HELLO) + say(CREDIT, 6), 0)
    link.poll(0)
    link.feed(say(NAK, 3), 10)
    assert seqs(link.poll(10)) == [3, 4, 5]
    link.feed(say(NAK, 0), 20)
    assert seqs(link.poll(20)) == [0, 1, 2, 3, 4, 5]


def test_what_is_not_acknowledged_is_sent_again_after_a_second() -> None:
    link = linked(2)
    link.feed(say(HELLO) + say(CREDIT, 8), 0)
    first = link.poll(0)
    assert link.poll(999) == b""
    again = link.poll(1000)
    assert seqs(again) == [0, 1]
    assert messages(again) == [one for one in messages(first) if one.type == DATA]


def test_no_more_is_under_way_than_the_board_can_hold() -> None:
    link = linked(40)
    link.feed(say(HELLO) + say(CREDIT, 100), 0)
    assert seqs(link.poll(0)) == list(range(UNDER_WAY_MOST))


def test_a_new_host_gets_what_was_never_acknowledged_from_the_oldest_on() -> None:
    link = linked(6)
    link.feed(say(HELLO) + say(CREDIT, 4), 0)
    link.poll(0)
    link.feed(say(ACK, 0) + say(HELLO), 50)
    (hello,) = messages(link.poll(50))
    assert (hello.type, hello.seq) == (HELLO, 1)
    link.feed(say(CREDIT, 9), 60)
    assert seqs(link.poll(60)) == [1, 2, 3, 4, 5]


def test_a_host_that_has_gone_has_no_credit_any_more() -> None:
    link = linked(1)
    link.feed(say(HELLO) + say(CREDIT, 9), 0)
    link.poll(0)
    link.put(1, b"later")
    kinds = [one.type for one in messages(link.poll(10_000))]
    assert kinds == [HELLO]


def test_broken_and_foreign_messages_change_nothing() -> None:
    link = linked(3)
    link.feed(say(HELLO) + say(CREDIT, 9)[:-2] + b"\x55\0" + b"rubbish\0" + say(LOG) + say(DATA), 0)
    assert seqs(link.poll(0)) == []


def boards_data(sensor: Sensor, moments: list[int]) -> tuple[list[Data], list[str]]:
    """What a board with one sensor sends when its loop turns at some moments."""
    board = Board([sensor], 1)
    found: list[Data] = []
    lines = []
    said = board.step(0, say(HELLO) + say(CREDIT, 100))
    for now in moments:
        said += board.step(now, b"")
    taken = 0
    for one in messages(said):
        if one.type == DATA and one.seq == taken:  # nothing is acknowledged here, and comes again
            taken += 1
            data = unpack_data(one.payload)
            assert data is not None
            found.append(data)
        elif one.type == LOG:
            lines.append(one.payload.decode())
    return found, lines


def counting() -> Callable[[], int]:
    numbers = iter(range(10_000))
    return lambda: next(numbers)


def test_samples_are_called_by_their_moment_and_a_late_turn_leaves_a_gap() -> None:
    moments = [*range(0, 300, 5), *range(500, 1000, 5)]
    found, _ = boards_data(Sensor(PULSE, counting(), False), moments)
    assert [(one.index, len(one.samples)) for one in found] == [(0, 25), (25, 5), (50, 25), (75, 25)]
    assert [one for of in found for one in of.samples] == list(range(80))


def test_a_sensor_that_does_not_answer_is_said_once_and_leaves_a_gap() -> None:
    answers = iter([3650, None, OSError(), OSError(), 3660])

    def read() -> int | None:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    found, lines = boards_data(Sensor(TEMPERATURE, read, False), [1000, 2000, 3000, 4000])
    assert [(one.index, one.samples) for one in found] == [(0, [3650]), (4, [3660])]
    assert lines == ["temperature does not answer"]


def test_a_button_is_sent_when_it_changes() -> None:
    states = iter([0, 0, 1, 1, 1, 0])
    found, _ = boards_data(Sensor(BUTTON, lambda: next(states), True), [20, 40, 60, 80, 100])
    assert [(one.index, one.samples) for one in found] == [(0, [0]), (2, [1]), (5, [0])]


def test_a_board_says_what_it_measures() -> None:
    board = Board([Sensor(one, lambda: 0, False) for one in (PULSE, TEMPERATURE, BUTTON)], 0xCAFE)
    (message,) = messages(board.step(0, b""))
    assert unpack_hello(message.payload) == (1, 0xCAFE, [PULSE, TEMPERATURE, BUTTON])
