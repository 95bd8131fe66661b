"""An enhanced image says of each frame what the classic series says of each image, and its order is told."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset

from modality.errors import UnsupportedError
from modality.registry import KINDS
from modality.station.performed import kind_of
from modality.station.study import Study, generate, load_phantom
from modality.transfer.encode import prepare_frames, transcode
from modality.transfer.syntaxes import EXPLICIT_LITTLE, syntax
from phantoms.phantom import Phantom

SCANS: list[tuple[str, dict[str, Any]]] = [
    ("ct", {}),
    ("ct", {"pitch": 0, "gantry_tilt_deg": 12.0, "dose_modulation": False}),
    ("ct", {"orientation": "coronal", "pitch": 0}),
    ("mr", {"orientation": "oblique", "partial_fourier": 0.7, "coil": "ARRAY"}),
    ("mr", {"echo_times_ms": (10.0, 30.0, 90.0)}),
    ("mr", {"inversion_times_ms": (100.0, 900.0)}),
    ("mr", {"b_values_s_per_mm2": (0.0, 500.0, 1000.0)}),
    ("mr", {"temporal_positions": 4, "temporal_resolution_s": 3.0}),
    ("mr", {"orientation": "three-plane"}),
]
EVERY = [pytest.param(*scan, id=f"{scan[0]}-{'-'.join(scan[1])}") for scan in SCANS]


@lru_cache
def known(name: str) -> Phantom:
    return load_phantom(name, seed=2)


def scanned(kind: str, **options: Any) -> Study:
    phantom = known("thorax" if kind.endswith("ct") else "relaxometry")
    return generate(kind, phantom, seed=3, slices=3, rows=40, columns=32, **options)


def whole(kind: str, **options: Any) -> Dataset:
    (instance,) = scanned(f"enhanced-{kind}", **options)
    return instance.dataset()


def of_frame(dataset: Dataset, number: int, group: str) -> Dataset:
    """A frame's functional group, its own or shared; never both (C.7.6.16.1.1)."""
    own, shared = dataset.PerFrameFunctionalGroupsSequence[number], dataset.SharedFunctionalGroupsSequence[0]
    assert (group in own) != (group in shared), group
    found: Dataset = (own if group in own else shared)[group].value[0]
    return found


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d%H%M%S.%f" if "." in text else "%Y%m%d%H%M%S")


@pytest.mark.parametrize(("kind", "options"), EVERY)
def test_frames_are_the_images_of_the_classic_series(kind: str, options: dict[str, Any]) -> None:
    images = [instance.dataset() for instance in scanned(kind, **options)]
    dataset = whole(kind, **options)
    assert int(dataset.NumberOfFrames) == len(images) == len(dataset.PerFrameFunctionalGroupsSequence)
    assert np.array_equal(dataset.pixel_array, np.stack([image.pixel_array for image in images]))
    for number, image in enumerate(images):
        measures = of_frame(dataset, number, "PixelMeasuresSequence")
        assert measures.PixelSpacing == image.PixelSpacing
        assert measures.SliceThickness == image.SliceThickness
        orientation = of_frame(dataset, number, "PlaneOrientationSequence").ImageOrientationPatient
        assert orientation == image.ImageOrientationPatient
        assert of_frame(dataset, number, "PlanePositionSequence").ImagePositionPatient == image.ImagePositionPatient
        lut = of_frame(dataset, number, "FrameVOILUTSequence")
        assert (lut.WindowCenter, lut.WindowWidth) == (image.WindowCenter, image.WindowWidth)
        if kind == "ct":
            exposure = of_frame(dataset, number, "CTExposureSequence")
            assert exposure.XRayTubeCurrentInmA == int(image.XRayTubeCurrent)
            assert exposure.CTDIvol == image.CTDIvol
            rescaling = of_frame(dataset, number, "PixelValueTransformationSequence")
            assert (rescaling.RescaleSlope, rescaling.RescaleIntercept, rescaling.RescaleType) == (1, -1024, "HU")
        else:
            assert of_frame(dataset, number, "MREchoSequence").EffectiveEchoTime == float(image.EchoTime)
            inversion = of_frame(dataset, number, "MRModifierSequence").get("InversionTimes")
            assert inversion == (float(image.InversionTime) if "InversionTime" in image else None)
            if "DiffusionBValue" in image:
                assert of_frame(dataset, number, "MRDiffusionSequence").DiffusionBValue == image.DiffusionBValue


