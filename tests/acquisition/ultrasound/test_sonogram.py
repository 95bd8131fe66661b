"""What is drawn where, what may be asked for, and the truth about it."""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from modality.acquisition.ultrasound import us
from modality.errors import UsageError
from phantoms import abdomen, breast, spheres, water
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Box
from phantoms.tissues import TISSUES
from tests.acquisition.ultrasound.objects import FRONT_MM, ball, block, scan

PLACES = ((-12.0, 18.0), (9.0, 34.0))


@pytest.mark.parametrize("probe", ["linear", "curved", "phased"])
@pytest.mark.parametrize("size", [(480, 640), (300, 300), (200, 500)])
def test_a_point_is_drawn_where_the_truth_says(probe: str, size: tuple[int, int]) -> None:
    grains = [ball((u, FRONT_MM + v, 0.0), 1.0, "hydroxyapatite", f"grain {v:g}") for u, v in PLACES]
    made = scan(block(*grains), probe=probe, rows=size[0], columns=size[1], tgc_db_cm_mhz=0.5, gain_db=-18.0)
    pixels = made.frame(0).pixels.astype(float)
    depth = FRONT_MM - made.stance.at_mm[1]
    for told, (u, v) in zip(made.truth()["structures"][1:], PLACES, strict=True):
        assert (told["across_mm"], told["depth_mm"]) == (u, pytest.approx(v + depth))
        row, column = told["row"], told["column"]
        reach = round(4.0 / made.screen.pitch_mm)
        part = pixels[round(row) - reach : round(row) + reach + 1, round(column) - reach : round(column) + reach + 1]
        # Its surface to the probe is brightest: 1 mm before its middle.
        weight = np.where(part > 0.8 * part.max(), part, 0.0)
        rows, columns = np.mgrid[: part.shape[0], : part.shape[1]]
        down, right = ((weight * grid).sum() / weight.sum() - reach for grid in (rows, columns))
        assert down * made.screen.pitch_mm == pytest.approx(-1.0 * v / math.hypot(u, v), abs=1.0)
        assert right * made.screen.pitch_mm == pytest.approx(0.0, abs=1.0)
        assert told["in_picture"]


def test_a_sector_has_the_shape_of_its_probe() -> None:
    made = us(spheres(), seed=1, frames=1)
    seen, (row, column) = made.screen.seen, made.screen.face
    radius, half, depth = 60.0, math.radians(34.0), 180.0
    pitch = made.screen.pitch_mm
    area = half * ((radius + depth) ** 2 - radius**2)
    assert seen.sum() * pitch**2 == pytest.approx(area, rel=0.01)
    assert seen[row + 1, column]
    assert not seen[row - 1, column]  # the near field is curved
    assert seen[row - 5, column - round(29.0 / pitch)]
    pixels = made.frame(0).pixels
    assert (pixels[~seen] > 0).mean() < 0.02  # the scales alone


def test_depth_is_marked_each_centimetre() -> None:
    made = us(spheres(), seed=1, frames=1)
    rows = np.flatnonzero(made.frame(0).pixels[:, made.screen.columns - 4])
    assert len(rows) == 19
    assert (rows - rows[0]) * made.screen.pitch_mm == pytest.approx(10.0 * np.arange(19), abs=made.screen.pitch_mm)


