"""What killed processes have left goes with the next run, what others hold stays: folders and files aside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from modality.transfer.files import folder_aside, remove_abandoned, write_whole
from tests.peers.process import PATIENCE_S

_HOLDS = """
import sys, time
from pathlib import Path
from modality.transfer.files import folder_aside
with folder_aside(Path(sys.argv[1]), "made") as aside:
    (aside / "below").mkdir()
    (aside / "below" / "file").write_bytes(b"x")
    print(aside.name, flush=True)
    time.sleep(600)
"""
_WRITES = """
import sys, time
from pathlib import Path
from modality.transfer.files import write_whole
def parts():
    yield b"half"
    print("begun", flush=True)
    time.sleep(600)
write_whole(Path(sys.argv[1]) / "one.dcm", parts())
"""


@contextmanager
def running(script: str, out: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that has begun, and what it said."""
    with subprocess.Popen([sys.executable, "-c", script, str(out)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def names(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir())


def test_a_folder_aside_is_there_while_it_is_needed(tmp_path: Path) -> None:
    with folder_aside(tmp_path / "new", "made") as aside:
        assert aside.parent == tmp_path / "new"
        assert aside.name.startswith(".made-")
        (aside / "file").write_bytes(b"x")
    assert names(tmp_path / "new") == []
    with pytest.raises(KeyError), folder_aside(tmp_path, "made") as aside:
        raise KeyError
    assert names(tmp_path) == ["new"]


def test_what_a_killed_process_has_left_goes_with_the_next_one(tmp_path: Path) -> None:
    with running(_HOLDS, tmp_path) as (process, left):
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert names(tmp_path) == [left]
    (tmp_path / ".other-1").mkdir()
    with folder_aside(tmp_path, "made") as aside:
        assert names(tmp_path) == sorted([".other-1", aside.name])
    assert names(tmp_path) == [".other-1"]


def test_what_another_process_holds_stays(tmp_path: Path) -> None:
    with running(_HOLDS, tmp_path) as (_, held):
        for _ in range(2):
            with folder_aside(tmp_path, "made"):
                assert (tmp_path / held / "below" / "file").read_bytes() == b"x"
        with folder_aside(tmp_path, "made") as mine, folder_aside(tmp_path, "made") as other:
            assert mine.is_dir()  # of this process too
            assert other.is_dir()
    with folder_aside(tmp_path, "made"):
        assert held not in names(tmp_path)


def test_a_link_by_such_a_name_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_bytes(b"x")
    out = tmp_path / "out"
    out.mkdir()
    (out / ".made-1").symlink_to(tmp_path / "mine", target_is_directory=True)
    with folder_aside(out, "made"):
        pass
    assert (tmp_path / "mine" / "file").read_bytes() == b"x"


def test_the_half_of_a_file_goes_when_its_writer_was_killed_and_not_before(tmp_path: Path) -> None:
    with running(_WRITES, tmp_path) as (process, _):
        (half,) = names(tmp_path)
        remove_abandoned(tmp_path)
        assert names(tmp_path) == [half]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert names(tmp_path) == [half]
    remove_abandoned(tmp_path)
    assert names(tmp_path) == []


def test_a_file_is_whole_when_it_has_its_name(tmp_path: Path) -> None:
    seen = []

    def parts() -> Iterator[bytes]:
        yield b"one"
        seen.append((tmp_path / "file").exists())
        yield b"two"

    write_whole(tmp_path / "file", parts())
    assert (seen, (tmp_path / "file").read_bytes()) == ([False], b"onetwo")
    assert names(tmp_path) == ["file"]


_SERIES = '[[series]]\nkind = "ct"\nphantom = "spheres"\noptions = { slices = 40, rows = 64, columns = 64 }\n'


@pytest.mark.parametrize("what", ["instances", "cohort"])
def test_a_generate_that_is_killed_leaves_nothing_that_the_next_one_keeps(tmp_path: Path, what: str) -> None:
    out = tmp_path / "out"
    (tmp_path / "study.toml").write_text(_SERIES)
    (tmp_path / "cohort.toml").write_text('[[study]]\nconfig = "study.toml"\n')

    def command(patients: int, slices: int) -> list[str]:
        cohort = ["cohort", str(tmp_path / "cohort.toml"), "--patients", str(patients), "--processes", "2"]
        series = ["ct", "--slices", str(slices), "--rows", "64", "--columns", "64"]
        chosen = cohort if what == "cohort" else series
        return [sys.executable, "-m", "modality", "generate", *chosen, "--media", "--seed", "1", "-o", str(out)]

    with subprocess.Popen(command(1000, 4000), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        until = time.monotonic() + PATIENCE_S
        while not list(out.glob(".*/**/*.dcm")):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    (left,) = names(out)
    assert left.startswith(f".{what}-")
    until = time.monotonic() + 2.0 * PATIENCE_S
    while left in names(out):  # its pool's processes may hold it for a moment more
        assert time.monotonic() < until
        for name in names(out):
            if not name.startswith("."):
                _remove(out / name)
        subprocess.run(command(1, 1), check=True, capture_output=True, timeout=2.0 * PATIENCE_S)
    assert not [name for name in names(out) if name.startswith(".")]
    assert "DICOMDIR" in names(out)


def _remove(path: Path) -> None:
    if path.is_dir():
        for one in path.iterdir():
            _remove(one)
        path.rmdir()
    else:
        path.unlink()
