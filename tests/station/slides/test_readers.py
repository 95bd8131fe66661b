"""Slides as readers that others wrote see them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from modality.transfer.encode import transcode
from modality.transfer.reading import read
from modality.transfer.syntaxes import EXPLICIT_LITTLE
from tests.station.slides.conftest import SMALL

pytestmark = pytest.mark.peer

# What each reader's documentation says that it reads; Debian's OpenSlide is older than its DICOM reader.
OPENSLIDE = ("ExplicitVRLittleEndian", "JPEGBaseline8Bit", "JPEG2000Lossless", "JPEG2000")
WSIDICOM = (*OPENSLIDE, "HTJ2KLossless", "JPEGLSLossless")
HIGHDICOM = (*OPENSLIDE, "JPEGLSLossless", "RLELossless")
LEVELS = [(600, 840), (300, 420), (150, 210), (75, 105)]


def total_matrix(path: Path) -> np.ndarray:
    """Our own decoding of all tiles of a level, put together."""
    dataset = transcode(read(path), EXPLICIT_LITTLE).dataset()
    tiles = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns, 3)
    rows, columns = dataset.TotalPixelMatrixRows, dataset.TotalPixelMatrixColumns
    across = -(-columns // dataset.Columns)
    strips = [np.concatenate(tiles[at : at + across], axis=1) for at in range(0, len(tiles), across)]
    return np.concatenate(strips)[:rows, :columns]


@pytest.mark.parametrize("keyword", OPENSLIDE)
def test_openslide_sees_the_levels_the_microns_and_the_pixels(
    keyword: str, slide_files: Callable[..., list[Path]]
) -> None:
    openslide = pytest.importorskip("openslide")
    files = slide_files(transfer_syntax=keyword)
    with openslide.OpenSlide(str(files[0])) as seen:
        assert seen.level_dimensions == tuple((columns, rows) for rows, columns in LEVELS)
        assert float(seen.properties["openslide.mpp-x"]) == SMALL["mpp"]
        assert set(seen.associated_images) == {"label", "macro", "thumbnail"}
        for level, (rows, columns) in enumerate(LEVELS):
            region = np.asarray(seen.read_region((0, 0), level, (columns, rows)).convert("RGB"))
            assert np.abs(region.astype(int) - total_matrix(files[level])).max() <= 3  # decoders round each their way


@pytest.mark.parametrize("keyword", WSIDICOM)
def test_wsidicom_sees_the_levels_the_microns_and_the_pixels(
    keyword: str, slide_files: Callable[..., list[Path]]
) -> None:
    wsidicom = pytest.importorskip("wsidicom")
    files = slide_files(transfer_syntax=keyword)
    with wsidicom.WsiDicom.open(files[0].parent) as seen:
        assert [(level.size.height, level.size.width) for level in seen.pyramid] == LEVELS
        assert (seen.mpp.width, seen.mpp.height) == (SMALL["mpp"], SMALL["mpp"])
        for level, (rows, columns) in enumerate(LEVELS):
            region = np.asarray(seen.read_region((0, 0), level, (columns, rows)))
            assert np.abs(region.astype(int) - total_matrix(files[level])).max() <= 3
        assert np.asarray(seen.read_label()).shape == (440, 440, 3)
        assert np.asarray(seen.read_overview()).shape[2] == 3


@pytest.mark.parametrize("keyword", HIGHDICOM)
def test_highdicom_puts_the_tiles_together_as_we_do(keyword: str, slide_files: Callable[..., list[Path]]) -> None:
    highdicom = pytest.importorskip("highdicom")
    path = slide_files(transfer_syntax=keyword)[1]
    image = highdicom.imread(path)
    assert image.is_tiled
    found = image.get_total_pixel_matrix(apply_icc_profile=False)
    assert np.abs(np.asarray(found).astype(int) - total_matrix(path)).max() <= 3


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sparse": True},
        {"focal_planes": 3},
        {"optical_paths": ("brightfield", "epifluorescence")},
        {"sparse": True, "focal_planes": 2, "optical_paths": ("brightfield", "epifluorescence")},
        {"stain": "DAB", "level_factor": 4, "levels": 2},
        {"transfer_syntax": "JPEGBaseline8Bit"},
        {"transfer_syntax": "JPEGBaseline8Bit", "chroma": "444"},
    ],
    ids=repr,
)
def test_the_validator_finds_no_error(
    options: dict[str, object], slide_files: Callable[..., list[Path]], dciodvfy: Callable[[Path], list[str]]
) -> None:
    for path in slide_files(**options):
        found = dciodvfy(path)
        if options.get("sparse"):  # it counts the tiles of the whole grid, whatever Dimension Organization Type says
            found = [line for line in found if "NumberOfFrames does not match expected value for tiled" not in line]
        assert found == []


def test_wsidicom_finds_each_focal_plane_and_optical_path(slide_files: Callable[..., list[Path]]) -> None:
    wsidicom = pytest.importorskip("wsidicom")
    files = slide_files(focal_planes=3, focal_step_um=2.0, optical_paths=("brightfield", "epifluorescence"))
    tiles = dcmread(files[0]).pixel_array
    one = len(tiles) // 6
    with wsidicom.WsiDicom.open(files[0].parent) as seen:
        base = seen.pyramid.base_level
        assert sorted(base.optical_paths) == ["1", "2"]
        assert len(base.focal_planes) == 3
        for path in ("1", "2"):
            for number, plane in enumerate(sorted(base.focal_planes)):
                tile = np.asarray(seen.read_tile(0, (2, 2), z=plane, path=path))
                index = (int(path) - 1) * 3 * one + number * one + 2 * 7 + 2
                assert np.array_equal(tile, tiles[index])


def test_wsidicom_fills_in_what_a_sparse_slide_leaves_out(slide_files: Callable[..., list[Path]]) -> None:
    wsidicom = pytest.importorskip("wsidicom")
    full = total_matrix(slide_files()[0])
    files = slide_files(sparse=True)
    sparse = dcmread(files[0])
    assert int(sparse.NumberOfFrames) < 35
    with wsidicom.WsiDicom.open(files[0].parent) as seen:
        region = np.asarray(seen.read_region((0, 0), 0, (840, 600)))
    for item in sparse.PerFrameFunctionalGroupsSequence:
        place = item.PlanePositionSlideSequence[0]
        row, column = (
            int(place[name].value) - 1
            for name in ("RowPositionInTotalImagePixelMatrix", "ColumnPositionInTotalImagePixelMatrix")
        )
        assert np.array_equal(
            region[row : row + 128, column : column + 128], full[row : row + 128, column : column + 128]
        )
