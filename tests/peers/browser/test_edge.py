"""The box's page as a technician uses it, in Chromium: traces move, items are given to patients, on a phone too."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from modality.edge.page.password import hashed
from tests.edge.box import Box, box
from tests.peers.process import free_port, wait_until

pytestmark = [pytest.mark.peer, pytest.mark.timeout(240)]

WORKLIST = """
[[step]]
station_aet = "EDGE"
modality = "LEN"
start = "today 08:30"
patient_name = "Lens^Lena"
patient_id = "PAT1"
accession_number = "ACC1"
description = "Lensmeter"

[[step]]
station_aet = "EDGE"
modality = "LEN"
start = "today 09:30"
patient_name = "<b>Okafor</b>^<img src onerror>"
patient_id = "PAT2"
accession_number = "ACC2"
description = "<script>alert(1)</script>"
"""


def started(stack: contextlib.ExitStack, *arguments: object) -> subprocess.Popen[str]:
    """A command of ours that runs until the stack ends."""
    command = [sys.executable, "-m", "modality", *map(str, arguments), "--json"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment))
    stack.callback(process.kill)
    return process


def first_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What it says when it is ready."""
    assert process.stdout is not None
    return dict(json.loads(process.stdout.readline()))


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Box]]:
    """`modality edge run` with an oximeter, a lensmeter and a cable that is not there; gives the page's address."""
    tmp_path = tmp_path_factory.mktemp("edge")
    (tmp_path / "worklist.toml").write_text(WORKLIST)
    port = free_port()
    lenses = ("--duration", "26", "--speed", "4", "--wait")
    with contextlib.ExitStack() as stack:
        processes = [
            started(stack, "edge", "simulate", name, "--port", tmp_path / name, "--seed", "5", *more)
            for name, more in (("nonin-2", ()), ("nidek-lm", lenses))
        ]
        processes.append(started(stack, "serve", "archive", "--port", "0"))
        processes.append(started(stack, "serve", "ris", "--port", "0", "--worklist", tmp_path / "worklist.toml"))
        _, _, archive, ris = map(first_line, processes)
        config = tmp_path / "edge.toml"
        config.write_text(
            f"""
            [edge]
            state = "state"
            [archive]
            address = "{archive["address"]}"
            [worklist]
            address = "{ris["address"]}"
            [web]
            port = {port}
            [web.users]
            ann = "{hashed("correct horse")}"
            [[device]]
            name = "<i>bed</i>"
            driver = "nonin-2"
            port = "{tmp_path / "nonin-2"}"
            segment_s = 5.0
            patient_id = "EDGE1"
            [[device]]
            name = "lenses"
            driver = "nidek-lm"
            port = "{tmp_path / "nidek-lm"}"
            matching = "worklist"
            [[device]]
            name = "analyzer"
            driver = "astm"
            port = "/dev/serial/by-path/none"
            matching = "device"
            report = true
            """
        )
        made = stack.enter_context(box(config))
        made.started()
        yield f"http://127.0.0.1:{port}", made


def sign_in(page: Any, password: str = "correct horse") -> None:
    page.locator("input[name=name]").fill("ann")
    page.locator("input[name=password]").fill(password)
    page.locator("#login button").click()


def drawn(page: Any) -> int:
    """How many pixels of the first trace are of its line's colour."""
    return int(
        page.evaluate(
            """() => { const canvas = document.querySelector(".device canvas"), context = canvas.getContext("2d");
            const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
            let count = 0; for (let at = 0; at < data.length; at += 4) count += data[at + 1] > 150; return count; }"""
        )
    )


def test_a_technician_watches_and_decides(edge: tuple[str, Box], browser_page: Callable[..., Any]) -> None:
    address, running_box = edge
    page = browser_page(address)
    sign_in(page, "wrong password")
    page.locator("#refused", has_text="wrong").wait_for()
    sign_in(page)
    bed = page.locator("article.device").first
    bed.locator(".words.good", has_text="receiving").wait_for()
    assert "<i>bed</i>" in bed.inner_text()
    bed.locator(".number", has_text="Heart rate").wait_for()
    page.wait_for_function("document.querySelector('.device canvas')?.width > 100")
    wait_until(lambda: drawn(page) > 300, "the trace is drawn")
    before = page.evaluate("document.querySelector('.device canvas').toDataURL()")
    page.wait_for_function("before => document.querySelector('.device canvas').toDataURL() !== before", arg=before)
    page.locator("article", has_text="analyzer").locator(".words.bad", has_text="cable unplugged since ").wait_for()
    page.locator("#queue .words.good", has_text="delivered and confirmed").first.wait_for()

    # Two patients are scheduled: nobody is chosen before a person does.
    item = page.locator("#held li").first
    item.wait_for()
    uid = item.get_attribute("data-uid")
    assert "2 entries of the worklist fit" in item.inner_text()
    item.locator("button.main").click()
    assert page.locator("#assign input[type=radio]:checked").count() == 0
    go = page.locator("#assign-go")
    assert go.is_disabled()
    page.locator("#steps label", has_text="<b>Okafor</b> <img src onerror>").click()
    assert go.inner_text() == "It is <b>Okafor</b> <img src onerror>, PAT2"
    assert page.locator("#steps b, #steps img, #steps script, #worklist script").count() == 0
    go.click()
    page.locator(f"#held li[data-uid='{uid}']").wait_for(state="detached")
    page.locator(f"#queue li[data-uid='{uid}'] .words.good").wait_for()
    found = next(one for one in running_box.items() if one["sop_instance_uid"] == uid)
    assert found["state"] == "delivered"
    assert any("assigned page" in line and "ann from 127.0.0.1" in line for line in running_box.said())

    page.locator("#leave").click()
    page.locator("#login").wait_for()
    with httpx.Client(base_url=address) as stranger:
        assert stranger.get("/page/state").status_code == 401


def test_an_item_is_typed_in_or_discarded_on_a_phone(edge: tuple[str, Box], browser_page: Callable[..., Any]) -> None:
    address, running_box = edge
    page = browser_page(address, 390, 844)
    sign_in(page)
    page.locator("#held li").nth(1).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    uids = [one.get_attribute("data-uid") for one in page.locator("#held li").all()[:2]]
    page.locator(f"li[data-uid='{uids[0]}'] button.main").click()
    page.locator("#typed").check()
    assert page.locator("#assign-go").is_disabled()
    page.locator("input[name=patient_id]").fill("P77")
    page.locator("input[name=family]").fill("Roe")
    page.locator("input[name=birth_date]").fill("1970-01-02")
    assert page.evaluate("document.getElementById('assign').getBoundingClientRect().right") <= 390
    page.locator("#assign-go", has_text="It is P77").click()
    page.locator(f"#held li[data-uid='{uids[0]}']").wait_for(state="detached")
    page.locator(f"li[data-uid='{uids[1]}'] button", has_text="Do not deliver").click()
    page.locator("input[name=reason]").fill("wrong lens")
    page.locator("#discard .danger").click()
    page.locator("#queue .words", has_text="not delivered: wrong lens").wait_for()

    def states() -> list[str]:
        items = {one["sop_instance_uid"]: one["state"] for one in running_box.items()}
        return [items[str(uid)] for uid in uids]

    wait_until(lambda: states() == ["delivered", "discarded"], "both decided")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
