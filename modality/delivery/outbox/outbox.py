"""The outbox of one state folder: captures come in and are safe, objects are made of them, people decide."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from modality.delivery.outbox.database import OutboxDatabase
from modality.delivery.outbox.disk import Disk
from modality.delivery.outbox.item import Capture, Item, Moment, NewObject, State
from modality.errors import StorageFailed, UsageError, WorkflowError
from modality.identity import Clock, fresh_uid, system_clock
from modality.transfer.elements import Buffer
from modality.transfer.part10 import names_a_file

RAW, OBJECTS = "captures", "objects"
_CAPTURED = (
    "INSERT INTO items (uid, source, kind, state, wall, monotonic, boot, trusted, origin, details, raw, size, changed)"
)


class Outbox:
    """What was captured and is not forgotten yet; several threads, and the command line beside them, use it at once.

    Args:
        folder: created when missing; below it lie the database, the captures' bytes and the objects made of them.
        disk: does the steps; a test's may end the process behind one.
        clock: gives the local time.

    Raises:
        UsageError: the folder cannot be used.
    """

    def __init__(self, folder: Path, disk: Disk | None = None, clock: Clock = system_clock) -> None:
        self.folder, self.disk, self.clock = folder, disk or Disk(), clock
        try:
            for path in (folder, folder / RAW, folder / OBJECTS):
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"the state folder {folder} cannot be used: {error.strerror or error}") from error
        self.database = OutboxDatabase(folder, self.disk)

    def __enter__(self) -> Outbox:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    # Captures come in.

    def capture(self, capture: Capture, parts: Iterable[Buffer], *, size: int = 0) -> Item:
        """Make a capture safe; when this returns, the source may be told, and not before.

        A temporary file, fsync, its renaming, fsync of the folder, then the row: a crash before the row leaves a file
        that nobody was told of, and the next opening removes it. Handed in again, a capture is the one that is here.

        Args:
            capture: what it is.
            parts: its bytes, in order.
            size: how many there will be, as far as known, so that the reserve of the disk stays untouched.

        Raises:
            StorageFailed: it is not safe, and nothing of it is left; the source has to keep it.
            UsageError: it has a UID that names no file.
        """
        known = self._known(capture)
        if known:
            return known
        uid = capture.uid or fresh_uid()
        if not names_a_file(uid):
            raise UsageError(f"{capture.source}: {uid!r} is no UID")
        if self.disk.free(self.folder) < size:
            raise StorageFailed(f"{self.folder}: no room: what is free on the disk is kept in reserve")
        name = f"{uid}.raw"
        written = self.disk.place("capture.payload", self.folder / RAW / name, parts)
        moment = capture.moment
        row = (
            uid, capture.source, capture.kind, "captured", moment.wall.isoformat(), moment.monotonic_s, moment.boot,
            moment.trusted, capture.origin, json.dumps(capture.details, ensure_ascii=False), name, written, self._now(),
        )  # fmt: skip
        try:
            with self.database.transaction("capture.row") as database:
                database.execute(f"{_CAPTURED} VALUES ({','.join('?' * len(row))})", row)
        except StorageFailed:
            self.disk.remove("capture.undone", self.folder / RAW / name)
            raise
        return self.item(uid)

    def _known(self, capture: Capture) -> Item | None:
        rows = self.database.rows(
            "SELECT * FROM items WHERE uid = ? OR (source = ? AND origin = ? AND origin <> '' AND NOT acknowledged)",
            capture.uid, capture.source, capture.origin,
        )  # fmt: skip
        return self._item(rows[0]) if rows else None

    def acknowledged(self, uid: str) -> None:
        """The source has been told that a capture is safe, and holds it no more: the same again would be another."""
        with self.database.transaction("capture.acknowledged") as database:
            database.execute("UPDATE items SET acknowledged = 1 WHERE uid = ?", (uid,))

    # Something is made of them.

    def describe(
        self, uid: str, objects: Sequence[NewObject], *, reason: str = "", details: Mapping[str, Any] | None = None
    ) -> None:
        """Put in place what was made of a capture; with it each delivery begins.

        Args:
            uid: the capture's.
            objects: at least one.
            reason: what is worth knowing, for people.
            details: what has to be known when it is made anew, put beside those there are.

        Raises:
            StorageFailed: it is not safe; the capture is as before.
            WorkflowError: the capture is not there, or objects were made of it before.
        """
        rows = []
        for one in objects:
            name = f"{one.uid}.{'dcm' if one.form == 'dicom' else 'json'}"
            size = self.disk.place("describe.payload", self.folder / OBJECTS / name, one.parts)
            rows.append((one.uid, uid, one.form, one.class_uid, one.study_uid, name, size))
        with self.database.transaction("describe.row") as database:
            self._turn(database, uid, "ready", reason, "captured")
            self._add_details(database, uid, details or {})
            database.executemany("INSERT INTO objects VALUES (?,?,?,?,?,?,?)", rows)
            for one in objects:
                database.executemany(
                    "INSERT INTO deliveries (object_uid, destination) VALUES (?,?)",
                    [(one.uid, destination) for destination in one.destinations],
                )

    def hold(self, uid: str, reason: str, details: Mapping[str, Any] | None = None) -> None:
        """A person has to say whose a capture is.

        Args:
            uid: the capture's.
            reason: why nobody else can.
            details: what helps to decide, put beside those there are.
        """
        with self.database.transaction("hold.row") as database:
            self._turn(database, uid, "held", reason, "captured")
            self._add_details(database, uid, details or {})

    def set_aside(self, uid: str, reason: str, details: Mapping[str, Any] | None = None) -> None:
        """Nothing can be made of a capture as it is.

        Args:
            uid: the capture's.
            reason: why.
            details: what helps to repair it, put beside those there are.
        """
        with self.database.transaction("aside.row") as database:
            self._turn(database, uid, "dead", reason, "captured")
            self._add_details(database, uid, details or {})

    def wait(self, uid: str, reason: str) -> None:
        """A capture cannot be described yet, and need not wait for a person: nothing changes but what people read."""
        with self.database.transaction("hold.row") as database:
            database.execute("UPDATE items SET reason = ? WHERE uid = ? AND state = 'captured'", (reason, uid))

    def drop(self, uid: str, reason: str) -> None:
        """There is nothing in a capture that could be delivered; its bytes stay until retention takes them."""
        with self.database.transaction("discard.row") as database:
            self._turn(database, uid, "discarded", reason, "captured")

    # People decide.

    def assign(self, uid: str, subject: Mapping[str, Any]) -> None:
        """A person says whose a capture is; it is made into objects anew, under its own UID.

        Args:
            uid: the capture's.
            subject: of the patient: "patient_id", "name", ...; or "step": which scheduled step.

        Raises:
            WorkflowError: something was made of it already.
        """
        with self.database.transaction("assign.row") as database:
            made = database.execute("SELECT 1 FROM objects WHERE item_uid = ?", (uid,)).fetchone()
            self._turn(database, uid, "captured", "", *(("held",) if made else ("captured", "held", "dead")))
            database.execute("UPDATE items SET subject = ? WHERE uid = ?", (json.dumps(dict(subject)), uid))

    def retry(self, uid: str) -> None:
        """Try again what was set aside: its delivery, or, where nothing was made of it, its making.

        Raises:
            WorkflowError: it is neither dead nor held.
        """
        with self.database.transaction("retry.row") as database:
            made = database.execute("SELECT 1 FROM objects WHERE item_uid = ?", (uid,)).fetchone()
            if made:
                self._turn(database, uid, "ready", "", "dead")
                database.execute(
                    "UPDATE deliveries SET state = 'ready', refusals = 0, reason = '' WHERE state = 'dead' "
                    "AND object_uid IN (SELECT uid FROM objects WHERE item_uid = ?)",
                    (uid,),
                )
            else:
                self._turn(database, uid, "captured", "", "dead", "held")

    def again(self, uid: str) -> None:
        """Make the objects of a capture anew from its bytes: with a repaired driver, or a clock set right.

        Raises:
            WorkflowError: some of it has reached a destination, or a person has to decide first.
        """
        with self.database.transaction("retry.row") as database:
            self._forget_objects(database, uid)
            self._turn(database, uid, "captured", "", "ready", "dead")

    def repair(self, uid: str, subject: Mapping[str, Any]) -> None:
        """A person says whose a capture is whose objects were set aside; they are made anew under the same UIDs.

        Args:
            uid: the capture's.
            subject: as for `assign`.

        Raises:
            WorkflowError: it is neither dead nor held, or a destination has some of it.
        """
        with self.database.transaction("assign.row") as database:
            self._turn(database, uid, "captured", "", "dead", "held")
            self._forget_objects(database, uid)
            database.execute("UPDATE items SET subject = ? WHERE uid = ?", (json.dumps(dict(subject)), uid))

    @staticmethod
    def _forget_objects(database: sqlite3.Connection, uid: str) -> None:
        sent = database.execute(
            "SELECT 1 FROM deliveries JOIN objects ON uid = object_uid WHERE item_uid = ? "
            "AND (deliveries.state IN ('stored', 'delivered') OR confirmed <> '')",
            (uid,),
        ).fetchone()
        if sent:
            raise WorkflowError(f"{uid}: cannot be made again: a destination has it")
        database.execute("DELETE FROM objects WHERE item_uid = ?", (uid,))

    def discard(self, uid: str, reason: str) -> None:
        """A person does not want a capture delivered; its bytes stay until retention takes them.

        Args:
            uid: the capture's.
            reason: why, in the person's words.

        Raises:
            WorkflowError: it is neither held nor dead.
        """
        with self.database.transaction("discard.row") as database:
            self._turn(database, uid, "discarded", reason, "held", "dead")

    def _turn(self, database: sqlite3.Connection, uid: str, state: State, reason: str, *before: State) -> None:
        """Bring an item into another state, if it is in one of those before."""
        found = database.execute("SELECT state FROM items WHERE uid = ?", (uid,)).fetchone()
        if found is None:
            raise WorkflowError(f"{uid}: nothing of that UID is in the outbox: see `modality edge outbox list`")
        if found["state"] not in before:
            raise WorkflowError(f"{uid}: is {found['state']}, not {' or '.join(before)}")
        database.execute(
            "UPDATE items SET state = ?, reason = ?, changed = ? WHERE uid = ?", (state, reason, self._now(), uid)
        )

    @staticmethod
    def _add_details(database: sqlite3.Connection, uid: str, details: Mapping[str, Any]) -> None:
        if details:
            row = database.execute("SELECT details FROM items WHERE uid = ?", (uid,)).fetchone()
            both = json.dumps({**json.loads(row["details"]), **details}, ensure_ascii=False)
            database.execute("UPDATE items SET details = ? WHERE uid = ?", (both, uid))

    # What there is.

    def item(self, uid: str) -> Item:
        """One item.

        Raises:
            WorkflowError: there is none of that UID.
        """
        rows = self.database.rows("SELECT * FROM items WHERE uid = ?", uid)
        if not rows:
            raise WorkflowError(f"{uid}: nothing of that UID is in the outbox: see `modality edge outbox list`")
        return self._item(rows[0])

    def items(self, *states: State, limit: int = -1, newest: bool = False) -> list[Item]:
        """The items in some states, or in any, in the order of their capture; the newest first if asked for."""
        chosen = f"WHERE state IN ({','.join('?' * len(states))})" if states else ""
        order = "number DESC" if newest else "number"
        query = f"SELECT * FROM items {chosen} ORDER BY {order} LIMIT ?"  # noqa: S608 - question marks only
        return [self._item(row) for row in self.database.rows(query, *states, limit)]

    def counts(self) -> dict[str, int]:
        """How many items are in each state that any is in."""
        return {row["state"]: row[1] for row in self.database.rows("SELECT state, COUNT(*) FROM items GROUP BY state")}

    def fact(self, name: str) -> str:
        """What was remembered under a name; empty for nothing."""
        rows = self.database.rows("SELECT value FROM facts WHERE name = ?", name)
        return str(rows[0]["value"]) if rows else ""

    def remember(self, name: str, value: str) -> str:
        """Remember something under a name; it is returned."""
        with self.database.transaction("fact.row") as database:
            database.execute("INSERT OR REPLACE INTO facts VALUES (?,?)", (name, value))
        return value

    def _now(self) -> str:
        return self.clock().isoformat()

    def _item(self, row: sqlite3.Row) -> Item:
        moment = Moment(datetime.fromisoformat(row["wall"]), row["monotonic"], row["boot"], bool(row["trusted"]))
        return Item(
            row["number"], row["uid"], row["source"], row["kind"], row["state"], moment, json.loads(row["details"]),
            row["reason"], json.loads(row["subject"]), bool(row["acknowledged"]), self.folder / RAW / row["raw"],
            row["size"], datetime.fromisoformat(row["changed"]),
        )  # fmt: skip
