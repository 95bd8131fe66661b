import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modality.errors import InputError
from modality.transfer.codecs.pixels import PixelFormat
from modality.transfer.codecs.table import TABLE
from tests.transfer_codecs.frames import name

pytest.importorskip("imagecodecs")

SYNTAXES = [encoding for encoding in TABLE if not encoding.refusal]
GREY8 = PixelFormat(13, 17, 1, 8, 8)
GREY12 = PixelFormat(13, 17, 1, 16, 12)
RGB = PixelFormat(13, 17, 3, 8, 8, photometric="RGB")


@functools.cache
def streams(encoding):
    """A whole stream of each kind, and what the data set says of it."""
    found = []
    for pixels in (GREY8, GREY12, RGB):
        if pixels.photometric in encoding.photometric and pixels.bits_allocated in encoding.bits:
            values = np.random.default_rng(5).integers(0, pixels.mask + 1, pixels.shape).astype(pixels.dtype)
            found.append((encoding.encode(values, pixels), encoding.described(pixels).pixels))
    return found


def decodes_or_says_why(encoding, data, coded):
    try:
        frame = encoding.decode(data, coded)
    except InputError as error:
        assert str(error).startswith(encoding.keyword)
        assert "\n" not in str(error)
    else:
        assert (frame.shape, frame.dtype) == (coded.shape, coded.dtype)


@pytest.mark.parametrize("encoding", SYNTAXES, ids=name)
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_stream_ends_in_a_frame_or_an_input_error(encoding, data):
    stream, coded = data.draw(st.sampled_from(streams(encoding)))
    damaged = bytearray(stream)
    place = st.integers(0, len(damaged) - 1) | st.integers(0, min(len(damaged), 120) - 1)
    for at, value in data.draw(st.lists(st.tuples(place, st.integers(0, 255)), max_size=5)):
        damaged[at] = value
    if data.draw(st.booleans()):
        damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    decodes_or_says_why(encoding, bytes(damaged), coded)


@pytest.mark.parametrize("encoding", SYNTAXES, ids=name)
@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_end_in_a_frame_or_an_input_error(encoding, rubbish):
    decodes_or_says_why(encoding, rubbish, GREY8)


@pytest.mark.parametrize("encoding", SYNTAXES, ids=name)
def test_a_stream_that_breaks_off_anywhere_ends(encoding):
    for stream, coded in streams(encoding):
        for length in range(0, len(stream), 7):
            decodes_or_says_why(encoding, stream[:length], coded)
