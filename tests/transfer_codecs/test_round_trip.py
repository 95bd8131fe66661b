from pathlib import Path

import numpy as np
import pydicom.data
import pydicom.pixels
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.encaps import generate_frames

from modality.transfer.codecs.jpegxl import from_jpeg, to_jpeg
from modality.transfer.codecs.pixels import PixelFormat
from modality.transfer.codecs.table import BY_KEYWORD, BY_UID, TABLE
from tests.transfer_codecs.frames import FORMATS, name, picture, psnr_db

pytest.importorskip("imagecodecs")

SYNTAXES = [encoding for encoding in TABLE if not encoding.refusal]
LOSSLESS = [encoding for encoding in SYNTAXES if encoding.lossless]
LOSSY = [encoding for encoding in SYNTAXES if not encoding.lossless]


def carries(encoding, pixels):
    low, high = encoding.bits.get(pixels.bits_allocated, (0, 0))
    return pixels.photometric in encoding.photometric and low <= pixels.bits_stored <= high


def pairs(encodings):
    return [
        pytest.param(encoding, pixels, id=f"{encoding.keyword}-{name(pixels)}")
        for encoding in encodings
        for pixels in FORMATS
        if carries(encoding, pixels)
    ]


def there_and_back(encoding, frame, pixels, quality=None):
    description = encoding.described(pixels, quality)
    decoded = encoding.decode(encoding.encode(frame, pixels, quality), description.pixels)
    expected = encoding.decoded(description.pixels)
    assert decoded.shape == expected.shape
    assert decoded.dtype == expected.dtype
    return decoded, description


@pytest.mark.parametrize(("encoding", "pixels"), pairs(LOSSLESS))
def test_lossless_gives_back_every_value(encoding, pixels):
    frame = picture(pixels)
    decoded, description = there_and_back(encoding, frame, pixels)
    assert np.array_equal(decoded, frame)
    assert (description.offset, description.lossy_method) == (0, "")
    assert description.pixels.bits_stored == pixels.bits_stored
    assert description.pixels.signed == pixels.signed
    assert encoding.decoded(description.pixels) == pixels


@pytest.mark.parametrize(("encoding", "pixels"), pairs(LOSSY))
def test_lossy_by_default_is_as_near_as_promised(encoding, pixels):
    frame = picture(pixels)
    decoded, description = there_and_back(encoding, frame, pixels)
    given = frame.astype(np.int64) + description.offset
    assert psnr_db(given, decoded, pixels.mask) > (28 if pixels.bits_stored <= 8 else 45)
    assert description.lossy_method.startswith("ISO_")


@pytest.mark.parametrize("near", [1, 2, 5])
@pytest.mark.parametrize("signed", [False, True])
def test_near_lossless_errs_by_no_more_than_near_even_at_the_ends_of_the_range(near, signed):
    pixels = PixelFormat(60, 61, 1, 16, 12, signed)
    frame = np.random.default_rng(3).choice(
        [pixels.lowest, pixels.lowest + 1, pixels.highest - 1, pixels.highest], 3660
    )
    frame = frame.astype(pixels.dtype).reshape(pixels.shape)
    decoded, description = there_and_back(BY_KEYWORD["JPEGLSNearLossless"], frame, pixels, near)
    assert np.abs(frame.astype(int) + description.offset - decoded.astype(int)).max() <= near
    assert description.pixels.bits_stored == 16  # 4095 may come back as 4097


@pytest.mark.parametrize(
    ("keyword", "worse", "better"),
    [
        ("JPEGBaseline8Bit", 50, 95),
        ("JPEGExtended12Bit", 50, 95),
        ("JPEGLSNearLossless", 5, 1),
        ("JPEG2000", 40, 50),
        ("HTJ2K", 0.01, 0.001),
        ("JPEGXL", 3, 0.1),
    ],
)
def test_quality_is_on_the_scale_that_the_table_says(keyword, worse, better):
    encoding, pixels = BY_KEYWORD[keyword], PixelFormat(200, 202, 1, 8, 8)
    frame = picture(pixels, noise=0.03)
    streams = [encoding.encode(frame, pixels, quality) for quality in (worse, better)]
    near = [psnr_db(frame, encoding.decode(data, encoding.described(pixels).pixels), 255) for data in streams]
    assert len(streams[0]) < len(streams[1])
    assert near[0] + 3 < near[1]
    if keyword == "JPEG2000":
        assert near == pytest.approx([worse, better], abs=2)


