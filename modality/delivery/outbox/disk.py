"""Every step that changes the disk, each with a name: a test ends the process behind each, and looks at what is left.

Outside this module and `database` nothing of the outbox or its sources writes, renames or removes; a test reads the
code for that, and for names that the table below does not hold.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from modality.errors import StorageFailed
from modality.transfer.elements import Buffer

ENVIRONMENT = "MODALITY_CRASH_BEHIND"
"""Names a step, and after a colon which time it is done: behind it the process ends as by SIGKILL. For tests."""

Interrupt = Callable[[str], None]
"""Called behind each step with its name; what it raises goes through."""

_PLACED = ("written", "synced", "renamed", "lasting")

STEPS: Mapping[str, str] = {
    "capture.payload": "the bytes of a capture are in place; its row is not: the source still holds it",
    "capture.row": "it is ours; the source has not been told",
    "capture.undone": "its row could not be written: its bytes are taken away again, and the source keeps it",
    "capture.acknowledged": "the source holds it no more",
    "folder.leaving": "the file has a name of ours within the inbox",
    "folder.removed": "the file has left the inbox, and a power cut may bring it back",
    "folder.lasting": "the file has left the inbox for good",
    "spool.payload": "a segment or message has its UID; no byte of it is here",
    "spool.appended": "bytes are in the spool, and a power cut may take them",
    "spool.synced": "they are safe",
    "spool.undone": "what was half written to a full disk is cut off again",
    "spool.aside": "a spool that cannot be read is kept under another name",
    "spool.removed": "the spool is gone: the capture has its bytes, or there were none",
    "hold.row": "it waits for a person",
    "assign.row": "a person has said whose it is",
    "aside.row": "nothing can be made of it as it is, and people see why",
    "fact.row": "something small is remembered: the last barcode, the number of the next instance",
    "describe.payload": "an object is in place; its row is not: it is made again",
    "describe.row": "it can be delivered",
    "deliver.stored": "the destination has it, and we know",
    "deliver.asked": "a commitment is about to be asked for",
    "deliver.confirmed": "the destination has taken responsibility, and we know",
    "deliver.refused": "the destination did not take it",
    "retry.row": "what was set aside is tried again",
    "discard.row": "a person did not want it",
    "prune.row": "retention has taken it from the list; its files are still here",
    "prune.removed": "one of its files is gone",
}
"""What holds behind each step. A step whose name ends in "payload" is four: written, synced, renamed, lasting."""


def points() -> list[str]:
    """Every point behind which a process may end, in full."""
    return [
        point
        for step in STEPS
        for point in ([f"{step}.{part}" for part in _PLACED] if step.endswith(".payload") else [step])
    ]


def from_environment() -> Interrupt:
    """What ends this process where the environment says; nothing else."""
    wanted, _, time = os.environ.get(ENVIRONMENT, "").partition(":")
    if not wanted:
        return lambda _: None
    seen: Counter[str] = Counter()

    def interrupt(point: str) -> None:
        seen[point] += 1
        if point == wanted and seen[point] == int(time or 1):
            os._exit(137)

    return interrupt


class Disk:
    """The steps.

    Args:
        interrupt: called behind each.
        reserve: bytes of the disk that captures leave free.
    """

    def __init__(self, interrupt: Interrupt | None = None, *, reserve: int = 0) -> None:
        self.reached = interrupt or from_environment()
        self.reserve = reserve

    def free(self, folder: Path) -> int:
        """Bytes that may be written below a folder before the reserve is touched; negative within it."""
        status = os.statvfs(folder)
        return status.f_bavail * status.f_frsize - self.reserve

    def place(self, step: str, path: Path, parts: Iterable[Buffer]) -> int:
        """Make a file that is there whole or not at all, and stays; how many bytes it has.

        Raises:
            StorageFailed: it cannot be written; nothing is left behind.
        """
        aside = path.with_name(f".{os.urandom(8).hex()}.part")
        try:
            try:
                size = 0
                with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    for part in parts:
                        size += file.write(part)
                    file.flush()
                    self.reached(f"{step}.written")
                    os.fsync(file.fileno())
                self.reached(f"{step}.synced")
                aside.replace(path)
            except BaseException:
                aside.unlink(missing_ok=True)
                raise
            self.reached(f"{step}.renamed")
            _sync(path.parent)
            self.reached(f"{step}.lasting")
        except OSError as error:
            raise StorageFailed(f"{path}: cannot be made safe: {error.strerror or error}") from error
        return size

    def append(self, step: str, file: IO[bytes], data: Buffer) -> None:
        """Add bytes to an unbuffered file; they may not last yet."""
        left = memoryview(data)
        while left:
            left = left[file.write(left) :]
        self.reached(step)

    def sync(self, step: str, file: IO[bytes]) -> None:
        """Make what was written to a file last."""
        os.fsync(file.fileno())
        self.reached(step)

    def cut(self, step: str, file: IO[bytes], size: int) -> None:
        """Take away what stands behind the first `size` bytes."""
        file.truncate(size)
        file.seek(size)
        self.reached(step)

    def move(self, step: str, path: Path, to: Path) -> None:
        """Give a file another name."""
        path.rename(to)
        self.reached(step)

    def remove(self, step: str, path: Path) -> None:
        """Remove a file, if it is there."""
        with suppress(FileNotFoundError):
            path.unlink()
        self.reached(step)

    def settle(self, step: str, folder: Path) -> None:
        """Make renamings and removals in a folder last."""
        _sync(folder)
        self.reached(step)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
