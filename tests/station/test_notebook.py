"""What a notebook shows of a study: read from the HTML, the picture decoded."""

from __future__ import annotations

import base64
import builtins
import re
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

import modality
from modality.station.study import generate, load_phantom


def picture(html: str) -> Any:
    [data] = re.findall(r"src='data:image/png;base64,([^']+)'", html)
    return np.asarray(Image.open(BytesIO(base64.b64decode(data))))


def test_a_series_is_listed_with_its_images() -> None:
    study = modality.ct(load_phantom("shepp-logan"), seed=5, slices=40, rows=64, columns=64)
    html = study._repr_html_()
    for said in (study.uid, "shepp-logan", "<td style='text-align:left'>40</td>", "ExplicitVRLittleEndian", "seed 5"):
        assert said in html
    shown = picture(html)
    assert shown.shape == (136, 6 * 132 + 4)  # six tiles of 128 pixels with four between
    tiles = [shown[4:132, 4 + 132 * number : 132 + 132 * number] for number in range(6)]
    assert all(tile.max() > 200 and tile.std() > 20 for tile in tiles)
    assert (tiles[0] != tiles[2]).any()


def test_enhanced_images_and_slides_are_shown_too() -> None:
    enhanced = generate("enhanced-mr", load_phantom("spheres"), seed=1, slices=8, rows=32, columns=32)
    assert picture(enhanced._repr_html_()).std() > 10
    slide = generate("sm", seed=1, rows=256, columns=256, levels=1)
    assert picture(slide._repr_html_()).ndim == 3


def test_a_great_slide_is_not_made_for_a_glance() -> None:
    assert "too large for a picture here" in generate("sm", seed=1, rows=50_000, columns=50_000)._repr_html_()


def test_names_cannot_bring_markup_in(monkeypatch: pytest.MonkeyPatch) -> None:
    study = modality.ct(load_phantom("water"), seed=5, slices=1, rows=32, columns=32)
    object.__setattr__(study.series[0].context.patient, "name", "<script>alert(1)</script>")
    html = study._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_without_pillow_the_table_is_there_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "PIL":
            raise ImportError(name)
        return real(name, *arguments, **options)

    study = modality.ct(load_phantom("water"), seed=5, slices=1, rows=32, columns=32)
    monkeypatch.setattr(builtins, "__import__", without)
    html = study._repr_html_()
    assert study.uid in html
    assert "modality-simulator[web]" in html
