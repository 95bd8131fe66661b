"""Shells complete the names that `modality list` prints."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def completed(*words: str) -> list[str]:
    """What bash is offered for the last of these words."""
    environment = os.environ | {
        "_MODALITY_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("modality", *words)),
        "COMP_CWORD": str(len(words)),
    }
    command = [sys.executable, "-m", "modality"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert not done.stderr
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("load", "depart"), "department"),
        (("load", "bur"), "burst"),
        (("generate", "rtst"), "rtstruct"),
        (("generate", "coh"), "cohort"),
        (("generate", "ct", "--phantom", "catp"), "catphan504"),
        (("generate", "sm", "--phantom", "tiss"), "tissue-section"),
        (("generate", "ct", "--transfer-syntax", "JPEGLSL"), "JPEGLSLossless"),
        (("transcode", "--to", "RLE"), "RLELossless"),
        (("generate", "ct", "--persona", "han"), "hanzi"),
        (("generate", "ct", "--defect", "short-p"), "short-pixels"),
    ],
)
def test_a_shell_completes_it(words: tuple[str, ...], found: str) -> None:
    assert found in completed(*words)
