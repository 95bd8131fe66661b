"""Archives store slides that the fast store sends, and serve their frames one by one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import generate_frames
from pydicom.uid import ExplicitVRLittleEndian

from modality.transfer.encode import transcode
from modality.transfer.reading import read
from modality.transfer.syntaxes import EXPLICIT_LITTLE
from tests.peers.commandline import modality
from tests.peers.dicomweb.test_stow import served

pytestmark = pytest.mark.peer

ORTHANC = ("ExplicitVRLittleEndian", "RLELossless", "JPEGBaseline8Bit", "JPEG2000Lossless", "JPEGLSLossless")
NEWER = ("HTJ2KLossless", "JPEGXLLossless")
"""Orthanc 1.10.1, which Debian has, accepts neither."""
MEDIA = {
    "RLELossless": "image/dicom-rle",
    "JPEGBaseline8Bit": "image/jpeg",
    "JPEG2000Lossless": "image/jp2",
    "JPEGLSLossless": "image/jls",
    "HTJ2KLossless": "image/jphc",
    "JPEGXLLossless": "image/jxl",
}
"""What PS3.18 (8.7.3, for compressed multi-frame images) calls the frames of a syntax."""


def frames_of(dataset: Dataset) -> list[bytes]:
    """The frames of an image as its file holds them."""
    count = int(dataset.NumberOfFrames)
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return list(generate_frames(dataset.PixelData, number_of_frames=count))
    size = dataset.Rows * dataset.Columns * 3
    return [dataset.PixelData[at : at + size] for at in range(0, size * count, size)]


def served_frames(root: str, dataset: Dataset, numbers: list[int]) -> list[bytes]:
    """Frames by WADO-RS (PS3.18 10.4), in whatever syntax they are stored in."""
    uids = dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID
    path = "{}/studies/{}/series/{}/instances/{}/frames/{}".format(root, *uids, ",".join(map(str, numbers)))
    syntax = dataset.file_meta.TransferSyntaxUID
    accept = f'multipart/related; type="application/octet-stream"; transfer-syntax={syntax}'
    if syntax.is_encapsulated:
        accept = f'multipart/related; type="{MEDIA[syntax.keyword]}"; transfer-syntax={syntax}'
    answer = httpx.get(path, headers={"Accept": accept}, timeout=100)
    assert answer.status_code == 200, answer.text[:300]
    boundary = answer.headers["Content-Type"].partition("boundary=")[2].partition(";")[0].strip('"')
    parts = answer.content.split(b"--" + boundary.encode())[1:-1]
    return [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in parts]


def assert_frames(root: str, files: list[Path]) -> None:
    """The frames of both levels are served as they are in the files; a padding byte may be gone."""
    for path in files[:2]:
        dataset = dcmread(path)
        frames = frames_of(dataset)
        numbers = [1, len(frames), len(frames) // 2]
        found = served_frames(root, dataset, numbers)
        assert len(found) == 3
        for number, frame in zip(numbers, found, strict=True):
            assert frame.rstrip(b"\0") == frames[number - 1].rstrip(b"\0")
        assert len(set(frames)) > 1


@pytest.mark.parametrize("syntax", ORTHANC)
def test_orthanc_stores_a_slide_and_serves_its_frames(
    syntax: str, slide: Callable[..., list[Path]], orthanc: Callable[..., Any]
) -> None:
    files = slide("--transfer-syntax", syntax)
    with orthanc() as archive:
        finished = modality("send", *files, "--to", archive.address, "--never-transcode", "--json")
        assert (finished.code, finished.document["stored"]) == (0, len(files)), finished.stderr
        assert_frames(archive.dicomweb, files)


@pytest.mark.parametrize("syntax", NEWER)
def test_orthanc_gets_what_it_does_not_accept_transcoded(
    syntax: str, slide: Callable[..., list[Path]], orthanc: Callable[..., Any]
) -> None:
    """The same slide as the one of native pixels, then."""
    files = slide("--transfer-syntax", syntax)
    with orthanc() as archive:
        finished = modality("send", *files, "--to", archive.address, "--json")
        assert finished.code == 0, finished.stderr
        assert (finished.document["stored"], finished.document["transcoded"]) == (len(files), len(files))
        for path in files[:2]:
            dataset = dcmread(path)
            native = transcode(read(path), EXPLICIT_LITTLE).dataset()
            dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            (frame,) = served_frames(archive.dicomweb, dataset, [2])
            assert frame == native.pixel_array[1].tobytes()


@pytest.mark.parametrize("syntax", ORTHANC + NEWER)
def test_our_archive_stores_a_slide_and_serves_its_frames(syntax: str, slide: Callable[..., list[Path]]) -> None:
    files = slide("--transfer-syntax", syntax)
    with served() as archive:
        finished = modality("send", *files, "--to", archive["address"], "--never-transcode", "--json")
        assert (finished.code, finished.document["stored"]) == (0, len(files)), finished.stderr
        (root,) = [value for value in archive.values() if str(value).startswith("http") and "dicom" in str(value)]
        assert_frames(root, files)
