"""Values of lensmeter, autorefractor and keratometer stand where PS3.3 has them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from modality.errors import InputError
from modality.iods.captured import prepared
from modality.iods.measurements import autorefraction, keratometry, lensometry
from modality.iods.measurements.eyes import (
    Autorefraction,
    Cornea,
    Keratometry,
    Lens,
    Lensometry,
    Meridian,
    Prism,
    Refraction,
)
from tests.iods.captured_samples import TAKEN

LENS = Lens(-6.5, -1.5, 10, 2.25, 1.0, Prism(1, "OUT", 0.5, "DOWN"))
CORNEA = Cornea(Meridian(7.5, 90), Meridian(7.8, 180))


def test_a_lens_has_sphere_cylinder_axis_additions_and_prism(make_context):
    dataset = lensometry.describe(Lensometry(TAKEN, LENS, description="Progressive"), make_context())
    (lens,) = dataset.RightLensSequence
    assert "LeftLensSequence" not in dataset
    assert lens.SpherePower == -6.5
    assert (lens.CylinderSequence[0].CylinderPower, lens.CylinderSequence[0].CylinderAxis) == (-1.5, 10)
    assert lens.AddNearSequence[0].AddPower == 2.25
    assert lens.AddIntermediateSequence[0].AddPower == 1.0
    prism = lens.PrismSequence[0]
    assert (prism.HorizontalPrismPower, prism.HorizontalPrismBase) == (1, "OUT")
    assert (prism.VerticalPrismPower, prism.VerticalPrismBase) == (0.5, "DOWN")
    assert (dataset.LensDescription, dataset.Modality, dataset.MeasurementLaterality) == ("Progressive", "LEN", "R")


def test_a_lens_of_no_known_side_says_so(make_context, tmp_path):
    dataset = lensometry.describe(Lensometry(TAKEN, unspecified=Lens(1.25)), make_context())
    assert dataset.UnspecifiedLateralityLensSequence[0].SpherePower == 1.25
    assert "CylinderSequence" not in dataset.UnspecifiedLateralityLensSequence[0]
    assert "MeasurementLaterality" not in dataset
    assert dataset.Laterality == ""


@pytest.mark.peer
def test_the_validator_takes_a_lens_of_no_known_side(make_context, tmp_path, dciodvfy):
    path = tmp_path / "one.dcm"
    prepared(lensometry.describe(Lensometry(TAKEN, unspecified=Lens(1.25)), make_context())).write(path)
    assert dciodvfy(path) == []


def test_both_eyes_and_the_distance_of_the_pupils(make_context):
    measured = Autorefraction(TAKEN, Refraction(-6.5, -1.5, 180, 12, 4.5, 11.5), Refraction(0.25, 0), 64, 61.5)
    dataset = autorefraction.describe(measured, make_context())
    right, left = dataset.AutorefractionRightEyeSequence[0], dataset.AutorefractionLeftEyeSequence[0]
    assert (right.SpherePower, right.CylinderSequence[0].CylinderAxis) == (-6.5, 180)
    assert (right.VertexDistance, right.PupilSize, right.CornealSize) == (12, 4.5, 11.5)
    assert left.SpherePower == 0.25
    assert "CylinderSequence" not in left
    assert (dataset.DistancePupillaryDistance, dataset.NearPupillaryDistance) == (64, 61.5)
    assert (dataset.Modality, dataset.MeasurementLaterality) == ("AR", "B")


def test_a_radius_gives_its_power_by_the_keratometric_index_unless_the_device_does(make_context):
    given = replace(CORNEA, flat=Meridian(7.8, 175, 43.2))
    dataset = keratometry.describe(Keratometry(TAKEN, left=given), make_context())
    (cornea,) = dataset.KeratometryLeftEyeSequence
    steep, flat = cornea.SteepKeratometricAxisSequence[0], cornea.FlatKeratometricAxisSequence[0]
    assert (steep.RadiusOfCurvature, steep.KeratometricPower, steep.KeratometricAxis) == (7.5, 45.0, 90)
    assert (flat.RadiusOfCurvature, flat.KeratometricPower, flat.KeratometricAxis) == (7.8, 43.2, 175)
    assert (dataset.Modality, dataset.MeasurementLaterality) == ("KER", "L")


BAD_LENSES = [
    replace(LENS, sphere=math.nan),
    replace(LENS, cylinder=math.inf),
    replace(LENS, axis=None),
    replace(LENS, axis=181),
    replace(LENS, axis=-1),
    replace(LENS, add=math.nan),
    replace(LENS, prism=Prism(1, "LEFT")),
    replace(LENS, prism=Prism(math.nan)),
]


@pytest.mark.parametrize("lens", BAD_LENSES, ids=repr)
def test_a_lens_that_cannot_be_is_refused_in_one_line(lens, make_context):
    with pytest.raises(InputError, match="left lens") as refused:
        lensometry.describe(Lensometry(TAKEN, LENS, lens), make_context())
    assert "\n" not in str(refused.value)


def test_nothing_measured_is_refused(make_context):
    for module, empty in (
        (lensometry, Lensometry(TAKEN)),
        (autorefraction, Autorefraction(TAKEN)),
        (keratometry, Keratometry(TAKEN)),
    ):
        with pytest.raises(InputError, match="neither side was measured"):
            module.describe(empty, make_context())


def test_lengths_are_positive(make_context):
    with pytest.raises(InputError, match="right cornea, steep: RadiusOfCurvature of 0 mm is no length"):
        keratometry.describe(Keratometry(TAKEN, replace(CORNEA, steep=Meridian(0, 90))), make_context())
    with pytest.raises(InputError, match="DistancePupillaryDistance of -1 mm"):
        autorefraction.describe(Autorefraction(TAKEN, Refraction(1), pd_mm=-1), make_context())
