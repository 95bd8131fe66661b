import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydicom.pixels.decoders.rle import _rle_decode_frame

from modality.errors import InputError
from modality.transfer.codecs.pixels import PixelFormat
from modality.transfer.codecs.rle import RLE


def segments(data):
    count, *offsets = struct.unpack_from("<16I", data)
    return [data[start:end] for start, end in zip(offsets[:count], [*offsets[1:count], len(data)], strict=True)]


@settings(max_examples=100, deadline=None)
@given(
    arrays(
        np.uint16, st.tuples(st.integers(1, 6), st.integers(1, 300)), elements=st.sampled_from([0, 1, 256, 65535, 770])
    )
)
def test_pydicom_unpacks_what_we_pack(frame):
    pixels = PixelFormat(*frame.shape)
    data = RLE.encode(frame, pixels, None, "MONOCHROME2")
    planes = np.frombuffer(_rle_decode_frame(data, *frame.shape, 1, 16), np.uint8)
    assert np.array_equal(planes.view("<u2").reshape(frame.shape), frame)


def test_a_row_packs_as_the_standard_says():
    row = np.array([[7] * 130 + [1, 2, 2, 3] + [9] * 3], np.uint8)
    (segment,) = segments(RLE.encode(row, PixelFormat(1, 137, 1, 8, 8), None, "MONOCHROME2"))
    # 130 equal bytes: 128, then 2; four literal ones; three equal ones (PS3.5 G.3.1).
    assert segment == bytes([129, 7, 255, 7, 3, 1, 2, 2, 3, 254, 9, 0])


def test_no_run_crosses_from_one_row_to_the_next():
    (segment,) = segments(RLE.encode(np.zeros((3, 5), np.uint8), PixelFormat(3, 5, 1, 8, 8), None, "MONOCHROME2"))
    assert segment == bytes([252, 0] * 3)


def test_the_most_significant_bytes_come_first_and_segments_are_even():
    frame = np.full((1, 1, 3), 1, np.uint16) * np.array([0x0102, 0x0304, 0x0506], np.uint16)
    data = RLE.encode(frame, PixelFormat(1, 1, 3, 16, 16, photometric="RGB"), None, "RGB")
    assert segments(data) == [bytes([0, value]) for value in range(1, 7)]


def test_zeros_may_follow_a_segment():
    data = struct.pack("<16I", 1, 64, *[0] * 14) + b"\3\1\2\3\4" + b"\0" * 3
    assert RLE.decode(data, PixelFormat(2, 2, 1, 8, 8)).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\1\0\0\0", "header breaks off"),
        (struct.pack("<16I", 2, 64, 66, *[0] * 13) + b"\0\0\0\0", "2 segments"),
        (struct.pack("<16I", 1, 63, *[0] * 14) + b"\0\0", "outside the frame"),
        (struct.pack("<16I", 1, 64, *[0] * 14) + b"\3\0", "breaks off"),
        (struct.pack("<16I", 1, 64, *[0] * 14) + b"\xf0\7", "more than its plane"),
    ],
)
def test_damage_is_named(data, reason):
    with pytest.raises(InputError, match=reason):
        RLE.decode(data, PixelFormat(2, 2, 1, 8, 8))
