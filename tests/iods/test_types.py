from __future__ import annotations

import pytest
from pydicom.multival import MultiValue

# Types from PS3.3: (clause, Type 1 attributes, Type 2 attributes); conditional ones whose condition holds are listed
# as what they then are.
COMMON = (
    ("C.7.1.1", "", "PatientName PatientID PatientBirthDate PatientSex"),
    ("C.7.2.1", "StudyInstanceUID", "StudyDate StudyTime ReferringPhysicianName StudyID AccessionNumber"),
    ("C.7.3.1", "Modality SeriesInstanceUID", "SeriesNumber PatientPosition"),
    ("C.7.4.1", "FrameOfReferenceUID", "PositionReferenceIndicator"),
    ("C.7.5.1", "", "Manufacturer"),
    ("C.7.6.1", "", "InstanceNumber ContentDate ContentTime"),
    ("C.7.6.2", "PixelSpacing ImageOrientationPatient ImagePositionPatient", "SliceThickness"),
    (
        "C.7.6.3",
        "SamplesPerPixel PhotometricInterpretation Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation",
        "",
    ),
    ("C.7.6.3", "PixelData", ""),
    ("C.11.2", "WindowCenter WindowWidth", ""),
    ("C.12.1", "SOPClassUID SOPInstanceUID", ""),
)
CT = ("C.8.2.1", "ImageType RescaleIntercept RescaleSlope RescaleType", "KVP AcquisitionNumber")
MR = (
    "C.8.3.1",
    "ImageType ScanningSequence SequenceVariant",
    "ScanOptions MRAcquisitionType RepetitionTime EchoTime EchoTrainLength",
)
MODULES = [("ct", *module) for module in (*COMMON, CT)] + [("mr", *module) for module in (*COMMON, MR)]


@pytest.mark.parametrize("worklist", ["full", "sparse", "unscheduled"])
@pytest.mark.parametrize(("kind", "clause", "type_1", "type_2"), MODULES, ids=lambda value: str(value)[:10])
def test_every_type_1_attribute_has_a_value_and_every_type_2_is_present(
    make_dataset, kind, clause, type_1, type_2, worklist
):
    dataset = make_dataset(kind, worklist)
    assert [keyword for keyword in type_1.split() if dataset[keyword].is_empty] == []
    assert [keyword for keyword in type_2.split() if keyword not in dataset] == []


@pytest.mark.parametrize("worklist", ["full", "sparse", "unscheduled"])
@pytest.mark.parametrize("kind", ["ct", "mr"])
def test_nothing_but_type_2_is_empty(make_dataset, kind, worklist):
    type_2 = {keyword for name, _, _, keywords in MODULES if name == kind for keyword in keywords.split()}
    dataset = make_dataset(kind, worklist)
    assert [element.keyword for element in dataset if element.is_empty and element.keyword not in type_2] == []


def test_what_is_not_due_is_absent(make_dataset):
    dataset = make_dataset("ct", "unscheduled", mpps=False)
    absent = (
        "Laterality PatientOrientation PixelPaddingValue PlanarConfiguration RequestAttributesSequence Allergies "
        "ReferencedPerformedProcedureStepSequence PerformedProcedureStepID TimezoneOffsetFromUTC PatientAge"
    )
    assert [keyword for keyword in absent.split() if keyword in dataset] == []


@pytest.mark.parametrize(("kind", "type_3"), [("ct", "AXIAL"), ("mr", "OTHER")])
def test_image_type_is_an_original_of_the_kinds_own_third_value(make_dataset, kind, type_3):
    assert list(make_dataset(kind).ImageType) == ["ORIGINAL", "PRIMARY", type_3]


@pytest.mark.parametrize(
    ("body_part", "centers", "widths"),
    [("HEAD", [40], [80]), ("CHEST", [40, -600], [400, 1500]), ("PHANTOM", [40], [400]), ("KNEE", [40], [400])],
)
def test_the_ct_windows_suit_the_body_part(make_dataset, body_part, centers, widths):
    dataset = make_dataset("ct", body_part=body_part)
    assert dataset.BodyPartExamined == body_part
    values = [dataset.WindowCenter, dataset.WindowWidth, dataset.WindowCenterWidthExplanation]
    listed = [list(value) if isinstance(value, MultiValue) else [value] for value in values]
    assert listed[:2] == [centers, widths]
    assert len(listed[2]) == len(centers)


def test_the_mr_window_reaches_from_black_to_the_strongest_tissue(make_dataset, make_acquisition):
    acquisition = make_acquisition("mr", slices=1)
    dataset = make_dataset("mr")
    assert dataset.WindowCenter == pytest.approx(dataset.WindowWidth / 2, abs=1)
    assert dataset.WindowWidth == pytest.approx(acquisition.gain * max(acquisition.signals), abs=1)


@pytest.mark.parametrize(
    ("body_part", "code"),
    [("HEAD", "69536005"), ("CHEST", "816094009"), ("PHANTOM", "706342009"), ("KNEE", "72696002"), ("ELBOW", None)],
)
def test_the_anatomic_region_is_the_code_of_the_body_part(make_dataset, body_part, code):
    region = make_dataset("ct", body_part=body_part).get("AnatomicRegionSequence")
    assert (region[0].CodeValue if region else None) == code


def test_the_ct_attributes_are_those_of_the_protocol(make_dataset, make_acquisition):
    protocol = make_acquisition("ct").protocol
    dataset = make_dataset("ct")
    assert float(dataset.KVP) == protocol.kvp
    assert int(dataset.Exposure) == round(protocol.exposure_mas)
    assert dataset.CTDIvol == protocol.ctdi_vol_mgy
    assert float(dataset.ReconstructionDiameter) == protocol.reconstruction_diameter_mm
    assert dataset.CTDIPhantomTypeCodeSequence[0].CodeValue == "113690"
    assert (float(dataset.RescaleSlope), float(dataset.RescaleIntercept)) == (1, -1024)


def test_the_mr_attributes_are_those_of_the_protocol(make_dataset, make_acquisition):
    protocol = make_acquisition("mr").protocol
    dataset = make_dataset("mr")
    assert (dataset.ScanningSequence, dataset.SequenceVariant) == ("SE", "NONE")
    assert float(dataset.RepetitionTime) == protocol.repetition_time_ms
    assert float(dataset.EchoTime) == protocol.echo_time_ms
    assert float(dataset.MagneticFieldStrength) == protocol.field_strength_t
    assert float(dataset.ImagingFrequency) == protocol.imaging_frequency_mhz


def test_pixels_are_the_frame_in_little_endian(make_acquisition, make_context):
    from modality.iods.images.ct import describe_frame

    acquisition = make_acquisition("ct")
    frame = acquisition.frame(1)
    dataset = describe_frame(acquisition, make_context(), frame)
    assert (dataset.Rows, dataset.Columns) == (24, 32)
    assert dataset.PixelData == frame.pixels.astype("<u2").tobytes()
    assert (dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation) == (12, 11, 0)
    assert dataset["PixelData"].VR == "OW"
