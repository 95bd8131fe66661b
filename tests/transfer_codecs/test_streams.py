"""What stands in the code streams, byte by byte, where the standard asks for it."""

import struct

import numpy as np
import pytest

from modality.errors import InputError
from modality.transfer.codecs.headers import jpeg2000_header, jpeg_header, jpegxl_size
from modality.transfer.codecs.pixels import PixelFormat
from modality.transfer.codecs.table import BY_KEYWORD
from tests.transfer_codecs.frames import picture

imagecodecs = pytest.importorskip("imagecodecs")


def segments(stream, last):
    """Marker to segment, of the header."""
    found, at = {}, 2
    while stream[at : at + 2] != last:
        (length,) = struct.unpack_from(">H", stream, at + 2)
        found[stream[at + 1]] = stream[at + 4 : at + 2 + length]
        at += 2 + length
    return found


def jpeg2000(keyword, pixels):
    return segments(BY_KEYWORD[keyword].encode(picture(pixels), pixels), b"\xff\x90")


@pytest.mark.parametrize(("rows", "columns", "decompositions"), [(512, 512, 5), (100, 5000, 7), (40, 40, 5)])
def test_rpcl_has_its_order_its_lengths_and_a_thumbnail(rows, columns, decompositions):
    pixels = PixelFormat(rows, columns, 1, 16, 12)
    found = jpeg2000("HTJ2KLosslessRPCL", pixels)
    coding = found[0x52]
    assert coding[1] == 2  # RPCL
    assert coding[5] == decompositions
    assert -(-max(rows, columns) >> decompositions) <= 64
    assert 0x55 in found  # TLM
    assert coding[8] & 0x40  # high-throughput code blocks
    assert coding[9] == 1  # 5-3


def test_tile_part_lengths_of_rpcl_lead_from_one_to_the_next():
    pixels = PixelFormat(512, 512, 1, 16, 12)
    stream = BY_KEYWORD["HTJ2KLosslessRPCL"].encode(picture(pixels), pixels)
    lengths = segments(stream, b"\xff\x90")[0x55]
    assert lengths[1] == 0x60  # two bytes of tile, four of length
    at = stream.index(b"\xff\x90")
    for place in range(2, len(lengths), 6):
        assert stream[at : at + 2] == b"\xff\x90"
        at += struct.unpack_from(">I", lengths, place + 2)[0]
    assert stream[at : at + 2] == b"\xff\xd9"
    assert (len(lengths) - 2) // 6 == 6  # one for each resolution


@pytest.mark.parametrize("keyword", ["JPEG2000Lossless", "JPEG2000", "HTJ2KLossless", "HTJ2KLosslessRPCL", "HTJ2K"])
@pytest.mark.parametrize("stored", [10, 12, 16])
@pytest.mark.parametrize("signed", [False, True])
def test_depth_and_sign_of_jpeg_2000_are_those_of_the_data_set(keyword, stored, signed):
    size = jpeg2000(keyword, PixelFormat(40, 41, 1, 16, stored, signed))[0x51]
    assert size[36] == (0x80 if signed else 0) | (stored - 1)


@pytest.mark.parametrize(
    ("keyword", "wavelet", "transform"),
    [("JPEG2000Lossless", 1, 1), ("JPEG2000", 0, 1), ("HTJ2KLossless", 1, 1), ("HTJ2K", 0, 1)],
)
def test_colour_is_transformed_where_the_data_set_says_so(keyword, wavelet, transform):
    for photometric, expected in (("RGB", transform), ("YBR_FULL", 0)):
        coding = jpeg2000(keyword, PixelFormat(40, 41, 3, 8, 8, photometric=photometric))[0x52]
        assert (coding[4], coding[9]) == (expected, wavelet)


@pytest.mark.parametrize(
    ("keyword", "marker", "predictor"),
    [
        ("JPEGBaseline8Bit", 0xC0, 0),
        ("JPEGExtended12Bit", 0xC1, 0),
        ("JPEGLosslessSV1", 0xC3, 1),
        ("JPEGLossless", 0xC3, 6),
    ],
)
def test_jpeg_streams_are_of_their_process(keyword, marker, predictor):
    pixels = PixelFormat(40, 41, 1, 8, 8) if keyword == "JPEGBaseline8Bit" else PixelFormat(40, 41, 1, 16, 12)
    stream = BY_KEYWORD[keyword].encode(picture(pixels), pixels)
    header = jpeg_header(stream)
    assert (header.process, header.bits) == (marker, pixels.bits_stored)
    at = stream.index(b"\xff\xda")
    assert stream[at + 7] == (predictor if predictor else 0)  # Ss: the predictor, or the first coefficient


def test_colour_of_baseline_is_halved_horizontally():
    pixels = PixelFormat(40, 41, 3, 8, 8, photometric="RGB")
    frame = segments(BY_KEYWORD["JPEGBaseline8Bit"].encode(picture(pixels), pixels), b"\xff\xda")[0xC0]
    assert [frame[place] for place in (7, 10, 13)] == [0x21, 0x11, 0x11]


def test_rgb_over_a_ycbcr_stream_is_read_as_the_stream_says():
    pixels = PixelFormat(40, 42, 3, 8, 8, photometric="RGB")
    encoding = BY_KEYWORD["JPEGBaseline8Bit"]
    stream = encoding.encode(picture(pixels), pixels)
    assert np.array_equal(encoding.decode(stream, pixels), encoding.decode(stream, encoding.described(pixels).pixels))
    plain = imagecodecs.jpeg8_encode(picture(pixels), 95, colorspace="RGB", outcolorspace="RGB", subsampling="444")
    assert np.abs(encoding.decode(plain, pixels).astype(int) - picture(pixels)).max() < 12


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (40, 40), (256, 512), (300, 400), (513, 7), (7, 9000), (600, 900)])
@pytest.mark.parametrize("container", [False, True])
def test_the_size_in_jpeg_xl_headers_is_read_in_all_its_forms(shape, container):
    stream = imagecodecs.jpegxl_encode(np.zeros(shape, np.uint8), lossless=True, effort=1, usecontainer=container)
    assert jpegxl_size(stream) == shape


@pytest.mark.parametrize("read", [jpeg_header, jpeg2000_header, jpegxl_size])
@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xff", b"\xff\x4f\xff\x51", b"\xff\x0a"[:1], b"\0" * 99]
)
def test_no_header_is_an_input_error(read, data):
    with pytest.raises(InputError):
        read(data)
