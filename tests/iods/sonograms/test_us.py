"""Data sets of ultrasound images: classes, calibration, colours, time; what peers and the pictures make of them."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UltrasoundImageStorage, UltrasoundMultiFrameImageStorage

import modality
from modality.acquisition.ultrasound import colours
from modality.station.contact_sheet import ContactSheet
from modality.station.study import Study, generate, load_phantom
from modality.transfer.encode import transcode
from modality.transfer.syntaxes import EXPLICIT_LITTLE
from phantoms.phantom import Phantom
from tests.acquisition.ultrasound.objects import FRONT_MM, ball, block
from tests.acquisition.ultrasound.test_flow import slanted
from tests.peers import dcmtk
from tests.peers.fixtures import Factory

SMALL = {"rows": 120, "columns": 160, "frames": 2}
FLOW = {"mode": "colour-doppler", "probe": "linear", "view": "transverse", "x_mm": 0.0, "z_mm": 0.0, "depth_mm": 60.0,
        "prf_hz": 8000.0, "frequency_mhz": 5.0, "heart_rate": 0.0, "steer_deg": 0.0}  # fmt: skip


def study(phantom: str | Phantom = "spheres", **options: Any) -> Study:
    scanned = load_phantom(phantom) if isinstance(phantom, str) else phantom
    return generate("us", scanned, seed=4, **{**SMALL, **options})


def made(phantom: str | Phantom = "spheres", **options: Any) -> Dataset:
    (instance,) = study(phantom, **options)
    return instance.dataset()


def test_one_frame_is_a_single_frame_image_and_more_are_a_run() -> None:
    one, run = made(frames=1), made(frames=3, frame_rate=20.0)
    assert (one.SOPClassUID, run.SOPClassUID) == (UltrasoundImageStorage, UltrasoundMultiFrameImageStorage)
    assert "NumberOfFrames" not in one
    assert "FrameTime" not in one
    assert one.pixel_array.shape == (120, 160)
    assert run.pixel_array.shape == (3, 120, 160)
    assert (run.NumberOfFrames, run.FrameIncrementPointer, float(run.FrameTime)) == (3, 0x00181063, 50.0)
    assert (run.CineRate, run.RecommendedDisplayFrameRate, float(run.EffectiveDuration)) == (20, 20, 0.15)
    assert study(frames=1).contexts == [(UltrasoundImageStorage, EXPLICIT_LITTLE.uid)]


def test_what_was_set_is_said() -> None:
    image = made("abdomen", heart_rate=70.0, depth_mm=140.0, frequency_mhz=4.0, focus_mm=60.0, rows=64, columns=64)
    assert list(image.ImageType) == ["ORIGINAL", "PRIMARY", "ABDOMINAL", "0001"]
    assert (image.Modality, image.BodyPartExamined, image.TransducerType) == ("US", "ABDOMEN", "CURVED LINEAR")
    assert list(image.PatientOrientation) == ["F", "P"]
    assert (image.DepthOfScanField, float(image.FocusDepth), image.HeartRate) == (140, 6.0, 70)
    assert image.SequenceOfUltrasoundRegions[0].TransducerFrequency == 4000
    assert list(made(view="coronal").PatientOrientation) == ["F", "L"]
    assert made(probe="phased").TransducerType == "SECTOR_PHASED"
    assert "HeartRate" not in made(heart_rate=0.0)


def dark(pixels: npt.NDArray[np.uint8], near: tuple[float, float], reach: int) -> tuple[float, float]:
    """The middle of what is dark near a place."""
    row, column = round(near[0]) - reach, round(near[1]) - reach
    rows, columns = np.nonzero(pixels[row : row + 2 * reach + 1, column : column + 2 * reach + 1] < 25)
    return row + float(rows.mean()), column + float(columns.mean())


@pytest.mark.parametrize("probe", ["linear", "curved", "phased"])
@pytest.mark.parametrize("ends", [((-8.0, 20.0), (8.0, 20.0)), ((0.0, 18.0), (0.0, 38.0)), ((-8.0, 18.0), (6.0, 32.0))])
def test_a_distance_measured_by_the_calibration_is_the_phantom_s(probe: str, ends: Any) -> None:
    cysts = [ball((u, FRONT_MM + v, 0.0), 4.0, "cyst", f"cyst {u:g}") for u, v in ends]
    options: dict[str, Any] = {"probe": probe, "view": "transverse", "x_mm": 0.0, "z_mm": 0.0, "depth_mm": 50.0}
    (scan,) = study(block(*cysts), rows=400, columns=500, frames=1, **options).series
    image = next(iter(scan)).dataset()
    region = image.SequenceOfUltrasoundRegions[0]
    assert (region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags) == (1, 1, 0)
    assert (region.PhysicalUnitsXDirection, region.PhysicalUnitsYDirection) == (3, 3)  # cm
    assert (region.ReferencePixelPhysicalValueX, region.ReferencePixelPhysicalValueY) == (0.0, 0.0)
    row_0, column_0 = (
        region.RegionLocationMinY0 + region.ReferencePixelY0,
        region.RegionLocationMinX0 + region.ReferencePixelX0,
    )
    found = []
    for told in scan.truth()["structures"][1:]:
        row, column = dark(image.pixel_array, (told["row"], told["column"]), round(0.48 / region.PhysicalDeltaY))
        u_mm, v_mm = (column - column_0) * region.PhysicalDeltaX * 10, (row - row_0) * region.PhysicalDeltaY * 10
        assert (u_mm, v_mm) == (pytest.approx(told["across_mm"], abs=0.4), pytest.approx(told["depth_mm"], abs=0.4))
        found.append((u_mm, v_mm))
    assert math.dist(*found) == pytest.approx(math.dist(*ends), abs=0.4)


def test_the_region_holds_the_picture_and_nothing_of_it_lies_outside() -> None:
    (scan,) = study(frames=1).series
    region = next(iter(scan)).dataset().SequenceOfUltrasoundRegions[0]
    rows, columns = np.nonzero(scan.acquisition.screen.seen)  # type: ignore[attr-defined]
    assert (rows.min(), rows.max()) == (region.RegionLocationMinY0, region.RegionLocationMaxY1)
    assert (columns.min(), columns.max()) == (region.RegionLocationMinX0, region.RegionLocationMaxX1)


def test_colour_has_regions_of_its_own_and_says_what_its_entries_mean() -> None:
    (scan,) = study(slanted(30.0), photometric="PALETTE COLOR", rows=300, columns=400, **FLOW).series
    image = next(iter(scan)).dataset()
    tissue, flow, bar = image.SequenceOfUltrasoundRegions
    assert [one.RegionDataType for one in (tissue, flow, bar)] == [1, 2, 14]
    assert (tissue.RegionFlags & 1, flow.RegionFlags & 1) == (1, 0)  # the colour box comes first
    assert tissue.RegionLocationMinX0 < flow.RegionLocationMinX0
    assert flow.RegionLocationMaxY1 < tissue.RegionLocationMaxY1
    assert tissue.RegionLocationMinX0 + tissue.ReferencePixelX0 == flow.RegionLocationMinX0 + flow.ReferencePixelX0
    assert flow.PulseRepetitionFrequency == 8000
    assert (flow.PixelComponentOrganization, flow.PixelComponentPhysicalUnits, flow.PixelComponentDataType) == (2, 7, 3)
    table = dict(zip(flow.TableOfPixelValues, flow.TableOfParameterValues, strict=True))
    assert len(table) == flow.NumberOfTableEntries == 128
    assert max(table.values()) == pytest.approx(61.6, abs=0.5)  # cm/s
    row, column = (round(place) for place in scan.acquisition.screen.pixel(0.0, 30.0))  # type: ignore[attr-defined]
    entries = image.pixel_array[0, row - 2 : row + 3, column - 2 : column + 3].ravel().tolist()
    assert np.mean([table[entry] for entry in entries]) == pytest.approx(25.0, abs=2.5)  # 50 cm/s times sin 30
    assert (image.UltrasoundColorDataPresent, list(image.ImageType)[2:]) == (1, ["VASCULAR", "0011"])


def test_palettes_hold_their_colours() -> None:
    for options, table in (({}, colours.tinted_table()), (FLOW, colours.flow_table())):
        image = made(block(), photometric="PALETTE COLOR", **options)
        assert (image.PhotometricInterpretation, image.SamplesPerPixel, image.BitsStored) == ("PALETTE COLOR", 1, 8)
        assert "PlanarConfiguration" not in image
        for column, name in enumerate(("Red", "Green", "Blue")):
            assert list(image[f"{name}PaletteColorLookupTableDescriptor"].value) == [256, 0, 16]
            words = np.frombuffer(image[f"{name}PaletteColorLookupTableData"].value, "<u2")
            assert np.array_equal(words, table[:, column].astype(int) * 257)


def test_rgb_goes_as_ybr_in_jpeg_baseline_and_a_palette_does_not() -> None:
    pytest.importorskip("imagecodecs")
    from modality.errors import UnsupportedError

    plain = made(slanted(30.0), **FLOW)
    assert (plain.PhotometricInterpretation, plain.PlanarConfiguration) == ("RGB", 0)
    (lossy,) = study_in("JPEGBaseline8Bit", slanted(30.0), **FLOW)
    assert lossy.dataset().PhotometricInterpretation == "YBR_FULL_422"
    assert lossy.dataset().LossyImageCompression == "01"
    again = transcode(lossy, EXPLICIT_LITTLE).dataset().pixel_array.astype(int)
    assert np.abs(again - plain.pixel_array).mean() < 6.0
    with pytest.raises(UnsupportedError, match="PALETTE COLOR"):
        list(study_in("JPEGBaseline8Bit", block(), photometric="PALETTE COLOR"))


def study_in(syntax: str, phantom: Phantom, **options: Any) -> Study:
    return generate("us", phantom, seed=4, transfer_syntax=syntax, **{**SMALL, **options})


def test_truth_is_plain_data_with_the_frames_and_the_calibration() -> None:
    (scan,) = study(frames=3, sweep_mm=10.0).series
    truth = json.loads(json.dumps(scan.truth()))
    region = next(iter(scan)).dataset().SequenceOfUltrasoundRegions[0]
    assert truth["pixel_spacing_mm"] == pytest.approx(10.0 * region.PhysicalDeltaX)
    assert truth["face_pixel"][0] == region.RegionLocationMinY0 + region.ReferencePixelY0
    assert [one["time_s"] for one in truth["frames"]] == [0.0, 0.04, 0.08]
    assert truth["burned_in_text"] == []
    assert {"ball 1", "ball 3"} <= {one["name"] for one in truth["structures"]}


@pytest.mark.parametrize("kind", ["MONOCHROME2", "RGB", "PALETTE COLOR"])
def test_a_contact_sheet_shows_frames_in_their_colours(kind: str) -> None:
    pytest.importorskip("PIL")
    sheet = ContactSheet(tile_px=160)
    image: dict[str, Any] = {} if kind == "MONOCHROME2" else FLOW
    for one in study(slanted(45.0), photometric=kind, **image):
        sheet.add(one)
    assert sheet.seen == 2
    picture = np.asarray(sheet.image(columns=2)).astype(int)
    coloured = picture.ndim == 3 and int((picture.max(axis=2) - picture.min(axis=2)).max()) > 100
    assert coloured == (kind != "MONOCHROME2")


MODES: list[dict[str, Any]] = [
    {},
    {"frames": 1},
    {"photometric": "RGB"},
    {"photometric": "PALETTE COLOR"},
    {"mode": "colour-doppler", "annotation": True},
    {"mode": "colour-doppler", "photometric": "PALETTE COLOR", "frames": 1},
    {"probe": "linear", "annotation": True},
    {"probe": "linear", "mode": "colour-doppler"},
    {"probe": "linear", "mode": "colour-doppler", "photometric": "PALETTE COLOR", "steer_deg": -10.0},
    {"probe": "phased", "heart_rate": 0.0},
]


@pytest.mark.peer
@pytest.mark.parametrize("options", MODES, ids=str)
def test_the_validator_finds_no_error(
    options: dict[str, Any], tmp_path: Path, dciodvfy: Callable[[Path], list[str]]
) -> None:
    (instance,) = study("abdomen", **options)
    instance.write(tmp_path / "one.dcm")
    assert dciodvfy(tmp_path / "one.dcm") == []


@pytest.mark.peer
@pytest.mark.parametrize("kind", ["MONOCHROME2", "RGB", "PALETTE COLOR"])
def test_dcmtk_shows_the_same_picture(kind: str, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    options: dict[str, Any] = {} if kind == "MONOCHROME2" else FLOW
    (instance,) = study(slanted(30.0), photometric=kind, **options)
    instance.write(tmp_path / "one.dcm")
    dcmtk.run("dcm2pnm", "+F", "2", tmp_path / "one.dcm", tmp_path / "one.ppm")
    shown = np.asarray(image.open(tmp_path / "one.ppm")).astype(int)
    dataset = instance.dataset()
    expected = dataset.pixel_array[1].astype(int)
    if kind == "PALETTE COLOR":
        expected = colours.flow_table().astype(int)[expected]
    assert np.array_equal(shown, expected)


@pytest.mark.peer
def test_orthanc_stores_and_decodes_a_run(orthanc: Factory, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    runs = study(slanted(30.0), **FLOW)
    with orthanc() as archive:
        assert modality.Archive(archive.address).store(runs).complete
        (stored,) = archive.instances()
        (expected,) = (one.dataset() for one in runs)
        assert archive.tags(stored)["NumberOfFrames"] == "2"
        shown = np.asarray(image.open(io.BytesIO(archive.read(f"/instances/{stored}/frames/1/preview"))))
    assert np.array_equal(shown, expected.pixel_array[1])
