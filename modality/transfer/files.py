"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from modality.errors import UsageError
from modality.transfer.elements import Buffer


def write_whole(path: Path, parts: Iterable[Buffer], *, durable: bool = False) -> None:
    """Write a file that is there whole or not at all: aside first, then renamed.

    Args:
        path: its folder is created when missing.
        parts: what it holds, in order; each may be made when it is asked for.
        durable: return only when a power cut cannot take it away any more.

    Raises:
        UsageError: it cannot be written; nothing is left behind.
    """
    aside = path.with_name(f".{os.urandom(8).hex()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with aside.open("xb") as file:
                for part in parts:
                    file.write(part)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            aside.replace(path)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        if durable:
            _sync_folder(path.parent)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error


def _sync_folder(folder: Path) -> None:
    """Make a renaming last: it is an entry of the folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
