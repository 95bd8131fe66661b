"""What a RIS has to be told of performed steps, and has not heard yet: N-CREATE and N-SET, in their order, on disk.

A message is written here before it is sent and goes when the RIS has taken it. One that the RIS refuses for good stays
as a dead letter, with the reason. A step that was begun and whose process was killed is known by its row, and by the
instances that were created in it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset

from modality.delivery.database import Claim, StateDatabase

CREATE, SET = "N-CREATE", "N-SET"
UPS_SET, UPS_ACTION = "UPS N-SET", "UPS N-ACTION"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS step_messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL, operation TEXT NOT NULL, address TEXT NOT NULL,
    attributes TEXT NOT NULL, uncertain INTEGER NOT NULL DEFAULT 0, refusals INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0, problem TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS begun_steps (uid TEXT PRIMARY KEY, address TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS claims (uid TEXT PRIMARY KEY, address TEXT NOT NULL, cancellation TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS begun_series (
    step_uid TEXT NOT NULL REFERENCES begun_steps (uid) ON DELETE CASCADE, uid TEXT NOT NULL, attributes TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS created (
    step_uid TEXT NOT NULL REFERENCES begun_steps (uid) ON DELETE CASCADE, series_uid TEXT NOT NULL,
    class_uid TEXT NOT NULL, uid TEXT NOT NULL, PRIMARY KEY (step_uid, uid)
);
"""


@dataclass(frozen=True, slots=True)
class StepMessage:
    """An N-CREATE or N-SET that waits, or was refused.

    Args:
        number: its place in the order.
        uid: SOP Instance UID of the performed step.
        operation: N-CREATE or N-SET; of a workitem of the unified worklist UPS N-SET or UPS N-ACTION.
        address: whom it is for.
        attributes: what it says.
        uncertain: it was sent at least once, and no answer is known.
        refusals: how often it was refused in a way that may pass.
        refused: it was refused for good.
        problem: why it is still here, as last heard.
    """

    number: int
    uid: str
    operation: str
    address: str
    attributes: Dataset
    uncertain: bool
    refusals: int
    refused: bool
    problem: str


@dataclass(frozen=True, slots=True)
class UnfinishedStep:
    """A step that was begun, and whose end nobody wrote down.

    Args:
        uid: SOP Instance UID of the performed step.
        series: Series Instance UID and what was noted of the series, in their order.
        created: Series Instance UID, SOP Class and Instance UID of each instance created.
    """

    uid: str
    series: tuple[tuple[str, Mapping[str, Any]], ...]
    created: tuple[tuple[str, str, str], ...]


