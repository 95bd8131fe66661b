"""What waits for an archive is there again after a restart, and goes when it is safe."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from modality.delivery.pending import PendingInstances
from modality.errors import InputError, UsageError
from modality.transfer.encode import prepare
from modality.transfer.files import write_whole
from modality.transfer.instance import PreparedInstance
from tests.peers.process import PATIENCE_S
from tests.transfer.datasets import CT_IMAGE, image


def instances(*uids: str) -> list[PreparedInstance]:
    return [prepare(image(SOPInstanceUID=uid)) for uid in uids]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "instances").iterdir())


@pytest.fixture
def waiting(tmp_path: Path) -> PendingInstances:
    pending = PendingInstances(tmp_path / "state")
    for one in instances("1.1", "1.2"):
        pending.put(one, commit_wanted=True)
    return pending


def test_what_waits_is_there_after_reopening(waiting: PendingInstances) -> None:
    again = PendingInstances(waiting.folder)
    assert [(one.uid, one.class_uid, one.study_uid) for one in again.list()] == [
        ("1.1", CT_IMAGE, "1.2.3"),
        ("1.2", CT_IMAGE, "1.2.3"),
    ]
    one = again.list()[0]
    assert (one.stored, one.commit_wanted, one.problem) == (False, True, "")
    assert b"".join(again.read(one).buffers()) == b"".join(instances("1.1")[0].buffers())


def test_what_is_stored_stays_until_it_is_committed(waiting: PendingInstances) -> None:
    waiting.stored(["1.1"])
    assert [(one.uid, one.stored) for one in waiting.list()] == [("1.1", True), ("1.2", False)]
    waiting.committed(["1.1"])
    assert ([one.uid for one in waiting.list()], files(waiting.folder)) == (["1.2"], ["1.2.dcm"])


def test_what_is_stored_goes_at_once_where_no_commitment_is_wanted(tmp_path: Path) -> None:
    pending = PendingInstances(tmp_path)
    for one in instances("1.1", "1.2"):
        pending.put(one, commit_wanted=False)
    pending.stored(["1.1"])
    assert ([one.uid for one in pending.list()], files(tmp_path)) == (["1.2"], ["1.2.store-only.dcm"])


def test_a_failed_commitment_has_it_stored_again_and_says_why(waiting: PendingInstances) -> None:
    waiting.stored(["1.1", "1.2"])
    waiting.failed([("1.2", "no such object instance")])
    assert [(one.stored, one.problem) for one in waiting.list()] == [(True, ""), (False, "no such object instance")]
    waiting.stored(["1.2"])
    assert waiting.list()[1].problem == ""


def test_transactions_outlive_a_restart_and_are_retired(waiting: PendingInstances) -> None:
    waiting.asked("1.9", ["1.1", "1.2", "1.2"])
    again = PendingInstances(waiting.folder)
    assert again.asked_in("1.9") == {"1.1", "1.2"}
    again.retire("1.9")
    assert again.asked_in("1.9") == again.asked_in("unknown") == set()


def test_the_same_instance_put_twice_waits_once(waiting: PendingInstances) -> None:
    waiting.put(instances("1.1")[0], commit_wanted=True)
    assert sorted(one.uid for one in waiting.list()) == ["1.1", "1.2"]


def test_threads_may_use_it_at_once(tmp_path: Path) -> None:
    pending = PendingInstances(tmp_path)

    def work(number: int) -> None:
        for one in instances(*(f"1.{number}.{index}" for index in range(5))):
            pending.put(one, commit_wanted=True)
            pending.stored([one.sop_instance_uid])
            pending.committed([one.sop_instance_uid] if number % 2 else [])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    left = sorted(f"1.{number}.{index}" for number in (0, 2) for index in range(5))
    assert sorted(one.uid for one in pending.list()) == left
    assert files(tmp_path) == [f"{uid}.dcm" for uid in left]


def test_a_damaged_or_missing_or_exchanged_file_is_named(waiting: PendingInstances) -> None:
    first, second = waiting.list()
    first.path.write_bytes(first.path.read_bytes()[:-2])
    with pytest.raises(InputError, match=r"1\.1\.dcm: truncated"):
        waiting.read(first)
    first.path.unlink()
    with pytest.raises(InputError, match=r"1\.1\.dcm: cannot be read"):
        waiting.read(first)
    first.path.write_bytes(second.path.read_bytes())
    with pytest.raises(InputError, match="holds another instance"):
        waiting.read(first)


def test_an_unusable_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"^the state folder .*file cannot be used: Not a directory$"):
        PendingInstances(tmp_path / "file")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "pending.sqlite").write_bytes(b"no database, but a text of some length" * 10)
    with pytest.raises(UsageError, match=r"^the state folder .*other cannot be used: file is not a database$"):
        PendingInstances(tmp_path / "other")


def test_a_database_that_breaks_later_is_one_line_too(waiting: PendingInstances) -> None:
    database = sqlite3.connect(waiting.folder / "pending.sqlite")
    database.execute("DROP TABLE instances")
    database.close()
    with pytest.raises(UsageError, match="cannot be used: no such table"):
        waiting.list()


def test_a_file_that_a_crash_left_without_a_row_waits_too_and_a_torn_one_is_passed_over(tmp_path: Path) -> None:
    folder = PendingInstances(tmp_path).folder
    instances("1.7")[0].write(folder / "instances" / "1.7.dcm")
    (folder / "instances" / "1.8.dcm").write_bytes(b"torn")
    (one,) = PendingInstances(folder).list()
    assert (one.uid, one.stored, one.commit_wanted) == ("1.7", False, True)


def test_nobody_else_can_read_what_waits(tmp_path: Path) -> None:
    pending = PendingInstances(tmp_path / "state")
    pending.put(*instances("1.1"), commit_wanted=True)
    found = {path: path.stat().st_mode & 0o777 for path in [pending.folder, *pending.folder.rglob("*")]}
    assert {mode for path, mode in found.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in found.items() if path.is_file()} == {0o600}


@pytest.mark.parametrize("commit_wanted", [True, False])
def test_a_file_without_its_row_is_committed_only_where_that_was_wanted(tmp_path: Path, commit_wanted: bool) -> None:
    pending = PendingInstances(tmp_path)
    for one in instances("1.1", "1.2"):
        pending.put(one, commit_wanted=commit_wanted)
    with closing(sqlite3.connect(tmp_path / "pending.sqlite")) as database, database:
        database.execute("DELETE FROM instances WHERE uid = '1.1'")
    again = PendingInstances(tmp_path)
    assert sorted((one.uid, one.commit_wanted) for one in again.list()) == [
        ("1.1", commit_wanted),
        ("1.2", commit_wanted),
    ]
    again.stored(["1.1", "1.2"])
    again.committed(["1.1", "1.2"])
    assert (again.list(), files(tmp_path)) == ([], [])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked child")
def test_half_a_file_of_a_process_that_was_killed_is_removed_and_one_under_way_is_not(tmp_path: Path) -> None:
    folder = PendingInstances(tmp_path).folder / "instances"
    going_on, may_end = threading.Event(), threading.Event()

    def dies() -> Iterator[bytes]:
        yield b"half"
        os.kill(os.getpid(), signal.SIGKILL)

    def goes_on() -> Iterator[bytes]:
        yield b"a first half, "
        going_on.set()
        assert may_end.wait(PATIENCE_S)
        yield b"and the second"

    child = os.fork()
    if child == 0:
        write_whole(folder / "1.1.dcm", dies(), durable=True)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    (left,) = files(tmp_path)
    writer = threading.Thread(target=write_whole, args=(folder / "1.2.txt", goes_on()), kwargs={"durable": True})
    writer.start()
    try:
        assert going_on.wait(PATIENCE_S)
        PendingInstances(tmp_path)
        (under_way,) = files(tmp_path)
    finally:
        may_end.set()
        writer.join()
    assert left != under_way
    assert files(tmp_path) == ["1.2.txt"]
    assert (folder / "1.2.txt").read_bytes() == b"a first half, and the second"
