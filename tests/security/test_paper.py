"""The paper names the tests that back it: each is there, and none is left out."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PAPER = HERE.parents[1] / "docs" / "security.md"


def test_every_claim_has_a_test_and_every_test_a_claim() -> None:
    named = set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", PAPER.read_text(encoding="utf-8")))
    there = {
        (path.name, name)
        for path in HERE.glob("test_*.py")
        if path != Path(__file__)
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert named == there
