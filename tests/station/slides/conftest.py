from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modality.station.study import Study, generate

SMALL: dict[str, Any] = {"rows": 600, "columns": 840, "tile_size": 128, "mpp": 2.0}


@pytest.fixture
def slide_files(tmp_path: Path) -> Callable[..., list[Path]]:
    """Writes a small slide, and gives its files in the order of their Instance Numbers."""

    def write(**options: Any) -> list[Path]:
        pytest.importorskip("segno")
        study: Study = generate("sm", seed=5, **(SMALL | options))
        paths = []
        for number, instance in enumerate(study, start=1):
            path = tmp_path / "slide" / f"{number:02d}.dcm"
            instance.write(path)
            paths.append(path)
        assert len(paths) == len(study)
        return paths

    return write
