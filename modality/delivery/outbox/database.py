"""The outbox's tables, in one SQLite file that survives kill -9 and power cuts."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from modality.delivery.outbox.disk import Disk
from modality.errors import StorageFailed, UsageError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    number INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE, source TEXT NOT NULL, kind TEXT NOT NULL,
    state TEXT NOT NULL, wall TEXT NOT NULL, monotonic REAL NOT NULL, boot TEXT NOT NULL, trusted INTEGER NOT NULL,
    origin TEXT NOT NULL, details TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', subject TEXT NOT NULL DEFAULT '{}',
    acknowledged INTEGER NOT NULL DEFAULT 0, raw TEXT NOT NULL, size INTEGER NOT NULL, changed TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS items_by_state ON items (state, number);
CREATE TABLE IF NOT EXISTS objects (
    uid TEXT PRIMARY KEY, item_uid TEXT NOT NULL REFERENCES items (uid) ON DELETE CASCADE, form TEXT NOT NULL,
    class_uid TEXT NOT NULL, study_uid TEXT NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS objects_by_item ON objects (item_uid);
CREATE TABLE IF NOT EXISTS deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT, object_uid TEXT NOT NULL REFERENCES objects (uid) ON DELETE CASCADE,
    destination TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'ready', refusals INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '', confirmed TEXT NOT NULL DEFAULT '', reached INTEGER NOT NULL DEFAULT 0,
    UNIQUE (object_uid, destination)
);
CREATE INDEX IF NOT EXISTS deliveries_by_state ON deliveries (destination, state, number);
CREATE TABLE IF NOT EXISTS asked (
    transaction_uid TEXT NOT NULL, destination TEXT NOT NULL, object_uid TEXT NOT NULL,
    PRIMARY KEY (transaction_uid, object_uid)
);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_BUSY_S = 30.0


class OutboxDatabase:
    """One connection, for all threads of the process, to the tables of one folder.

    Args:
        folder: exists.
        disk: hears of each transaction.

    Raises:
        UsageError: the file is no database of ours, or cannot be opened.
    """

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.path, self._disk = folder / "outbox.sqlite", disk
        self._lock = threading.RLock()
        try:
            self.path.touch(mode=0o600)  # patients' data: nobody else's to read
            self._connection = sqlite3.connect(
                self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise UsageError(f"{self.path}: cannot be used: {getattr(error, 'strerror', None) or error}") from error

    @contextmanager
    def transaction(self, step: str) -> Iterator[sqlite3.Connection]:
        """What is done in the block is on the disk when it ends, or not done at all.

        Raises:
            StorageFailed: the disk did not take it.
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                except BaseException:
                    with suppress(sqlite3.Error):  # a full disk has rolled it back already
                        self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                if self._connection.in_transaction:
                    with suppress(sqlite3.Error):
                        self._connection.execute("ROLLBACK")
                raise StorageFailed(f"{self.path}: cannot be written: {error}") from error
            self._disk.reached(step)

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """What a query finds.

        Raises:
            StorageFailed: the disk cannot be read.
        """
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise StorageFailed(f"{self.path}: cannot be read: {error}") from error

    def version(self) -> int:
        """A number that is another after another process has changed something."""
        return int(self.rows("PRAGMA data_version")[0][0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