def test_truth_tells_what_is_seen() -> None:
    cyst, below = ball((5.0, FRONT_MM + 30.0, 0.0), 8.0), ball((0.0, FRONT_MM + 90.0, 0.0), 8.0, "cyst", "too deep")
    aside = ball((0.0, FRONT_MM + 30.0, 40.0), 8.0, "cyst", "aside")
    made = scan(block(cyst, below, aside), tgc_db_cm_mhz=0.5)
    truth = json.loads(json.dumps(made.truth()))
    found = {one["name"]: one for one in truth["structures"]}
    assert [found[name]["in_picture"] for name in ("cyst", "too deep", "aside")] == [True, False, False]
    pixels = made.frame(0).pixels
    row, column, reach = (round(found["cyst"][key]) for key in ("row", "column", "section_radius_mm"))
    half = round(0.5 * reach / truth["pixel_spacing_mm"])
    assert pixels[row - half : row + half, column - half : column + half].mean() < 12.0
    assert pixels[row - half : row + half, column - 5 * half : column - 4 * half].mean() > 90.0
    area = next(one for one in truth["middle_frame"]["structures"] if one["name"] == "cyst")
    assert area["pixels"] * truth["pixel_spacing_mm"] ** 2 == pytest.approx(math.pi * 64.0, rel=0.05)
    assert (area["row"], area["column"]) == (pytest.approx(row, abs=1.5), pytest.approx(column, abs=1.5))


def test_a_sweep_passes_structures_in_the_frame_that_the_truth_says() -> None:
    made = scan(block(ball((0.0, FRONT_MM + 30.0, 6.0), 4.0)), frames=7, sweep_mm=18.0, tgc_db_cm_mhz=0.5)
    (_, cyst) = made.truth()["structures"]
    assert cyst["aside_mm"] == 0.0
    row, column = round(cyst["row"]), round(cyst["column"])
    levels = [frame.pixels[row - 8 : row + 9, column - 8 : column + 9].mean() for frame in made]
    black = [number for number, level in enumerate(levels, start=1) if level < 12.0]
    assert black == [cyst["frame"] - 1, cyst["frame"], cyst["frame"] + 1]  # 3 mm apart, of 4 mm radius
    assert min(levels) < 12.0 < 60.0 < max(levels)
    faces = [one["face_mm"][2] for one in made.truth()["frames"]]
    assert sorted(np.abs(faces)) == pytest.approx([0.0, 3.0, 3.0, 6.0, 6.0, 9.0, 9.0])


def test_a_still_probe_sees_the_same_but_for_noise() -> None:
    silent = us(spheres(), seed=1, frames=2, noise_db=-200.0, rows=96, columns=96)
    assert np.array_equal(silent.frame(0).pixels, silent.frame(1).pixels)
    noisy = us(spheres(), seed=1, frames=2, noise_db=-50.0, rows=96, columns=96)
    assert (noisy.frame(0).pixels != noisy.frame(1).pixels).mean() > 0.2


def test_photometric_interpretations_show_the_same() -> None:
    grey, rgb, entries = (
        us(spheres(), seed=1, frames=1, photometric=kind, rows=96, columns=96).frame(0).pixels
        for kind in ("MONOCHROME2", "RGB", "PALETTE COLOR")
    )
    assert (grey.shape, rgb.shape, entries.shape) == ((96, 96), (96, 96, 3), (96, 96))
    assert np.array_equal(rgb, np.repeat(grey[:, :, np.newaxis], 3, axis=2))
    assert np.array_equal(entries, grey)


