"""The report of a load as a person sees it, in Chromium: at a desk and on a phone, nothing fetched, nothing cut off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modality.load.scenario import Objectives
from modality.web.load.report import Result, write
from tests.web.load.test_load_report import account

pytestmark = [pytest.mark.peer, pytest.mark.timeout(120)]


def test_the_report_is_readable_at_a_desk_and_on_a_phone(tmp_path: Path, browser_page: Callable[..., Any]) -> None:
    made = account(lost=2)
    write(tmp_path / "report.html", [Result("dicom://A@127.0.0.1:104", made, Objectives(p99_ms=1000.0).judge(made))])
    for width, shown in ((1280, "wide"), (390, "narrow")):
        page = browser_page(f"file://{tmp_path / 'report.html'}", width=width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(".tile").all_inner_texts()[0].split() == ["400", "planned", "20", "s"]
        assert [one.split()[0] for one in page.locator(".tile").all_inner_texts()] == ["400", "389", "11", "0", "2"]
        charts = page.locator(f"figure .{shown} svg")
        assert charts.count() == 4
        for number in range(4):
            box = charts.nth(number).bounding_box()
            assert box is not None
            assert box["width"] > 0.6 * width * (0.78 if width > 1000 else 1)
            assert box["height"] > 150
        other = page.locator(f"figure .{'narrow' if shown == 'wide' else 'wide'} svg")
        assert not any(other.nth(number).is_visible() for number in range(4))
        # The text of a chart is large enough to read, and drawn in the font of the page.
        label = page.locator(f"figure .{shown} svg text").first
        assert label.bounding_box()["height"] >= 8
        # Dark on light.
        ink, ground = page.evaluate(
            "() => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
        )
        assert sum(map(int, ink[4:-1].split(","))) < 200 < 600 < sum(map(int, ground[4:-1].split(",")))
