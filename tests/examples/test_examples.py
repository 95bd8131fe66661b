"""The examples run as they stand, each in a process of its own, and say what they found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
EXAMPLES = sorted(path.name for path in HERE.glob("*.py") if not path.name.startswith("test_"))


ADDED = (
    ("phantoms", "wedge"), ("kinds", "research-ct"), ("devices", "thermometer"), ("arrivals", "waves"),
)  # fmt: skip


def python(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=100, env=os.environ | environment
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_and_says_something(name: str) -> None:
    done = python("-W", "error", HERE / name)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert done.stdout.strip()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the plugin package is installed in."""
    folder = tmp_path_factory.mktemp("plugin")
    source = shutil.copytree(HERE / "plugin", folder / "source")
    done = python("-m", "pip", "install", "--quiet", "--no-deps", "--target", folder / "site", source)
    assert done.returncode == 0, done.stderr
    return folder / "site"


def test_an_installed_package_adds_to_the_tables_by_its_entry_points(installed: Path) -> None:
    for what, name in ADDED:
        listed = python("-m", "modality", "list", what, "--json", PYTHONPATH=str(installed))
        assert name in {one["name"] for one in json.loads(listed.stdout)[what]}
        without = python("-m", "modality", "list", what, "--json")
        assert name not in {one["name"] for one in json.loads(without.stdout)[what]}


def test_a_kind_of_an_installed_package_is_generated(installed: Path, tmp_path: Path) -> None:
    options = ("--phantom-option", "side_mm=60", "--slices", "2", "--rows", "32", "--columns", "32", "--seed", "1")
    made = python(
        *("-m", "modality", "generate", "research-ct", *options, "-o", tmp_path, "--truth", "--json"),
        PYTHONPATH=str(installed),
    )
    assert made.returncode == 0, made.stderr
    assert len(list(tmp_path.rglob("*.dcm"))) == 2
    [cube] = json.loads((tmp_path / "truth.json").read_bytes())["structures"]
    assert cube["name"] == "cube"
    assert cube["radius_mm"] == pytest.approx(24.0, abs=0.1)


def test_a_device_of_an_installed_package_is_replayed(installed: Path, tmp_path: Path) -> None:
    text = b"T=36.50"
    (tmp_path / "captured.bin").write_bytes(text + f"*{sum(text) % 256:02X}\r\n".encode())
    command = ("-m", "modality", "edge", "replay", tmp_path / "captured.bin", "--device", "thermometer", "--json")
    done = python(*command, PYTHONPATH=str(installed))
    assert done.returncode == 0, done.stderr
    [found] = json.loads(done.stdout)["measurements"]
    assert (found["name"], found["value"], found["unit"]) == ("body_temperature", 36.5, "Cel")
