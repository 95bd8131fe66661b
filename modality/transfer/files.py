"""Files that are there whole or not at all, and folders that are there while they are needed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
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
        aside, file = _open_aside(path)
        try:
            with file:
                for part in parts:
                    file.write(part)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
                if fcntl:  # while it is held
                    aside.replace(path)
            if not fcntl:  # Windows renames no file that is open
                aside.replace(path)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        if durable:
            _sync_folder(path.parent)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error


def remove_abandoned(folder: Path) -> None:
    """Remove what processes that were killed have left in a folder of files that `write_whole` was to make.

    What another process, or another thread, is writing now stays.
    """
    for aside in folder.glob(".*.part") if fcntl else ():
        with suppress(OSError), aside.open("rb") as file:  # held by who writes it, or gone meanwhile
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            aside.unlink()


@contextmanager
def folder_aside(out: Path, name: str) -> Iterator[Path]:
    """A hidden folder for what is moved on when it is whole; it goes at the end, whatever happens.

    It is held meanwhile, also by processes that are forked, so that what killed ones have left of the same name is
    known by that nobody holds it: that is removed first.

    Args:
        out: where it is made: on the file system that its contents are moved within; created when missing.
        name: what it is for, such as ``media``.

    Raises:
        OSError: it cannot be made.
    """
    out.mkdir(parents=True, exist_ok=True)
    prefix = f".{name}-"
    _remove_abandoned_folders(out, prefix)
    with ExitStack() as held:
        while True:
            aside = Path(held.enter_context(tempfile.TemporaryDirectory(prefix=prefix, dir=out)))
            if not fcntl:
                break
            handle = os.open(aside, os.O_RDONLY)
            held.callback(os.close, handle)
            with suppress(OSError):  # a file system without locks: nothing is removed there either
                fcntl.flock(handle, fcntl.LOCK_EX)
            if aside.exists():  # not removed before it was held
                break
        yield aside


def _remove_abandoned_folders(out: Path, prefix: str) -> None:
    """Remove folders that nobody holds."""
    for aside in out.glob(f"{prefix}*") if fcntl else ():
        if aside.is_symlink() or not aside.is_dir():
            continue
        with suppress(OSError):  # held, or gone meanwhile
            handle = os.open(aside, os.O_RDONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(aside)
            finally:
                os.close(handle)


def _open_aside(path: Path) -> tuple[Path, BinaryIO]:
    """A new file beside, held: it is not taken for abandoned."""
    while True:
        aside = path.with_name(f".{os.urandom(8).hex()}.part")
        file = aside.open("xb")
        if not fcntl:
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
