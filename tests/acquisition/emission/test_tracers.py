import math

import pytest

import phantoms
from modality.acquisition.emission.tracers import BONE, ISOTOPES, PET_TRACERS


@pytest.mark.parametrize("isotope", ISOTOPES.values(), ids=ISOTOPES)
def test_half_is_left_after_a_half_life(isotope):
    assert isotope.left(0.0) == 1.0
    assert isotope.left(isotope.half_life_s) == pytest.approx(0.5, abs=1e-9)
    assert isotope.left(-isotope.half_life_s) == pytest.approx(2.0)


def test_the_mean_over_a_frame_is_the_integral_of_what_is_left():
    carbon = ISOTOPES["C-11"]
    steps = [carbon.left(300.0 + (k + 0.5) * 0.6) for k in range(1000)]
    assert carbon.mean_share(300.0, 600.0) == pytest.approx(math.fsum(steps) / 1000, rel=1e-6)


def test_what_a_phantom_says_of_its_activity_prevails_and_numbers_of_structures_do_not_count():
    fdg = PET_TRACERS["FDG"]
    sphere = phantoms.nema_pet(ratio=8.0).structures[-1]
    assert fdg.of(sphere.name, sphere.tissue) == 8.0
    nodule = next(one for one in phantoms.thorax(1).structures if one.name == "nodule 2")
    assert fdg.of(nodule.name, nodule.tissue) == fdg.uptake["nodule"] != fdg.uptake["muscle"]


def test_a_tissue_with_contrast_agent_is_still_that_tissue():
    abdomen = phantoms.abdomen(1)
    names = {one.name: one.tissue for one in abdomen.structures}
    assert names["liver"].name.startswith("liver, ")
    assert PET_TRACERS["FDG"].of("liver", names["liver"]) == 2.1


def test_bone_takes_up_what_is_for_bones_and_air_nothing():
    thorax = phantoms.thorax(1)
    uptake = dict(zip(("", *(one.name for one in thorax.structures)), BONE.by_label(thorax), strict=True))
    assert uptake["ribs"] > 5 * uptake["muscle"] > 0.0
    assert uptake[""] == uptake["trachea"] == 0.0
