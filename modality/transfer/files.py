"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from modality.errors import UsageError
from modality.transfer.elements import Buffer

try:
    import fcntl
except ImportError:  # Windows: what a killed process has left there stays
    fcntl = None  # type: ignore[assignment]


def write_whole(path: Path, parts: Iterable[Buffer], *, durable: bool = False) -> None:
    """Write a file that is there whole or not at all: aside first, then renamed.

    Args:
        path: its folder is created when missing.
        parts: what it holds, in order; each may be made when it is asked for.
        durable: return only when a power cut cannot take it away any more.

    Raises:
        UsageError: it cannot be written; nothing is left behind.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside, file = _open_aside(path, held=durable)
        try:
            with file:
                for part in parts:
                    file.write(part)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
                    if fcntl:  # while it is held
                        aside.replace(path)
            if not (durable and fcntl):
                aside.replace(path)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        if durable:
            _sync_folder(path.parent)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error


def remove_abandoned(folder: Path) -> None:
    """Remove what processes that were killed have left of files that `write_whole` was to make durable.

    What another process, or another thread, is writing now stays.
    """
    for aside in folder.glob(".*.part") if fcntl else ():
        with suppress(OSError), aside.open("rb") as file:  # held by who writes it, or gone meanwhile
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            aside.unlink()


def _open_aside(path: Path, *, held: bool) -> tuple[Path, BinaryIO]:
    """A new file beside; one that is held is not taken for abandoned."""
    while True:
        aside = path.with_name(f".{os.urandom(8).hex()}.part")
        file = aside.open("xb")
        if not held or not fcntl:
            return aside, file
        with suppress(OSError):  # a file system without locks: nothing is removed there either
            fcntl.flock(file, fcntl.LOCK_EX)
        if aside.exists():  # not removed before it was held
            return aside, file
        file.close()


def _sync_folder(folder: Path) -> None:
    """Make a renaming last: it is an entry of the folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