@pytest.mark.parametrize("encoding", SYNTAXES, ids=name)
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (5, 1), (2, 3), (64, 64)])
def test_small_and_constant_frames_survive(encoding, shape):
    for pixels in (PixelFormat(*shape, 1, 8, 8), PixelFormat(*shape, 1, 16, 12)):
        if carries(encoding, pixels):
            for value in (0, 3, pixels.mask):
                frame = np.full(pixels.shape, value, pixels.dtype)
                decoded, _ = there_and_back(encoding, frame, pixels)
                assert np.abs(decoded.astype(int) - value).max() <= (0 if encoding.lossless else pixels.mask * 0.02)


@pytest.mark.parametrize("encoding", [e for e in SYNTAXES if "YBR_FULL" in e.photometric], ids=name)
def test_luminance_and_colour_differences_go_in_as_they_are(encoding):
    pixels = PixelFormat(66, 130, 3, 8, 8, photometric="YBR_FULL")
    frame = picture(pixels)
    decoded, description = there_and_back(encoding, frame, pixels)
    if description.pixels.photometric == "YBR_FULL_422":  # comes back as RGB: PS3.3 C.7.6.3.1.2 has the equations
        red, green, blue = np.moveaxis(decoded.astype(np.float64), -1, 0)
        decoded = np.stack(
            [
                0.299 * red + 0.587 * green + 0.114 * blue,
                128 - 0.1687 * red - 0.3313 * green + 0.5 * blue,
                128 + 0.5 * red - 0.4187 * green - 0.0813 * blue,
            ],
            axis=-1,
        )
        assert abs(decoded[..., 0].mean() - frame[..., 0].mean()) < 15  # colours out of gamut are clipped
    else:
        assert psnr_db(frame, decoded, 255) > (28 if encoding.method else 200)


def test_a_jpeg_stream_comes_back_from_jpeg_xl_byte_by_byte():
    baseline, recompression = BY_KEYWORD["JPEGBaseline8Bit"], BY_KEYWORD["JPEGXLJPEGRecompression"]
    for pixels in (PixelFormat(67, 131, 1, 8, 8), PixelFormat(67, 131, 3, 8, 8, photometric="RGB")):
        jpeg = baseline.encode(picture(pixels), pixels)
        packed = from_jpeg(jpeg)
        assert len(packed) < len(jpeg)
        assert to_jpeg(packed) == jpeg
        coded = baseline.described(pixels).pixels
        assert psnr_db(recompression.decode(packed, coded), baseline.decode(jpeg, coded), 255) > 40


@pytest.mark.parametrize(
    "file",
    [
        "SC_rgb_rle_32bit.dcm",
        "SC_rgb_rle_16bit.dcm",
        "MR_small_RLE.dcm",
        "J2K_pixelrep_mismatch.dcm",
        "SC_rgb_jls_lossy_line.dcm",
        "MR_small_jp2klossless.dcm",
        "SC_rgb_gdcm_KY.dcm",
        "GDCMJ2K_TextGBR.dcm",
    ],
)
@pytest.mark.peer
def test_real_files_are_read_as_pydicom_and_pylibjpeg_read_them(file, pylibjpeg):
    path = Path(pydicom.data.__file__).parent / "test_files" / file
    dataset = pydicom.dcmread(path)
    pixels = PixelFormat(
        dataset.Rows,
        dataset.Columns,
        dataset.SamplesPerPixel,
        dataset.BitsAllocated,
        dataset.BitsStored,
        dataset.PixelRepresentation == 1,
        dataset.PhotometricInterpretation,
    )
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
    decoded = BY_UID[dataset.file_meta.TransferSyntaxUID].decode(frame, pixels)
    assert np.array_equal(decoded, pylibjpeg(path, True))


@st.composite
def frames(draw):
    """A small frame with any values, and its format."""
    stored, allocated = draw(st.sampled_from([(8, 8), (12, 16), (16, 16), (7, 8), (9, 16)]))
    samples = draw(st.sampled_from([1, 3]))
    pixels = PixelFormat(
        draw(st.integers(1, 20)),
        draw(st.integers(1, 20)),
        samples,
        allocated,
        stored,
        signed=samples == 1 and draw(st.booleans()),
        photometric="MONOCHROME2" if samples == 1 else "RGB",
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    levels = rng.integers(pixels.lowest, pixels.highest + 1, draw(st.sampled_from([1, 2, 5, 10000])))
    return rng.choice(levels, pixels.shape).astype(pixels.dtype), pixels


@pytest.mark.parametrize("encoding", LOSSLESS, ids=name)
@settings(max_examples=40, deadline=None)
@given(frames())
def test_any_small_frame_comes_back_without_loss(encoding, given_frame):
    frame, pixels = given_frame
    assert np.array_equal(there_and_back(encoding, frame, pixels)[0], frame)
