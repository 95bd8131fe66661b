"""Slides of any size are made in the same memory, and are right everywhere."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from modality.station.study import generate
from modality.transfer.codecs.pixels import PixelFormat
from modality.transfer.framewise.layout import FrameEncoding
from modality.transfer.syntaxes import BY_KEYWORD

MOST_MB = 400  # proportional set size (each shared page counted once), summed over all processes
TILE = 512


def slow(rows: int, columns: int, levels: int, minutes: int) -> object:
    """A size that takes a while, and not longer than so many minutes."""
    marks = [pytest.mark.slow, pytest.mark.timeout(60 * minutes)]
    return pytest.param(rows, columns, levels, 0.25, id=f"{rows:,} x {columns:,}", marks=marks)


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [below for child in children.read_text().split() for below in tree(int(child))]
        except OSError:
            continue  # it ended just now
    return found


def pss_mb(pid: int) -> float:
    """Proportional set size of a process and all below it, in MB."""
    total = 0
    for one in tree(pid):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


@pytest.mark.parametrize(
    ("rows", "columns", "levels", "mpp"),
    [
        pytest.param(2000, 3000, 3, 1.0, id="2,000 x 3,000"),
        slow(20_000, 20_000, 5, 20),
        slow(20_000, 100_000, 8, 40),
        slow(100_000, 100_000, 9, 150),
    ],
)
def test_memory_stays_flat_and_tiles_are_the_scanner_s(
    rows: int, columns: int, levels: int, mpp: float, tmp_path: Path
) -> None:
    openslide = pytest.importorskip("openslide")
    pytest.importorskip("segno")
    size = ("--rows", str(rows), "--columns", str(columns), "--levels", str(levels), "--mpp", str(mpp))
    command = [sys.executable, "-m", "modality", "generate", "sm", "-o", str(tmp_path), "--seed", "3", *size]
    most = 0.0
    process = subprocess.Popen([*command, "--processes", "2"], stdout=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            most = max(most, pss_mb(process.pid))
            time.sleep(0.2)
    finally:
        process.kill()
    assert process.wait() == 0
    assert 30 < most < MOST_MB
    scan = generate("sm", seed=3, rows=rows, columns=columns, levels=levels, mpp=mpp).series[0].acquisition
    with openslide.OpenSlide(str(min(tmp_path.glob("sm-*.dcm")))) as seen:
        assert seen.level_dimensions == tuple(
            (-(-columns // 2**level), -(-rows // 2**level)) for level in range(levels)
        )
        assert float(seen.properties["openslide.mpp-x"]) == mpp
        down, across = scan.pyramid[0].grid
        places = np.random.default_rng(2).integers((0, 0), (down - 1, across - 1), (12, 2)) * TILE
        tissue = 0
        for row, column in [(0, 0), *places.tolist()]:
            tile = scan.acquisition.tile(row, column, TILE, TILE)
            region = np.asarray(seen.read_region((column, row), 0, (TILE, TILE)).convert("RGB"))
            assert np.abs(region.astype(int) - as_jpeg(tile)).max() <= 3  # decoders round each their way
            tissue += tile.std() > 20
        assert tissue >= 2


def as_jpeg(tile: np.ndarray) -> np.ndarray:
    """A tile encoded and decoded."""
    image = pytest.importorskip("PIL.Image")
    code = FrameEncoding(BY_KEYWORD["JPEGBaseline8Bit"]).encoded(
        tile, PixelFormat(TILE, TILE, 3, 8, 8, photometric="RGB")
    )
    return np.asarray(image.open(io.BytesIO(code)).convert("RGB")).astype(int)
