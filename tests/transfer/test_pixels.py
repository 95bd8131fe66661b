"""Other people's files through the codecs: the attributes that follow the pixels, and what is refused."""

from __future__ import annotations

import warnings
from contextlib import suppress
from copy import deepcopy

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from modality.errors import InputError, UnsupportedError, UsageError
from modality.transfer.encode import prepare, transcode
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read
from modality.transfer.syntaxes import BY_KEYWORD, EXPLICIT_LITTLE, RLE, TABLE, TransferSyntax
from tests.transfer.datasets import FILES, image, pixels

pytest.importorskip("imagecodecs")

ENCODINGS = [syntax for syntax in TABLE if syntax.encoding and syntax.keyword != "JPEGXLJPEGRecompression"]
LOSSLESS = [syntax for syntax in ENCODINGS if syntax.lossless]
LOSSY = [syntax for syntax in ENCODINGS if not syntax.lossless]


def frames(*shape: int, dtype: str = "u2", highest: int = 4095) -> np.ndarray:
    """Smooth values with a little noise, over the whole range."""
    grid = np.indices(shape).sum(axis=0) * (highest / max(1, sum(shape) - len(shape)))
    noise = np.frombuffer(np.random.PCG64(3).random_raw(int(np.prod(shape))).tobytes(), "<u8").reshape(shape) % 5
    return np.clip(grid + noise, 0, highest).astype(dtype)


