import subprocess
import sys

import numpy as np
import pydicom.uid
import pytest

from modality.errors import InputError, MissingExtraError, UnsupportedError, UsageError
from modality.transfer.codecs import library
from modality.transfer.codecs.jpegxl import from_jpeg
from modality.transfer.codecs.pixels import PixelFormat
from modality.transfer.codecs.table import BY_KEYWORD, BY_UID, TABLE
from tests.transfer_codecs.frames import picture

GREY8 = PixelFormat(8, 9, 1, 8, 8)
CT = PixelFormat(8, 9, 1, 16, 12)
SIGNED = PixelFormat(8, 9, 1, 16, 12, signed=True)
RGB = PixelFormat(8, 9, 3, 8, 8, photometric="RGB")
PALETTE = PixelFormat(8, 9, 1, 8, 8, photometric="PALETTE COLOR")
# PS3.6 Table A-1; pydicom 3.0.2 does not know them.
NEWER = {
    "1.2.840.10008.1.2.4.110": "JPEGXLLossless",
    "1.2.840.10008.1.2.4.111": "JPEGXLJPEGRecompression",
    "1.2.840.10008.1.2.4.112": "JPEGXL",
}


def test_keywords_are_those_of_ps3_6():
    assert len(BY_UID) == len(BY_KEYWORD) == len(TABLE) == 16
    for encoding in TABLE:
        assert encoding.keyword == (NEWER.get(encoding.uid) or pydicom.uid.UID(encoding.uid).keyword)


def test_the_table_is_read_without_numpy_or_pydicom():
    script = "import sys, modality.transfer.codecs.table; print([n for n in ('numpy', 'pydicom') if n in sys.modules])"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=100)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("keyword", "pixels", "reason"),
    [
        ("JPEGBaseline8Bit", CT, "carries 8 bits, these pixels have 12 bits stored"),
        ("JPEGExtended12Bit", PixelFormat(8, 9, 1, 16, 16), "carries 8 or 12 bits, these pixels have 16 bits stored"),
        ("JPEGExtended12Bit", RGB, "does not carry RGB"),
        ("JPEGBaseline8Bit", PALETTE, "does not carry PALETTE COLOR"),
        ("JPEG2000", PALETTE, "does not carry PALETTE COLOR"),
        ("JPEGLossless", PixelFormat(8, 9, 1, 8, 1), "carries 2 to 8 or 2 to 16 bits, these pixels have 1 bits stored"),
        ("JPEGXLJPEGRecompression", GREY8, "is made from JPEG baseline streams, not from pixels"),
        ("RLELossless", PixelFormat(8, 9, 1, 32, 32), "these pixels have 32 bits stored in 32"),
        ("RLELossless", PixelFormat(8, 9, 1, 64, 64), "64 bits allocated"),
        ("RLELossless", PixelFormat(8, 9, 1, 1, 1), "1 bits allocated"),
        ("RLELossless", PixelFormat(8, 9, 3, 8, 8), "MONOCHROME2 with 3 samples a pixel"),
        ("RLELossless", PixelFormat(8, 9, 3, 8, 8, signed=True, photometric="RGB"), "RGB with signed values"),
        ("RLELossless", PixelFormat(0, 9), "0 rows"),
        ("RLELossless", PixelFormat(8, 9, 1, 8, 9), "9 bits stored do not fit 8"),
    ],
)
def test_what_a_syntax_cannot_carry_is_refused_with_the_reason(keyword, pixels, reason):
    with pytest.raises(UnsupportedError, match=reason):
        BY_KEYWORD[keyword].check(pixels)


@pytest.mark.parametrize(
    ("keyword", "pixels", "photometric", "planar"),
    [
        ("JPEGBaseline8Bit", RGB, "YBR_FULL_422", 0),
        ("JPEGLossless", RGB, "RGB", 0),
        ("JPEGLSLossless", RGB, "RGB", 0),
        ("JPEG2000Lossless", RGB, "YBR_RCT", 0),
        ("JPEG2000", RGB, "YBR_ICT", 0),
        ("HTJ2KLosslessRPCL", RGB, "YBR_RCT", 0),
        ("HTJ2K", RGB, "YBR_ICT", 0),
        ("JPEGXLLossless", RGB, "RGB", 0),
        ("JPEGXL", RGB, "XYB", 0),
        ("RLELossless", RGB, "RGB", 1),
        ("JPEG2000Lossless", CT, "MONOCHROME2", None),
    ],
)
def test_colour_is_described_as_the_stream_holds_it(keyword, pixels, photometric, planar):
    description = BY_KEYWORD[keyword].described(pixels)
    assert description.pixels.photometric == photometric
    assert description.planar_configuration == planar
    assert BY_KEYWORD[keyword].decoded(description.pixels).photometric == pixels.photometric


