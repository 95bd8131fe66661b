"""How far a migration has come: studies done, instances stored, in one SQLite file beside what is under way."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from modality.errors import UsageError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS migration (source TEXT NOT NULL, target TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS study (uid TEXT PRIMARY KEY, problem TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS stored (study_uid TEXT NOT NULL, uid TEXT NOT NULL, PRIMARY KEY (study_uid, uid));
"""


class Ledger:
    """What is done of one migration; a context manager, which others cannot open meanwhile.

    Args:
        folder: where it is kept, and where instances wait; made when missing.
        source: where the studies come from, as text without secrets.
        target: where they go.

    Raises:
        UsageError: the folder is another migration's, is in use, or cannot be used.
    """

    def __init__(self, folder: Path, source: str, target: str) -> None:
        self.spool = folder / "instances"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # patients' data: nobody else's to read
            self.spool.mkdir(mode=0o700, exist_ok=True)
            self._database = sqlite3.connect(folder / "migration.sqlite", timeout=0, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise UsageError(f"the state folder {folder} cannot be used: {error}") from error
        try:
            # Held until it is closed: two runs at once would store everything twice.
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.executescript(f"BEGIN EXCLUSIVE; {_SCHEMA} COMMIT;")
            known = self._database.execute("SELECT source, target FROM migration").fetchone()
            if known is None:
                self._database.execute("INSERT INTO migration VALUES (?, ?)", (source, target))
        except sqlite3.Error as error:
            self._database.close()
            reason = "another run is using it" if "locked" in str(error) else str(error)
            raise UsageError(f"the state folder {folder} cannot be used: {reason}") from error
        if known not in (None, (source, target)):
            self._database.close()
            raise UsageError(f"the state folder {folder} is of the migration from {known[0]} to {known[1]}")

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def done(self) -> set[str]:
        """Study Instance UIDs of the studies that are there, whole."""
        return {row[0] for row in self._database.execute("SELECT uid FROM study WHERE problem = ''")}

    def stored(self, study_uid: str) -> set[str]:
        """SOP Instance UIDs of a study that the target has answered with success."""
        return {row[0] for row in self._database.execute("SELECT uid FROM stored WHERE study_uid = ?", (study_uid,))}

    def note_stored(self, study_uid: str, uids: Iterable[str]) -> None:
        """The target has answered these with success."""
        self._database.execute("BEGIN")
        self._database.executemany("INSERT OR IGNORE INTO stored VALUES (?, ?)", [(study_uid, uid) for uid in uids])
        self._database.execute("COMMIT")

    def finish(self, study_uid: str) -> None:
        """A study is there, whole: what waited for it may go."""
        self._note(study_uid, "")
        self._database.execute("DELETE FROM stored WHERE study_uid = ?", (study_uid,))
        shutil.rmtree(self.spool / study_uid, ignore_errors=True)

    def fail(self, study_uid: str, problem: str, *, again: bool) -> None:
        """A study is not there, or not whole; what waits for it stays for the next run.

        Args:
            study_uid: Study Instance UID.
            problem: why.
            again: the next run stores what this one stored too.
        """
        self._note(study_uid, problem)
        if again:
            self._database.execute("DELETE FROM stored WHERE study_uid = ?", (study_uid,))

    def _note(self, study_uid: str, problem: str) -> None:
        self._database.execute(
            "INSERT INTO study VALUES (?, ?) ON CONFLICT (uid) DO UPDATE SET problem = excluded.problem",
            (study_uid, problem),
        )
