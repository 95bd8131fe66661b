"""A contrast agent's passage: the curve in our images is the model's, and its parameters are found again."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import phantoms
from modality.acquisition.mr import contrast, mr, signal
from modality.acquisition.mr.prescription import THREE_PLANES
from modality.acquisition.truth import truth
from modality.errors import UsageError
from phantoms.material import enhanced
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Cylinder
from phantoms.tissues import TISSUES

FOLLOWED = ("blood", "muscle", "metastasis", "kidney cortex")
SMALL = {"seed": 1, "rows": 64, "columns": 64, "slices": 1}


def vials(*names):
    """Rods of tissues along z in a cylinder of water."""
    body = Structure("body", Cylinder((0.0, 0.0, 0.0), (90.0, 90.0), 60.0), TISSUES["water"])
    rods = []
    for number, name in enumerate(names):
        centre = (45.0 * (1 - 2 * (number % 2)), 45.0 * (1 - 2 * (number // 2)), 0.0)
        rods.append(Structure(name, Cylinder(centre, (25.0, 25.0), 60.0), TISSUES[name], (centre, 20.0)))
    return Phantom("vials", "PHANTOM", (body, *rods), (-20.0, 20.0), 200.0)


def curves(acquisition):
    """Mean in each rod at each time, and the rod's truth."""
    geometry = acquisition.geometry
    x0, y0, _ = geometry.position_mm(0)
    x = x0 + np.arange(geometry.columns) * geometry.column_spacing_mm
    y = (y0 + np.arange(geometry.rows) * geometry.row_spacing_mm).reshape(-1, 1)
    images = [frame.pixels.astype(np.float64) for frame in acquisition]
    for rod in truth(acquisition)["structures"]:
        cx, cy, _ = rod["center_mm"]
        inside = (x - cx) ** 2 + (y - cy) ** 2 < (0.8 * rod["radius_mm"]) ** 2
        yield rod, np.array([image[inside].mean() for image in images])


def concentrations(curve, tissue, protocol):
    """What the magnitudes say of the concentration: the signal equation turned over, the first image without agent."""
    plain = tissue.relaxation(protocol.field_strength_t)

    def of(mmol_per_l):
        seen = contrast.faster(plain, mmol_per_l, protocol.field_strength_t)
        return signal.spoiled_gradient_echo(
            1.0,
            seen.t1_ms,
            signal.t2_star_ms(seen.t2_ms, protocol.field_strength_t),
            repetition_ms=protocol.repetition_time_ms,
            echo_ms=protocol.echo_time_ms,
            flip_deg=protocol.flip_angle_deg,
        )

    candidates = np.linspace(0.0, 8.0, 8001)
    levels = np.array([of(value) for value in candidates])
    rising = slice(0, int(levels.argmax()) + 1)
    return np.interp(curve / curve[0], levels[rising] / levels[0], candidates[rising])


def test_the_arterial_function_is_that_of_its_paper():
    at = np.arange(0.0, 300.0, 0.1)
    blood = np.array([contrast.blood_mmol_per_l(float(t)) for t in at])
    assert contrast.blood_mmol_per_l(-1.0) == 0.0
    # First pass: 0.809 mmol min / (0.0563 min sqrt(2 pi)) at 0.17046 min, plus the feet of the rest.
    assert blood.max() == pytest.approx(0.809 / (0.0563 * np.sqrt(2 * np.pi)) + 0.33, abs=0.1)
    assert at[blood.argmax()] == pytest.approx(0.17046 * 60, abs=0.3)
    assert blood[-1] == pytest.approx(1.050 * np.exp(-0.1685 * 299.9 / 60), rel=1e-3)


@pytest.mark.parametrize("name", ["muscle", "metastasis", "grey matter"])
def test_the_concentration_in_a_tissue_is_the_convolution(name):
    of, until = contrast.UPTAKE[name], 90.0
    times = np.linspace(0.0, until, 90001)
    plasma = np.array([contrast.blood_mmol_per_l(float(t)) for t in times]) / (1.0 - contrast.HAEMATOCRIT)
    rate = of.ktrans_per_min / 60.0
    leaked = rate * plasma * np.exp(-rate / of.ve * (until - times))
    integral = float(((leaked[1:] + leaked[:-1]) / 2 * np.diff(times)).sum())
    expected = of.vp * plasma[-1] + integral
    assert contrast.concentration_mmol_per_l(of, until) == pytest.approx(expected, rel=1e-4)


def test_uptake_is_found_again_from_the_images():
    acquisition = mr(
        vials(*FOLLOWED), **SMALL, temporal_positions=40, temporal_resolution_s=4.0, averages=1, filtering="HAMMING"
    )
    protocol = acquisition.protocol
    after = np.array([weighting.after_bolus_s for weighting in acquisition.weightings])
    fine = np.arange(0.0, after[-1] + 0.25, 0.25)
    plasma = np.array([contrast.blood_mmol_per_l(float(t)) for t in fine]) / (1.0 - contrast.HAEMATOCRIT)
    found = {}
    for rod, curve in curves(acquisition):
        assert rod["properties"]["ve"] > 0
        measured = concentrations(curve, TISSUES[rod["name"]], protocol)
        best = (np.inf, 0.0, 0.0, 0.0)
        for per_min in np.geomspace(0.05, 4.0, 120) if rod["name"] != "blood" else (1.0,):
            kernel = np.exp(-per_min / 60.0 * fine)
            leaked = np.convolve(plasma, kernel)[: len(fine)] * 0.25 / 60.0
            columns = [np.interp(after, fine, one, left=0.0) for one in (plasma, leaked)]
            design = np.stack(columns if rod["name"] != "blood" else columns[:1], axis=1)
            weights, *_ = np.linalg.lstsq(design, measured, rcond=None)
            left = float(((design @ weights - measured) ** 2).sum())
            ktrans = float(weights[1]) if len(weights) > 1 else 0.0
            best = min(best, (left, float(weights[0]), ktrans, ktrans / per_min))
        found[rod["name"]] = best[1:]
    for name, (vp, ktrans, ve) in found.items():
        told = contrast.UPTAKE[name]
        assert vp == pytest.approx(told.vp, rel=0.05, abs=0.005), name
        if name != "blood":
            assert ktrans == pytest.approx(told.ktrans_per_min, rel=0.06), name
            assert ve == pytest.approx(told.ve, rel=0.06), name


