"""The state folder of a station: one SQLite database that survives kill -9 and power cuts, and what lies beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from modality.errors import UsageError


class StateDatabase:
    """A folder with a database in it; each transaction is on the disk when it ends.

    Args:
        folder: created when missing.

    Raises:
        UsageError: the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            if not folder.exists():
                folder.mkdir(mode=0o700, parents=True)  # patients' data: nobody else's to read
            (folder / "pending.sqlite").touch(mode=0o600)  # what SQLite puts beside it takes its mode
        except OSError as error:
            raise UsageError(f"the state folder {folder} cannot be used: {error.strerror or error}") from error

    def create(self, schema: str) -> None:
        """Make the tables that are not there yet."""
        with self.open() as database:
            database.executescript(schema)

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """One transaction, durable at the end of the block; a connection of its own, since reports come in threads.

        Raises:
            UsageError: the database cannot be read or written.
        """
        try:
            with closing(sqlite3.connect(self.folder / "pending.sqlite", timeout=30)) as database:
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("PRAGMA synchronous = FULL")
                database.execute("PRAGMA foreign_keys = ON")
                with database:
                    yield database
        except sqlite3.Error as error:
            raise UsageError(f"the state folder {self.folder} cannot be used: {error}") from error


class Claim:
    """A file that says who is at work on something: held by one, and given back by the system when a process is killed.

    Args:
        path: the file; its folder exists.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None

    def take(self) -> bool:
        """Take it, if nobody has it.

        Raises:
            UsageError: the file cannot be made.
        """
        while True:
            try:
                self._path.touch()
            except OSError as error:
                raise UsageError(f"{self._path}: cannot be written: {error.strerror or error}") from error
            found = self._identity()
            # A lock of SQLite's: the same on every system, between processes and within one.
            database = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
            try:
                database.execute("BEGIN EXCLUSIVE")
                taken = True
            except sqlite3.Error:
                taken = False
            same = found == self._identity()  # else it was given back and removed meanwhile: who comes has another file
            if taken and same:
                self._database = database
                return True
            database.close()
            if same:
                return False

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino

    def release(self) -> None:
        """Give it back; harmless when not held."""
        if self._database:
            removed = False
            with suppress(PermissionError):  # Windows removes no file that is open
                self._path.unlink(missing_ok=True)  # as long as it is held: behind that it may be another's
                removed = True
            self._database.close()
            self._database = None
            if not removed:
                self._path.unlink(missing_ok=True)
