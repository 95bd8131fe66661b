from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest

from modality.acquisition.microscopy import SlideAcquisition, grounds, microscopy
from modality.acquisition.microscopy.painting import picture
from modality.acquisition.microscopy.stains import separated
from modality.errors import UsageError
from phantoms.tissue import tissue_section

SIZE = (4.0, 3.0)


@lru_cache(maxsize=8)
def scan(
    stain: str = "HE", kind: str = "colon", mpp: float = 0.5, planes: int = 1, step: float = 1.5
) -> SlideAcquisition:
    section = tissue_section(3, stain=stain, kind=kind, size_mm=SIZE)
    return microscopy(
        section,
        seed=3,
        rows=int(3000 / mpp),
        columns=int(4000 / mpp),
        mpp=mpp,
        focal_planes=planes,
        focal_step_um=step,
        optical_paths=("brightfield", "epifluorescence"),
    )


def pixel(acquisition: SlideAcquisition, at_um: tuple[float, float]) -> tuple[int, int]:
    return int(at_um[1] / acquisition.mpp), int(at_um[0] / acquisition.mpp)


def pieced(acquisition: SlideAcquisition, row: int, column: int, cuts: list[int], **which: int) -> np.ndarray:
    edges = [0, *cuts]
    rows = []
    for top, bottom in pairwise(edges):
        line = [
            acquisition.tile(row + top, column + left, bottom - top, right - left, **which)
            for left, right in pairwise(edges)
        ]
        rows.append(np.concatenate(line, axis=1))
    return np.concatenate(rows)


def interesting(acquisition: SlideAcquisition) -> dict[str, tuple[int, int]]:
    layout = acquisition.section.layout
    spots = {
        "tumour": layout.tumours[0].center_um,
        "hole": layout.holes[0].polygon_um()[100],
        "edge": layout.outline.polygon_um()[333],
        "fold": layout.folds[0].outline.center_um,
    }
    return {name: pixel(acquisition, (x - 200.0, y - 200.0)) for name, (x, y) in spots.items()}


@pytest.mark.parametrize("spot", ["tumour", "hole", "edge", "fold"])
def test_a_place_looks_the_same_however_it_is_cut(spot: str) -> None:
    acquisition = scan()
    row, column = interesting(acquisition)[spot]
    whole = acquisition.tile(row, column, 1024, 1024)
    assert whole.std() > 5
    for cuts in ([512, 1024], [1, 300, 813, 1024]):
        assert np.array_equal(pieced(acquisition, row, column, cuts), whole)


def test_blurred_planes_and_fluorescence_are_cut_alike_too() -> None:
    acquisition = scan(planes=5)
    row, column = interesting(acquisition)["fold"]
    for which in ({"focal_plane": 0}, {"focal_plane": 4, "optical_path": 1}):
        whole = acquisition.tile(row, column, 500, 500, **which)
        assert np.array_equal(pieced(acquisition, row, column, [77, 256, 500], **which), whole)


@pytest.mark.parametrize("mpp", [0.737, 0.13])
def test_odd_and_finest_pixel_sizes_are_cut_alike(mpp: float) -> None:
    acquisition = scan(mpp=mpp)
    row, column = interesting(acquisition)["hole"]
    row, column = row + 151, column + 277  # on the rim, at an odd place
    assert np.array_equal(pieced(acquisition, row, column, [99, 256, 400]), acquisition.tile(row, column, 400, 400))


def test_what_is_prepared_is_all_that_a_tile_needs_and_changes_nothing() -> None:
    section = tissue_section(11, kind="breast", size_mm=SIZE)
    acquisition = microscopy(section, seed=3, rows=1500, columns=2000, mpp=2.0)
    row, column = interesting(acquisition)["tumour"]
    before = acquisition.tile(row, column, 256, 256)
    for made in (picture, grounds.ground, grounds.pieces, grounds._panel):
        made.cache_clear()
    acquisition.prepare()
    ready = [made.cache_info().misses for made in (picture, grounds.ground, grounds.pieces)]
    assert min(ready) > 0
    assert np.array_equal(acquisition.tile(row, column, 256, 256), before)
    assert [made.cache_info().misses for made in (picture, grounds.ground, grounds.pieces)] == ready


