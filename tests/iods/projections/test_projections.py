"""Data sets of radiographs and runs: what they say is what was set and measured."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from modality.station.contact_sheet import ContactSheet
from modality.station.steps.filling import kind_of
from modality.station.study import generate, load_phantom
from phantoms import breast
from phantoms.phantom import Phantom

SIZE = {"rows": 96, "columns": 80}


def made(kind: str, phantom: str | Phantom = "spheres", **options: Any) -> list[Dataset]:
    scanned = load_phantom(phantom) if isinstance(phantom, str) else phantom
    return [one.dataset() for one in generate(kind, scanned, seed=4, **{**SIZE, **options})]


@pytest.mark.parametrize("kind", ["cr", "dx", "mg", "xa", "rf"])
def test_a_step_of_its_modality_is_performed_with_it(kind: str) -> None:
    assert kind_of(kind.upper()) == kind


def test_a_pair_is_two_classes_in_two_series_that_refer_to_each_other() -> None:
    study = generate("dx", load_phantom("spheres"), seed=4, presentation="both", **SIZE)
    raw, picture = (one.dataset() for one in study)
    assert (raw.PresentationIntentType, picture.PresentationIntentType) == ("FOR PROCESSING", "FOR PRESENTATION")
    assert raw.StudyInstanceUID == picture.StudyInstanceUID
    assert raw.SeriesInstanceUID != picture.SeriesInstanceUID
    assert raw.SeriesNumber != picture.SeriesNumber
    assert raw.ReferencedImageSequence[0].ReferencedSOPInstanceUID == picture.SOPInstanceUID
    (source,) = picture.SourceImageSequence
    assert source.ReferencedSOPInstanceUID == raw.SOPInstanceUID
    assert source.ReferencedSOPClassUID == raw.SOPClassUID
    assert source.PurposeOfReferenceCodeSequence[0].CodeValue == "121358"
    assert {uid for uid, _ in study.contexts} == {raw.SOPClassUID, picture.SOPClassUID}
    assert "WindowCenter" not in raw


@pytest.mark.parametrize("kind", ["dx", "mg"])
@pytest.mark.parametrize("presentation", ["PRESENTATION", "PROCESSING", "both"])
def test_the_series_that_are_told_are_those_of_the_images(kind: str, presentation: str) -> None:
    phantom = breast() if kind == "mg" else load_phantom("spheres")
    (scan,) = generate(kind, phantom, seed=4, presentation=presentation, **SIZE).series
    told = [(one.uid, one.description, one.sop_class_uid, one.intent) for one in scan.parts]
    images = [one.dataset() for one in scan]
    assert told == [
        (one.SeriesInstanceUID, one.SeriesDescription, one.SOPClassUID, one.PresentationIntentType) for one in images
    ]
    assert [one.instances for one in scan.parts] == [1] * len(images)
    assert len(images) == len({uid for uid, *_ in told}) == (2 if presentation == "both" else 1)


@pytest.mark.parametrize(
    ("intent", "photometric", "shape", "relationship", "sign", "bits"),
    [
        ("PRESENTATION", "MONOCHROME2", "IDENTITY", "LOG", -1, 12),
        ("PROCESSING", "MONOCHROME1", "INVERSE", "LIN", 1, 14),
    ],
)
def test_values_mean_what_the_image_says(
    intent: str, photometric: str, shape: str, relationship: str, sign: int, bits: int
) -> None:
    (image,) = made("dx", presentation=intent)
    assert image.PhotometricInterpretation == photometric
    assert image.PresentationLUTShape == shape
    assert (image.PixelIntensityRelationship, image.PixelIntensityRelationshipSign) == (relationship, sign)
    assert image.BitsStored == bits == image.HighBit + 1
    # What attenuates is shown bright by either.
    pixels = image.pixel_array.astype(float)
    ball, corner = pixels[30:66, 25:55].max() if sign < 0 else pixels[30:66, 25:55].min(), pixels[2, 2]
    assert (ball - corner) * sign < 0


def test_a_plate_darkens_as_its_values_grow() -> None:
    (image,) = made("cr")
    pixels = image.pixel_array.astype(float)
    assert image.PhotometricInterpretation == "MONOCHROME1"
    assert pixels[2, 2] > pixels[30:66, 25:55].min() + 1000


def test_geometry_and_dose_are_the_truths() -> None:
    study = generate("dx", load_phantom("spheres"), seed=4, view="LATERAL", mas=8.0, kvp=90.0, **SIZE)
    (image,), truth = [one.dataset() for one in study], study.series[0].truth()
    assert image.ViewPosition == "LL"
    assert image.PatientOrientation == ["P", "F"]
    assert [float(x) for x in image.ImagerPixelSpacing] == [truth["imager_pixel_spacing_mm"]] * 2
    assert (image.KVP, image.Exposure, image.ExposureInuAs, image.ExposureControlMode) == (90, 8, 8000, "MANUAL")
    assert float(image.DistanceSourceToDetector) == truth["source_to_detector_mm"]
    ratio = truth["source_to_detector_mm"] / truth["source_to_patient_mm"]
    assert float(image.EstimatedRadiographicMagnificationFactor) == pytest.approx(ratio, abs=1e-4)
    assert float(image.EntranceDoseInmGy) == pytest.approx(truth["dose"]["entrance_air_kerma_mgy"], abs=1e-5)
    product = float(image.ImageAndFluoroscopyAreaDoseProduct)
    assert product == pytest.approx(truth["dose"]["kerma_area_product_ugy_m2"] / 10.0, abs=1e-5)
    assert float(image.ExposureIndex) == truth["dose"]["exposure_index"]
    assert json.loads(json.dumps(truth))["view"] == "LATERAL"


@pytest.mark.parametrize("kind", ["dx", "xa", "rf"])
def test_the_field_of_view_is_told_with_its_row_dimension_first(kind: str) -> None:
    """PS3.3 C.8.11.4.1.1: the row dimension is the row spacing times Rows."""
    (image,) = made(kind)
    spacing = [float(one) for one in image.ImagerPixelSpacing]
    sides = [round(image.Rows * spacing[0]), round(image.Columns * spacing[1])]
    assert sides[0] > sides[1]
    assert [int(one) for one in image.FieldOfViewDimensions] == sides


@pytest.mark.parametrize(
    ("view", "side", "code", "orientation"),
    [
        ("CC", "L", "399162004", ["A", "R"]),
        ("MLO", "R", "399368009", ["P", "FL"]),
    ],
)
def test_a_mammogram_names_breast_view_compression_and_dose(
    view: str, side: str, code: str, orientation: list[str]
) -> None:
    phantom = breast(2, microcalcifications=0, thickness_mm=48.0)
    (image,) = made("mg", phantom, view=view, laterality=side, rows=48, columns=36)
    assert image.Modality == "MG"
    assert image.ImageLaterality == side
    assert image.ViewPosition == view
    assert image.ViewCodeSequence[0].CodeValue == code
    assert image.ViewCodeSequence[0].ViewModifierCodeSequence == []
    assert image.PatientOrientation == orientation
    assert image.PartialView == "NO"
    assert float(image.BodyPartThickness) == 48.0
    assert float(image.CompressionForce) > 40.0
    assert float(image.OrganDose) > 0.0
    assert image.OrganExposed == "BREAST"
    assert abs(float(image.PositionerPrimaryAngle)) == (45.0 if view == "MLO" else 0.0)


def test_a_run_says_its_frames_its_mask_and_its_angles() -> None:
    (image,) = made("xa", frames=4, mask_frames=2, frame_rate=2.0, primary_deg=20.0, secondary_deg=-10.0)
    assert image.NumberOfFrames == 4
    assert image.pixel_array.shape == (4, 96, 80)
    assert image.FrameIncrementPointer == 0x00181063
    assert float(image.FrameTime) == 500.0
    assert (float(image.PositionerPrimaryAngle), float(image.PositionerSecondaryAngle)) == (20.0, -10.0)
    (item,) = image.MaskSubtractionSequence
    assert (list(item.MaskFrameNumbers), list(item.ApplicableFrameRange)) == ([1, 2], [3, 4])
    assert image.RecommendedViewingMode == "SUB"
    assert image.TableMotion == "STATIC"
    assert "SharedFunctionalGroupsSequence" not in image


def test_a_moving_table_is_said_frame_by_frame_and_has_no_mask() -> None:
    (image,) = made("rf", frames=3, frame_rate=2.0, table_mm_s=10.0)
    assert image.TableMotion == "DYNAMIC"
    assert [float(x) for x in image.TableLateralIncrement] == [0.0, 5.0, 10.0]
    assert "MaskSubtractionSequence" not in image
    assert float(image.ColumnAngulation) == 0.0


def test_an_agent_is_named_only_where_one_flows() -> None:
    (image,) = made("xa", frames=1)
    assert "ContrastBolusAgent" not in image


def test_a_contact_sheet_shows_a_run_without_what_its_mask_shows() -> None:
    pytest.importorskip("PIL")
    sheet = ContactSheet()
    for one in generate("xa", load_phantom("spheres"), seed=4, frames=4, mask_frames=2, **SIZE):
        sheet.add(one)
    assert sheet.seen == 2
    shown = np.asarray(sheet.image()).astype(float)
    inside = shown[40:150, 60:140]
    assert abs(np.median(inside) - 204.0) < 8.0  # grey, with noise: the balls are gone
    assert np.abs(inside - np.median(inside)).mean() < 45.0
