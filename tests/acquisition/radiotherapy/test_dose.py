"""Dose falls with distance, has its maximum where its quality says, and a penumbra; histograms are of its points."""

from __future__ import annotations

import math

import numpy as np
import pytest

from modality.acquisition.radiotherapy.beam_quality import PENUMBRA_MM, QUALITIES, TRANSMISSION
from modality.acquisition.radiotherapy.beams import Axis
from modality.acquisition.radiotherapy.dose import rtdose
from modality.acquisition.radiotherapy.electron_density import relative_densities
from modality.acquisition.radiotherapy.engine import dose_gy
from modality.acquisition.radiotherapy.grid import Grid
from modality.acquisition.radiotherapy.plan import rtplan
from modality.errors import UsageError
from phantoms import shepp_logan, spheres, thorax
from phantoms.objects.balls import BALLS
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Box, sphere
from phantoms.tissues import TISSUES

SMALL = {"rows": 64, "columns": 64, "slices": 30}


def tank(*more, depth_mm=300.0):
    """A tank of water, its surface 100 mm before the origin, with a target of water about it."""
    target = Structure("lesion", sphere((0.0, 0.0, 0.0), 20.0), TISSUES["water"], ((0.0, 0.0, 0.0), 19.0))
    box = Box((0.0, depth_mm / 2 - 100.0, 0.0), (300.0, depth_mm, 200.0))
    return Phantom("tank", "PHANTOM", (Structure("water", box, TISSUES["water"]), *more, target), (-90.0, 90.0), 520.0)


def along_the_axis(patient, energy_mv=6, **options):
    """Depths below the surface, distances from the source and doses on the axis of one beam from before."""
    plan = rtplan(patient, seed=1, beams=1, energy_mv=energy_mv, slices=20, rows=48, columns=48, **options)
    grid = Grid((-6.0, -102.0, -6.0), (1.0, 1.0, 1.0), (13, 300, 13))
    dose, _ = dose_gy(patient, plan.fields, grid)
    x, y, z = plan.isocentre_mm
    at = np.arange(-99.5, 190.0, 0.5)
    return at + 100.0, 1000.0 + at - y, grid.between(dose, np.full(len(at), x), at, np.full(len(at), z)), plan


@pytest.mark.parametrize("energy_mv", sorted(QUALITIES))
def test_the_depth_dose_in_water_is_that_of_its_quality(energy_mv):
    quality = QUALITIES[energy_mv]
    depth, distance, dose, plan = along_the_axis(tank(), energy_mv)
    at_one_distance = dose * (distance / 1000.0) ** 2
    assert depth[np.argmax(at_one_distance)] == pytest.approx(quality.depth_of_maximum_mm, abs=1.0)
    # The tissue-phantom ratio is one of points at one distance from the source.
    twenty, ten = (np.interp(mm, depth, at_one_distance) for mm in (200.0, 100.0))
    assert twenty / ten == pytest.approx(quality.tpr_20_10, rel=0.005)
    assert at_one_distance[0] < 0.25 * at_one_distance.max()  # build-up
    assert np.interp(100.0, depth, dose) == pytest.approx(60.0, rel=0.005)  # prescribed in the isocentre
    assert plan.fields[0].depth_mm == pytest.approx(100.0, abs=0.5)
    assert plan.fields[0].source_surface_mm == pytest.approx(900.0, abs=1.0)


def test_dose_falls_with_the_square_of_the_distance_where_nothing_else_changes():
    # A hollow of air: behind it the depth in water is the same, and the source 100 mm farther away.
    air = Structure("hollow", Box((0.0, 90.0, 0.0), (300.0, 100.0, 200.0)), TISSUES["air"])
    depth, distance, dose, _ = along_the_axis(tank(air))
    before, behind = (int(np.argmin(np.abs(depth - mm))) for mm in (138.0, 242.0))
    ratio = dose[behind] / dose[before]
    quality = QUALITIES[6]
    meant = (distance[before] / distance[behind]) ** 2 * math.exp(-quality.attenuation_per_mm * 4.0)
    assert ratio == pytest.approx(meant, rel=0.005)
    assert ratio < 0.84


