"""The reference of commands is what the commands say of themselves."""

from __future__ import annotations

from pathlib import Path

from modality.cli.environment.reference import reference

WRITTEN = Path(__file__).parents[3] / "docs" / "commands.md"


def test_the_reference_is_that_of_these_commands() -> None:
    assert WRITTEN.read_text(encoding="utf-8") == reference(), "write it again: make reference"


def test_every_verb_has_its_section() -> None:
    from modality.cli.main import VERBS

    for verb in VERBS:
        assert f"\n## modality {verb}\n" in reference()
