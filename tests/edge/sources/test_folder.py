"""Files leave the inbox only when they are safe, and none becomes two captures."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from modality.delivery.outbox.outbox import Outbox
from modality.edge.clock import BoxClock
from modality.edge.config import DeviceConfig
from modality.edge.events import Events
from modality.edge.sources import folder
from modality.edge.sources.folder import FolderSource
from modality.edge.sources.intake import Intake
from modality.errors import StorageFailed
from tests.edge.box import drop, pdf


class Rig:
    """An inbox with its source."""

    def __init__(self, folder: Path, kind: str = "pdf") -> None:
        self.inbox = folder / "inbox"
        self.inbox.mkdir()
        self.outbox = Outbox(folder / "state")
        self.events = Events()
        intake = Intake(self.outbox, BoxClock("always"), self.events, lambda: None)
        self.source = FolderSource(DeviceConfig("papers", "folder", path=self.inbox, kind=kind), intake)

    def left(self) -> list[str]:
        return sorted(path.name for path in self.inbox.iterdir())

    def taken(self) -> list[bytes]:
        return [item.raw.read_bytes() for item in self.outbox.items()]


@pytest.fixture
def rig(tmp_path: Path):  # type: ignore[no-untyped-def]
    made = Rig(tmp_path)
    yield made
    made.outbox.close()


def test_what_is_renamed_into_the_folder_is_taken_at_the_first_look(rig: Rig) -> None:
    drop(rig.inbox, "a.PDF", pdf(1))
    rig.source.look()
    assert (rig.taken(), rig.left()) == ([pdf(1)], [])
    item = rig.outbox.items()[0]
    assert (item.acknowledged, item.details["file"], item.source, item.kind) == (True, "a.PDF", "papers", "pdf")


def test_files_are_taken_oldest_first_and_others_are_left(rig: Rig) -> None:
    for number, name in enumerate(("new.pdf", "old.pdf")):
        os.utime(drop(rig.inbox, name, pdf(number)), (1e9 - number, 1e9 - number))
    (rig.inbox / "notes.txt").write_text("not ours")
    (rig.inbox / ".hidden.pdf").write_bytes(pdf(9))
    (rig.inbox / "folder.pdf").mkdir()
    (rig.inbox / "link.pdf").symlink_to("/etc/hostname")
    rig.source.look()
    assert rig.taken() == [pdf(1), pdf(0)]
    assert rig.left() == [".hidden.pdf", "folder.pdf", "link.pdf", "notes.txt"]
    assert rig.source.snapshot()["other_files"] == 1


def test_a_file_that_is_open_for_writing_is_waited_for_though_it_looks_whole(rig: Rig) -> None:
    with (rig.inbox / "a.pdf").open("wb") as file:
        file.write(pdf(1))
        file.flush()
        rig.source.look()
        assert rig.taken() == []
        file.write(b"an update\n%%EOF\n")
    rig.source.look()
    assert rig.taken() == [pdf(1) + b"an update\n%%EOF\n"]


def test_half_a_file_is_waited_for_until_nobody_has_touched_it_for_long(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    (rig.inbox / "a.pdf").write_bytes(pdf(1)[:20])
    rig.source.look()
    assert rig.taken() == []
    now = time.time()
    monkeypatch.setattr("modality.edge.sources.folder.time.time", lambda: now + 11)
    rig.source.look()
    assert rig.taken() == [pdf(1)[:20]], "it is as it is: a person will see it set aside"


def test_a_full_disk_leaves_the_file_and_says_so_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(rig.inbox, "a.pdf", pdf(1))
    capture = rig.outbox.capture

    def full(*_: object, **__: object) -> None:
        raise StorageFailed("no room")

    monkeypatch.setattr(rig.outbox, "capture", full)
    rig.source.look()
    rig.source.look()
    assert (rig.taken(), rig.left()) == ([], ["a.pdf"])
    assert [event.what for event in rig.events.recent()] == ["refused"]
    assert rig.source.snapshot()["problem"] == "no room"
    monkeypatch.setattr(rig.outbox, "capture", capture)
    rig.source.look()
    assert (rig.taken(), rig.left()) == ([pdf(1)], [])
    assert [event.what for event in rig.events.recent()] == ["refused", "captured", "back"]


def test_a_file_put_in_its_place_meanwhile_is_taken_too(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its reading and its leaving another file comes under the same name: both are captures."""
    drop(rig.inbox, "a.pdf", pdf(1))
    capture = rig.outbox.capture

    def replaced(*arguments, **options):  # type: ignore[no-untyped-def]
        item = capture(*arguments, **options)
        monkeypatch.setattr(rig.outbox, "capture", capture)
        drop(rig.inbox, "a.pdf", pdf(2))
        return item

    monkeypatch.setattr(rig.outbox, "capture", replaced)
    rig.source.look()
    rig.source.look()
    assert (sorted(rig.taken()), rig.left()) == ([pdf(1), pdf(2)], [])


