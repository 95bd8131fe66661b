"""The page of personas and defects is what their tables say."""

from __future__ import annotations

import re
from pathlib import Path

from modality.cli.environment.awkward import page
from modality.iods.personas.persona import personas
from modality.transfer.defects.table import DEFECTS

WRITTEN = Path(__file__).parents[3] / "docs" / "awkward.md"


def test_the_page_is_that_of_these_tables() -> None:
    assert WRITTEN.read_text(encoding="utf-8") == page(), "write it again: make reference"


def test_it_names_every_persona_and_every_defect_with_its_clause() -> None:
    rows = [re.split(r" \| ", line.strip("| ")) for line in page().splitlines() if line.startswith("| `")]
    assert [row[0].strip("`") for row in rows] == [*personas(), *DEFECTS]
    for row in rows[len(personas()) :]:
        assert re.match(r"PS3\.\d+ ", row[2])
