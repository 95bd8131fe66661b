import random

from firmware_bridge.drivers.fixed import FixedFrames


def frame(value: int) -> bytes:
    """Four bytes: a mark, a counter, a value, and their sum."""
    head = bytes((0xAA, value & 0xFF, value * 7 & 0xFF))
    return head + bytes((sum(head) & 0xFF,))


def cutter() -> FixedFrames:
    return FixedFrames(4, lambda window: window[0] == 0xAA, lambda window: sum(window[:3]) & 0xFF == window[3])


def cut(data: bytes) -> tuple[list[tuple[int, int]], FixedFrames]:
    cutting = cutter()
    found = cutting.feed(data) + cutting.finish()
    return [(one.data[1], one.gap) for one in found], cutting


STREAM = [frame(value) for value in range(60)]


def test_each_frame_is_taken_when_the_next_one_confirms_it() -> None:
    cutting = cutter()
    assert cutting.feed(STREAM[0]) == []
    assert [one.data for one in cutting.feed(STREAM[1])] == [STREAM[0]]
    assert [one.data for one in cutting.finish()] == [STREAM[1]]
    assert (cutting.frames, cutting.skipped, cutting.rejected) == (2, 0, 0)


def test_a_changed_byte_costs_one_frame_and_leaves_its_place() -> None:
    for place in range(4):
        damaged = bytearray(b"".join(STREAM))
        damaged[80 + place] ^= 0x10
        found, cutting = cut(bytes(damaged))
        assert found == [(value, 4 * (value == 21)) for value in range(60) if value != 20]
        assert (cutting.rejected, cutting.skipped) == (1, 4)


def test_a_lost_byte_costs_one_frame() -> None:
    for place in range(4):
        data = b"".join(STREAM)
        found, cutting = cut(data[: 80 + place] + data[81 + place :])
        assert [value for value, _ in found] == [value for value in range(60) if value != 20]
        assert dict(found)[21] == 3
        assert cutting.rejected >= 1
        assert cutting.skipped == 3


def test_a_window_over_two_frames_whose_sum_is_right_is_refused_for_the_true_one() -> None:
    # The middle frame lost its third byte, and the fourth byte happens to make the sum with the next one's first.
    damaged = bytes((0xAA, 0x10, (0xAA - 0xAA - 0x10) & 0xFF))
    assert sum(damaged) & 0xFF == 0xAA
    data = b"".join(STREAM[:5]) + damaged + b"".join(STREAM[6:12])
    found, cutting = cut(data)
    assert [value for value, _ in found] == [0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11]
    assert cutting.rejected == 1


def test_a_frame_that_stands_alone_in_rubbish_is_refused_but_not_one_in_step() -> None:
    rubbish = bytes(range(1, 30))
    assert cut(rubbish + STREAM[3] + rubbish)[0] == []
    in_step = b"".join(STREAM[:3]) + bytes(8) + STREAM[5] + bytes(4) + STREAM[7] + STREAM[8]
    assert cut(in_step)[0] == [(0, 0), (1, 0), (2, 0), (5, 8), (7, 4), (8, 0)]


def test_every_byte_is_in_a_frame_or_skipped_however_the_stream_comes() -> None:
    drawn = random.Random(4)
    for _ in range(200):
        data = bytearray(b"".join(STREAM))
        for _ in range(drawn.randrange(12)):
            at = drawn.randrange(len(data))
            data[at : at + drawn.randrange(3)] = drawn.randbytes(drawn.randrange(3))
        whole, cutting = cut(bytes(data))
        assert cutting.frames * 4 + cutting.skipped == len(data)
        single = cutter()
        found = [one for byte in data for one in single.feed(bytes((byte,)))] + single.finish()
        assert [(one.data[1], one.gap) for one in found] == whole
        assert (single.rejected, single.skipped) == (cutting.rejected, cutting.skipped)


def test_rubbish_is_no_refused_frame() -> None:
    found, cutting = cut(bytes(4000))
    assert (found, cutting.rejected, cutting.skipped) == ([], 0, 4000)
