"""Frames that we encode, decoded by software that is not ours, equal what went in."""

import subprocess

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from modality.transfer.codecs.pixels import PixelFormat
from modality.transfer.codecs.table import BY_KEYWORD
from tests.peers.dcmtk import run
from tests.peers.process import program
from tests.transfer_codecs.frames import ODD, name, picture, psnr_db

pytest.importorskip("imagecodecs")

GREY = [
    PixelFormat(*ODD, 1, allocated, stored, signed)
    for allocated, stored in ((8, 8), (16, 10), (16, 12), (16, 16))
    for signed in (False, True)
]
RGB = [PixelFormat(*ODD, 3, bits, bits, photometric="RGB") for bits in (8, 16)]
PALETTE = PixelFormat(*ODD, 1, 8, 8, photometric="PALETTE COLOR")
FORMATS = [*GREY, *RGB, PALETTE]


def cases(*keywords, formats=FORMATS):
    return [
        pytest.param(BY_KEYWORD[keyword], pixels, id=f"{keyword}-{name(pixels)}")
        for keyword in keywords
        for pixels in formats
        if pixels.photometric in BY_KEYWORD[keyword].photometric
        and pixels.bits_stored in range(*stored_bits(BY_KEYWORD[keyword], pixels))
    ]


def stored_bits(encoding, pixels):
    low, high = encoding.bits.get(pixels.bits_allocated, (0, -1))
    return low, high + 1


def write(path, encoding, pixels):
    """A Part 10 file of one frame, and the frame's values as the data set counts them."""
    frame = picture(pixels)
    description = encoding.described(pixels)
    coded = description.pixels
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.Modality, dataset.PatientName, dataset.PatientID = "OT", "Test^Codec", "C1"
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = coded.rows, coded.columns, coded.samples
    dataset.BitsAllocated, dataset.BitsStored = coded.bits_allocated, coded.bits_stored
    dataset.HighBit, dataset.PixelRepresentation = coded.bits_stored - 1, int(coded.signed)
    dataset.PhotometricInterpretation = coded.photometric
    if description.planar_configuration is not None:
        dataset.PlanarConfiguration = description.planar_configuration
    if coded.photometric == "PALETTE COLOR":
        for colour in ("Red", "Green", "Blue"):
            setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
            setattr(dataset, f"{colour}PaletteColorLookupTableData", np.arange(256, dtype="<u2").tobytes())
    dataset.PixelData = encapsulate([encoding.encode(frame, pixels)])
    dataset["PixelData"].VR = "OB"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = encoding.uid
    dataset.save_as(path, enforce_file_format=True)
    return frame.astype(np.int64) + description.offset, coded


