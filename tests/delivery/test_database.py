"""A claim is one process's at a time, also while it is given back and taken."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from modality.delivery import database
from modality.delivery.database import Claim
from modality.errors import UsageError


def test_a_claim_is_held_by_one_and_leaves_nothing(tmp_path: Path) -> None:
    one, other = Claim(tmp_path / "claim"), Claim(tmp_path / "claim")
    assert (one.take(), other.take()) == (True, False)
    one.release()
    one.release()
    assert (other.take(), one.take()) == (True, False)
    other.release()
    assert list(tmp_path.iterdir()) == []


class _Watched:
    """A connection to SQLite; something happens when it is closed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.execute = connection.execute
        self.closed: Any = None

    def close(self) -> None:
        self.connection.close()
        if self.closed:
            self.closed()


def test_what_is_taken_while_it_is_given_back_is_not_taken_a_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who gives it back has no turn for a while, when it has let go."""
    connect, made = sqlite3.connect, list[_Watched]()

    def connected(*arguments: Any, **options: Any) -> _Watched:
        made.append(_Watched(connect(*arguments, **options)))
        return made[-1]

    monkeypatch.setattr(database.sqlite3, "connect", connected)
    first, second, third = (Claim(tmp_path / "claim") for _ in range(3))
    assert first.take()
    taken: list[bool] = []
    made[0].closed = lambda: taken.append(second.take())
    first.release()
    assert taken == [True]
    assert not third.take()
    second.release()
    assert third.take()
    third.release()


def test_a_file_that_was_removed_since_it_was_opened_is_no_claim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes it has no turn for a while, when it has opened the file."""
    first, second, third = (Claim(tmp_path / "claim") for _ in range(3))
    assert first.take()
    connect = sqlite3.connect

    def connected(*arguments: Any, **options: Any) -> sqlite3.Connection:
        made = connect(*arguments, **options)
        first.release()
        return made

    with monkeypatch.context() as patched:
        patched.setattr(database.sqlite3, "connect", connected)
        assert second.take()
    assert not third.take()
    second.release()


def test_a_claim_that_cannot_be_made_is_no_one_elses(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"):
        Claim(tmp_path / "gone" / "claim").take()
