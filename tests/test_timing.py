"""A test that measures time is run again for its durations alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.timing import RUNS, HeldUpError, durations, measured


def test_only_durations_have_another_chance_and_each_run_its_folder(tmp_path: Path) -> None:
    folders: list[Path] = []

    @measured
    def late_twice(tmp_path: Path) -> None:
        assert not list(tmp_path.iterdir())
        (tmp_path / "left").touch()
        folders.append(tmp_path)
        with durations(OSError):
            if len(folders) == 1:
                raise OSError("gone")
            assert len(folders) == 3

    late_twice(tmp_path=tmp_path)
    assert len(set(folders)) == 3


def test_what_is_amiss_in_each_run_fails() -> None:
    runs: list[int] = []

    @measured
    def always_late() -> None:
        runs.append(1)
        with durations():
            raise AssertionError("took 3 s")

    with pytest.raises(HeldUpError, match="took 3 s"):
        always_late()
    assert len(runs) == RUNS


@pytest.mark.parametrize("error", [AssertionError, OSError])
def test_anything_else_fails_at_once(error: type[Exception]) -> None:
    runs: list[int] = []

    @measured
    def wrong() -> None:
        runs.append(1)
        if error is OSError:
            with durations():
                raise error("wrong")
        raise error("wrong")

    with pytest.raises(error, match="wrong"):
        wrong()
    assert runs == [1]