@pytest.mark.parametrize(("kind", "options"), EVERY)
def test_dimension_indices_point_at_what_differs_and_order_the_frames(kind: str, options: dict[str, Any]) -> None:
    dataset = whole(kind, **options)
    frames = range(int(dataset.NumberOfFrames))
    places = [tuple(of_frame(dataset, n, "FrameContentSequence").DimensionIndexValues) for n in frames]
    assert len(set(places)) == len(places)
    assert places == sorted(places)
    (organization,) = dataset.DimensionOrganizationSequence
    for dimension, index in enumerate(dataset.DimensionIndexSequence):
        assert index.DimensionOrganizationUID == organization.DimensionOrganizationUID
        group, pointer = keyword_for_tag(index.FunctionalGroupPointer), keyword_for_tag(index.DimensionIndexPointer)
        told = [of_frame(dataset, n, group)[pointer].value for n in frames]
        numbers = [place[dimension] for place in places]
        # One value, one index; and indices ascend with the values (C.7.6.17.2).
        pairs = sorted({(number, float(value)) for number, value in zip(numbers, told, strict=True)})
        assert len(pairs) == len(set(numbers)) == len(set(told))
        assert all(earlier[1] < later[1] for earlier, later in pairwise(pairs))
        assert set(numbers) == set(range(1, len(set(numbers)) + 1))


def test_a_helix_moves_on_and_each_frame_is_later_than_the_one_before() -> None:
    dataset = whole("ct")
    contents = [of_frame(dataset, number, "FrameContentSequence") for number in range(3)]
    begun = [moment(one.FrameAcquisitionDateTime) for one in contents]
    dynamics, measures = (of_frame(dataset, 0, group) for group in ("CTTableDynamicsSequence", "PixelMeasuresSequence"))
    apart_s = float(measures.SpacingBetweenSlices) / dynamics.TableSpeed
    assert [(b - a).total_seconds() for a, b in pairwise(begun)] == pytest.approx([apart_s] * 2, abs=1e-3)
    tables = [of_frame(dataset, number, "CTPositionSequence").TablePosition for number in range(3)]
    assert tables == pytest.approx([n * float(measures.SpacingBetweenSlices) for n in range(3)])
    assert dataset.AcquisitionDuration == pytest.approx(2 * apart_s + 0.5, abs=1e-3)


def test_a_tilted_gantry_has_each_frames_middle_on_its_axis() -> None:
    dataset = whole("ct", pitch=0, gantry_tilt_deg=12.0)
    for number in range(3):
        centre = of_frame(dataset, number, "CTPositionSequence").ReconstructionTargetCenterPatient
        assert centre[:2] == pytest.approx([0.0, 0.0], abs=1e-3)
    assert of_frame(dataset, 0, "CTAcquisitionDetailsSequence").GantryDetectorTilt == 12


@pytest.mark.parametrize(("direction", "angle"), [("frontal", 0.0), ("lateral", 90.0)])
def test_a_localizer_has_a_standing_tube(direction: str, angle: float) -> None:
    phantom = load_phantom("water", seed=2)
    (one,) = generate("enhanced-ct", phantom, seed=3, rows=40, columns=40, localizer=direction)
    dataset = one.dataset()
    assert list(dataset.ImageType) == ["ORIGINAL", "PRIMARY", "LOCALIZER", "NONE"]
    how = of_frame(dataset, 0, "CTAcquisitionTypeSequence")
    assert (how.AcquisitionType, how.TubeAngle) == ("CONSTANT_ANGLE", angle)
    length_mm = 40 * float(of_frame(dataset, 0, "PixelMeasuresSequence").PixelSpacing[0])
    speed = of_frame(dataset, 0, "CTTableDynamicsSequence").TableSpeed
    assert length_mm / speed == pytest.approx(dataset.AcquisitionDuration, rel=1e-3)
    assert "RevolutionTime" not in of_frame(dataset, 0, "CTAcquisitionDetailsSequence")