def test_a_file_that_grows_while_it_is_read_is_read_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    path = drop(rig.inbox, "a.pdf", pdf(1))
    capture = rig.outbox.capture

    def grown(what, parts, **options):  # type: ignore[no-untyped-def]
        with path.open("ab") as file:
            file.write(b"more\n%%EOF\n")
        return capture(what, parts, **options)

    monkeypatch.setattr(rig.outbox, "capture", grown)
    rig.source.look()
    assert rig.taken() == []
    monkeypatch.setattr(rig.outbox, "capture", capture)
    rig.source.look()
    assert rig.taken() == [pdf(1) + b"more\n%%EOF\n"]


def test_the_same_paper_dropped_twice_is_two_captures(rig: Rig) -> None:
    for _ in range(2):
        drop(rig.inbox, "a.pdf", pdf(1))
        rig.source.look()
    assert rig.taken() == [pdf(1), pdf(1)]


def test_a_folder_that_is_gone_is_a_problem_and_not_the_end(rig: Rig) -> None:
    rig.inbox.rmdir()
    rig.source.look()
    assert "No such file" in rig.source.snapshot()["problem"]
    rig.inbox.mkdir()
    drop(rig.inbox, "a.pdf", pdf(1))
    rig.source.look()
    assert (len(rig.taken()), rig.source.snapshot()["problem"]) == (1, "")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"R\xf6ntgen.pdf", "R?ntgen.pdf"),  # of a program that writes Latin-1
        ("Röntgen\n\t.pdf".encode(), "Röntgen\n\t.pdf"),
        (b"x" * 251 + b".pdf", "x" * 251 + ".pdf"),
        (("ö" * 125 + "x.pdf").encode(), "ö" * 125 + "x.pdf"),
    ],
)
def test_whatever_a_file_is_called_it_is_taken_and_leaves(rig: Rig, name: bytes, shown: str) -> None:
    (rig.inbox / os.fsdecode(name)).write_bytes(pdf(1))
    drop(rig.inbox, "z.pdf", pdf(2))
    rig.source.look()
    assert (sorted(rig.taken()), rig.left()) == ([pdf(1), pdf(2)], [])
    assert shown in [item.details["file"] for item in rig.outbox.items()]


def test_a_file_that_cannot_be_had_does_not_keep_the_others_waiting(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is another account's, and unreadable; root reads it all the same, so the system says no here."""
    os.utime(drop(rig.inbox, "a.pdf", pdf(1)), (1e9, 1e9))
    drop(rig.inbox, "b.pdf", pdf(2))
    ends = folder.ends_properly

    def refused(path: Path, kind: str) -> bool:
        if path.name == "a.pdf":
            raise PermissionError(13, "Permission denied", str(path))
        return ends(path, kind)

    monkeypatch.setattr(folder, "ends_properly", refused)
    rig.source.look()
    assert (rig.taken(), rig.left()) == ([pdf(2)], ["a.pdf"])
    assert rig.source.snapshot()["problem"] == f"{rig.inbox}/a.pdf: cannot be taken: Permission denied"
    monkeypatch.setattr(folder, "ends_properly", ends)
    rig.source.look()
    assert (rig.taken(), rig.source.snapshot()["problem"]) == ([pdf(2), pdf(1)], "")


@pytest.mark.parametrize(
    ("kind", "name", "half", "whole"),
    [
        ("photo", "a.jpg", b"\xff\xd8\xff\xe0 picture", b"\xff\xd8\xff\xe0 picture \xff\xd9"),
        ("sc", "a.png", b"\x89PNG\r\n\x1a\n half", b"\x89PNG\r\n\x1a\n whole \0\0\0\0IEND\xaeB`\x82"),
        ("photo", "a.tif", b"II*\0\xff\0\0\0half", b"II*\0\x08\0\0\0whole"),
        ("joia-xml", "a.xml", b"<Ophthalmology><Common>", b"<Ophthalmology></Ophthalmology>\n"),
    ],
)
def test_each_kind_of_file_is_known_to_be_whole_by_its_end(
    tmp_path: Path, kind: str, name: str, half: bytes, whole: bytes
) -> None:
    rig = Rig(tmp_path, kind)
    try:
        (rig.inbox / name).write_bytes(half)
        rig.source.look()
        assert rig.taken() == []
        (rig.inbox / name).write_bytes(whole)
        rig.source.look()
        assert rig.taken() == [whole]
    finally:
        rig.outbox.close()
