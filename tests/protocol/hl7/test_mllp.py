"""MLLP's frames come apart the same however the stream is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modality.protocol.hl7.mllp import BadFraming, Unframer, framed

CONTENT = st.binary(max_size=40).map(lambda data: data.replace(b"\x0b", b"").replace(b"\x1c", b""))


def fed(stream: bytes, size: int = 1, **options: int) -> list[bytes]:
    unframer = Unframer(**options)
    return [one for at in range(0, len(stream), size) for one in unframer.feed(stream[at : at + size])]


def test_a_frame_is_0b_the_message_1c_0d() -> None:
    assert framed(b"MSH|") == b"\x0bMSH|\x1c\r"


@given(st.lists(CONTENT, max_size=4), st.integers(1, 50))
def test_messages_come_whole_and_in_order_in_chunks_of_any_size(contents: list[bytes], size: int) -> None:
    assert fed(b"".join(map(framed, contents)), size) == contents


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_missing_carriage_return_and_bytes_between_messages_do_no_harm(size: int) -> None:
    assert fed(b"\r\nnoise\x0bone\x1c\x0btwo\x1c\r\r\n\x0bthree\x1c\r", size) == [b"one", b"two", b"three"]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_message_begun_anew_takes_the_place_of_its_first_half(size: int) -> None:
    stream = b"\x0bhalf a mess\x0bwhole\x1c\r"
    unframer = Unframer()
    got = [one for at in range(0, len(stream), size) for one in unframer.feed(stream[at : at + size])]
    assert (got, unframer.broken, unframer.partial) == ([b"whole"], 1, False)


def test_a_message_is_partial_from_its_first_byte_to_its_last() -> None:
    unframer = Unframer()
    assert not unframer.partial
    assert list(unframer.feed(b"\x0bMSH")) == []
    assert unframer.partial
    assert list(unframer.feed(b"\x1c")) == [b"MSH"]
    assert not unframer.partial


def test_a_message_may_be_as_long_as_the_limit_and_no_longer() -> None:
    assert fed(framed(b"x" * 100), 7, limit=100) == [b"x" * 100]
    with pytest.raises(BadFraming, match="longer than 100 bytes"):
        fed(framed(b"x" * 101), 7, limit=100)


def test_an_endless_message_is_stopped_before_it_ends() -> None:
    unframer = Unframer(limit=100)
    with pytest.raises(BadFraming, match="longer than 100 bytes"):
        list(unframer.feed(b"\x0b" + b"x" * 200))


def test_a_stream_without_messages_is_given_up() -> None:
    with pytest.raises(BadFraming, match="outside of any message"):
        fed(b"GET / HTTP/1.1\r\n" * 6000, 4096)
