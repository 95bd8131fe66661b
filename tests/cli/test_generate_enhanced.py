"""`modality generate` of enhanced images and of dynamic series: one file of many frames, shown frame by frame."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom import dcmread

from tests.cli.command import document, invoke

SMALL = ("--phantom", "water", "--rows", "24", "--columns", "16", "--slices", "3", "--seed", "7")


def test_an_enhanced_series_is_one_file_and_its_preview_shows_each_frame(tmp_path: Path) -> None:
    found = document(invoke("generate", "enhanced-ct", "-o", tmp_path, *SMALL, "--preview", "--json"))
    assert (found["instances"], len(found["files"])) == (1, 1)
    dataset = dcmread(found["files"][0])
    assert int(dataset.NumberOfFrames) == 3
    with Image.open(tmp_path / "preview.png") as sheet:
        columns = (np.asarray(sheet) > 64).any(axis=0)
    # Three tiles of 192 pixels: water in each of them.
    assert [bool(columns[4 + n * 196 : 196 + n * 196].any()) for n in range(4)] == [True, True, True, False]


def test_a_dynamic_series_has_an_image_of_each_slice_for_each_time_and_its_uptake_in_the_truth(tmp_path: Path) -> None:
    dynamic = ("--temporal-positions", "4", "--temporal-resolution", "2.5", "--bolus-arrival", "4", "--truth")
    small = ("--rows", "16", "--columns", "16", "--slices", "2", "--seed", "7")
    found = document(invoke("generate", "mr", "-o", tmp_path, *small, *dynamic, "--json"))
    datasets = sorted((dcmread(path) for path in found["files"]), key=lambda dataset: int(dataset.InstanceNumber))
    assert [int(dataset.TemporalPositionIdentifier) for dataset in datasets] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert {int(dataset.NumberOfTemporalPositions) for dataset in datasets} == {4}
    assert {float(dataset.TemporalResolution) for dataset in datasets} == {2500.0}  # in ms (C.8.3.1)
    assert {dataset.ContrastBolusAgent for dataset in datasets} == {"Gadobutrol"}
    structures = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))["structures"]
    uptake = {one["name"]: one["properties"].get("vp") for one in structures}
    assert uptake["cerebral white matter"] == 0.015


def test_options_of_a_dynamic_series_are_named_as_given(tmp_path: Path) -> None:
    for arguments, said in (
        (("ct", "--temporal-resolution", "2"), "--temporal-resolution is not an option of ct"),
        (("mr", "--temporal-resolution", "2"), "two or more temporal positions"),
    ):
        result = invoke("generate", *arguments, "-o", tmp_path, *SMALL)
        assert result.exit_code == 2
        assert said in result.stderr
