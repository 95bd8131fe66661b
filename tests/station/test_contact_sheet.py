"""Contact sheets: the right pixels, windowed, in order, in the proportions of the field of view."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from modality.station.contact_sheet import ContactSheet, png, stacked, windowed
from modality.transfer.encode import prepare
from modality.transfer.syntaxes import RLE
from tests.transfer.datasets import decoded, image, pixels

BACKGROUND = 24


def grey(value: int, shape: tuple[int, int] = (8, 8), **attributes: Any) -> Any:
    dataset = pixels(np.full(shape, value, "u2"), bits_stored=12)
    for keyword, one in ({"WindowCenter": 128, "WindowWidth": 256} | attributes).items():
        setattr(dataset, keyword, one)
    return prepare(dataset)


@pytest.mark.parametrize(
    ("value", "shown"), [(0, 0), (1, 1), (100, 100), (200, 200), (255, 255), (256, 255), (4000, 255)]
)
def test_a_window_of_256_around_128_shows_values_as_they_are(value: int, shown: int) -> None:
    assert np.unique(windowed(decoded(grey(value)))).tolist() == [shown]


@pytest.mark.parametrize(
    ("attributes", "value", "shown"),
    [
        ({"PhotometricInterpretation": "MONOCHROME1"}, 55, 200),
        ({"RescaleSlope": 2, "RescaleIntercept": -10}, 55, 100),
        ({"WindowCenter": [128, 40], "WindowWidth": [256, 400]}, 100, 100),
        ({"WindowCenter": 100, "WindowWidth": 1}, 100, 255),
        ({"WindowCenter": 100, "WindowWidth": 1}, 99, 0),
    ],
)
def test_the_first_window_after_rescale_and_inversion(attributes: dict[str, Any], value: int, shown: int) -> None:
    assert np.unique(windowed(decoded(grey(value, **attributes)))).tolist() == [shown]


def test_without_a_window_the_range_of_the_image_is_shown() -> None:
    shown = windowed(decoded(prepare(pixels(np.array([[10, 20, 30]], "u2")))))
    assert shown.tolist() == [[0, 128, 255]]
    assert np.unique(windowed(decoded(prepare(pixels(np.full((3, 3), 7, "u2")))))).tolist() == [0]


def tile_values(sheet: ContactSheet, columns: int) -> list[int]:
    array = np.asarray(sheet.image(columns))
    step = sheet.tile_px + 4
    centres = array[4 + sheet.tile_px // 2 :: step, 4 + sheet.tile_px // 2 :: step]
    return [int(value) for value in centres.ravel()]


def test_tiles_stand_in_order_by_rows() -> None:
    sheet = ContactSheet(tile_px=16)
    for value in (50, 100, 150, 200, 250):
        sheet.add(grey(value))
    assert sheet.image(columns=3).size == (3 * 20 + 4, 2 * 20 + 4)
    assert tile_values(sheet, 3) == [50, 100, 150, 200, 250, BACKGROUND]


def test_many_images_are_thinned_evenly() -> None:
    sheet = ContactSheet(tiles=4, tile_px=8)
    for value in range(240):
        sheet.add(grey(value))
    assert tile_values(sheet, 4) == [30, 90, 150, 210]


def test_very_many_images_are_not_all_kept() -> None:
    sheet = ContactSheet(tiles=4, tile_px=4)
    one = grey(5)
    for _ in range(700):
        sheet.add(one)
    assert len(sheet._kept) <= 257
    assert tile_values(sheet, 4) == [5] * 4


@pytest.mark.parametrize(
    ("shape", "spacing", "size"),
    [((8, 8), [1, 1], (32, 32)), ((8, 8), [1, 2], (32, 16)), ((8, 16), [2, 1], (32, 32)), ((4, 8), None, (32, 16))],
)
def test_oblong_pixels_give_the_field_of_views_proportions(
    shape: tuple[int, int], spacing: list[float] | None, size: tuple[int, int]
) -> None:
    sheet = ContactSheet(tile_px=32)
    sheet.add(grey(200, shape, **({"PixelSpacing": spacing} if spacing else {})))
    array = np.asarray(sheet.image())
    bright = array > 100
    assert (int(bright.any(axis=0).sum()), int(bright.any(axis=1).sum())) == size


def test_a_png_is_a_png_and_sheets_stand_below_each_other() -> None:
    one, other = ContactSheet("one", tile_px=16), ContactSheet("other", tile_px=16)
    one.add(grey(60))
    for _ in range(2):
        other.add(prepare(decoded(grey(180)), RLE))
    assert Image.open(BytesIO(one.png())).size == (24, 24)
    array = np.asarray(Image.open(BytesIO(stacked([one, other]))))
    assert array.shape == (48, 44)
    assert (array[12, 12], array[36, 12], array[36, 32], array[12, 32]) == (60, 180, 180, BACKGROUND)
    assert png(one.image()) == one.png()


def test_an_empty_sheet_is_a_small_grey_one() -> None:
    assert np.unique(np.asarray(ContactSheet(tile_px=8).image())).tolist() == [BACKGROUND]


def test_the_title_is_kept() -> None:
    assert ContactSheet("Head").title == "Head"
    assert image().Rows == 4
