import pytest

import phantoms
from modality.acquisition.plan import axial, positive, tilted
from modality.errors import UsageError

WATER = phantoms.water(diameter_mm=200.0, length_mm=200.0)
USUAL = {"rows": 64, "columns": 64, "slices": None, "slice_thickness_mm": 5.0, "slice_spacing_mm": 5.0}


def test_without_a_number_the_whole_range_is_scanned_at_the_spacing():
    geometry = axial(WATER, **USUAL)
    assert (geometry.slices, geometry.slice_spacing_mm) == (40, 5.0)
    assert geometry.slice_location_mm(0) == -97.5
    assert geometry.slice_location_mm(39) == 97.5


@pytest.mark.parametrize("slices", [2, 7, 40, 1000])
def test_slices_spread_evenly_over_the_range(slices):
    geometry = axial(WATER, **{**USUAL, "slices": slices})
    assert geometry.slices == slices
    assert geometry.slice_spacing_mm == pytest.approx(200.0 / slices, abs=1e-6)
    assert geometry.slice_location_mm(0) == pytest.approx(-100.0 + 100.0 / slices, abs=1e-3)
    assert geometry.slice_thickness_mm == 5.0


def test_one_slice_lies_in_the_middle():
    assert axial(WATER, **{**USUAL, "slices": 1}).slice_location_mm(0) == 0.0


def test_rows_and_columns_keep_the_field_of_view():
    geometry = axial(WATER, **{**USUAL, "rows": 100, "columns": 250})
    assert geometry.field_of_view_mm == pytest.approx((250.0, 250.0))
    assert (geometry.row_spacing_mm, geometry.column_spacing_mm) == (2.5, 1.0)
    x, y, _ = geometry.position_mm(0)
    assert (x, y) == (-124.5, -123.75)


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": 0},
        {"columns": 65536},
        {"slices": 0},
        {"slices": 65536},
        {"slice_thickness_mm": 0.0},
        {"slice_spacing_mm": float("nan")},
        {"slice_spacing_mm": 1e-3},
        {"field_of_view_mm": -1.0},
        {"field_of_view_mm": float("inf")},
        {"field_of_view_mm": 2000.5},
    ],
)
def test_numbers_out_of_range_are_refused_by_name(wrong):
    (name,) = wrong
    with pytest.raises(UsageError, match=name.removesuffix("_mm").replace("_", " ")):
        axial(WATER, **{**USUAL, **wrong})


def test_positive_gives_a_float_back():
    assert positive("kvp", 120) == 120.0


def test_a_tilted_slice_keeps_its_centre_and_the_table_moves_along_z():
    straight = axial(WATER, rows=50, columns=40, slices=5, slice_thickness_mm=2.0, slice_spacing_mm=2.0)
    turned = tilted(straight, 30.0)

    def centre(geometry, index):
        position, (_, dy, dz) = geometry.position_mm(index), geometry.column_direction
        down = 24.5 * geometry.row_spacing_mm
        return (position[0], position[1] + dy * down, position[2] + dz * down)

    for index in range(5):
        assert centre(turned, index) == pytest.approx(centre(straight, index), abs=1e-5)
    assert turned.normal == pytest.approx((0.0, -0.5, 3**0.5 / 2))
