"""A folder into which files are dropped: each becomes one capture, and leaves only when that is safe."""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modality.edge.config import FILE_KINDS, DeviceConfig
from modality.edge.sources.complete import ends_properly
from modality.edge.sources.intake import Intake
from modality.errors import InputError, StorageFailed

_POLL_S = 0.25
_UNCHANGED_S = 10.0  # our choice: a file that looks unfinished, and that nobody has touched for so long, is as it is
_PIECE = 1 << 20
_LEAVING = ".modality-"
_LONGEST_ENDING = 255 - len(_LEAVING) - 64 - 1  # NAME_MAX; a UID has at most 64 characters
_AGAIN_S = 5.0  # a full disk is asked again after so long


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it was when it was looked at."""

    path: Path
    status: os.stat_result

    @property
    def origin(self) -> str:
        """What is the same as long as it is the same file: a renaming changes none of it."""
        return f"{self.status.st_dev}:{self.status.st_ino}:{self.status.st_mtime_ns}:{self.status.st_size}"


class FolderSource:
    """Takes the files of one folder, oldest first.

    A file that a program has open for writing is waited for; so is one that ends in the middle, until nobody has
    changed it for a while. What is renamed into the folder is whole, and taken at the next look.

    Args:
        device: its configuration.
        intake: where captures go.
    """

    def __init__(self, device: DeviceConfig, intake: Intake) -> None:
        assert device.path is not None
        self.name, self._kind, self._folder, self._intake = device.name, device.kind, device.path, intake
        self._not_before = 0.0
        self._problem = ""
        self._waiting = self._others = self._taken = 0
        self._last_taken: float | None = None

    def run(self, stop: threading.Event) -> None:
        """Look every quarter of a second until told to stop."""
        while not stop.is_set():
            if time.monotonic() >= self._not_before:
                self.look()
            stop.wait(_POLL_S)

    def look(self) -> None:
        """Take what is whole; a file that cannot be had does not keep the others waiting, and is tried again."""
        problem, wait_s = "", 0.0
        try:
            files = self._files()
            self._waiting = len(files)
            for file in files:
                try:
                    if self._is_whole(file):
                        self._take(file)
                        self._waiting -= 1
                except OSError as error:
                    problem = problem or _plain(f"{file.path}: cannot be taken: {error.strerror or error}")
        except (OSError, StorageFailed, InputError) as error:
            problem, wait_s = _plain(str(error)), _AGAIN_S
        if problem:
            self._put_off(problem, wait_s)
            return
        if self._problem:
            self._intake.events.tell("back", self.name, "files are taken again")
        self._problem = ""

    def _put_off(self, problem: str, wait_s: float) -> None:
        self._not_before = time.monotonic() + wait_s
        if problem != self._problem:
            self._intake.events.tell("refused", self.name, problem)
        self._problem = problem

    def _files(self) -> list[_File]:
        """The files of our kind, oldest first; those that a crash caught on their way out are among them."""
        found, others = [], 0
        with os.scandir(self._folder) as entries:
            for entry in entries:
                leaving = entry.name.startswith(_LEAVING)
                if entry.name.startswith(".") and not leaving:
                    continue
                status = entry.stat(follow_symlinks=False)
                if not stat.S_ISREG(status.st_mode):
                    continue
                if not entry.name.lower().endswith(FILE_KINDS[self._kind]):
                    others += 1
                    continue
                found.append(_File(Path(entry.path), status))
        self._others = others
        return sorted(found, key=lambda file: (file.status.st_mtime_ns, file.path.name))

    def _is_whole(self, file: _File) -> bool:
        if not _nobody_writes(file.path):
            return False
        touched = max(file.status.st_mtime, file.status.st_ctime)
        return ends_properly(file.path, self._kind) or time.time() - touched > _UNCHANGED_S

    def _take(self, file: _File) -> None:
        name = file.path.name.partition("=")[2] if file.path.name.startswith(_LEAVING) else file.path.name
        item = self._intake.take(
            self.name,
            self._kind,
            _pieces(file),
            size=file.status.st_size,
            origin=file.origin,
            details={"file": _plain(name), **self._intake.scanned(self.name)},
        )
        # Somebody may have put another file of that name there meanwhile: what is removed is what was read.
        leaving = file.path.with_name(f"{_LEAVING}{item.uid}={_ending(name)}")
        disk = self._intake.outbox.disk
        disk.move("folder.leaving", file.path, leaving)
        if _File(leaving, leaving.lstat()).origin != file.origin:
            return  # it is taken by itself at the next look
        disk.remove("folder.removed", leaving)
        disk.settle("folder.lasting", self._folder)
        self._intake.outbox.acknowledged(item.uid)
        self._taken += 1
        self._last_taken = time.monotonic()

    def snapshot(self) -> dict[str, Any]:
        """Files taken, waiting, and of another kind; what is wrong; seconds since the last one."""
        ago = None if self._last_taken is None else round(time.monotonic() - self._last_taken, 1)
        return {
            "driver": "folder",
            "connected": not self._problem,
            "problem": self._problem,
            "captures": self._taken,
            "waiting_files": self._waiting,
            "other_files": self._others,
            "last_good_s": ago,
        }


def _plain(text: str) -> str:
    """A text that can be kept: of a name that is not UTF-8, what cannot be read is replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _ending(name: str) -> str:
    """As much of the end of a name as fits behind what is put before it."""
    return os.fsdecode(os.fsencode(name)[-_LONGEST_ENDING:])


def _nobody_writes(path: Path) -> bool:
    """Whether no program has the file open for writing: only then a read lease can be had (fcntl(2), F_SETLEASE).

    Where the file system or the owner of the file allows no lease, this says yes, and the file's end has to tell.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)  # whose default is to do nothing, should a writer come now
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        os.close(handle)
    return True


def _pieces(file: _File) -> Iterator[bytes]:
    """The file's bytes.

    Raises:
        StorageFailed: it changed while it was read.
    """
    with file.path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            yield piece
        if _File(file.path, os.fstat(stream.fileno())).origin != file.origin:
            raise StorageFailed(f"{file.path}: changed while it was read; it is read again")
