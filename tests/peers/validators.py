"""dicom3tools: the IOD validators of the field."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.peers.process import program


def dciodvfy(path: Path) -> list[str]:
    """What dciodvfy calls an error in a file (its exit code says less)."""
    return _errors("/usr/bin/dciodvfy", [path])


def dcentvfy(paths: Iterable[Path]) -> list[str]:
    """What dcentvfy calls an error between files: patient, study, series and frame of reference that disagree."""
    return _errors("/usr/bin/dcentvfy", paths)


def _errors(validator: str, paths: Iterable[Path]) -> list[str]:
    finished = subprocess.run(
        [program(validator), *map(str, paths)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=100,
        check=False,
    )
    assert finished.returncode >= 0, f"{validator} was killed by signal {-finished.returncode}"
    lines = finished.stdout.decode("utf-8", errors="replace").splitlines()
    return [line for line in lines if line.startswith("Error")]
