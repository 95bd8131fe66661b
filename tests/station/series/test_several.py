"""Images that several processes write: the same files as one writes, and a fault is told."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from modality.errors import UnsupportedError, UsageError
from modality.station.processes import pool
from modality.station.series import several
from modality.station.series.several import may_be_shared, write_images
from modality.station.study import generate
from modality.transfer.instance import PreparedInstance

SMALL = {"seed": 4, "rows": 40, "columns": 32, "slices": 12}

pytestmark = pytest.mark.skipif(not pool.forks(), reason="no process here begins as a copy of another")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """From the second image on, in parts of one image or two; gives how many others were begun."""
    begun: list[int] = []
    others = pool.Others

    def noted(number: int, *told: Any) -> pool.Others:
        begun.append(number)
        return others(number, *told)

    monkeypatch.setattr(several, "_ALONE_S", 0.0)
    monkeypatch.setattr(several, "_WORTH_S", 1e-9)
    monkeypatch.setattr(pool, "Others", noted)
    return begun


def paths(folder: Path, count: int) -> list[Path]:
    return [folder / f"{number:02d}.dcm" for number in range(count)]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("ct", {}),
        ("ct", {"gantry_tilt_deg": 12.0, "pitch": 0.0, "transfer_syntax": "RLELossless"}),
        ("ct", {"engine": "projection", "phantom": "water", "slices": 3}),
        ("ct", {"assignments": {"PatientName": "Set^By", "SliceLocation": "7"}}),
        ("mr", {"echo_times_ms": (10.0, 20.0, 40.0), "sequence": "SE", "slices": 4}),
        ("mr", {"transfer_syntax": "DeflatedExplicitVRLittleEndian"}),
        ("pt", {"assignments": {"PatientWeight": "61"}}),
    ],
)
def test_processes_change_no_byte(kind: str, options: dict[str, Any], tmp_path: Path, at_once: list[int]) -> None:
    from modality.station.study import load_phantom

    wanted = SMALL | options
    if name := wanted.pop("phantom", None):
        wanted["phantom"] = load_phantom(str(name))
    (scan,) = generate(kind, **wanted).series
    whole = [b"".join(one.part10()) for one in scan]
    for processes in (1, 3):
        files = paths(tmp_path / str(processes), len(scan))
        assert list(write_images(scan, files, processes)) == files
        assert [path.read_bytes() for path in files] == whole
    assert at_once == [2]


def test_little_work_is_done_alone(tmp_path: Path, at_once: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(several, "_WORTH_S", 60.0)
    (scan,) = generate("ct", **SMALL).series
    assert len(list(write_images(scan, paths(tmp_path, 12), 4))) == 12
    assert at_once == []


def test_what_is_done_to_finished_instances_needs_them_in_order() -> None:
    assert may_be_shared(generate("ct", **SMALL).series[0])
    assert not may_be_shared(generate("ct", **SMALL, persona="multibyte").series[0])
    assert not may_be_shared(generate("ct", **SMALL, defects=["odd-length"]).series[0])
    assert not may_be_shared(generate("enhanced-ct", **SMALL).series[0])


def test_a_file_that_cannot_be_written_is_named_and_those_before_stay(tmp_path: Path) -> None:
    (scan,) = generate("ct", **SMALL).series
    files = paths(tmp_path, 12)
    files[9].mkdir()
    (files[9] / "occupied").touch()
    with pytest.raises(UsageError, match=r"09\.dcm: cannot be written"):
        list(write_images(scan, files, 3))
    assert all(path.is_file() for path in files[:9])
    assert not list(tmp_path.glob(".*.part"))


def test_a_process_that_is_ended_from_outside_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parent, write = os.getpid(), PreparedInstance.write

    def ended(self: PreparedInstance, path: Path, *, durable: bool = False) -> None:
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        write(self, path, durable=durable)

    monkeypatch.setattr(PreparedInstance, "write", ended)
    monkeypatch.setattr(pool, "_MOST_OWN", 0)  # we take nothing back, however late the other begins
    (scan,) = generate("ct", **SMALL).series
    with pytest.raises(UnsupportedError, match="take fewer --processes"):
        list(write_images(scan, paths(tmp_path, 12), 2))


def test_who_stops_asking_ends_the_others(tmp_path: Path) -> None:
    (scan,) = generate("ct", **SMALL).series
    made = write_images(scan, paths(tmp_path, 12), 3)
    assert [next(made).name, next(made).name] == ["00.dcm", "01.dcm"]
    made.close()  # type: ignore[attr-defined]  # a generator, as an interruption finds it
    assert not list(tmp_path.glob(".*.part"))
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
