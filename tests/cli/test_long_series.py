"""A long series never stands in memory whole."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

MEGABYTE = 1 << 20


def peak_of_generating(slices: int, folder: Path) -> int:
    """Peak resident memory, in bytes, of a process that makes a series and writes it."""
    code = (
        "import resource, sys\n"
        "from modality.cli.main import cli\n"
        f"cli(['generate', 'ct', '--phantom', 'water', '--slices', '{slices}', '-o', {str(folder)!r}, '--seed', '1'],"
        " standalone_mode=False)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert len(list(folder.glob("*.dcm"))) == slices
    return int(done.stdout.split()[-1]) * 1024


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not hasattr(resource, "RUSAGE_SELF"), reason="needs getrusage")
def test_memory_does_not_grow_with_the_number_of_slices(tmp_path: Path) -> None:
    short, long = (peak_of_generating(slices, tmp_path / str(slices)) for slices in (20, 1000))
    assert long - short < 20 * MEGABYTE  # a thousand slices are 525 MB
