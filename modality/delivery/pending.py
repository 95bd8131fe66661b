"""Instances that are not safe elsewhere yet, and the commitments asked for them: files and one SQLite table each.

An instance is written here before it is sent, and goes when the archive has committed it, or has stored it where no
commitment was asked for. A run that was killed, or an archive that was away, leaves it for `--resume`.
"""

from __future__ import annotations

import builtins
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pydicom

from modality.delivery.database import StateDatabase
from modality.delivery.signals import uninterrupted
from modality.delivery.steps import StepQueue
from modality.errors import InputError, UsageError
from modality.transfer.files import remove_abandoned
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read

_SCHEMA = """
CREATE TABLE IF NOT EXISTS instances (
    uid TEXT PRIMARY KEY, class_uid TEXT NOT NULL, study_uid TEXT NOT NULL, file TEXT NOT NULL,
    stored INTEGER NOT NULL DEFAULT 0, commit_wanted INTEGER NOT NULL, problem TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS transactions (uid TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS asked (
    transaction_uid TEXT NOT NULL REFERENCES transactions (uid) ON DELETE CASCADE, instance_uid TEXT NOT NULL,
    PRIMARY KEY (transaction_uid, instance_uid)
);
CREATE TABLE IF NOT EXISTS answered (
    transaction_uid TEXT NOT NULL REFERENCES transactions (uid) ON DELETE CASCADE, instance_uid TEXT NOT NULL,
    PRIMARY KEY (transaction_uid, instance_uid)
);
CREATE TABLE IF NOT EXISTS retired (uid TEXT PRIMARY KEY, answered INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS reports (
    number INTEGER PRIMARY KEY AUTOINCREMENT, transaction_uid TEXT NOT NULL, kind TEXT NOT NULL,
    committed INTEGER NOT NULL, failed INTEGER NOT NULL
);
"""
# Our choice: how many transactions that are over, and reports, are remembered.
_REMEMBERED = 10_000


# In the name of a file for which no commitment is wanted: what a crash leaves without its row still tells.
_STORE_ONLY = ".store-only.dcm"


def _names(uid: str) -> tuple[str, str]:
    """The names of an instance's file: where its commitment is wanted, and where it is not."""
    return f"{uid}.dcm", f"{uid}{_STORE_ONLY}"


@dataclass(frozen=True, slots=True)
class Pending:
    """An instance that waits here.

    Args:
        uid: SOP Instance UID.
        class_uid: SOP Class UID.
        study_uid: Study Instance UID.
        path: its file.
        stored: the archive has answered its C-STORE with success.
        commit_wanted: it stays until it is committed.
        problem: why it was not stored or committed, as last heard.
    """

    uid: str
    class_uid: str
    study_uid: str
    path: Path
    stored: bool
    commit_wanted: bool
    problem: str


