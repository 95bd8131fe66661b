"""Ctrl-C and SIGTERM wait for the end of what must not be cut, and are then heeded."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from modality.delivery.pending import PendingInstances
from modality.delivery.signals import uninterrupted
from modality.transfer.instance import PreparedInstance
from tests.delivery.test_pending import files, instances

STOPS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@pytest.fixture(autouse=True)
def _raising() -> Iterator[None]:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@STOPS
def test_a_signal_is_heeded_after_the_outermost_block_and_once(number: signal.Signals) -> None:
    done = []
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - what is done before it is raised is the matter
        with uninterrupted():
            with uninterrupted():
                signal.raise_signal(number)
                signal.raise_signal(number)
                done.append("within")
            done.append("between")
        done.append("after")
    assert done == ["within", "between"]
    assert signal.getsignal(number) == before


@STOPS
def test_a_signal_is_heeded_where_the_block_fails_too(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt) as raised, uninterrupted():  # noqa: PT012 - as above
        signal.raise_signal(number)
        raise ValueError("full disk")
    assert isinstance(raised.value.__context__, ValueError)


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with uninterrupted():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def test_another_thread_changes_no_handler() -> None:
    seen = []

    def within() -> None:
        with uninterrupted():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=within)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]


@STOPS
def test_files_and_rows_agree_where_an_interruption_comes_between_them(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending = PendingInstances(tmp_path)
    write, unlink = PreparedInstance.write, Path.unlink

    def written(self: PreparedInstance, path: Path, *, durable: bool = False) -> None:
        write(self, path, durable=durable)
        signal.raise_signal(number)

    def unlinked(self: Path, *, missing_ok: bool = False) -> None:
        signal.raise_signal(number)
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(PreparedInstance, "write", written)
    for one in instances("1.1", "1.2"):
        with pytest.raises(KeyboardInterrupt):
            pending.put(one, commit_wanted=False)
    assert [one.path.name for one in pending.list()] == files(tmp_path) == ["1.1.store-only.dcm", "1.2.store-only.dcm"]
    monkeypatch.setattr(Path, "unlink", unlinked)
    with pytest.raises(KeyboardInterrupt):
        pending.stored(["1.1", "1.2"])
    assert pending.list() == files(tmp_path) == []