@pytest.mark.parametrize(
    ("keyword", "offset", "signed", "stored", "method"),
    [
        ("JPEGExtended12Bit", 2048, False, 12, "ISO_10918_1"),
        ("JPEGLSNearLossless", 2048, False, 16, "ISO_14495_1"),
        ("JPEG2000", 0, True, 12, "ISO_15444_1"),
        ("HTJ2K", 0, True, 12, "ISO_15444_15"),
        ("JPEGXL", 2048, False, 12, "ISO_18181_1"),
        ("JPEG2000Lossless", 0, True, 12, ""),
        ("JPEGXLLossless", 0, True, 12, ""),
    ],
)
def test_signed_values_are_offset_where_they_would_wrap(keyword, offset, signed, stored, method):
    description = BY_KEYWORD[keyword].described(SIGNED)
    assert description.offset == offset
    assert description.pixels.signed is signed
    assert description.pixels.bits_stored == stored
    assert description.lossy_method == method


@pytest.mark.parametrize(
    ("keyword", "quality"),
    [("JPEGBaseline8Bit", 0), ("JPEGBaseline8Bit", 101), ("JPEGLSNearLossless", 1.5), ("JPEGXL", float("nan"))],
)
def test_a_quality_off_the_scale_is_refused(keyword, quality):
    with pytest.raises(UsageError, match=f"{keyword} takes .* as quality"):
        BY_KEYWORD[keyword].check(GREY8, quality)


def test_a_lossless_syntax_takes_no_quality():
    with pytest.raises(UsageError, match="is lossless"):
        BY_KEYWORD["RLELossless"].check(GREY8, 90)


@pytest.mark.parametrize(("pixels", "value"), [(CT, 0x1FFF), (SIGNED, 0x0FFF)])
def test_bits_above_those_stored_are_refused_where_they_would_be_lost(pixels, value):
    frame = np.full(pixels.shape, value, pixels.dtype)
    with pytest.raises(UnsupportedError, match="bits above them are in use"):
        BY_KEYWORD["JPEG2000Lossless"].encode(frame, pixels)
    assert pixels.cleaned(frame)[0, 0] == (0xFFF if pixels is CT else -1)


def test_bits_above_those_stored_travel_where_whole_words_do():
    frame = np.full(CT.shape, 0x1FFF, CT.dtype)
    encoding = BY_KEYWORD["RLELossless"]
    assert np.array_equal(encoding.decode(encoding.encode(frame, CT), CT), frame)


@pytest.mark.parametrize("keyword", ["JPEG2000Lossless", "RLELossless"])
@pytest.mark.parametrize("frame", [np.zeros((9, 8), "<u2"), np.zeros((8, 9), "<i2"), np.zeros((8, 9), ">u2")])
def test_a_frame_of_another_format_is_refused(keyword, frame):
    with pytest.raises(UsageError, match="is not the"):
        BY_KEYWORD[keyword].encode(frame, CT)


@pytest.mark.parametrize("encoding", [e for e in TABLE if not e.refusal], ids=lambda e: e.keyword)
def test_a_frame_may_be_part_of_a_file_that_cannot_be_written_to(encoding):
    pytest.importorskip("imagecodecs")
    pixels = GREY8 if encoding.keyword == "JPEGBaseline8Bit" else CT
    frame = picture(pixels)
    file = np.frombuffer(b"\0" + frame.tobytes(), np.uint8)[1:].view(pixels.dtype).reshape(pixels.shape)
    turned = np.asfortranarray(frame)
    assert not file.flags.writeable
    assert encoding.encode(file, pixels) == encoding.encode(turned, pixels) == encoding.encode(frame, pixels)


@pytest.mark.parametrize("keyword", [e.keyword for e in TABLE if not e.refusal and e.keyword != "JPEGBaseline8Bit"])
def test_a_stream_of_another_size_is_no_frame_of_this_data_set(keyword):
    pytest.importorskip("imagecodecs")
    encoding = BY_KEYWORD[keyword]
    data = encoding.encode(picture(CT), CT)
    with pytest.raises(InputError, match=keyword):
        encoding.decode(data, PixelFormat(80, 9, 1, 16, 12))


def test_a_missing_imagecodecs_says_which_extra_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    with pytest.raises(MissingExtraError, match=r"JPEG 2000 needs .*\[codecs\]"):
        BY_KEYWORD["JPEG2000Lossless"].encode(picture(CT), CT)
    assert BY_KEYWORD["RLELossless"].encode(picture(CT), CT)


def test_an_older_imagecodecs_has_no_htj2k(monkeypatch):
    class Older:
        __version__ = "2025.3.30"

    monkeypatch.setitem(sys.modules, "imagecodecs", Older())
    with pytest.raises(UnsupportedError, match="HTJ2K is not on this Python"):
        library.function("htj2k_encode", "HTJ2K")


def test_only_baseline_is_recompressed():
    pytest.importorskip("imagecodecs")
    with pytest.raises(UnsupportedError, match="JPEG baseline"):
        from_jpeg(BY_KEYWORD["JPEGExtended12Bit"].encode(picture(CT), CT))