def test_seeds_give_other_tissue_and_the_scan_its_own_staining() -> None:
    row, column = interesting(scan())["tumour"]
    one = scan().tile(row, column, 256, 256)
    again = microscopy(scan().section, seed=4, rows=6000, columns=8000, mpp=0.5)
    assert np.array_equal(one, scan().tile(row, column, 256, 256))
    assert not np.array_equal(one, again.tile(row, column, 256, 256))
    assert (
        again.section.nuclei((1000.0, 1000.0, 1100.0, 1100.0)).tobytes()
        == scan().section.nuclei((1000.0, 1000.0, 1100.0, 1100.0)).tobytes()
    )


def test_other_processors_give_the_same_bytes() -> None:
    code = (
        "import hashlib\n"
        "from phantoms.tissue import tissue_section\n"
        "from modality.acquisition.microscopy import microscopy\n"
        "s = tissue_section(3, size_mm=(4.0, 3.0))\n"
        "a = microscopy(s, seed=3, rows=1500, columns=2000, mpp=2.0)\n"
        "print(hashlib.sha256(a.tile(450, 250, 512, 512).tobytes()).hexdigest())\n"
    )
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": "AVX2 AVX512F FMA3 AVX512_SKX"}
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    digests = {done.stdout.strip()}
    here = microscopy(tissue_section(3, size_mm=SIZE), seed=3, rows=1500, columns=2000, mpp=2.0)
    digests.add(hashlib.sha256(here.tile(450, 250, 512, 512).tobytes()).hexdigest())
    assert len(digests) == 1


@pytest.mark.parametrize("kind", ["colon", "tumour"])
def test_nuclei_of_the_truth_lie_on_dark_haematoxylin(kind: str) -> None:
    acquisition = scan(kind=kind)
    x, y = acquisition.section.layout.tumours[0].center_um
    row, column = pixel(acquisition, (x - 250.0, y - 250.0))
    rgb = acquisition.tile(row, column, 1000, 1000)
    haematoxylin = separated(rgb, "HE")[0]
    half = acquisition.mpp / 1000.0
    window = (column * half, row * half, (column + 1000) * half, (row + 1000) * half)
    found = np.concatenate(list(acquisition.section.nuclei_by_cell(window)))
    at = (found["y_mm"] / half - row).astype(int), (found["x_mm"] / half - column).astype(int)
    dark = haematoxylin[at]
    assert len(found) > 400
    assert (dark > 0.3).mean() > 0.95  # the thinnest are three pixels wide, and edges cut some
    assert np.median(dark) > 2.5 * np.median(haematoxylin)


def test_ki67_positive_nuclei_are_brown_and_the_others_blue() -> None:
    acquisition = scan("DAB", "tumour")
    x, y = acquisition.section.layout.tumours[0].center_um
    row, column = pixel(acquisition, (x - 250.0, y - 250.0))
    _, brown, _ = separated(acquisition.tile(row, column, 1000, 1000), "DAB")
    half = acquisition.mpp / 1000.0
    window = (column * half, row * half, (column + 1000) * half, (row + 1000) * half)
    found = np.concatenate(list(acquisition.section.nuclei_by_cell(window)))
    density = brown[(found["y_mm"] / half - row).astype(int), (found["x_mm"] / half - column).astype(int)]
    assert found["positive"].sum() > 60
    assert (density[found["positive"]] > 0.25).mean() > 0.93
    assert (density[~found["positive"]] < 0.25).mean() > 0.93


def test_mean_colours_are_those_of_haematoxylin_and_eosin() -> None:
    acquisition = scan()
    layout = acquisition.section.layout
    row, column = pixel(acquisition, layout.tumours[0].center_um)
    red, green, blue = acquisition.tile(row, column, 512, 512).reshape(-1, 3).mean(axis=0)
    assert 120 < red < 225
    assert 70 < green < 170
    assert 110 < blue < 210  # bounds of ours: pink to violet, never grey
    assert min(red - 5, blue) > green + 15
    dab = scan("DAB").tile(row, column, 512, 512).reshape(-1, 3).mean(axis=0)
    assert abs(dab - (red, green, blue)).max() > 20
    assert dab.min() > 150  # a pale counterstain


def test_polygons_hold_tissue_and_holes_hold_glass() -> None:
    acquisition = scan()
    layout = acquisition.section.layout
    x, y = layout.holes[0].center_um
    row, column = pixel(acquisition, (x - 50.0, y - 50.0))
    glass = acquisition.tile(row, column, 200, 200)
    assert glass.min() >= 230
    assert glass.std() > 0.1
    row, column = pixel(acquisition, layout.tumours[0].center_um)
    assert (acquisition.tile(row, column, 200, 200).mean(axis=-1) < 225).mean() > 0.9


