"""Localizers and projections from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread

from tests.cli.command import document, invoke

SMALL = ("--rows", "40", "--columns", "32", "--seed", "3", "--json", "--phantom", "water")


def generated(folder: Path, *options: str) -> list:
    result = invoke("generate", "ct", *options, *SMALL, "-o", folder)
    assert result.exit_code == 0, result.stderr
    return [dcmread(path) for path in document(result)["files"]]


@pytest.mark.parametrize(
    ("options", "orientation"),
    [
        (("--localizer",), [1, 0, 0, 0, 0, -1]),
        (("--localizer", "frontal"), [1, 0, 0, 0, 0, -1]),
        (("--localizer", "lateral"), [0, 1, 0, 0, 0, -1]),
    ],
)
def test_a_localizer_is_frontal_unless_said(tmp_path: Path, options: tuple[str, ...], orientation: list[int]) -> None:
    (image,) = generated(tmp_path, *options)
    assert image.ImageType[2] == "LOCALIZER"
    assert list(image.ImageOrientationPatient) == orientation


def test_projections_their_correction_and_motion_each_change_the_pixels_and_the_uids(tmp_path: Path) -> None:
    options = (
        (),
        ("--engine", "projection"),
        ("--engine", "projection", "--no-beam-hardening-correction"),
        ("--engine", "projection", "--motion", "5"),
    )
    images = [generated(tmp_path / str(k), "--slices", "1", *one)[0] for k, one in enumerate(options)]
    assert len({image.PixelData for image in images}) == len({image.SOPInstanceUID for image in images}) == 4


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--motion", "2"), "motion: the fast engine has no projections; choose engine projection"),
        (("--no-beam-hardening-correction",), "beam hardening correction: the fast engine"),
        (("--localizer", "--slices", "2"), "slices: not of a localizer, which has rows, columns, kvp only"),
        (("--localizer", "--engine", "projection"), "engine: not of a localizer"),
        (("--localizer", "top"), "'top' is not one of 'frontal', 'lateral'"),
        (("--engine", "exact"), "'exact' is not one of 'fast', 'projection'"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    result = invoke("generate", "ct", *options, *SMALL, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert says in result.stderr
    assert not (tmp_path / "out").exists()


def test_mr_has_no_localizer_of_this_sort(tmp_path: Path) -> None:
    result = invoke("generate", "mr", "--localizer", *SMALL, "-o", tmp_path)
    assert result.exit_code == 2
    assert "--localizer is not an option of mr" in result.stderr