def test_the_penumbra_is_as_wide_as_it_is_said_and_what_lies_outside_gets_what_leaks():
    patient = tank()
    plan = rtplan(patient, seed=1, beams=1, slices=20, rows=48, columns=48)
    grid = Grid((-80.0, -104.0, -2.0), (0.5, 2.0, 2.0), (3, 54, 321))
    profile = dose_gy(patient, plan.fields, grid)[0][1, 52] / 60.0
    x = grid.axes()[0]
    right = x > 0
    place = [float(np.interp(-share, -profile[right], x[right])) for share in (0.8, 0.2)]
    assert place[1] - place[0] == pytest.approx(PENUMBRA_MM, rel=0.06)
    assert float(np.interp(-0.5, -profile[right], x[right])) == pytest.approx(plan.fields[0].jaws_x_mm[1], abs=0.3)
    assert profile[0] == pytest.approx(TRANSMISSION, rel=0.05)


def test_bone_takes_more_and_lung_less_than_water():
    depths = {}
    for name in ("water", "lung", "cortical bone"):
        slab = Structure("slab", Box((0.0, -60.0, 0.0), (300.0, 40.0, 200.0)), TISSUES[name])
        depths[name] = rtplan(tank(slab), seed=1, beams=1, slices=3, rows=32, columns=32).fields[0].depth_mm
    assert depths["water"] == pytest.approx(100.0, abs=0.5)
    assert 60.0 < depths["lung"] < 80.0
    assert 125.0 < depths["cortical bone"] < 140.0
    assert relative_densities(tank())[1] == pytest.approx(1.0, abs=0.002)


@pytest.mark.parametrize(
    ("gantry", "source"), [(0.0, (0, -1000, 0)), (90.0, (1000, 0, 0)), (180.0, (0, 1000, 0)), (270.0, (-1000, 0, 0))]
)
def test_the_gantry_turns_from_before_the_patient_to_his_left(gantry, source):
    axis = Axis((10.0, 20.0, 30.0), gantry)
    assert np.subtract(axis.source_mm, (10.0, 20.0, 30.0)) == pytest.approx(source, abs=1e-6)
    point = (np.asarray([40.0]), np.asarray([-5.0]), np.asarray([44.0]))
    assert [float(one[0]) for one in axis.points(*axis.seen(*point))] == pytest.approx([40.0, -5.0, 44.0])


@pytest.mark.parametrize("bits", [16, 32])
def test_the_planning_target_gets_what_was_prescribed_and_the_body_less(bits):
    dose = rtdose(spheres(), seed=1, target="ball 8", margin_mm=4.0, bits=bits, prescription_gy=50.0, **SMALL)
    body, planned, target = dose.histograms[:3]
    assert planned.least_gy > 0.93 * 50.0
    assert planned.greatest_gy < 1.12 * 50.0
    assert planned.mean_gy == pytest.approx(50.0, rel=0.05)
    assert planned.least_gy <= target.least_gy <= target.mean_gy <= target.greatest_gy <= planned.greatest_gy
    assert body.greatest_gy == pytest.approx(dose.dose_gy.max(), abs=1e-3)
    assert body.mean_gy < 0.5 * planned.mean_gy
    at = dose.grid.between(dose.dose_gy, *(np.asarray([one]) for one in dose.scan.isocentre_mm))
    assert float(at[0]) == pytest.approx(50.0, rel=0.015)
    frames = np.stack([frame.pixels for frame in dose])
    assert frames.dtype.itemsize * 8 == bits
    assert frames.max() >= 0.999 * {16: 65535, 32: 2**31 - 1}[bits]
    assert np.abs(frames * dose.scaling_gy - dose.dose_gy).max() == 0.0