@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda one: one.keyword)
@pytest.mark.parametrize("name", ["CT_small.dcm", "SC_rgb_rle_2frame.dcm", "MR_small_bigendian.dcm"])
def test_lossless_syntaxes_keep_pixels_identity_and_attributes(name: str, syntax: object) -> None:
    source = read(FILES / name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        there = transcode(source, syntax)  # type: ignore[arg-type]
        back = transcode(there, EXPLICIT_LITTLE).dataset()
        expected = dcmread(FILES / name).pixel_array
        assert there.sop_instance_uid == source.sop_instance_uid
        assert np.array_equal(back.pixel_array, expected)
        assert back.get("PlanarConfiguration") in (None, 0)
        assert back.PhotometricInterpretation == source.dataset().PhotometricInterpretation


@pytest.mark.parametrize("syntax", LOSSY, ids=lambda one: one.keyword)
def test_a_lossy_copy_is_an_instance_of_its_own_that_names_its_source(syntax: object) -> None:
    dataset = pixels(frames(64, 64, highest=255, dtype="u1"))
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    source = prepare(dataset)
    made = transcode(source, syntax)  # type: ignore[arg-type]
    found = made.dataset()
    assert made.sop_instance_uid not in (source.sop_instance_uid, "")
    assert made.sop_instance_uid == transcode(source, syntax).sop_instance_uid  # type: ignore[arg-type]
    assert list(found.ImageType) == ["DERIVED", "PRIMARY", "AXIAL"]
    assert found.SourceImageSequence[0].ReferencedSOPInstanceUID == source.sop_instance_uid
    assert (found.LossyImageCompression, found.DerivationCodeSequence[0].CodeValue) == ("01", "113040")
    assert found.LossyImageCompressionMethod.startswith("ISO_")
    decoded = transcode(made, EXPLICIT_LITTLE).dataset().pixel_array.astype(float)
    plain = np.frombuffer(dataset.PixelData, "u1").reshape(64, 64)
    error = float(np.mean((decoded - plain) ** 2))
    assert 10 * np.log10(255**2 / max(error, 1e-9)) >= 28


def test_signed_values_go_lossy_with_the_intercept_moved_and_stay_what_they_mean() -> None:
    values = (frames(64, 64, highest=4095).astype("i2") - 2048).astype("i2")
    dataset = pixels(values)
    dataset.BitsStored, dataset.HighBit, dataset.RescaleIntercept, dataset.RescaleSlope = 12, 11, "-24", "2"
    found = transcode(prepare(dataset), BY_KEYWORD["JPEGLSNearLossless"])
    decoded = transcode(found, EXPLICIT_LITTLE).dataset()
    assert decoded.PixelRepresentation == 0
    meant = decoded.pixel_array.astype(float) * 2 + float(decoded.RescaleIntercept)
    assert np.abs(meant - (values.astype(float) * 2 - 24)).max() <= 2 * 2
    del dataset.RescaleIntercept
    with pytest.raises(UnsupportedError, match="Rescale Intercept"):
        transcode(prepare(dataset), BY_KEYWORD["JPEGLSNearLossless"])


def signed_with_padding() -> Dataset:
    values = np.arange(-2000, -1900, dtype="i2").reshape(10, 10)
    dataset = pixels(values, RescaleIntercept="0", RescaleSlope="2")
    for tag, value in ((0x00280106, -2000), (0x00280107, 1311), (0x00280120, -2000)):
        dataset.add_new(tag, "SS", value)
    return dataset


def test_what_counts_in_stored_values_follows_them_and_becomes_unsigned() -> None:
    made = transcode(prepare(signed_with_padding()), BY_KEYWORD["JPEGLSNearLossless"]).dataset()
    assert (made.PixelRepresentation, made.RescaleIntercept) == (0, -65536)
    for tag, value in ((0x00280106, 30768), (0x00280107, 34079), (0x00280120, 30768)):
        assert (made[tag].VR, made[tag].value) == ("US", value)


def test_signed_values_that_something_else_maps_too_are_not_made_unsigned() -> None:
    mapped = signed_with_padding()
    mapped.RealWorldValueMappingSequence = [Dataset()]
    with pytest.raises(UnsupportedError, match="RealWorldValueMappingSequence"):
        transcode(prepare(mapped), BY_KEYWORD["JPEGLSNearLossless"])
    outside = pixels(np.zeros((4, 4), "i2"), bits_stored=12, RescaleIntercept="0")
    outside.add_new(0x00280120, "SS", -32768)
    with pytest.raises(UnsupportedError, match="PixelPaddingValue -32768"):
        transcode(prepare(outside), BY_KEYWORD["JPEGLSNearLossless"])


@pytest.mark.parametrize("syntax", ENCODINGS, ids=lambda one: one.keyword)
def test_the_callers_data_set_is_left_as_it_was(syntax: TransferSyntax) -> None:
    for dataset in (pixels(frames(16, 16, 3, dtype="u1", highest=255)), signed_with_padding()):
        before = deepcopy(dataset)
        with suppress(UnsupportedError):
            prepare(dataset, syntax)
        assert dataset == before


@pytest.mark.parametrize("colour", [False, True])
def test_a_jpeg_image_is_packed_as_jpeg_xl_and_comes_back_with_the_same_bytes(colour: bool) -> None:
    shape = (2, 200, 160, 3) if colour else (2, 200, 160)
    plain = prepare(pixels(frames(*shape, highest=255, dtype="u1"), NumberOfFrames=2))
    source = transcode(plain, BY_KEYWORD["JPEGBaseline8Bit"])
    packed = transcode(source, BY_KEYWORD["JPEGXLJPEGRecompression"])
    back = transcode(packed, BY_KEYWORD["JPEGBaseline8Bit"])
    assert packed.sop_instance_uid == back.sop_instance_uid == source.sop_instance_uid
    assert b"".join(back.buffers()) == b"".join(source.buffers())
    assert {**packed.dataset()[:0x7FE00010]} == {**source.dataset()[:0x7FE00010]}
    seen, expected = (transcode(one, EXPLICIT_LITTLE).dataset().pixel_array.astype(int) for one in (packed, source))
    assert np.abs(seen - expected).mean() < 1


def test_only_jpeg_baseline_is_packed_and_only_what_was_packed_is_unpacked() -> None:
    plain = prepare(pixels(frames(16, 16, highest=255, dtype="u1")))
    for keyword in ("ExplicitVRLittleEndian", "JPEGLosslessSV1"):
        with pytest.raises(UnsupportedError, match="JPEG baseline"):
            transcode(transcode(plain, BY_KEYWORD[keyword]), BY_KEYWORD["JPEGXLJPEGRecompression"])
    mislabelled = transcode(plain, BY_KEYWORD["JPEGXL"])
    mislabelled = PreparedInstance(
        BY_KEYWORD["JPEGXLJPEGRecompression"].uid, mislabelled.buffers()[0], mislabelled.buffers()[1:]
    )
    with pytest.raises(InputError, match="no JPEG stream"):
        transcode(mislabelled, BY_KEYWORD["JPEGBaseline8Bit"])


def test_a_second_loss_is_added_to_the_first() -> None:
    once = transcode(prepare(pixels(frames(64, 64, highest=255, dtype="u1"))), BY_KEYWORD["JPEGBaseline8Bit"])
    twice = transcode(once, BY_KEYWORD["JPEG2000"]).dataset()
    assert list(twice.LossyImageCompressionMethod) == ["ISO_10918_1", "ISO_15444_1"]
    assert len(twice.LossyImageCompressionRatio) == len(twice.SourceImageSequence) == 2


def test_quality_is_the_codecs_own_scale_and_checked() -> None:
    source = prepare(pixels(frames(96, 96, highest=255, dtype="u1")))
    sizes = [transcode(source, BY_KEYWORD["JPEGBaseline8Bit"], quality=one).size for one in (20, 95)]
    assert sizes[0] < sizes[1]
    with pytest.raises(UsageError, match="from 1 to 100"):
        transcode(source, BY_KEYWORD["JPEGBaseline8Bit"], quality=101)
    with pytest.raises(UsageError, match="takes no quality"):
        transcode(source, RLE, quality=5)


def test_what_a_syntax_cannot_carry_is_refused_with_the_reason() -> None:
    with pytest.raises(UnsupportedError, match="JPEGBaseline8Bit carries 8 bits, these pixels have 16 bits stored"):
        transcode(prepare(pixels(frames(8, 8))), BY_KEYWORD["JPEGBaseline8Bit"])


@pytest.mark.parametrize("syntax", ENCODINGS, ids=lambda one: one.keyword)
def test_values_that_do_not_stand_in_the_low_bits_are_refused(syntax: object) -> None:
    dataset = pixels(frames(16, 16) << 4, bits_stored=12)
    dataset.HighBit = 15
    with pytest.raises(UnsupportedError, match=r"High Bit 15|8 bits"):
        transcode(prepare(dataset), syntax)  # type: ignore[arg-type]


@pytest.mark.parametrize("keyword", ["JPEG2000", "HTJ2K", "JPEGXL"])
def test_a_ct_in_sixteen_bits_is_no_worse_than_one_in_twelve(keyword: str) -> None:
    values = frames(128, 128) - 1024
    dataset = pixels(values.astype("i2"), bits_stored=16)
    dataset.RescaleIntercept, dataset.RescaleSlope = "0", "1"
    made = transcode(transcode(prepare(dataset), BY_KEYWORD[keyword]), EXPLICIT_LITTLE).dataset()
    decoded = made.pixel_array + float(made.RescaleIntercept)
    error = np.sqrt(np.mean((decoded - values.astype("i2").astype(float)) ** 2))
    assert 20 * np.log10(4095 / error) > 45


def test_fewer_bytes_than_the_attributes_say_are_an_input_error() -> None:
    short = prepare(image(PixelData=b"\0\0"))
    with pytest.raises(InputError, match="bytes of pixels where"):
        transcode(short, RLE)


def test_more_frames_than_the_attributes_say_are_an_input_error_and_padding_is_none() -> None:
    two = frames(2, 8, 8)
    padded = pixels(two[0])
    padded.PixelData += bytes(len(padded.PixelData) - 2)
    assert np.array_equal(transcode(transcode(prepare(padded), RLE), EXPLICIT_LITTLE).dataset().pixel_array, two[0])
    unsaid = pixels(two[0])
    unsaid.PixelData = two.tobytes()
    with pytest.raises(InputError, match="256 bytes of pixels where 128 are due: more frames than Number of Frames"):
        transcode(prepare(unsaid), RLE)


@pytest.mark.parametrize("keyword", ["PixelRepresentation", "Rows", "PhotometricInterpretation"])
def test_an_attribute_that_is_missing_or_empty_is_named(keyword: str) -> None:
    for value in (None, False):
        dataset = pixels(frames(8, 8))
        if value is None:
            setattr(dataset, keyword, None)
        else:
            delattr(dataset, keyword)
        with pytest.raises(InputError, match=f"^no {keyword}: the pixels cannot be read$"):
            transcode(prepare(dataset), RLE)


@pytest.mark.parametrize("syntax", TABLE, ids=lambda one: one.keyword)
def test_pixel_data_of_no_length_stays_so_natively_and_is_named_elsewhere(syntax: TransferSyntax) -> None:
    dataset = pixels(frames(8, 8, highest=255, dtype="u1"))
    dataset.PixelData = b""
    empty = prepare(dataset)
    if not syntax.encapsulated:
        made = transcode(empty, syntax).dataset()
        assert "PixelData" in made
        assert not made.PixelData
        return
    with pytest.raises((InputError, UnsupportedError), match=r"0 bytes of pixels where 64 are due|JPEG baseline"):
        transcode(empty, syntax)
    headless = PreparedInstance(syntax.uid, empty.head, [b"\xe0\x7f\x10\0OB\0\0\0\0\0\0"])
    with pytest.raises(InputError, match="cannot be decoded"):
        transcode(headless, EXPLICIT_LITTLE)


def test_frames_beyond_the_basic_offset_table_get_an_extended_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modality.transfer.pixels._LARGEST_BASIC_OFFSET", 10)
    dataset = pixels(frames(3, 8, 8), NumberOfFrames=3)
    made: PreparedInstance = prepare(dataset, RLE)
    assert len(made.dataset().ExtendedOffsetTable) == 3 * 8
    back = transcode(made, EXPLICIT_LITTLE).dataset()
    assert back.PixelData == dataset.PixelData
    assert "ExtendedOffsetTable" not in back