class StepQueue:
    """The messages about performed steps of one state folder.

    Args:
        database: of the state folder.
    """

    def __init__(self, database: StateDatabase) -> None:
        self._database = database
        self._claims: dict[str, Claim] = {}
        database.create(_SCHEMA)

    def begin(self, uid: str, address: str, attributes: Dataset) -> None:
        """A step begins: its N-CREATE waits from here on.

        Raises:
            UsageError: the state folder cannot be written.
        """
        self.hold(uid)
        with self._database.open() as database:
            database.execute("INSERT OR REPLACE INTO begun_steps VALUES (?,?)", (uid, address))
            self._put(database, uid, CREATE, address, attributes)

    def series(self, uid: str, series_uid: str, attributes: Mapping[str, Any]) -> None:
        """A series begins within a step."""
        with self._database.open() as database:
            row = (uid, series_uid, json.dumps(dict(attributes)))
            database.execute(
                "INSERT INTO begun_series SELECT ?,?,? WHERE ? IN (SELECT uid FROM begun_steps)", (*row, uid)
            )

    def end(self, uid: str, attributes: Dataset) -> None:
        """A step has ended: its N-SET waits, and nobody need finish the step; both or neither.

        It stays held until `release`, so that no other process tells of it at the same time.
        """
        with self._database.open() as database:
            found = database.execute("SELECT address FROM begun_steps WHERE uid = ?", (uid,)).fetchone()
            if found:
                self._put(database, uid, SET, found[0], attributes)
                database.execute("DELETE FROM begun_steps WHERE uid = ?", (uid,))

    def claimed(self, uid: str, address: str, cancellation: Dataset) -> None:
        """A workitem is about to be claimed; should nothing more be heard of us, it is cancelled by what is given."""
        self.hold(uid)
        with self._database.open() as database:
            database.execute("INSERT OR REPLACE INTO claims VALUES (?,?,?)", (uid, address, cancellation.to_json()))

    def end_claim(self, uid: str, messages: Iterable[tuple[str, Dataset]]) -> None:
        """A workitem has ended: what its RIS has to be told waits, and nobody need cancel it; both or neither."""
        with self._database.open() as database:
            found = database.execute("SELECT address FROM claims WHERE uid = ?", (uid,)).fetchone()
            if found:
                for operation, attributes in messages:
                    self._put(database, uid, operation, found[0], attributes)
                database.execute("DELETE FROM claims WHERE uid = ?", (uid,))

    def end_claims(self) -> None:
        """Have the workitems cancelled whose process is no more; those at work, here or elsewhere, are left alone."""
        with self._database.open() as database:
            rows = database.execute("SELECT uid, cancellation FROM claims ORDER BY rowid").fetchall()
        for uid, cancellation in rows:
            if uid not in self._claims and self.hold(uid):
                self.end_claim(uid, [(UPS_ACTION, Dataset.from_json(cancellation))])

    def hold(self, uid: str) -> bool:
        """Have a step or workitem to ourselves; false while another process is at work on it."""
        if uid in self._claims:
            return True
        claim = self._claim(uid)
        if not claim.take():
            return False
        self._claims[uid] = claim
        return True

    def release(self, uid: str) -> None:
        """Let others have a step or workitem, unless it has not ended."""
        with self._database.open() as database:
            at_work = database.execute(
                "SELECT 1 FROM begun_steps WHERE uid = ? UNION SELECT 1 FROM claims WHERE uid = ?", (uid, uid)
            ).fetchone()
        if not at_work:
            self._release(uid)

    def forget(self, uid: str) -> None:
        """A step did not begin after all: nothing of it waits."""
        with self._database.open() as database:
            database.execute("DELETE FROM begun_steps WHERE uid = ?", (uid,))
            database.execute("DELETE FROM claims WHERE uid = ?", (uid,))
            database.execute("DELETE FROM step_messages WHERE uid = ? AND NOT refused", (uid,))
        self._release(uid)

    @staticmethod
    def _put(database: sqlite3.Connection, uid: str, operation: str, address: str, attributes: Dataset) -> None:
        database.execute(
            "INSERT INTO step_messages (uid, operation, address, attributes) VALUES (?,?,?,?)",
            (uid, operation, address, attributes.to_json()),
        )

    def sending(self, number: int) -> None:
        """A message goes out now: should nothing more be heard of it, the RIS may have it."""
        self._update(number, "uncertain = 1")

    def not_sent(self, number: int, problem: str, *, uncertain: bool) -> None:
        """A message did not go out, or may have: as `uncertain` says."""
        self._update(number, "problem = ?, uncertain = ?", problem, uncertain)

    def put_off(self, number: int, problem: str) -> None:
        """The RIS refused a message for reasons that may pass."""
        self._update(number, "problem = ?, uncertain = 0, refusals = refusals + 1", problem)

    def _update(self, number: int, change: str, *values: object) -> None:
        with self._database.open() as database:
            database.execute(f"UPDATE step_messages SET {change} WHERE number = ?", (*values, number))  # noqa: S608

    def delivered(self, number: int) -> None:
        """The RIS has taken a message."""
        with self._database.open() as database:
            database.execute("DELETE FROM step_messages WHERE number = ?", (number,))

    def refused(self, number: int, problem: str) -> None:
        """The RIS refused a message for good; what follows it in its step is in vain too."""
        with self._database.open() as database:
            database.execute("UPDATE step_messages SET refused = 1, problem = ? WHERE number = ?", (problem, number))
            database.execute(
                "UPDATE step_messages SET refused = 1, problem = 'the N-CREATE before it was refused' "
                "WHERE NOT refused AND uid = (SELECT uid FROM step_messages WHERE number = ? AND operation = ?)",
                (number, CREATE),
            )

    def refused_of(self, uid: str) -> bool:
        """Whether the N-CREATE of a step was refused for good."""
        with self._database.open() as database:
            return bool(
                database.execute(
                    "SELECT 1 FROM step_messages WHERE uid = ? AND refused AND operation = ?", (uid, CREATE)
                ).fetchone()
            )

    def forget_refused(self) -> int:
        """Drop the dead letters; returns how many there were."""
        with self._database.open() as database:
            return database.execute("DELETE FROM step_messages WHERE refused").rowcount

    def waiting(self, uid: str = "") -> list[StepMessage]:
        """What waits, in its order; of one step, or of all."""
        return [one for one in self._messages() if not one.refused and uid in ("", one.uid)]

    def dead(self) -> list[StepMessage]:
        """What was refused for good, in its order."""
        return [one for one in self._messages() if one.refused]

    def _messages(self) -> list[StepMessage]:
        with self._database.open() as database:
            rows = database.execute(
                "SELECT number, uid, operation, address, attributes, uncertain, refusals, refused, problem "
                "FROM step_messages ORDER BY number"
            ).fetchall()
        return [
            StepMessage(
                number,
                uid,
                operation,
                address,
                Dataset.from_json(text),
                bool(uncertain),
                refusals,
                bool(refused),
                problem,
            )
            for number, uid, operation, address, text, uncertain, refusals, refused, problem in rows
        ]

    def take_unfinished(self) -> list[UnfinishedStep]:
        """The steps whose process is no more; they are this one's to end now. Those at work elsewhere are left out."""
        with self._database.open() as database:
            uids = [uid for (uid,) in database.execute("SELECT uid FROM begun_steps ORDER BY rowid")]
        found = []
        for uid in uids:
            if uid in self._claims or not self.hold(uid):
                continue
            with self._database.open() as database:
                series = database.execute(
                    "SELECT uid, attributes FROM begun_series WHERE step_uid = ?", (uid,)
                ).fetchall()
                created = database.execute(
                    "SELECT series_uid, class_uid, uid FROM created WHERE step_uid = ? ORDER BY rowid", (uid,)
                ).fetchall()
                begun = database.execute("SELECT 1 FROM begun_steps WHERE uid = ?", (uid,)).fetchone()
            if not begun:  # ended by the other one since we looked
                self._release(uid)
                continue
            noted = tuple((series_uid, json.loads(text)) for series_uid, text in series)
            found.append(UnfinishedStep(uid, noted, tuple(created)))
        return found

    def close(self) -> None:
        """Give back what is claimed; a step that has not ended is for the next run to end."""
        for uid in list(self._claims):
            self._release(uid)

    def _claim(self, uid: str) -> Claim:
        return Claim(self._database.folder / f"step-{uid}.lock")

    def _release(self, uid: str) -> None:
        claim = self._claims.pop(uid, None)
        if claim:
            claim.release()
