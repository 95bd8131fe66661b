from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame, parse_fragments
from pydicom.uid import SecondaryCaptureImageStorage

from modality.errors import UnsupportedError, UsageError
from modality.transfer.codecs.pixels import PixelFormat
from modality.transfer.framewise import file as framewise
from modality.transfer.framewise.file import FrameFile
from modality.transfer.framewise.layout import FrameEncoding
from modality.transfer.reading import read
from modality.transfer.syntaxes import BY_KEYWORD, TABLE

PIXELS = PixelFormat(18, 17, 3, 8, 8, photometric="RGB")


def described(frames: int) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.SOPInstanceUID = "2.25.1"
    dataset.LossyImageCompression = "00"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
    dataset.Rows, dataset.Columns = PIXELS.rows, PIXELS.columns
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.NumberOfFrames = frames
    return dataset


def smooth(number: int) -> np.ndarray:
    y, x = np.mgrid[: PIXELS.rows, : PIXELS.columns]
    return np.stack([y * 9, x * 9, (x + y) * 4 + number], axis=-1).astype(np.uint8)


def written(path: Path, keyword: str, frames: int, chroma: str = "420") -> None:
    encoding = FrameEncoding(BY_KEYWORD[keyword], chroma=chroma)
    with FrameFile(path, described(frames), encoding) as file:
        for number in range(frames):
            file.add(encoding.encoded(smooth(number), PIXELS))
        file.finish()


KEYWORDS = [one.keyword for one in TABLE if one.keyword not in ("JPEGExtended12Bit", "JPEGXLJPEGRecompression")]


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_the_frames_come_back_in_order(keyword: str, tmp_path: Path) -> None:
    syntax = BY_KEYWORD[keyword]
    if syntax.encapsulated and keyword not in ("RLELossless", "EncapsulatedUncompressedExplicitVRLittleEndian"):
        pytest.importorskip("imagecodecs")
    written(tmp_path / "one.dcm", keyword, 3)
    from modality.transfer.encode import transcode

    instance = read(tmp_path / "one.dcm")
    found = transcode(instance, BY_KEYWORD["ExplicitVRLittleEndian"]).dataset().pixel_array.astype(int)
    expected = np.stack([smooth(number) for number in range(3)])
    assert np.abs(found - expected).max() <= (0 if syntax.lossless else 24)
    assert instance.size % 2 == 0
    if not syntax.lossless:
        dataset = instance.dataset()
        ratio = expected.nbytes / sum(len(part) for part in frames_of(dataset))
        assert dataset.LossyImageCompression == "01"
        assert float(dataset.LossyImageCompressionRatio) == pytest.approx(ratio, rel=0.01)


def frames_of(dataset: Dataset) -> list[bytes]:
    tables = dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths
    count = int(dataset.NumberOfFrames)
    return [get_frame(dataset.PixelData, at, extended_offsets=tables, number_of_frames=count) for at in range(count)]


def test_the_extended_table_says_where_each_frame_is(tmp_path: Path) -> None:
    written(tmp_path / "one.dcm", "RLELossless", 5)
    dataset = dcmread(tmp_path / "one.dcm")
    offsets = np.frombuffer(dataset.ExtendedOffsetTable, "<u8")
    lengths = np.frombuffer(dataset.ExtendedOffsetTableLengths, "<u8")
    count, places = parse_fragments(dataset.PixelData)
    assert count == 6  # an empty basic table, and a fragment a frame
    assert (offsets + 8).tolist() == [place - places[1] + 8 for place in places[1:]]
    assert all(length % 2 == 0 for length in lengths.tolist())


@pytest.mark.parametrize(("chroma", "photometric"), [("420", "YBR_FULL_422"), ("422", "YBR_FULL_422"), ("444", "RGB")])
def test_the_chroma_is_sampled_as_asked(chroma: str, photometric: str, tmp_path: Path) -> None:
    pytest.importorskip("imagecodecs")
    written(tmp_path / "one.dcm", "JPEGBaseline8Bit", 1, chroma)
    dataset = dcmread(tmp_path / "one.dcm")
    assert dataset.PhotometricInterpretation == photometric
    stream = frames_of(dataset)[0]
    at = stream.index(b"\xff\xc0")
    assert stream[at + 11] == {"420": 0x22, "422": 0x21, "444": 0x11}[chroma]  # T.81 B.2.2: sampling of component 1
    assert np.abs(dataset.pixel_array.astype(int) - smooth(0)).max() < 24


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "one.dcm"
    encoding = FrameEncoding(BY_KEYWORD["ExplicitVRLittleEndian"])
    with FrameFile(path, described(2), encoding) as file:
        file.add(smooth(0).tobytes())
        assert not path.exists()
        with pytest.raises(UsageError, match="1 of 2 frames"):
            file.finish()
    assert list(tmp_path.iterdir()) == []
    with FrameFile(path, described(1), encoding) as file:
        file.add(smooth(0).tobytes())
        with pytest.raises(UsageError, match="more than the 1"):
            file.add(smooth(1).tobytes())
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"/dev/full/one\.dcm: cannot be written"):
        FrameFile(Path("/dev/full/one.dcm"), described(1), FrameEncoding(BY_KEYWORD["ExplicitVRLittleEndian"]))


def test_native_pixels_beyond_the_length_field_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framewise, "LARGEST_NATIVE", 1000)
    with pytest.raises(UnsupportedError, match="less than 4 GiB"):
        FrameFile(tmp_path / "one.dcm", described(2), FrameEncoding(BY_KEYWORD["ExplicitVRLittleEndian"]))
    assert list(tmp_path.iterdir()) == []


def test_what_a_codec_cannot_hold_is_refused_before_a_file_is_there(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="does not carry RGB"):
        FrameFile(tmp_path / "one.dcm", described(1), FrameEncoding(BY_KEYWORD["JPEGExtended12Bit"]))
    with pytest.raises(UsageError, match="chroma '411'"):
        FrameEncoding(BY_KEYWORD["JPEGBaseline8Bit"], chroma="411")
    assert list(tmp_path.iterdir()) == []