class PendingInstances:
    """The instances of one state folder that wait to be stored or committed.

    Args:
        folder: created when missing; one process at a time uses it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = StateDatabase(folder)
        try:
            (folder / "instances").mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise UsageError(f"the state folder {folder} cannot be used: {error.strerror or error}") from error
        self.database.create(_SCHEMA)
        self.steps = StepQueue(self.database)
        self._adopt()

    def _adopt(self) -> None:
        """Give a row to each file that a crash left without one: it was made, and is nowhere else.

        Of one that was not yet whole nothing was made: it is removed.
        """
        remove_abandoned(self.folder / "instances")
        with self.database.open() as database:
            known = {uid for (uid,) in database.execute("SELECT uid FROM instances")}
            for path in sorted((self.folder / "instances").glob("*.dcm")):
                if path.name.partition(_STORE_ONLY)[0].removesuffix(".dcm") not in known:
                    with suppress(InputError):
                        wanted = not path.name.endswith(_STORE_ONLY)
                        instance = read(path)
                        self._insert(database, instance, path.name, commit_wanted=wanted)
                        self._created(database, instance, *_belongs_to(path))

    def put(self, instance: PreparedInstance, *, commit_wanted: bool, step_uid: str = "", series_uid: str = "") -> None:
        """Keep an instance, power cuts included: its file first, then its row.

        Args:
            instance: what is kept.
            commit_wanted: it stays until it is committed.
            step_uid: the performed step in which it was created, one that has begun in `steps`.
            series_uid: its series within that step.

        Raises:
            UsageError: the state folder cannot be written.
        """
        path = self.folder / "instances" / _names(instance.sop_instance_uid)[0 if commit_wanted else 1]
        with uninterrupted():
            instance.write(path, durable=True)
            path.chmod(0o600)
            with self.database.open() as database:
                self._insert(database, instance, path.name, commit_wanted=commit_wanted)
                self._created(database, instance, step_uid, series_uid)

    @staticmethod
    def _created(database: sqlite3.Connection, instance: PreparedInstance, step_uid: str, series_uid: str) -> None:
        database.execute(
            "INSERT OR IGNORE INTO created SELECT ?,?,?,? WHERE ? IN (SELECT uid FROM begun_steps)",
            (step_uid, series_uid, instance.sop_class_uid, instance.sop_instance_uid, step_uid),
        )

    @staticmethod
    def _insert(database: sqlite3.Connection, instance: PreparedInstance, file: str, *, commit_wanted: bool) -> None:
        row = (instance.sop_instance_uid, instance.sop_class_uid, instance.study_uid, file, commit_wanted)
        database.execute(
            "INSERT OR REPLACE INTO instances (uid, class_uid, study_uid, file, commit_wanted) VALUES (?,?,?,?,?)", row
        )

    def stored(self, uids: Iterable[str]) -> None:
        """The archive took these; those for which no commitment is wanted need not wait any longer."""
        with uninterrupted():
            with self.database.open() as database:
                for uid in uids:
                    database.execute("UPDATE instances SET stored = 1, problem = '' WHERE uid = ?", (uid,))
                done = database.execute("SELECT uid FROM instances WHERE stored AND NOT commit_wanted").fetchall()
            self._drop(uid for (uid,) in done)

    def failed(self, problems: Iterable[tuple[str, str]]) -> None:
        """These were not stored, or not committed, and why: they have to be sent again."""
        with self.database.open() as database:
            for uid, problem in problems:
                database.execute("UPDATE instances SET stored = 0, problem = ? WHERE uid = ?", (problem, uid))

    def asked(self, transaction_uid: str, uids: Iterable[str]) -> None:
        """A commitment of these is about to be asked for: known here before the archive can answer."""
        with self.database.open() as database:
            database.execute("INSERT INTO transactions VALUES (?)", (transaction_uid,))
            database.executemany(
                "INSERT INTO asked VALUES (?,?)", [(transaction_uid, uid) for uid in dict.fromkeys(uids)]
            )

    def asked_in(self, transaction_uid: str) -> set[str]:
        """What was asked for in a transaction; empty for one that is not known, or was retired."""
        with self.database.open() as database:
            rows = database.execute("SELECT instance_uid FROM asked WHERE transaction_uid = ?", (transaction_uid,))
            return {uid for (uid,) in rows}

    def answered(self, transaction_uid: str, uids: Iterable[str]) -> bool:
        """A report has spoken of these; whether all that was asked for in the transaction is answered now."""
        with self.database.open() as database:
            rows = [(transaction_uid, uid) for uid in uids]
            database.executemany("INSERT OR IGNORE INTO answered VALUES (?,?)", rows)
            left = database.execute(
                "SELECT 1 FROM asked WHERE transaction_uid = ? AND instance_uid NOT IN "
                "(SELECT instance_uid FROM answered WHERE transaction_uid = ?)",
                (transaction_uid, transaction_uid),
            ).fetchone()
            return left is None

    def retire(self, transaction_uid: str, *, answered: bool = False) -> None:
        """A transaction is over: answered, or its request failed; its UID is never used again (PS3.4 J.3.2)."""
        with self.database.open() as database:
            database.execute("DELETE FROM transactions WHERE uid = ?", (transaction_uid,))
            database.execute("INSERT OR REPLACE INTO retired VALUES (?,?)", (transaction_uid, answered))
            database.execute("DELETE FROM retired WHERE rowid <= (SELECT MAX(rowid) FROM retired) - ?", (_REMEMBERED,))

    def was_answered(self, transaction_uid: str) -> bool:
        """Whether a transaction is over because it was answered."""
        with self.database.open() as database:
            row = database.execute("SELECT answered FROM retired WHERE uid = ?", (transaction_uid,)).fetchone()
            return bool(row and row[0])

    def record(self, transaction_uid: str, kind: str, committed: int, failed: int) -> None:
        """Write down that a report came, and what it was: "in time", "again" or "unknown"."""
        with self.database.open() as database:
            database.execute(
                "INSERT INTO reports (transaction_uid, kind, committed, failed) VALUES (?,?,?,?)",
                (transaction_uid, kind, committed, failed),
            )
            database.execute(
                "DELETE FROM reports WHERE number <= (SELECT MAX(number) FROM reports) - ?", (_REMEMBERED,)
            )

    def reports(self) -> builtins.list[tuple[str, str, int, int]]:
        """Transaction UID, kind, and how many committed and failed, of each report that came, oldest first."""
        with self.database.open() as database:
            return database.execute(
                "SELECT transaction_uid, kind, committed, failed FROM reports ORDER BY number"
            ).fetchall()

    def committed(self, uids: Iterable[str]) -> None:
        """The archive has taken responsibility for these: their files may go."""
        self._drop(uids)

    def _drop(self, uids: Iterable[str]) -> None:
        gone = list(uids)
        if not gone:
            return
        with uninterrupted():
            with self.database.open() as database:
                database.executemany("DELETE FROM instances WHERE uid = ?", [(uid,) for uid in gone])
            for uid in gone:
                for name in _names(uid):
                    (self.folder / "instances" / name).unlink(missing_ok=True)

    def list(self) -> list[Pending]:
        """All that waits, oldest first."""
        with self.database.open() as database:
            rows = database.execute(
                "SELECT uid, class_uid, study_uid, file, stored, commit_wanted, problem FROM instances ORDER BY rowid"
            ).fetchall()
        return [
            Pending(uid, class_uid, study_uid, self.folder / "instances" / file, bool(stored), bool(wanted), problem)
            for uid, class_uid, study_uid, file, stored, wanted, problem in rows
        ]

    def read(self, pending: Pending) -> PreparedInstance:
        """The instance from its file.

        Raises:
            InputError: the file is damaged or gone.
        """
        instance = read(pending.path)
        if instance.sop_instance_uid != pending.uid:
            raise InputError(f"{pending.path}: holds another instance than its name says")
        return instance


def _belongs_to(path: Path) -> tuple[str, str]:
    """The performed step and the series that an instance names; empty where it names none."""
    header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
    steps = header.get("ReferencedPerformedProcedureStepSequence") or []
    step_uid = str(steps[0].get("ReferencedSOPInstanceUID") or "") if steps else ""
    return step_uid, str(header.get("SeriesInstanceUID") or "")
