from __future__ import annotations

import math
from importlib import import_module

import pytest

from modality.acquisition.geometry import Geometry
from modality.iods.values import decimal, time
from modality.registry import KINDS

# Two turns: no image axis is parallel to an axis of the patient.
TURN, TILT = math.radians(20), math.radians(35)
OBLIQUE = Geometry(
    rows=24,
    columns=32,
    slices=7,
    row_spacing_mm=0.9765625,
    column_spacing_mm=1 / 3,
    slice_spacing_mm=2.7,
    slice_thickness_mm=2.5,
    origin_mm=(-123.4567891234, 1e-7, 812.0),
    row_direction=(math.cos(TURN), math.sin(TURN), 0.0),
    column_direction=(-math.sin(TURN) * math.cos(TILT), math.cos(TURN) * math.cos(TILT), math.sin(TILT)),
)
AXIAL = Geometry(24, 32, 7, 0.5, 0.5, 3.0, 3.0, (-0.0, 0.0, -9.0), (1.0, -0.0, 0.0), (0.0, 1.0, 0.0))


@pytest.mark.parametrize("kind", ["ct", "mr"])
@pytest.mark.parametrize("index", [0, 6])
@pytest.mark.parametrize("geometry", [OBLIQUE, AXIAL], ids=["oblique", "axial"])
def test_positions_are_as_near_as_sixteen_characters_allow(
    make_acquisition, make_context, blank_frame, kind, index, geometry
):
    acquisition = make_acquisition(kind, slices=7, geometry=geometry)
    module = import_module(f"modality.iods.images.{kind}")
    dataset = module.describe_frame(acquisition, make_context(), blank_frame(index))
    written = {
        "ImagePositionPatient": geometry.position_mm(index),
        "ImageOrientationPatient": (*geometry.row_direction, *geometry.column_direction),
        "PixelSpacing": (geometry.row_spacing_mm, geometry.column_spacing_mm),
    }
    for keyword, values in written.items():
        texts = [str(value) for value in dataset[keyword].value]
        assert all((len(text) <= 16 and not text.startswith("-0.0")) or float(text) for text in texts), texts
        assert [float(text) for text in texts] == pytest.approx(values, rel=1e-13, abs=5e-14)
    assert float(dataset.SliceLocation) == pytest.approx(geometry.slice_location_mm(index), rel=1e-13)
    assert float(dataset.SliceThickness) == geometry.slice_thickness_mm


@pytest.mark.parametrize("value", [0.1, 1 / 3, -1 / 3, 1e-17, -123.4567891234567, 1e22, 0.9765625])
def test_no_other_decimal_of_sixteen_characters_is_nearer(value):
    text = decimal(value)
    assert len(text) <= 16
    candidates = [f"{value:.{digits}{style}}" for digits in range(17) for style in "efg"]
    nearest = min(abs(float(other) - value) for other in candidates if len(other) <= 16)
    assert abs(float(text) - value) <= nearest


def test_zero_has_no_sign():
    assert not decimal(-0.0).startswith("-")


def test_instances_are_numbered_and_named_by_their_place(make_acquisition, make_context):
    kind, context = KINDS.load("ct"), make_context()
    datasets = list(kind.describe(make_acquisition("ct", slices=3), context))
    assert [int(dataset.InstanceNumber) for dataset in datasets] == [1, 2, 3]
    assert [dataset.SOPInstanceUID for dataset in datasets] == [context.identity.uid("instance", i) for i in range(3)]
    assert len({dataset.FrameOfReferenceUID for dataset in datasets}) == 1


def test_describing_is_lazy(make_acquisition, make_context, monkeypatch):
    kind, acquisition = KINDS.load("ct"), make_acquisition("ct", slices=3)
    asked: list[int] = []
    whole = type(acquisition).frame
    monkeypatch.setattr(type(acquisition), "frame", lambda self, index: (asked.append(index), whole(self, index))[1])
    datasets = kind.describe(acquisition, make_context())
    assert asked == []
    next(datasets)
    assert asked == [0]


def test_a_fraction_of_a_second_is_written_only_where_there_is_one(make_context):
    moment = make_context().study.started
    assert time(moment) == "093015.250000"
    assert time(moment.replace(microsecond=0)) == "093015"
