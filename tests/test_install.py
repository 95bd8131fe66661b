"""The wheel and the sdist, installed without extras in an empty environment of each Python, do the main work."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[1]
VERSIONS = ("3.10", "3.11", "3.12", "3.13")
MOST_MB = 120
PDU_WAIT_S = 20


def interpreter(version: str) -> str | None:
    """The Python of a version: on the path, or where pyenv keeps them."""
    found = shutil.which(f"python{version}")
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")) or sorted(
        Path("/root").glob(f".pyenv/versions/{version}.*/bin/python") if os.access("/root", os.R_OK) else []
    )
    for one in (*([found] if found else []), *map(str, kept)):
        if subprocess.run([one, "--version"], check=False, capture_output=True).returncode == 0:
            return one
    return None


def ran(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return subprocess.run(
        list(map(str, command)), check=False, capture_output=True, text=True, timeout=300, env=environment, cwd=cwd
    )


def ok(*command: str | Path, cwd: Path | None = None) -> str:
    done = ran(*command, cwd=cwd)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist, built from a copy of what git knows."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    source.mkdir()
    names = ok("git", "ls-files", "-z", cwd=ROOT).split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    ok(sys.executable, "-m", "venv", folder / "tools")
    ok(folder / "tools" / "bin" / "pip", "install", "--quiet", "hatchling")
    ok(folder / "tools" / "bin" / "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", folder / "dist", cwd=source)
    return folder / "dist"


@contextmanager
def serving(modality: Path, *what: str) -> Iterator[str]:
    """The address of a peer of the installed package."""
    with subprocess.Popen(
        [modality, "serve", *what, "--port", "0", "--json"], stdout=subprocess.PIPE, text=True
    ) as peer:
        assert peer.stdout is not None
        try:
            yield str(json.loads(peer.stdout.readline())["address"])
        finally:
            peer.terminate()
            peer.wait(PDU_WAIT_S)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("form", ["*.whl", "*.tar.gz"])
def test_the_core_does_the_main_work_and_names_the_extra_of_what_it_lacks(
    built: Path, tmp_path: Path, version: str, form: str
) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    if form == "*.tar.gz" and version != VERSIONS[0]:
        pytest.skip("the sdist on one Python is enough: it builds the same wheel")
    [package] = built.glob(form)
    ok(python, "-m", "venv", tmp_path / "venv")
    binaries = tmp_path / "venv" / "bin"
    before = installed_mb(tmp_path / "venv")
    ok(binaries / "pip", "install", "--quiet", "--disable-pip-version-check", package)
    assert installed_mb(tmp_path / "venv") - before < MOST_MB
    modality = binaries / "modality"
    assert re.match(r"modality \d+\.\d+\.\d+ \(Python " + re.escape(version), ok(modality, "--version"))
    small = ("--slices", "2", "--rows", "32", "--columns", "32", "--seed", "1")
    ok(modality, "generate", "ct", *small, "-o", tmp_path / "ct")
    with serving(modality, "archive") as archive:
        sent = json.loads(ok(modality, "send", tmp_path / "ct", "--to", archive, "--json"))
    assert sent["stored"] == 2
    with serving(modality, "ris") as ris:
        assert json.loads(ok(modality, "worklist", "--from", ris, "--json", "--broad"))["steps"]
    with serving(modality, "archive") as archive:
        for missing, extra in (
            (("generate", "sm", "-o", tmp_path / "sm"), "slides"),
            (("generate", "ct", *small, "--transfer-syntax", "JPEGLSLossless", "-o", tmp_path / "ls"), "codecs"),
            (("serve", "fhir", "--port", "0"), "fhir"),
            (("load", "steady", "--to", archive), "load"),
        ):
            done = ran(modality, *missing)
            assert done.returncode == 2, (missing, done.stderr)
            assert f"pip install 'modality-simulator[{extra}]'" in done.stderr
            assert done.stderr.strip().splitlines()[-1].startswith("Error: "), done.stderr
            assert "Traceback" not in done.stderr
    doctor = json.loads(ran(modality, "doctor", "--json").stdout)
    assert {"extra codecs", "extra load"} <= {one["check"] for one in doctor["checks"] if one["state"] == "note"}


def installed_mb(environment: Path) -> float:
    """What the packages of an environment take on the disk, compiled files left out."""
    files = (path for path in (environment / "lib").rglob("*") if path.is_file() and path.suffix != ".pyc")
    return sum(path.stat().st_size for path in files) / 1e6
