import pytest

import phantoms
from modality.acquisition.ct import ct
from modality.iods.images.ct import describe
from modality.iods.images.enhanced_ct import describe as describe_enhanced

SMALL = {"seed": 1, "rows": 24, "columns": 32}


def test_a_helical_scan_says_how_fast_the_table_moved(make_context):
    made = next(describe(ct(phantoms.thorax(1), slices=2, pitch=1.25, **SMALL), make_context()))
    assert made.SpiralPitchFactor == 1.25
    assert (made.TotalCollimationWidth, made.TableFeedPerRotation) == (40.0, 50.0)
    assert made.RevolutionTime * made.TableSpeed == pytest.approx(made.TableFeedPerRotation)
    assert made.SingleCollimationWidth == 0.625


def test_a_scan_with_the_table_standing_names_no_pitch(make_context):
    made = next(describe(ct(phantoms.head(1), slices=2, **SMALL), make_context()))
    assert not {"SpiralPitchFactor", "TableFeedPerRotation", "TableSpeed"} & set(made.dir())


@pytest.mark.parametrize(("side", "letter"), [("left", "L"), ("right", "R")])
def test_a_knee_is_of_one_side(make_context, side, letter):
    acquisition = ct(phantoms.knee(1, side=side), slices=1, **SMALL)
    assert next(describe(acquisition, make_context())).ImageLaterality == letter
    (frame,) = next(describe_enhanced(acquisition, make_context())).SharedFunctionalGroupsSequence
    assert frame.FrameAnatomySequence[0].FrameLaterality == letter
    assert frame.CTReconstructionSequence[0].ConvolutionKernelGroup == "SOFT_TISSUE"


def test_what_is_unpaired_has_no_side(make_context):
    assert next(describe(ct(phantoms.spine(1), slices=1, **SMALL), make_context())).ImageLaterality == "U"


def test_each_image_has_its_own_tube_current_and_the_dose_that_follows(make_context):
    acquisition = ct(phantoms.thorax(1), slices=8, **SMALL)
    currents = []
    for index, made in enumerate(describe(acquisition, make_context())):
        currents.append(int(made.XRayTubeCurrent))
        assert int(made.Exposure) == round(int(made.XRayTubeCurrent) * int(made.ExposureTime) / 1000)
        assert made.CTDIvol == acquisition.ctdi_vol_mgy(index)
    assert len(set(currents)) > 3


def test_a_tilted_gantry_turns_the_slices_and_leaves_the_table_along_z(make_context):
    acquisition = ct(phantoms.head(1), slices=3, gantry_tilt_deg=20.0, **SMALL)
    first, second, _ = describe(acquisition, make_context())
    assert float(first.GantryDetectorTilt) == 20.0
    assert [float(v) for v in first.ImageOrientationPatient] == pytest.approx([1, 0, 0, 0, 0.9397, 0.3420], abs=1e-4)
    moved = [float(b) - float(a) for a, b in zip(first.ImagePositionPatient, second.ImagePositionPatient, strict=True)]
    assert moved == pytest.approx([0.0, 0.0, acquisition.geometry.slice_spacing_mm], abs=1e-4)
