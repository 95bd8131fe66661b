"""The command line, within this process and as one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from modality.cli.main import cli

ROOT = Path(__file__).parents[2]
MODALITY = [sys.executable, "-m", "modality"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}


def invoke(*arguments: str | Path) -> Result:
    """Run a verb in this process."""
    return CliRunner().invoke(cli, [str(one) for one in arguments])


def document(result: Result) -> dict[str, Any]:
    """What `--json` printed: one document, and nothing else."""
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    assert result.stdout == json.dumps(found, ensure_ascii=False) + "\n"
    return found


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a verb in a process of its own."""
    command = [*MODALITY, *map(str, arguments)]
    return subprocess.run(command, check=False, env=ENVIRONMENT, capture_output=True, text=True, timeout=100)
