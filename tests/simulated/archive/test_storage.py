"""Files written whole, below names that cannot leave their folder."""

from __future__ import annotations

import pytest

from modality.errors import UsageError
from modality.simulated.archive import SimulatedArchive
from modality.simulated.archive.lock import FolderLock
from modality.simulated.archive.storage import IncomingFile, InstanceFiles


def test_the_same_bytes_are_written_once_and_others_take_their_place(tmp_path):
    files = InstanceFiles(tmp_path)
    path = files.path("1", "2", "3")

    def put(*parts: bytes) -> bool:
        with files.incoming(parts) as file:
            return files.put(path, file)

    assert put(b"o", b"ne")
    assert not put(b"one")
    assert put(b"two")
    assert path.read_bytes() == b"two"
    assert not list((tmp_path / "incoming").iterdir())


def test_a_file_that_cannot_take_its_place_leaves_nothing(tmp_path):
    files = InstanceFiles(tmp_path)
    path = files.path("1", "2", "3")
    path.mkdir(parents=True)
    with pytest.raises(OSError, match=r"directory"), files.incoming([b"one"]) as file:
        files.put(path, file)
    assert not list((tmp_path / "incoming").iterdir())


def test_what_the_disk_refuses_is_said_when_the_file_is_finished(tmp_path):
    with IncomingFile(tmp_path / "none" / "1.part") as file:
        file.write(b"one")
        with pytest.raises(FileNotFoundError):
            file.finish()


def test_what_a_crash_left_half_written_is_gone_at_the_next_start(tmp_path):
    (tmp_path / "incoming").mkdir()
    (tmp_path / "incoming" / "1.part").write_bytes(b"half")
    InstanceFiles(tmp_path)
    assert not list((tmp_path / "incoming").iterdir())


def test_a_folder_is_one_archives_until_it_is_released(tmp_path):
    lock = FolderLock(tmp_path / "new")
    with pytest.raises(UsageError, match="another archive's"):
        FolderLock(tmp_path / "new")
    lock.release()
    FolderLock(tmp_path / "new").release()


def test_a_storage_folder_that_cannot_be_used_is_named_and_leaves_nothing_open(tmp_path):
    (tmp_path / "index.sqlite").write_bytes(b"no database" * 100)
    for _ in range(2):
        with pytest.raises(UsageError, match=f"{tmp_path} cannot be used"):
            SimulatedArchive(tmp_path).start()
