"""What configs/ci/ offers to other people's CI passes the linters of its formats, and does what it says."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

FILES = Path(__file__).parents[1] / "configs" / "ci"
BIN = Path(sys.executable).parent


def ran(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)), check=False, capture_output=True, text=True, timeout=100, env=os.environ | environment
    )


@pytest.mark.parametrize(
    ("schema", "name"), [("vendor.github-actions", "action.yml"), ("vendor.github-workflows", "workflow.yml")]
)
def test_action_and_workflow_fit_githubs_schemas(schema: str, name: str) -> None:
    done = ran(BIN / "check-jsonschema", "--builtin-schema", schema, FILES / name)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_passes_hadolint() -> None:
    done = ran(BIN / "hadolint", FILES / "Dockerfile")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_dockerfile_copies_what_the_package_is_built_of() -> None:
    lines = (FILES / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = {name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]}
    needed = {"pyproject.toml", "README.md", "LICENSE", "modality", "phantoms", "firmware_bridge", "configs"}
    assert needed <= copied


def test_the_action_runs_its_arguments_as_words_and_nothing_else_of_them(tmp_path: Path) -> None:
    text = (FILES / "action.yml").read_text(encoding="utf-8")
    [line] = [line for line in text.splitlines() if line.strip().startswith("run: python -c")]
    script = shlex.split(line.strip().removeprefix("run: "))[2]
    arguments = "generate ct --slices 1 --rows 16 --columns 16 --phantom water --seed 1 -o 'out; touch broken'"
    command = [sys.executable, "-c", script]
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=100,
        env=os.environ | {"ARGUMENTS": arguments, "PATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out; touch broken"]
