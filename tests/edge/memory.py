"""Folders in memory: what a test writes through the outbox waits for no disk, whose fsync takes most of its time.

The steps of the outbox and their order are the same, and so is what a process that is killed leaves behind. Tests with
peers, and slow ones, stay on the disk.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_MEMORY = Path("/dev/shm")  # Linux's folder in memory
_NEEDED = 1 << 30  # a container may have 64 MB of it, which is what the box keeps free


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of the test's own, as pytest's, but in memory where there is room."""
    on_disk = any(request.node.get_closest_marker(name) for name in ("peer", "slow"))
    if on_disk or not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _NEEDED:
        yield tmp_path_factory.mktemp("edge", numbered=True)
        return
    with tempfile.TemporaryDirectory(prefix="modality-", dir=_MEMORY, ignore_cleanup_errors=True) as folder:
        yield Path(folder)
