"""A page in Chromium, which reports what a script of ours breaks, and what it asks of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.peers.process import missing, program

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture
def browser_page() -> Iterator[Callable[..., Any]]:
    """Opens pages of a size in a browser; fails when a script of theirs broke, or another host was asked."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright")
    broken: list[str] = []
    with sync_playwright() as playwright, ExitStack() as stack:
        browser = playwright.chromium.launch(executable_path=program(CHROMIUM), args=["--no-sandbox"])
        stack.callback(browser.close)

        def watch(url: str) -> None:
            if not url.startswith(("http://127.0.0.1:", "data:", "file:")):
                broken.append(f"asked {url}")

        def open_page(url: str, width: int = 1400, height: int = 900) -> Any:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(60_000)
            page.on("pageerror", lambda error: broken.append(str(error)))
            page.on("dialog", lambda dialog: broken.append(f"dialog {dialog.message}"))
            page.on("request", lambda request: watch(request.url))
            page.goto(url)
            return page

        yield open_page
    assert broken == []
