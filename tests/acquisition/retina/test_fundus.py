"""A fundus photograph shows what its truth says, where it says it."""

from __future__ import annotations

import numpy as np
import pytest

from modality.acquisition.retina import fundus
from modality.errors import UsageError

SIZE = {"rows": 384, "columns": 384}


@pytest.fixture(scope="module", params=["R", "L"])
def photograph(request):
    return fundus(seed=9, eye=request.param, drusen=6, microaneurysms=5, **SIZE)


@pytest.fixture(scope="module")
def pixels(photograph):
    return photograph.frame(0).pixels.astype(int)


def mean(pixels, place, half=2):
    row, column = (round(one) for one in place)
    return pixels[row - half : row + half + 1, column - half : column + half + 1].mean(axis=(0, 1))


def test_the_disc_is_bright_and_lies_nasally_and_the_fovea_is_dark(photograph, pixels):
    truth = photograph.truth()
    disc, fovea = truth["disc"], truth["fovea"]
    row, column = disc["center"]
    rim = [row, column + (0.75 if truth["eye"] == "L" else -0.75) * disc["half_width"]]
    assert mean(pixels, rim)[1] > 1.5 * mean(pixels, [fovea[0] + 60, fovea[1]])[1]
    assert mean(pixels, fovea)[1] < 0.8 * mean(pixels, [fovea[0], fovea[1] + (70 if truth["eye"] == "L" else -70)])[1]
    assert (column > fovea[1]) == (truth["eye"] == "R")
    assert disc["half_height"] > disc["half_width"]


def test_outside_of_the_aperture_there_is_nothing(photograph, pixels):
    truth = photograph.truth()["aperture"]
    rows, columns = np.indices(pixels.shape[:2])
    away = np.hypot(rows - truth["center"][0], columns - truth["center"][1])
    assert pixels[away > truth["radius"] + 1].max() == 0
    assert pixels[away < truth["radius"] - 1, 0].min() > 40


def test_vessels_are_darker_than_what_is_beside_them(photograph, pixels):
    truth, darker, seen = photograph.truth(), 0, 0
    for vessel in truth["vessels"]:
        if vessel["width"] < 2.0:
            continue
        for (row, column), (next_row, next_column) in zip(vessel["points"][6:], vessel["points"][7:], strict=False):
            along = np.array([next_row - row, next_column - column])
            aside = np.array([-along[1], along[0]]) / np.hypot(*along) * 2.2 * vessel["width"]
            if np.hypot(row - 191.5, column - 191.5) < 150:
                seen += 1
                beside = max(mean(pixels, [row + s * aside[0], column + s * aside[1]], 0)[1] for s in (-1, 1))
                darker += mean(pixels, [row, column], 0)[1] < beside
    assert seen > 30
    assert darker / seen > 0.9
    assert {vessel["kind"] for vessel in truth["vessels"]} == {"artery", "vein"}


def test_no_vessel_crosses_the_fovea(photograph):
    truth = photograph.truth()
    points = np.array([point for vessel in truth["vessels"] for point in vessel["points"]])
    free_mm = np.hypot(*(points - truth["fovea"]).T).min() * truth["mm_per_pixel"]
    assert free_mm > 0.3


def test_lesions_are_of_the_number_and_colour_asked_for(photograph, pixels):
    lesions = photograph.truth()["lesions"]
    assert [one["kind"] for one in lesions] == 6 * ["drusen"] + 5 * ["microaneurysm"]
    plain = fundus(seed=9, eye=photograph.protocol.eye, **SIZE).frame(0).pixels.astype(int)
    changed = [
        (mean(pixels, one["center"], 0) - mean(plain, one["center"], 0))[1] * (1 if one["kind"] == "drusen" else -1)
        for one in lesions
    ]
    assert sum(change > 5 for change in changed) >= 8


@pytest.mark.parametrize("options", [{"eye": "B"}, {"rows": 8}, {"columns": 10**6}, {"cup": 1.5}, {"drusen": -1}])
def test_what_is_no_photograph_of_an_eye_is_refused(options):
    with pytest.raises(UsageError):
        fundus(seed=1, **options)