def test_the_histogram_of_a_ball_is_that_of_its_points():
    dose = rtdose(spheres(), seed=1, target="ball 1", margin_mm=0.0, rows=128, columns=128, slices=48, grid_mm=2.5)
    (found,) = [one for one in dose.histograms if one.roi.name == "ball 1"]
    centre, radius = BALLS[0]
    points = np.random.default_rng(1).uniform(-radius, radius, (60000, 3))
    points = points[(points**2).sum(axis=1) < radius**2] + centre
    doses = dose.grid.between(dose.dose_gy, *points.T)
    assert found.mean_gy == pytest.approx(doses.mean(), rel=0.002)
    assert found.least_gy == pytest.approx(doses.min(), rel=0.02)
    assert found.greatest_gy == pytest.approx(doses.max(), rel=0.01)
    assert found.volumes_cm3[0] == pytest.approx(4 / 3 * np.pi * radius**3 / 1000.0, rel=0.03)
    assert all(a >= b for a, b in zip(found.volumes_cm3, found.volumes_cm3[1:], strict=False))
    for share in (0.25, 0.5, 0.75):
        gets = np.quantile(doses, 1.0 - share)
        volume = found.volumes_cm3[int(gets / found.bin_gy)] / found.volumes_cm3[0]
        assert volume == pytest.approx(share, abs=0.05)


def test_monitor_units_are_those_of_the_depth_and_the_distance():
    plan = rtplan(tank(), seed=1, beams=1, fractions=25, prescription_gy=50.0, slices=3, rows=32, columns=32)
    # 2 Gy in 10 cm of water at the isocentre, where 1 MU gives 1 cGy in the depth of the maximum.
    quality = QUALITIES[6]
    ratio = float(quality.at_depth(np.asarray([100.0]))[0])
    assert 0.65 < ratio < 0.75
    assert plan.meterset_mu(plan.fields[0]) == pytest.approx(200.0 / ratio, rel=0.01)


def test_the_same_dose_twice():
    one, again = (
        b"".join(frame.pixels.tobytes() for frame in
                 rtdose(thorax(seed=5), seed=5, grid_mm=15.0, beams=2, slices=4, rows=40, columns=40))
        for _ in range(2)
    )  # fmt: skip
    assert one == again


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"grid_mm": 0.5}, "between 1 and 20"),
        ({"grid_mm": float("nan")}, "grid nan"),
        ({"bits": 8}, "one of 16, 32"),
        ({"beams": 0}, "beams 0"),
        ({"beams": 1.5}, "whole number between 1 and 36"),
        ({"fractions": 101}, "whole number between 1 and 100"),
        ({"energy_mv": 4}, "one of 6, 10, 18"),
        ({"prescription_gy": 0.0}, "prescription must be a positive number"),
        ({"prescription_gy": 201.0}, "at most 200"),
    ],
)
def test_what_cannot_be_is_refused(options, told):
    with pytest.raises(UsageError, match=told):
        rtdose(spheres(), seed=1, **options)


def test_a_target_that_no_beam_gives_dose_is_told():
    skin = Structure("lesion", sphere((0.0, -100.4, 0.0), 0.4), TISSUES["water"], ((0.0, -100.4, 0.0), 0.3))
    patient = tank()
    bare = Phantom("tank", "PHANTOM", (*patient.structures[:1], skin), (-90.0, 90.0), 520.0)
    plan = rtplan(bare, seed=1, margin_mm=0.0, beams=1, slices=3, rows=32, columns=32)
    with pytest.raises(UsageError, match="gets no dose from gantry angle 0"):
        plan.fields  # noqa: B018


def test_a_material_of_which_only_the_ct_number_is_known_is_as_dense_as_that_says():
    found = dict(zip([tissue.name for tissue in shepp_logan().tissues], relative_densities(shepp_logan()), strict=True))
    assert min(found.values()) >= 0.0
    assert sorted(set(found.values()))[-1] == 2.0  # the skull: 1000 HU
    rtdose(shepp_logan(), seed=1, slices=6, rows=32, columns=32, grid_mm=20.0).scan.fields  # noqa: B018 - no error


def test_a_single_slice_has_planes_of_dose_on_both_sides():
    dose = rtdose(spheres(), seed=1, slices=1, rows=32, columns=32, grid_mm=8.0, beams=1)
    assert len(dose) == 3
    assert dose.grid.axes()[2][1] == dose.scan.scan.scan.geometry.position_mm(0)[2]