def test_two_tiles_of_glass_are_not_the_same_bytes() -> None:
    acquisition = scan()
    assert acquisition.tile(0, 0, 128, 128).tobytes() != acquisition.tile(0, 128, 128, 128).tobytes()
    assert acquisition.tile(0, 0, 128, 128).min() >= 200


def test_a_fold_is_darker_than_what_lies_around_it() -> None:
    acquisition = scan(kind="breast")
    folds = [
        fold
        for fold in acquisition.section.layout.folds
        if acquisition.section.is_tissue(*(np.asarray([v]) for v in fold.outline.center_um))[0]
    ]
    assert folds
    x, y = folds[0].outline.center_um
    row, column = pixel(acquisition, (x - 10.0, y - 10.0))
    inside = acquisition.tile(row, column, 40, 40).mean()
    ux, uy = folds[0].outline.axis
    away = 3.0 * folds[0].outline.semi_axes_um[1] + 40.0
    row, column = pixel(acquisition, (x - uy * away - 10.0, y + ux * away - 10.0))
    assert inside < acquisition.tile(row, column, 40, 40).mean() - 15


def test_planes_out_of_focus_are_softer() -> None:
    acquisition = scan(planes=3, step=3.0)
    row, column = interesting(acquisition)["tumour"]
    sharpness = [
        np.abs(np.diff(acquisition.tile(row, column, 256, 256, focal_plane=plane).astype(int), axis=1)).mean()
        for plane in range(3)
    ]
    assert sharpness[1] > 1.15 * sharpness[0]
    assert sharpness[1] > 1.15 * sharpness[2]


def test_strips_of_the_scanner_show_faintly_on_glass() -> None:
    acquisition = scan(mpp=0.25)
    glass = acquisition.tile(0, 1948, 200, 200).astype(float).mean(axis=(0, 2))
    joint = glass[97:103].mean()
    assert 0.5 < glass[:20].mean() - joint + 1.0 < 4.0
    assert joint < acquisition.tile(0, 1000, 200, 100).mean() - 1.0


def test_the_overview_shows_the_section_where_it_was_scanned_and_leaves_the_label_empty() -> None:
    seen = scan().overview(0.1)
    rows, columns = seen.pixels.shape[:2]
    assert (rows, columns) == (260, 760)
    top, left, height, width = seen.label
    assert seen.pixels[top : top + height, left : left + width].min() > 240
    top, left, height, width = seen.scanned
    assert (height, width) == (30, 40)
    small = seen.pixels[top : top + height, left : left + width].astype(int)
    large = scan(mpp=2.0).tile(0, 0, 1500, 2000).reshape(30, 50, 40, 50, 3).mean(axis=(1, 3))
    assert np.abs(small - large).mean() < 22
    assert np.corrcoef(small[..., 1].ravel(), large[..., 1].ravel())[0, 1] > 0.85


def test_a_tile_beyond_the_level_is_glass() -> None:
    acquisition = scan()
    assert acquisition.tile(acquisition.rows - 10, acquisition.columns - 10, 64, 64).min() > 200


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rows": 0}, "0 x 8000 pixels"),
        ({"mpp": 0.01}, "0.01 um per pixel"),
        ({"mpp": float("nan")}, "nan um per pixel"),
        ({"focal_planes": 0}, "0 focal planes"),
        ({"focal_step_um": -1.0}, "-1.0 um apart"),
        ({"optical_paths": ("phase",)}, "optical paths phase"),
        ({"optical_paths": ()}, "optical paths"),
    ],
)
def test_a_scan_that_cannot_be_is_refused(wrong: dict[str, object], message: str) -> None:
    wanted = {"seed": 1, "rows": 6000, "columns": 8000, "mpp": 0.5, **wrong}
    with pytest.raises(UsageError, match=message):
        microscopy(scan().section, **wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize("place", [(-1, 0, 8, 8), (0, 0, 0, 8), (0, 0, 8, 8, 1), (0, 0, 8, 8, 0, 2)])
def test_a_tile_that_is_not_there_is_refused(place: tuple[int, ...]) -> None:
    with pytest.raises(UsageError):
        scan().tile(*place)
