"""Pictures keep their pixels, a baseline JPEG its bytes; what is none is refused in one line."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.encaps import generate_frames

from modality.errors import InputError, MissingExtraError
from modality.iods.captured import prepared
from modality.iods.coded import Code
from modality.iods.photographs import pixels, secondary_capture, vl_photograph
from modality.iods.photographs.capture import Picture
from modality.iods.photographs.jpeg import parse
from modality.iods.photographs.pixels import read_pixels
from tests.iods.captured_samples import TAKEN, encoded, jpeg, pages, picture
from tests.peers.process import program

Image = pytest.importorskip("PIL.Image")
BOTH = pytest.mark.parametrize("module", [vl_photograph, secondary_capture], ids=["photograph", "capture"])
BASELINE, NATIVE = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.1"


def of(data: bytes, **known) -> Picture:
    return Picture(data, TAKEN, "a.file", **known)


def written(dataset, path):
    prepared(dataset).write(path)
    return dcmread(path)


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(picture(), "JPEG", exif=exif, quality=95)


@BOTH
@pytest.mark.parametrize(
    ("mode", "options", "photometric"),
    [
        ("RGB", {}, "YBR_FULL_422"),
        ("RGB", {"subsampling": 0}, "YBR_FULL_422"),
        ("RGB", {"keep_rgb": True}, "RGB"),
        ("L", {}, "MONOCHROME2"),
    ],
)
def test_a_baseline_jpeg_goes_as_it_is(module, mode, options, photometric, make_context, tmp_path):
    data = encoded(picture(mode), "JPEG", **options)
    dataset = written(module.describe(of(data), make_context()), tmp_path / "one.dcm")
    assert dataset.file_meta.TransferSyntaxUID == BASELINE
    (frame,) = generate_frames(dataset.PixelData, number_of_frames=1)
    assert frame == data + bytes(len(data) % 2)
    assert dataset.PhotometricInterpretation == photometric
    assert (dataset.Rows, dataset.Columns, dataset.BitsStored) == (21, 31, 8)
    assert (dataset.LossyImageCompression, dataset.LossyImageCompressionMethod) == ("01", "ISO_10918_1")
    samples = 3 if mode == "RGB" else 1
    assert dataset.LossyImageCompressionRatio == pytest.approx(21 * 31 * samples / len(data), rel=1e-3)
    assert np.abs(dataset.pixel_array.astype(int) - np.asarray(Image.open(io.BytesIO(data)))).max() <= 3


@pytest.mark.peer
def test_dcmtk_decodes_it(make_context, tmp_path):
    dataset = written(vl_photograph.describe(jpeg(), make_context()), tmp_path / "one.dcm")
    plain = tmp_path / "plain.dcm"
    subprocess.run([program("/usr/bin/dcmdjpeg"), tmp_path / "one.dcm", plain], check=True, timeout=100)
    decoded = dcmread(plain)
    assert np.abs(decoded.pixel_array.astype(int) - dataset.pixel_array).mean() < 4


def test_what_follows_the_picture_in_the_file_stays_behind(make_context):
    data = encoded(picture(), "JPEG")
    for tail in (b"\0" * 7, data, b"trailer"):
        assert read_pixels(of(data + tail)).stream == data


@pytest.mark.parametrize(
    ("mode", "kind", "options"),
    [
        ("RGB", "PNG", {}),
        ("L", "PNG", {}),
        ("1", "PNG", {}),
        ("P", "PNG", {}),
        ("RGB", "TIFF", {}),
        ("L", "TIFF", {"compression": "tiff_lzw"}),
    ],
)
@BOTH
def test_png_and_tiff_keep_their_pixels(module, mode, kind, options, make_context, tmp_path):
    image = picture(mode)
    dataset = written(module.describe(of(encoded(image, kind, **options)), make_context()), tmp_path / "one.dcm")
    expected = np.asarray(image.convert("RGB" if mode in ("RGB", "P") else "L"))
    assert dataset.file_meta.TransferSyntaxUID == NATIVE
    assert np.array_equal(dataset.pixel_array, expected)
    assert dataset.LossyImageCompression == "00"
    assert "LossyImageCompressionRatio" not in dataset


def test_what_is_transparent_is_laid_on_white(make_context):
    image = picture("RGBA")
    image.putalpha(0)
    assert (read_pixels(of(encoded(image, "PNG"))).pages[0] == 255).all()


def test_grey_of_16_bits_is_a_capture_and_no_photograph(make_context, tmp_path):
    grey = np.arange(21 * 31, dtype=np.uint16).reshape(21, 31) * 97
    data = encoded(Image.fromarray(grey), "PNG")
    dataset = written(secondary_capture.describe(of(data), make_context()), tmp_path / "one.dcm")
    assert np.array_equal(dataset.pixel_array, grey)
    assert dataset.BitsStored == 16
    with pytest.raises(InputError, match="16 bits are too deep for one: take a secondary capture"):
        vl_photograph.describe(of(data), make_context())


@pytest.mark.parametrize(("mode", "options"), [("RGB", {"progressive": True}), ("CMYK", {})])
def test_any_other_jpeg_is_decoded_and_still_lossy(mode, options, make_context, tmp_path):
    data = encoded(picture(mode), "JPEG", **options)
    dataset = written(vl_photograph.describe(of(data), make_context()), tmp_path / "one.dcm")
    assert (dataset.file_meta.TransferSyntaxUID, dataset.PhotometricInterpretation) == (NATIVE, "RGB")
    assert (dataset.LossyImageCompression, dataset.LossyImageCompressionMethod) == ("01", "ISO_10918_1")
    assert np.abs(dataset.pixel_array.astype(int) - np.asarray(picture())).mean() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_taken_sideways_is_turned_upright(orientation, make_context):
    read = read_pixels(of(turned(orientation)))
    assert (read.stream is not None) == (orientation == 1)
    assert (read.rows, read.columns) == ((21, 31) if orientation < 5 else (31, 21))
    if orientation == 6:  # the first row was taken as the right edge
        assert np.abs(read.pages[0].astype(int) - np.rot90(np.asarray(picture()), -1)).mean() < 8


def test_pages_of_a_tiff_are_frames_of_a_true_color_capture(make_context, tmp_path):
    dataset = written(secondary_capture.describe(pages(), make_context()), tmp_path / "one.dcm")
    assert dataset.SOPClassUID == "1.2.840.10008.5.1.4.1.1.7.4"
    assert (dataset.NumberOfFrames, list(dataset.PageNumberVector)) == (3, [1, 2, 3])
    assert dataset.FrameIncrementPointer == 0x00182001
    assert np.array_equal(dataset.pixel_array[2], np.asarray(picture()))
    with pytest.raises(InputError, match="3 pages are no photograph: take a secondary capture"):
        vl_photograph.describe(pages(), make_context())


@pytest.mark.peer
@pytest.mark.parametrize(("dtype", "sop_class"), [(np.uint8, "7.2"), (np.uint16, "7.3")])
def test_grey_pages_have_classes_of_their_own(dtype, sop_class, make_context, tmp_path, dciodvfy):
    grey = Image.fromarray((np.arange(21 * 31) % 251).astype(dtype).reshape(21, 31))
    data = encoded(grey, "TIFF", save_all=True, append_images=[grey])
    dataset = written(secondary_capture.describe(of(data), make_context()), tmp_path / "one.dcm")
    assert dataset.SOPClassUID == "1.2.840.10008.5.1.4.1.1." + sop_class
    assert np.array_equal(dataset.pixel_array[1], np.asarray(grey))
    assert dciodvfy(tmp_path / "one.dcm") == []


def test_side_region_and_burned_in_names_are_said(make_context):
    region = Code("39937001", "SCT", "Skin")
    dataset = vl_photograph.describe(replace(jpeg(), region=region, identified=False), make_context())
    assert (dataset.ImageLaterality, dataset.BurnedInAnnotation) == ("R", "NO")
    assert dataset.AnatomicRegionSequence[0].CodeValue == "39937001"
    assert vl_photograph.describe(jpeg(), make_context()).AnatomicRegionSequence[0].CodeValue == "38266002"
    with pytest.raises(InputError, match="side 'X' is none of R, L, B, U"):
        vl_photograph.describe(replace(jpeg(), side="X"), make_context())


BROKEN = {
    "empty": b"",
    "text": b"no picture at all",
    "pdf": b"%PDF-1.4 %%EOF",
    "gif": b"GIF89a" + bytes(40),
    "half a jpeg": encoded(picture(), "JPEG")[:-100],
    "half a png": encoded(picture(), "PNG")[:60],
    "floats": encoded(Image.fromarray(np.zeros((4, 4), np.float32)), "TIFF"),
    "pages that differ": encoded(picture(), "TIFF", save_all=True, append_images=[picture(size=(5, 6))]),
    "colour and grey": encoded(picture(), "TIFF", save_all=True, append_images=[picture("L")]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_used_is_refused_in_one_line(name, make_context):
    with pytest.raises(InputError, match=r"^a\.file: ") as refused:
        secondary_capture.describe(of(BROKEN[name]), make_context())
    assert "\n" not in str(refused.value)


def test_a_picture_too_large_for_memory_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(pixels, "MOST_BYTES", 21 * 31 * 3 - 1)
    with pytest.raises(InputError, match="1 pages of 21 x 31 are more than"):
        read_pixels(of(encoded(picture(), "PNG")))


def test_without_pillow_a_jpeg_still_goes_and_a_png_says_which_extra_is_missing(monkeypatch):
    jpg, png = encoded(picture(), "JPEG"), encoded(picture(), "PNG")
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert read_pixels(of(jpg)).stream == jpg
    with pytest.raises(MissingExtraError, match=r"\[edge\]"):
        read_pixels(of(png))


SEEDS = [encoded(picture(), "JPEG"), turned(6), encoded(picture(), "PNG"), encoded(picture(), "TIFF")]


@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.integers(0, 4000),
)
def test_damaged_pictures_are_read_or_refused(seed, changes, cut):
    data = bytearray(seed[: max(1, len(seed) - cut % len(seed))] if cut % 3 == 0 else seed)
    for at, value in changes:
        data[at % len(data)] = value
    try:
        read = read_pixels(of(bytes(data)))
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert read.rows > 0
        assert read.columns > 0


@given(st.binary(max_size=80).map(lambda tail: b"\xff\xd8" + tail))
def test_any_markers_are_parsed_or_not(data):
    found = parse(data)
    assert found is None or found.length <= len(data)
