"""The command line as an integrator has it: a process of its own, its exit code, its one document and its talk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MODALITY = (sys.executable, "-m", "modality")
TIMEOUT_S = 100.0
SMALL = ("--rows", "32", "--columns", "32", "--slices", "4")


@dataclass(frozen=True)
class Finished:
    """What a run left.

    Attributes:
        code: exit code.
        stdout: what it printed.
        stderr: what it said.
    """

    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        return dict(json.loads(self.stdout))

    @property
    def lines(self) -> list[str]:
        """The lines on stderr."""
        return self.stderr.splitlines()


def start(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """The command line begun, not waited for; the caller ends it."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return subprocess.Popen(
        [*MODALITY, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": paths, **(environment or {})},
    )


def end(process: subprocess.Popen[str], timeout_s: float = TIMEOUT_S) -> Finished:
    """What a begun run leaves when it ends; it is killed when it does not."""
    try:
        stdout, stderr = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        raise AssertionError(f"still running after {timeout_s:g} s:\n{stdout}\n{stderr}") from None
    finished = Finished(process.returncode, stdout, stderr)
    assert "Traceback" not in stderr, stderr
    assert "Warning" not in stderr, stderr
    return finished


def modality(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> Finished:
    """Run the command line to its end; a traceback or a library's warning on stderr is a failure."""
    return end(start(*arguments, environment=environment))


def generated(folder: Path, kind: str, *options: str, seed: int = 1) -> list[Path]:
    """A small series, made by `modality generate`."""
    finished = modality("generate", kind, "-o", folder, *SMALL, "--seed", str(seed), "--json", *options)
    assert finished.code == 0, finished.stderr
    return [Path(path) for path in finished.document["files"]]
