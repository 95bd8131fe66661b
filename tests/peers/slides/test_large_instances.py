"""Instances that no memory has room for are streamed from the file to the association, and into the archive's file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from modality.station.study import generate
from modality.transfer.codecs.pixels import PixelFormat
from modality.transfer.framewise.file import FrameFile
from modality.transfer.framewise.layout import FrameEncoding
from modality.transfer.syntaxes import BY_KEYWORD
from tests.peers.commandline import Finished, end, start
from tests.peers.slides.test_archives import served_frames

pytestmark = pytest.mark.peer

SENDER_MB = 100  # of anonymous memory: what is mapped from the file is the kernel's to take away
ARCHIVE_MB = 150
SIZES = [
    pytest.param(200 << 20, id="200 MB"),
    pytest.param((9 << 30) // 2, id="4.5 GiB", marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
]


def large(path: Path, size: int) -> tuple[Dataset, bytes]:
    """A slide of one level, its frames a few noisy tiles again and again; gives its head and the last frame."""
    pytest.importorskip("imagecodecs")
    study = generate("sm", seed=8, rows=1024, columns=1024, tile_size=1024, levels=1, mpp=4.0)
    scan = study.series[0]
    series = scan.kind.slides(scan.acquisition, scan.context)
    dataset = series.describe(series.levels(None, None)[0][0])
    encoding = FrameEncoding(BY_KEYWORD["JPEGBaseline8Bit"], quality=100)
    rng = np.random.default_rng(1)
    pixels = PixelFormat(1024, 1024, 3, 8, 8, photometric="RGB")
    codes = [encoding.encoded(rng.integers(0, 256, (1024, 1024, 3), dtype=np.uint8), pixels) for _ in range(2)]
    last = encoding.encoded(np.full((1024, 1024, 3), 77, dtype=np.uint8), pixels)
    across = 16
    down = size // (across * len(codes[0])) + 1
    dataset.TotalPixelMatrixRows, dataset.TotalPixelMatrixColumns = down * 1024, across * 1024
    dataset.NumberOfFrames = str(down * across)
    with FrameFile(path, dataset, encoding) as file:
        for number in range(down * across - 1):
            file.add(codes[number % 2])
        file.add(last)
        file.finish()
    assert path.stat().st_size > size
    return dcmread(path, stop_before_pixels=True), last


@contextmanager
def watched(pid: int) -> Iterator[list[int]]:
    """The most anonymous memory of a process while the block runs, in MB, as one item."""
    most, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                return
            if "RssAnon:" in status:
                most[0] = max(most[0], int(status.partition("RssAnon:")[2].split()[0]) // 1024)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def sent(path: Path, address: str) -> tuple[Finished, int]:
    """A run of `modality send`, and the most memory that it took."""
    process = start("send", path, "--to", address, "--never-transcode", "--json")
    with watched(process.pid) as most:
        finished = end(process, 1200)
    assert (finished.code, finished.document["stored"]) == (0, 1), finished.stderr
    return finished, most[0]


@pytest.mark.parametrize("size", SIZES)
def test_a_large_instance_reaches_storescp(size: int, tmp_path: Path, storescp: Callable[..., Any]) -> None:
    large(tmp_path / "large.dcm", size)
    with storescp("--ignore", "--bit-preserving", "+xa") as archive:
        finished, most = sent(tmp_path / "large.dcm", archive.address)
    assert finished.document["transcoded"] == 0
    assert 5 < most < SENDER_MB


@pytest.mark.parametrize("size", SIZES)
def test_a_large_instance_is_kept_by_our_archive_and_its_last_frame_served(size: int, tmp_path: Path) -> None:
    head, last = large(tmp_path / "large.dcm", size)
    storage = tmp_path / "storage"
    process = start("serve", "archive", "--port", "0", "--web-port", "0", "--storage", storage, "--json")
    try:
        assert process.stdout is not None
        addresses = __import__("json").loads(process.stdout.readline())
        with watched(process.pid) as kept:
            _, most = sent(tmp_path / "large.dcm", addresses["address"])
            root = next(value for value in addresses.values() if str(value).startswith("http"))
            (frame,) = served_frames(root, head, [int(head.NumberOfFrames)])
    finally:
        process.terminate()
        end(process, 60)
    assert frame.rstrip(b"\0") == last.rstrip(b"\0")
    assert 5 < most < SENDER_MB
    assert 5 < kept[0] < ARCHIVE_MB
    stored = [path for path in storage.rglob("*") if path.is_file() and path.stat().st_size > size]
    assert len(stored) == 1
