"""The house stays small: short files, few files in a folder, nothing new at the top."""

from __future__ import annotations

import fnmatch
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("modality", "phantoms", "firmware_bridge", "tests")
LINES_IN_A_FILE = 400
FILES_IN_A_FOLDER = 14
TOP_LEVEL = {
    "pyproject.toml",
    "README.md",
    "modality",
    "phantoms",
    "configs",
    "firmware_bridge",
    "tests",
    "Makefile",
    "LICENSE",
    "CHANGELOG.md",
    "docs",
}


def python_files() -> list[Path]:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return [path for path in files if "node_modules" not in path.parts]


def test_no_python_file_is_longer_than_400_lines() -> None:
    lengths = {path.relative_to(ROOT): len(path.read_bytes().splitlines()) for path in python_files()}
    assert {str(path): lines for path, lines in lengths.items() if lines > LINES_IN_A_FILE} == {}


def test_no_folder_holds_more_than_14_python_files() -> None:
    folders = Counter(path.parent.relative_to(ROOT) for path in python_files())
    assert {str(folder): files for folder, files in folders.items() if files > FILES_IN_A_FOLDER} == {}


def test_the_top_level_holds_what_the_design_names_and_dot_files() -> None:
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").split()]
    names = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    kept = {name for name in names if not any(fnmatch.fnmatch(name, pattern) for pattern in ignored)}
    assert kept - TOP_LEVEL == set()
