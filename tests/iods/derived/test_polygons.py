from __future__ import annotations

import numpy as np
import pytest

from modality.iods.derived.polygons import filled

STAR = [(1.3, 0.2), (9.7, 7.4), (0.4, 6.1), (11.2, 1.9), (4.4, 9.8)]


def holds(polygon: list[tuple[float, float]], x: float, y: float) -> bool:
    """The even-odd rule, one ray for one point."""
    inside = False
    for (x0, y0), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            inside = not inside
    return inside


@pytest.mark.parametrize("pixel", [0.1, 0.37, 1.0, 3.0])
def test_a_pixel_is_in_where_its_centre_is(pixel: float) -> None:
    found = filled(STAR, 40, 45, pixel)
    wanted = [[holds(STAR, (x + 0.5) * pixel, (y + 0.5) * pixel) for x in range(45)] for y in range(40)]
    assert np.array_equal(found, wanted)


def test_what_lies_beyond_the_image_is_cut_off() -> None:
    around = [(-5.0, -5.0), (50.0, -5.0), (50.0, 50.0), (-5.0, 50.0)]
    assert filled(around, 7, 9, 1.0).all()
    assert not filled([(x + 100.0, y) for x, y in around], 7, 9, 1.0).any()
    assert filled([(-5.0, -5.0), (3.0, -5.0), (3.0, 50.0), (-5.0, 50.0)], 7, 9, 1.0).sum() == 7 * 3


def test_neighbours_share_out_the_pixels_between_them() -> None:
    left, right = [(0.0, 0.0), (4.5, 0.0), (4.5, 8.0), (0.0, 8.0)], [(4.5, 0.0), (9.0, 0.0), (9.0, 8.0), (4.5, 8.0)]
    both = filled(left, 8, 9, 1.0).astype(int) + filled(right, 8, 9, 1.0)
    assert (both == 1).all()
