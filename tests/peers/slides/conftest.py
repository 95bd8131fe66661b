from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.peers.commandline import modality


@pytest.fixture
def slide(tmp_path: Path) -> Callable[..., list[Path]]:
    """Makes a slide of 3 x 4 tiles and two levels, and gives its files in the order of their Instance Numbers."""

    def make(*options: str) -> list[Path]:
        pytest.importorskip("segno")
        size = ("--rows", "384", "--columns", "500", "--tile-size", "128", "--levels", "2", "--mpp", "4")
        finished = modality("generate", "sm", "-o", tmp_path / "slide", *size, "--seed", "5", "--json", *options)
        assert finished.code == 0, finished.stderr
        return [Path(path) for path in finished.document["files"]]

    return make
