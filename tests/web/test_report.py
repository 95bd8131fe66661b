"""The report: one page that stands alone, in which a name is text whatever it holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from modality.station.contact_sheet import ContactSheet
from modality.transfer.encode import prepare
from modality.web.report import picture, render
from tests.transfer.datasets import image

NASTY = "<script>alert('x')</script> & \"Müller\" 山田"


@dataclass
class Check:
    rule: str
    found: str
    held: bool


def values(**changes: Any) -> dict[str, Any]:
    sheet = ContactSheet(NASTY, tile_px=8)
    sheet.add(prepare(image()))
    step = dict.fromkeys(
        ("start", "station", "patient", "description", "state", "images", "stored", "committed", "megabytes"), NASTY
    )
    return {
        "when": "2024-01-01", "seed": 1, "seconds": "2.0", "version": "modality", "good": False, "held": 1,
        "checks": [Check(NASTY, NASTY, True), Check("second", "found", False)], "steps": [step], "sheets": [sheet],
        "folder": Path("archive") / NASTY, **changes,
    }  # fmt: skip


def test_names_are_escaped_everywhere() -> None:
    page = render("day.html", **values()).decode()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 12
    assert "Müller" in page
    assert "山田" in page


def test_the_page_stands_alone() -> None:
    page = render("day.html", **values()).decode()
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert sources
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "url(" not in page
    assert page.startswith("<!DOCTYPE html>")
    assert 'charset="utf-8"' in page


def test_checks_say_whether_they_held() -> None:
    page = render("day.html", **values()).decode()
    assert "1 of 2 checks held" in page
    assert (page.count("✓"), page.count("✗")) == (1, 1)


def test_a_value_that_is_missing_is_an_error_and_no_blank() -> None:
    incomplete = values()
    del incomplete["seed"]
    with pytest.raises(UndefinedError):
        render("day.html", **incomplete)


def test_a_picture_is_a_data_url() -> None:
    assert picture(b"\x89PNG") == "data:image/png;base64,iVBORw=="
