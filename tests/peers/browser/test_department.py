"""The department's page as a person uses it, in Chromium: `modality perform` works on the other side."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.peers.commandline import SMALL, end, modality, start
from tests.peers.process import wait_until

pytestmark = [pytest.mark.peer, pytest.mark.timeout(240)]

WORKLIST = """
[[step]]
station_aet = "CT01"
modality = "CT"
start = "today 08:30"
patient_name = "<b>Okafor</b>^<img src onerror>"
patient_id = "PAT1"
accession_number = "ACC1"
description = "CT head <script>alert(1)</script>"

[[step]]
station_aet = "CT01"
modality = "CT"
start = "today 09:30"
patient_name = "Smith^Mary"
patient_id = "PAT2"
accession_number = "ACC2"
description = "CT head"
"""


@pytest.fixture
def department(tmp_path: Path) -> Iterator[dict[str, str]]:
    """`modality serve department`; gives its addresses."""
    worklist = tmp_path / "worklist.toml"
    worklist.write_text(WORKLIST)
    ports = [text for name in ("", "ris-", "web-", "fhir-") for text in (f"--{name}port", "0")]
    process = start("serve", "department", *ports, "--worklist", worklist, "--web", "--json")
    try:
        assert process.stdout is not None
        yield {**json.loads(process.stdout.readline()), "state": str(tmp_path / "state")}
    finally:
        process.send_signal(signal.SIGTERM)
        assert end(process).code == 0


def perform(department: dict[str, str], accession: str, *options: str) -> Any:
    """Perform one step."""
    ris, archive = department["ris"], department["address"]
    return modality(
        "perform", "--worklist", ris, "--mpps", ris, "--archive", archive, "--commitment", archive,
        "--accession", accession, "--aet", "CT01", "--seed", "1", "--state", department["state"], "--json",
        *SMALL, *options,
    )  # fmt: skip


def brightness(page: Any) -> float:
    """The mean of the image that is shown, 0 to 255, as the browser draws it once it has it whole."""
    page.wait_for_function("document.getElementById('image').complete")
    return float(
        page.evaluate(
            """() => { const image = document.getElementById("image"), canvas = document.createElement("canvas");
            canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
            const context = canvas.getContext("2d"); context.drawImage(image, 0, 0);
            const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
            let sum = 0; for (let at = 0; at < data.length; at += 4) sum += data[at];
            return sum / (data.length / 4); }"""
        )
    )


def test_a_step_and_its_images_appear_and_are_scrolled_and_windowed(
    department: dict[str, str], browser_page: Callable[..., Any]
) -> None:
    page = browser_page(department["page"])
    states = page.locator("#steps .state")
    page.locator("#steps tr").nth(1).wait_for()
    assert states.all_text_contents() == ["SCHEDULED", "SCHEDULED"]
    assert "<b>Okafor</b> <img src onerror>" in page.locator("#steps tr").first.inner_text()
    assert page.locator("#steps b, #steps script, #steps img").count() == 0
    # Without a reload: the page itself looks.
    assert perform(department, "ACC1").code == 0
    page.locator("#steps .state.COMPLETED").wait_for()
    assert states.all_text_contents() == ["COMPLETED", "SCHEDULED"]
    assert "4 images" in page.locator("#steps tr").first.inner_text()
    tile = page.locator(".series button")
    tile.wait_for()
    assert "4 instances" in tile.inner_text()
    tile.locator("img:not([hidden])").wait_for()

    tile.click()
    place, image = page.locator("#place"), page.locator("#image[src]")
    image.wait_for()
    assert place.inner_text().startswith("3 of 4")
    middle = image.get_attribute("src")
    page.locator("#stage").hover()
    page.mouse.wheel(0, 100)
    page.locator("#place", has_text="4 of 4").wait_for()
    page.locator(f"#image:not([src='{middle}'])").wait_for()
    page.mouse.wheel(0, 100)
    assert place.inner_text().startswith("4 of 4")
    page.keyboard.press("ArrowUp")
    page.locator("#place", has_text="3 of 4").wait_for()

    page.locator(f"#image[src='{middle}']").wait_for()
    before, label = brightness(page), place.inner_text()
    box = page.locator("#stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 200, steps=5)  # a lower centre: brighter
    page.mouse.up()
    page.locator(f"#image:not([src='{middle}'])").wait_for()
    wait_until(lambda: place.inner_text() != label, "another window is told")
    wait_until(lambda: brightness(page) > before + 5, "the image is brighter")
    page.locator("#reset").click()
    page.locator(f"#image[src='{middle}']").wait_for()
    wait_until(lambda: brightness(page) == pytest.approx(before, abs=0.5), "the image is as before")
    page.locator("#close").click()
    assert page.locator("#viewer[open]").count() == 0


def test_a_fault_set_on_the_page_strikes_and_strikes_no_more_when_cleared(
    department: dict[str, str], browser_page: Callable[..., Any]
) -> None:
    page = browser_page(department["page"])
    page.locator("#fault input").fill("statu=A700")
    page.locator("#fault button").click()
    page.locator("#refused", has_text="did you mean 'status'?").wait_for()
    page.locator("#fault input").fill("status=A700")
    page.locator("#fault button").click()
    item = page.locator("#faults li")
    item.wait_for()
    wait_until(lambda: page.locator("#refused").inner_text() == "", "nothing is refused any more")
    refused = perform(department, "ACC1")
    assert refused.code == 1
    assert refused.document["steps"][0]["stored"] == 0
    page.locator("#faults li", has_text="struck 4×").wait_for()
    page.locator("#happenings .bad", has_text="A700H").first.wait_for()
    item.locator("button").click()
    item.wait_for(state="detached")
    assert perform(department, "ACC2").document["steps"][0]["stored"] == 4


def test_it_fits_a_phone(department: dict[str, str], browser_page: Callable[..., Any]) -> None:
    page = browser_page(department["page"], 360, 740)
    page.locator("#steps tr").nth(1).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    box = page.locator("#steps .state").first.bounding_box()
    assert box["x"] + box["width"] <= 360
