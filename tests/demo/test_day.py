"""The demo: it checks what it claims, whatever the seed, and notices when a peer misbehaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from modality.demo import day
from modality.demo.day import Day
from modality.simulated.archive import SimulatedArchive
from tests.peers.commandline import modality

SLICES = 6


def run(folder: Path, seed: int = 1, *, slides: bool = False) -> Day:
    return day.run(folder, seed=seed, slices=SLICES, slides=slides, say=lambda *_: None, seen=lambda *_: None)


def failed(done: Day) -> set[str]:
    return {check.rule.partition(": ")[2] or check.rule for check in done.checks if not check.held}


@pytest.mark.parametrize("seed", [*(pytest.param(one, marks=pytest.mark.slow) for one in (2, 4, 5)), 7])
def test_every_check_holds_for_any_seed(tmp_path: Path, seed: int) -> None:
    done = run(tmp_path, seed, slides=seed == 7)
    assert failed(done) == set()
    assert any("measures" in check.rule for check in done.checks)
    assert any("nuclei" in check.rule for check in done.checks) == (seed == 7)
    assert done.good


@pytest.mark.parametrize(
    ("fault", "noticed"),
    [
        ("on=store,lose,every=5", {"committed", "queried back (C-FIND)"}),
        ("on=store,coerce=PatientName:Somebody^Else,every=5", {"fetched (C-GET), pixels and attributes as sent"}),
        ("on=store,status=A700,every=9", {"the archive keeps just the images created", "committed"}),
        ("on=action,status=0110", {"committed"}),
    ],
)
def test_a_peer_that_misbehaves_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, noticed: set[str]
) -> None:
    broken: Callable[..., Any] = partial(SimulatedArchive, faults=[fault])
    monkeypatch.setattr(day, "SimulatedArchive", broken)
    done = run(tmp_path)
    assert not done.good
    assert noticed <= failed(done)


@pytest.mark.peer
def test_a_validator_finds_no_contradiction_in_the_whole_archive(
    tmp_path: Path, dcentvfy: Callable[[Iterable[Path]], list[str]]
) -> None:
    done = run(tmp_path)
    files = list((tmp_path / "archive").rglob("*.dcm"))
    assert len(files) == sum(len(result.performed.receipt.stored) for _, result in done.results) > 0
    assert dcentvfy(files) == []


def test_on_the_command_line_it_leaves_files_pictures_and_a_report_and_runs_again_in_its_folder(tmp_path: Path) -> None:
    for _ in range(2):
        finished = modality("demo", "--out", tmp_path / "demo", "--slices", "3", "--json")
        assert (finished.code, finished.document["good"]) == (0, True)
    assert (tmp_path / "demo" / "contact-sheet.png").read_bytes().startswith(b"\x89PNG")
    assert "checks held" in (tmp_path / "demo" / "report.html").read_text(encoding="utf-8")
    assert len(list((tmp_path / "demo").rglob("*.dcm"))) == 5 * 3 + 2 + 6  # five series, one of them half, and a slide
    talk = finished.stderr
    assert all(word in talk for word in ("worklist", "MPPS", "store", "commitment"))


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("mine")
    finished = modality("demo", "--out", tmp_path)
    assert (finished.code, len(finished.lines)) == (2, 1)
    assert (tmp_path / "thesis.doc").read_text() == "mine"
