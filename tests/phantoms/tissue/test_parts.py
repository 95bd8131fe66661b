from __future__ import annotations

import numpy as np
import pytest

from phantoms.errors import PhantomError
from phantoms.tissue.chance import Dice, field, hashed, scattered, shares
from phantoms.tissue.outline import Outline, diamond_angle, direction, rough_radii
from phantoms.tissue.panels import COLLAGEN, GROUNDS, INFILTRATE, LOOSE, MUSCLE, PANEL_UM, panel_nuclei
from phantoms.tissue.stamps import FAMILIES, variants
from phantoms.tissue.standing import REACH_UM


def test_hashes_depend_on_each_place_and_are_even() -> None:
    drawn = shares(1, np.arange(200).reshape(-1, 1), np.arange(200).reshape(1, -1))
    assert abs(drawn.mean() - 0.5) < 0.005
    assert abs(drawn.std() - 12**-0.5) < 0.005
    assert len(np.unique(hashed(1, np.arange(50).reshape(-1, 1), np.arange(50).reshape(1, -1)))) == 2500
    assert Dice(4).one() == Dice(4).one() != Dice(5).one()


def test_a_field_is_smooth_and_the_same_from_any_window() -> None:
    x, y = np.arange(300.0).reshape(1, -1), np.arange(200.0).reshape(-1, 1)
    whole = field(3, x, y, 40.0, 2)
    assert np.array_equal(field(3, x[:, 50:90], y[30:70], 40.0, 2), whole[30:70, 50:90])
    assert np.abs(np.diff(whole, axis=1)).max() < 0.15
    assert whole.min() < -0.4 < 0.4 < whole.max()


def test_scattered_points_keep_their_distance_over_the_border_too() -> None:
    x, y, nearest = scattered(9, 100, 1000.0)
    dx, dy = np.abs(x[:, None] - x), np.abs(y[:, None] - y)
    dx, dy = np.minimum(dx, 1000.0 - dx), np.minimum(dy, 1000.0 - dy)
    distance = np.sqrt(dx * dx + dy * dy) + np.eye(100) * 1e9
    assert np.allclose(distance.min(axis=1), nearest)
    assert nearest.min() > 50.0  # random points would come as near as a few


def test_diamond_angles_and_directions_undo_each_other() -> None:
    for angle in np.arange(0.0, 4.0, 0.13).tolist():
        x, y = direction(angle)
        assert abs(x * x + y * y - 1.0) < 1e-12
        assert diamond_angle(np.asarray([x]), np.asarray([y]))[0] == pytest.approx(angle, abs=1e-9)


def test_an_outline_with_radii_that_are_not_positive_is_refused() -> None:
    with pytest.raises(PhantomError, match="positive radii"):
        Outline((0.0, 0.0), np.zeros(8), (1.0, 1.0))


def test_an_outline_lies_in_its_box_and_reach() -> None:
    outline = Outline((50.0, -20.0), rough_radii(3, 64, [(5, 0.3)]), (80.0, 20.0), direction(0.7))
    x0, y0, x1, y1 = outline.box_um
    x, y = np.arange(-100.0, 200.0).reshape(1, -1), np.arange(-150.0, 130.0).reshape(-1, 1)
    inside = outline.contains(x, y)
    rows, columns = np.nonzero(inside)
    assert inside.sum() == pytest.approx(np.pi * 80 * 20, rel=0.4)
    assert x0 <= x[0, columns.min()] < x[0, columns.max()] <= x1
    assert y0 <= y[rows.min(), 0] < y[rows.max(), 0] <= y1
    assert outline.holds_discs(
        np.asarray([50.0, 50.0]), np.asarray([-20.0, -20.0]), np.asarray([5.0, 60.0])
    ).tolist() == [True, False]


@pytest.mark.parametrize("family", FAMILIES)
def test_parts_reach_no_farther_than_the_section_looks(family: str) -> None:
    stamps = variants(family, 3)
    assert len({stamp.texture for stamp in stamps}) == len(stamps)
    for stamp in stamps:
        nuclei = stamp.nuclei
        most = REACH_UM if family not in ("collagen", "muscle", "sparse", "infiltrate") else PANEL_UM / 2
        assert stamp.outline.reach_um <= most
        if len(nuclei):
            assert (np.hypot(nuclei["x"], nuclei["y"]) + nuclei["a"]).max() <= most
            assert np.allclose(nuclei["ux"] ** 2 + nuclei["uy"] ** 2, 1.0)
            assert (nuclei["a"] >= nuclei["b"] * 0.8).all()


def test_tumour_nuclei_are_larger_and_less_even_than_normal_ones() -> None:
    tumour = np.concatenate([stamp.nuclei for stamp in variants("tumour", 3)])
    normal = np.concatenate([stamp.nuclei for stamp in variants("crypt", 3)])
    areas = [group["a"] * group["b"] for group in (tumour, normal)]
    assert areas[0].mean() > 1.5 * areas[1].mean()
    assert areas[0].std() / areas[0].mean() > 1.5 * areas[1].std() / areas[1].mean()


@pytest.mark.parametrize("code", range(GROUNDS))
def test_a_panel_holds_the_nuclei_of_its_ground(code: int) -> None:
    nuclei = panel_nuclei(code, 3)
    for place in (nuclei["x"], nuclei["y"]):
        assert 0.0 <= place.min() < place.max() < PANEL_UM
    least = {LOOSE: 100, INFILTRATE: 600}.get(code, 30 if code < MUSCLE else 90)
    assert len(nuclei) > least
    if code >= COLLAGEN:
        x, y = direction(2.0 * ((code - COLLAGEN) % 8) / 8)
        along = np.abs(nuclei["ux"] * x + nuclei["uy"] * y)
        assert np.median(along) > 0.95