def test_nothing_changes_before_the_agent_arrives_nor_in_what_takes_none_up():
    acquisition = mr(vials("muscle", "cerebrospinal fluid"), **SMALL, temporal_positions=30, bolus_arrival_s=9.0)
    muscle, fluid = (curve for _, curve in curves(acquisition))
    arrived = [weighting.after_bolus_s > 0 for weighting in acquisition.weightings].index(True)
    assert arrived == 3
    assert np.ptp(muscle[:arrived]) < 0.02 * muscle[0]
    assert muscle[-1] > 1.1 * muscle[0]
    assert fluid[15:].mean() == pytest.approx(fluid[:15].mean(), rel=0.015)


def test_a_phantoms_own_contrast_phase_does_not_count_twice():
    plain = mr(vials("muscle"), **SMALL, temporal_positions=3)
    rods = vials("muscle")
    given = replace(rods.structures[1], tissue=enhanced(rods.structures[1].tissue, 4.0))
    laced = mr(replace(rods, structures=(rods.structures[0], given)), **SMALL, temporal_positions=3)
    assert laced.all_signals == plain.all_signals


def test_relaxivity_goes_through_what_was_measured():
    measured = {1.5: 4.78, 3.0: 4.97, 7.0: 3.83}
    assert {field: contrast.r1_per_s_and_mmol_per_l(field) for field in measured} == pytest.approx(measured)
    assert contrast.r1_per_s_and_mmol_per_l(0.5) == 4.78
    between = [contrast.r1_per_s_and_mmol_per_l(field) for field in (3.0, 4.0, 5.0, 7.0)]
    assert all(later < earlier for earlier, later in pairwise(between))


def test_repetition_follows_the_temporal_resolution_and_is_refused_where_it_cannot():
    phantom = phantoms.water()
    free = mr(phantom, **SMALL, temporal_positions=3)
    assert free.protocol.temporal_resolution_s == pytest.approx(64 * 0.040, abs=0.1)
    fast = mr(phantom, **SMALL, temporal_positions=3, temporal_resolution_s=1.0)
    assert fast.protocol.repetition_time_ms == pytest.approx(1000.0 / 64, abs=0.01)
    assert fast.protocol.duration_ms(fast.geometry) <= 1000.0
    for options, said in (
        ({"temporal_positions": 3, "temporal_resolution_s": 0.1}, "temporal resolution 0.1 s: 64 lines"),
        ({"temporal_positions": 3, "temporal_resolution_s": 1.0, "repetition_time_ms": 40.0}, "64 lines at TR 40"),
        ({"temporal_positions": 0}, "at least 1"),
        ({"temporal_resolution_s": 3.0}, "two or more temporal positions"),
        ({"temporal_positions": 1, "bolus_arrival_s": 3.0}, "two or more temporal positions"),
        ({"temporal_positions": 3, "sequence": "SE"}, "SE has none"),
        ({"temporal_positions": 3, "echo_times_ms": (2.0, 5.0)}, "one echo"),
        ({"temporal_positions": 3, "bolus_arrival_s": -1.0}, "bolus arrival -1 s"),
        ({"temporal_positions": 300}, "at most 256"),
    ):
        with pytest.raises(UsageError, match=said):
            mr(phantom, **SMALL, **options)


def test_three_planes_show_the_same_balls_in_one_field_of_view():
    acquisition = mr(phantoms.spheres(), seed=1, rows=64, columns=64, slices=3, orientation=THREE_PLANES)
    assert len(acquisition) == 9
    assert [(acquisition.stack_of(n), acquisition.slice_of(n)) for n in range(9)] == [
        (stack, n) for stack in range(3) for n in range(3)
    ]
    assert len({stack.field_of_view_mm for stack in acquisition.stacks}) == 1
    normals = np.array([stack.normal for stack in acquisition.stacks])
    assert np.allclose(np.abs(normals @ normals.T), np.eye(3))
    # The middles of the three planes cross in a point: what they show there is the same, to noise and blur.
    low, high = phantoms.spheres().scan_range_mm
    seen = []
    for stack, geometry in enumerate(acquisition.stacks):
        off = np.array([0.0, 0.0, (low + high) / 2]) - geometry.position_mm(1)
        row = round(float(off @ geometry.column_direction) / geometry.row_spacing_mm)
        column = round(float(off @ geometry.row_direction) / geometry.column_spacing_mm)
        seen.append(acquisition.frame(3 * stack + 1).pixels[row - 1 : row + 2, column - 1 : column + 2].mean())
    assert max(seen) < 1.15 * min(seen)
