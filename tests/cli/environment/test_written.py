"""Documents have a picture in the gallery, on which what they say can be read."""

from __future__ import annotations

import numpy as np
import pytest

from modality.cli.environment.written import lines_of, of_key_images, of_lines, of_pdf
from modality.iods.reports.key_images import shown
from modality.iods.reports.picture import windowed
from modality.station.study import generate, load_phantom

pytest.importorskip("PIL")
SCAN = {"rows": 64, "columns": 64, "slices": 12}


def made(kind):
    (scan,) = generate(kind, load_phantom("spheres"), seed=4, **SCAN).series
    return scan, next(iter(scan)).dataset()


def test_a_report_is_its_content_tree_with_what_is_below_to_the_right() -> None:
    scan, dataset = made("rdsr")
    lines = list(lines_of(dataset))
    assert lines[0] == "X-Ray Radiation Dose Report"
    assert f"    DLP: {scan.truth()['dlp_mgy_cm']} mGy.cm".strip() in [line.strip() for line in lines]
    (dose,) = (number for number, line in enumerate(lines) if line == "    CT Dose")
    assert lines[dose + 1].startswith("      Mean CTDIvol: ")
    assert not any("UID" in line or "Observer" in line for line in lines)


def test_lines_are_dark_on_white_and_stay_within_the_picture() -> None:
    pixels = np.asarray(of_lines(["ONE", "", "  THREE"] + ["MORE"] * 99, 128)).astype(int)
    assert pixels.shape == (128, 128)
    assert pixels.max() == 255
    assert pixels[:18].min() < 100 < pixels[20:31].min()  # the second line is empty
    first, third = (np.nonzero((pixels[top : top + 12] < 128).any(axis=0))[0][0] for top in (6, 32))
    assert 4 <= third - first <= 9
    assert pixels[-6:].min() == 255


def test_a_page_has_its_text_and_below_it_its_picture() -> None:
    scan, dataset = made("pdf")
    picture = np.full((32, 32), 90, np.uint8)
    page = np.asarray(of_pdf(dataset.EncapsulatedDocument, picture, 421)).astype(int)
    assert page.shape == (421, round(421 * 595 / 842))
    of_picture = (page == 90).sum(axis=1) > 60
    grey = np.argwhere((page == 90) & of_picture[:, np.newaxis])
    assert np.ptp(grey, axis=0) == pytest.approx([129, 129], abs=8)  # 260 points of 842, but for soft edges
    assert grey[:, 1].min() == pytest.approx(28, abs=5)  # 56 points from the left
    assert page[: grey[:, 0].min() - 2].min() < 100
    assert len(scan.truth()["findings"]) > 1


def test_key_images_are_those_that_are_selected() -> None:
    scan, _ = made("kos")
    selected = list(shown(scan.acquisition))
    assert len(selected) >= 2
    pixels = np.asarray(of_key_images(scan.acquisition, 128)).astype(int)
    for number, index in enumerate(selected[:4]):
        tile = pixels[number // 2 * 64 : number // 2 * 64 + 64, number % 2 * 64 : number % 2 * 64 + 64]
        assert np.array_equal(tile, windowed(scan.acquisition, index))