def test_the_probe_stands_on_the_skin() -> None:
    patient = abdomen(5)
    for view, options in (("sagittal", {"x_mm": -50.0, "z_mm": 0.0}), ("coronal", {"y_mm": 20.0, "z_mm": 0.0})):
        made = us(patient, seed=1, frames=1, view=view, **options)  # type: ignore[arg-type]
        x, y, z = (np.asarray([value]) for value in made.stance.at_mm)
        assert patient.labels(x, y, z)[0] > 0
        dx, dy, dz = (20.0 * part for part in made.stance.down)
        assert patient.labels(x - dx, y - dy, z - dz)[0] == 0
    lying = us(breast(2), seed=1, frames=1)
    assert lying.stance.down == (0.0, 0.0, -1.0)
    assert lying.stance.at_mm[2] == pytest.approx(breast(2).thickness_mm / 2.0, abs=1.5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"mode": "m"}, "mode 'm': one of b, colour-doppler"),
        ({"probe": "convex"}, "probe 'convex': one of curved, phased, linear"),
        ({"view": "oblique"}, "view 'oblique': one of sagittal"),
        ({"photometric": "YBR_FULL"}, "photometric 'YBR_FULL': one of MONOCHROME2"),
        ({"mode": "colour-doppler", "photometric": "MONOCHROME2"}, "colour-doppler is RGB or PALETTE COLOR"),
        ({"rows": 20}, "rows 20: from 48 to 2048"),
        ({"frames": 0}, "frames 0: from 1 to 600"),
        ({"depth_mm": 0.0}, "depth_mm 0: from 10"),
        ({"frequency_mhz": 50.0}, "frequency_mhz 50: from 1 to 20"),
        ({"bandwidth": float("nan")}, "bandwidth nan"),
        ({"heart_rate": 10.0}, "heart_rate 10: from 20 to 240"),
        ({"y_mm": 3.0}, "y_mm: the beams of the transverse view run along it"),
        ({"x_mm": 500.0}, "meets no patient"),
        ({"frame_rate": 0.0}, "frame_rate 0"),
        ({"gain_db": 99.0}, "gain_db 99"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        us(spheres(), seed=1, **options)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"rows": 48, "columns": 48},
        {"rows": 48, "columns": 400, "probe": "linear"},
        {"rows": 400, "columns": 48, "probe": "phased"},
        {"depth_mm": 10.0},
        {"depth_mm": 300.0, "frequency_mhz": 1.0, "bandwidth": 0.1},
        {"frequency_mhz": 20.0, "probe": "linear", "bandwidth": 1.2, "depth_mm": 20.0},
        {"mode": "colour-doppler", "rows": 64, "columns": 64},
    ],
)
def test_extremes_are_drawn(options: dict[str, Any]) -> None:
    made = us(water(), seed=1, frames=1, **options)
    frame = made.frame(0).pixels
    assert frame.shape[:2] == (made.screen.rows, made.screen.columns)
    assert frame[made.screen.seen].max() > 100
    with pytest.raises(IndexError):
        made.frame(1)


def test_layers_lie_along_the_skin() -> None:
    fat = Structure("fat", Box((0.0, -35.0, 0.0), (240.0, 50.0, 240.0)), TISSUES["adipose"])
    made = scan(block(fat), tgc_db_cm_mhz=0.63)
    made.levels(0)
    texture = made.seen(0).echo_db[60:150]
    along, down = np.abs(np.diff(texture, axis=1)).mean(), np.abs(np.diff(texture, axis=0)).mean()
    spacing = made.probe.spacing_mm(0.0) / made.insonified.step_mm
    assert down > 4.0 * along / spacing
    assert 1.0 < texture.std() < 4.0


CODE = """
import hashlib
import phantoms
from modality.acquisition.ultrasound import us
for made in (
    us(phantoms.abdomen(3), seed=7, rows=64, columns=64, frames=2),
    us(phantoms.abdomen(3), seed=7, rows=64, columns=64, frames=1, mode="colour-doppler"),
    us(phantoms.breast(2), seed=8, rows=64, columns=64, frames=1),
):
    digest = hashlib.sha256()
    for frame in made:
        digest.update(frame.pixels.tobytes())
    print(digest.hexdigest())
"""


def digests(**environment: str) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-c", CODE], check=True, capture_output=True, text=True, env={**os.environ, **environment}
    )
    return run.stdout.split()


def test_pixels_do_not_depend_on_simd() -> None:
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])  # type: ignore[index]
    usual = digests()
    assert len(set(usual)) == 3
    assert digests(NPY_DISABLE_CPU_FEATURES=" ".join(found)) == usual


def test_what_is_scanned_again_is_the_same() -> None:
    def digest(patient: Phantom) -> str:
        return hashlib.sha256(us(patient, seed=5, rows=64, columns=64, frames=1).frame(0).pixels.tobytes()).hexdigest()

    assert digest(abdomen(4)) == digest(abdomen(4)) != digest(abdomen(5))
