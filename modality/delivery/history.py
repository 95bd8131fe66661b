"""What a station has performed before: how often each scheduled step, and the highest series number of each study."""

from __future__ import annotations

from modality.delivery.database import StateDatabase

_SCHEMA = """
CREATE TABLE IF NOT EXISTS performed_before (scheduled TEXT PRIMARY KEY, times INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS series_numbers (study_uid TEXT PRIMARY KEY, number INTEGER NOT NULL);
"""


class StudyHistory:
    """The studies of one state folder, as far as the append case needs them.

    Args:
        database: of the state folder.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database
        database.create(_SCHEMA)

    def times_performed(self, scheduled: str) -> int:
        """How many performed steps answered a scheduled step."""
        with self._database.open() as database:
            row = database.execute("SELECT times FROM performed_before WHERE scheduled = ?", (scheduled,)).fetchone()
            return int(row[0]) if row else 0

    def performed(self, scheduled: str) -> None:
        """One more performed step has answered a scheduled step."""
        with self._database.open() as database:
            database.execute(
                "INSERT INTO performed_before VALUES (?, 1) ON CONFLICT (scheduled) DO UPDATE SET times = times + 1",
                (scheduled,),
            )

    def series_number(self, study_uid: str) -> int:
        """The highest Series Number given in a study; 0 where none was."""
        with self._database.open() as database:
            row = database.execute("SELECT number FROM series_numbers WHERE study_uid = ?", (study_uid,)).fetchone()
            return int(row[0]) if row else 0

    def numbered(self, study_uid: str, number: int) -> None:
        """A series has got its number."""
        with self._database.open() as database:
            database.execute(
                "INSERT INTO series_numbers VALUES (?,?) ON CONFLICT (study_uid) "
                "DO UPDATE SET number = MAX(number, excluded.number)",
                (study_uid, number),
            )