def test_reformatted_frames_are_derived() -> None:
    dataset = whole("ct", orientation="coronal", pitch=0)
    assert list(dataset.ImageType) == ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"]
    assert dataset.VolumeBasedCalculationTechnique == "MPR"


def test_a_contrast_agent_is_told_with_its_times() -> None:
    dataset = whole("mr", temporal_positions=4, temporal_resolution_s=3.0, bolus_arrival_s=4.0)
    contents = [of_frame(dataset, number, "FrameContentSequence") for number in range(12)]
    assert [one.TemporalPositionIndex for one in contents] == [1] * 3 + [2] * 3 + [3] * 3 + [4] * 3
    begun = [moment(one.FrameAcquisitionDateTime) for one in contents]
    assert (begun[-1] - begun[0]).total_seconds() == 9.0
    (agent,) = dataset.ContrastBolusAgentSequence
    assert agent.CodeMeaning == "Gadobutrol"
    # Middles at 1.5, 4.5, 7.5 and 10.5 s.
    there = [of_frame(dataset, n, "ContrastBolusUsageSequence").ContrastBolusAgentAdministered for n in range(12)]
    assert there == ["NO"] * 3 + ["YES"] * 9
    assert dataset.ImageType[2] == "DYNAMIC"


@pytest.mark.parametrize(
    ("options", "contrast", "pulses"),
    [
        ({}, "T1", "SPIN"),
        ({"protocol": "PD"}, "PROTON_DENSITY", "SPIN"),
        ({"sequence": "TSE"}, "T2", "SPIN"),
        ({"sequence": "FLAIR"}, "FLUID_ATTENUATED", "SPIN"),
        ({"sequence": "STIR"}, "STIR", "SPIN"),
        ({"sequence": "GRE"}, "T1", "GRADIENT"),
        ({"sequence": "GRE", "echo_times_ms": (25.0,)}, "T2_STAR", "GRADIENT"),
        ({"sequence": "DWI"}, "DIFFUSION", "BOTH"),
        ({"echo_times_ms": (10.0, 90.0)}, "MIXED", "SPIN"),
    ],
)
def test_the_contrast_is_named_by_sequence_and_times(options: dict[str, Any], contrast: str, pulses: str) -> None:
    dataset = whole("mr", **options)
    assert (dataset.AcquisitionContrast, dataset.EchoPulseSequence) == (contrast, pulses)


@pytest.mark.parametrize("keyword", ["ImplicitVRLittleEndian", "ExplicitVRBigEndian", "DeflatedExplicitVRLittleEndian"])
def test_native_syntaxes_hold_the_same_frames(keyword: str) -> None:
    (one,) = scanned("enhanced-mr", transfer_syntax=syntax(keyword))
    assert np.array_equal(transcode(one, EXPLICIT_LITTLE).dataset().pixel_array, whole("mr").pixel_array)


def test_frames_are_kept_as_they_come_without_a_copy_in_one_piece() -> None:
    (one,) = scanned("enhanced-ct")
    frames = [part for part in one.tail if len(part) == 40 * 32 * 2]
    assert len(frames) == 3


def test_a_study_counts_one_instance_and_a_station_makes_classic_images_unless_told() -> None:
    assert len(scanned("enhanced-mr", echo_times_ms=(10.0, 20.0))) == 1
    assert [kind_of(modality) for modality in ("CT", "MR")] == ["ct", "mr"]
    assert {KINDS.load(f"enhanced-{kind}").modality for kind in ("ct", "mr")} == {"CT", "MR"}


def test_more_pixels_than_a_native_instance_can_hold_are_refused_before_any_is_made() -> None:
    dataset = Dataset()
    dataset.Rows = dataset.Columns = 512
    dataset.SamplesPerPixel, dataset.BitsAllocated, dataset.NumberOfFrames = 1, 16, 8192
    with pytest.raises(UnsupportedError, match="8192 frames are 4294967296 bytes: take fewer slices"):
        prepare_frames(dataset, iter(lambda: pytest.fail("a frame was made"), None))
