"""A folder for one archive at a time: a second would clear away what the first is receiving."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from modality.errors import UsageError


class FolderLock:
    """A folder that is taken; given back by `release`, and by the system when the process ends.

    Args:
        folder: made when it does not exist.

    Raises:
        UsageError: another archive has it, or it cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # patients' data: nobody else's to read
            # A lock of SQLite's: the same on every system, between processes and within one.
            self._database = sqlite3.connect(
                folder / "lock.sqlite", timeout=0, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise UsageError(f"the storage folder {folder} cannot be used: {_reason(error)}") from error
        try:
            self._database.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            self._database.close()
            if "locked" in str(error):
                raise UsageError(f"the storage folder {folder} is another archive's: give each its own") from error
            raise UsageError(f"the storage folder {folder} cannot be used: {error}") from error

    def release(self) -> None:
        """Let another have it."""
        self._database.close()


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