def native(path, coded):
    """The values of an uncompressed file, the sign carried into the unused bits."""
    dataset = pydicom.dcmread(path)
    assert dataset.file_meta.TransferSyntaxUID in (ExplicitVRLittleEndian, "1.2.840.10008.1.2")
    values = np.frombuffer(dataset.PixelData, coded.dtype, coded.length // coded.dtype.itemsize)
    if coded.samples == 3 and dataset.PlanarConfiguration == 1:
        values = np.moveaxis(values.reshape(3, coded.rows, coded.columns), 0, -1)
    values = values.reshape(coded.shape)
    return coded.cleaned(np.ascontiguousarray(values)) if coded.signed else values


def assert_same(encoding, pixels, expected, decoded):
    if encoding.keyword == "JPEGLSNearLossless":
        assert np.abs(expected - decoded).max() <= encoding.quality.default
    elif encoding.lossless:
        assert np.array_equal(expected, decoded)
    else:
        assert psnr_db(expected, decoded, pixels.mask) > (28 if pixels.bits_stored <= 8 else 45)


DCMTK = {
    "dcmdjpeg": ("JPEGBaseline8Bit", "JPEGExtended12Bit", "JPEGLossless", "JPEGLosslessSV1"),
    "dcmdjpls": ("JPEGLSLossless", "JPEGLSNearLossless"),
    "dcmdrle": ("RLELossless",),
}


@pytest.mark.peer
@pytest.mark.parametrize("tool", DCMTK)
def test_dcmtk_decodes(tool, tmp_path):
    program(f"/usr/bin/{tool}")
    for case in cases(*DCMTK[tool]):
        encoding, pixels = case.values
        expected, coded = write(tmp_path / "in.dcm", encoding, pixels)
        run(tool, tmp_path / "in.dcm", tmp_path / "out.dcm")
        assert_same(encoding, pixels, expected, native(tmp_path / "out.dcm", coded))


@pytest.mark.peer
@pytest.mark.parametrize("keyword", ["JPEG2000Lossless", "JPEG2000"])
def test_gdcm_decodes_jpeg_2000(keyword, tmp_path):
    program("/usr/bin/gdcmconv")
    for case in cases(keyword):
        encoding, pixels = case.values
        expected, coded = write(tmp_path / "in.dcm", encoding, pixels)
        run("gdcmconv", "--raw", tmp_path / "in.dcm", tmp_path / "out.dcm")
        assert_same(encoding, pixels, expected, native(tmp_path / "out.dcm", coded))


UNSIGNED = [pixels for pixels in FORMATS if not pixels.signed]


@pytest.mark.peer
@pytest.mark.parametrize(("encoding", "pixels"), cases("HTJ2KLossless", "HTJ2KLosslessRPCL", "HTJ2K", formats=UNSIGNED))
def test_openjph_expands_htj2k(encoding, pixels, tmp_path):
    (tmp_path / "frame.j2c").write_bytes(encoding.encode(picture(pixels), pixels))
    image = tmp_path / ("frame.ppm" if pixels.samples == 3 else "frame.pgm")
    run("ojph_expand", "-i", tmp_path / "frame.j2c", "-o", image)
    assert_same(encoding, pixels, picture(pixels).astype(np.int64), netpbm(image, pixels))


def netpbm(path, pixels):
    """A binary PGM or PPM: words of two bytes, the most significant first, where the highest value needs them."""
    _, columns, rows, highest, body = header(path.read_bytes())
    values = np.frombuffer(body, ">u2" if highest > 255 else "u1").reshape(rows, columns, -1).reshape(pixels.shape)
    return np.rint(values * (pixels.mask / highest)).astype(np.int64)  # djxl spreads 12 bits over 16


def header(data):
    """Kind, columns, rows, highest value, and what follows, of a file without comments."""
    fields, at = [], 0
    while len(fields) < 4:
        end = at
        while data[end : end + 1] not in (b" ", b"\n"):
            end += 1
        fields.append(data[at:end])
        at = end + 1
    return fields[0], int(fields[1]), int(fields[2]), int(fields[3]), data[at:]


@pytest.mark.peer
@pytest.mark.parametrize(
    ("encoding", "pixels"),
    cases("JPEGXLLossless", "JPEGXL", formats=UNSIGNED),
)
def test_libjxl_decodes_jpeg_xl(encoding, pixels, tmp_path):
    (tmp_path / "frame.jxl").write_bytes(encoding.encode(picture(pixels), pixels))
    image = tmp_path / ("frame.ppm" if pixels.samples == 3 else "frame.pgm")
    subprocess.run(
        [program("/usr/bin/djxl"), tmp_path / "frame.jxl", image, "--bits_per_sample", str(pixels.bits_allocated)],
        check=True,
        capture_output=True,
        timeout=100,
    )
    assert_same(encoding, pixels, picture(pixels).astype(np.int64), netpbm(image, pixels))


@pytest.mark.peer
@pytest.mark.parametrize(("encoding", "pixels"), cases("JPEGBaseline8Bit"))
def test_libjxl_gives_back_the_jpeg_stream_that_was_packed(encoding, pixels, tmp_path):
    jpeg = encoding.encode(picture(pixels), pixels)
    (tmp_path / "frame.jxl").write_bytes(BY_KEYWORD["JPEGXLJPEGRecompression"].pack(jpeg, encoding.uid))
    command = [program("/usr/bin/djxl"), tmp_path / "frame.jxl", tmp_path / "frame.jpg"]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    assert (tmp_path / "frame.jpg").read_bytes() == jpeg


PYLIBJPEG = (
    *("RLELossless", "JPEGBaseline8Bit", "JPEGExtended12Bit", "JPEGLossless", "JPEGLosslessSV1", "JPEGLSLossless"),
    *("JPEGLSNearLossless", "JPEG2000Lossless", "JPEG2000", "HTJ2KLossless", "HTJ2KLosslessRPCL", "HTJ2K"),
)


@pytest.mark.peer
@pytest.mark.parametrize(("encoding", "pixels"), cases(*PYLIBJPEG))
def test_pylibjpeg_decodes(encoding, pixels, tmp_path, pylibjpeg):
    expected, coded = write(tmp_path / "in.dcm", encoding, pixels)
    decoded = pylibjpeg(tmp_path / "in.dcm", False)
    assert_same(encoding, pixels, expected, decoded)
    assert decoded.shape == coded.shape
