"""The deliveries of an outbox: what goes to which destination next, and what became of it there."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from pathlib import Path

from modality.delivery.outbox.item import Delivery
from modality.delivery.outbox.outbox import OBJECTS, Outbox

_ALL = (
    "SELECT deliveries.*, item_uid, form, class_uid, study_uid, file FROM deliveries JOIN objects ON uid = object_uid"
)
_REMEMBERED = 10_000  # our choice: how many objects asked about in commitments are remembered


class Deliveries:
    """What an outbox has for its destinations; each has its own order and its own pace.

    Args:
        outbox: whose.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._database = outbox.database

    def due(self, destination: str, *, limit: int, without: Collection[str] = ()) -> list[Delivery]:
        """What was not stored there yet, in order.

        Args:
            destination: its name.
            limit: how many at most.
            without: UIDs of objects that step aside for a while.
        """
        marks = ",".join("?" * len(without))
        query = (
            f"{_ALL} WHERE destination = ? AND deliveries.state = 'ready' AND object_uid NOT IN ({marks}) "  # noqa: S608
            "AND item_uid IN (SELECT uid FROM items WHERE state <> 'discarded') ORDER BY deliveries.number LIMIT ?"
        )
        return [self._delivery(row) for row in self._database.rows(query, destination, *without, limit)]

    def unconfirmed(self, destination: str, *, limit: int) -> list[Delivery]:
        """What is stored there and not confirmed, in order."""
        query = f"{_ALL} WHERE destination = ? AND deliveries.state = 'stored' ORDER BY deliveries.number LIMIT ?"
        return [self._delivery(row) for row in self._database.rows(query, destination, limit)]

    def of(self, item_uid: str) -> list[Delivery]:
        """The deliveries of one item."""
        return [
            self._delivery(row)
            for row in self._database.rows(f"{_ALL} WHERE item_uid = ? ORDER BY deliveries.number", item_uid)
        ]

    def stored(self, destination: str, uids: Iterable[str], *, reason: str = "") -> None:
        """The destination answered their storing with success."""
        with self._database.transaction("deliver.stored") as database:
            for uid in uids:
                self._set(database, destination, uid, "state = 'stored', reached = 1, reason = ?", reason)

    def confirmed(self, destination: str, uids: Iterable[str], how: str) -> None:
        """The destination has taken responsibility for these, or was asked and has them: never are they stored again.

        Args:
            destination: its name.
            uids: of the objects.
            how: "commitment", "query" or "none".
        """
        with self._database.transaction("deliver.confirmed") as database:
            for uid in uids:
                self._set(
                    database, destination, uid, "state = 'delivered', reached = 1, reason = '', confirmed = ?", how
                )

    def refused(self, destination: str, uid: str, reason: str, *, dead: bool) -> None:
        """The destination did not take an object, or took it and has it no more: it is stored once more.

        Args:
            destination: its name.
            uid: of the object.
            reason: what it said.
            dead: it is set aside, for a person to look at.
        """
        state = "dead" if dead else "ready"
        with self._database.transaction("deliver.refused") as database:
            self._set(
                database,
                destination,
                uid,
                f"state = '{state}', refusals = refusals + 1, reached = 1, reason = ?",
                reason,
            )

    def _set(self, database: sqlite3.Connection, destination: str, uid: str, what: str, *values: str) -> None:
        """Change a delivery that is not confirmed, and let its item follow."""
        changed = database.execute(
            f"UPDATE deliveries SET {what} WHERE destination = ? AND object_uid = ? AND confirmed = ''",  # noqa: S608
            (*values, destination, uid),
        )
        if changed.rowcount:
            self._follow(database, uid)

    def _follow(self, database: sqlite3.Connection, uid: str) -> None:
        """The state of an item is that of the least of its deliveries."""
        item = database.execute("SELECT item_uid FROM objects WHERE uid = ?", (uid,)).fetchone()["item_uid"]
        rows = database.execute(
            "SELECT state, reason FROM deliveries WHERE object_uid IN (SELECT uid FROM objects WHERE item_uid = ?)",
            (item,),
        ).fetchall()
        found = {row["state"] for row in rows}
        state = next(one for one in ("dead", "ready", "stored", "delivered") if one in found)
        reason = next((row["reason"] for row in rows if row["state"] == state and row["reason"]), "")
        database.execute(
            "UPDATE items SET state = ?, reason = CASE WHEN ? = 'delivered' THEN reason ELSE ? END, "
            "changed = CASE WHEN state = ? THEN changed ELSE ? END WHERE uid = ? AND state <> 'discarded'",
            (state, state, reason, state, self._outbox.clock().isoformat(), item),
        )

    # Commitments.

    def asked(self, destination: str, transaction_uid: str, uids: Iterable[str]) -> None:
        """A commitment of these is about to be asked for: known here before the archive can answer."""
        with self._database.transaction("deliver.asked") as database:
            database.executemany(
                "INSERT INTO asked VALUES (?,?,?)", [(transaction_uid, destination, uid) for uid in dict.fromkeys(uids)]
            )
            database.execute("DELETE FROM asked WHERE rowid <= (SELECT MAX(rowid) FROM asked) - ?", (_REMEMBERED,))

    def asked_in(self, transaction_uid: str) -> tuple[str, set[str]]:
        """The destination that a transaction is with, and what was asked for in it; empty for one that is not known."""
        rows = self._database.rows("SELECT * FROM asked WHERE transaction_uid = ?", transaction_uid)
        return (rows[0]["destination"] if rows else "", {row["object_uid"] for row in rows})

    # What there is.

    def waiting(self, destination: str) -> tuple[int, int, str]:
        """How many wait to be stored and to be confirmed, and when the oldest of them was captured (ISO; or empty)."""
        rows = self._database.rows(
            "SELECT deliveries.state, COUNT(*), MIN(wall) FROM deliveries JOIN objects ON objects.uid = object_uid "
            "JOIN items ON items.uid = item_uid WHERE destination = ? AND deliveries.state IN ('ready', 'stored') "
            "AND items.state <> 'discarded' GROUP BY deliveries.state",
            destination,
        )
        counts = {row["state"]: row[1] for row in rows}
        return counts.get("ready", 0), counts.get("stored", 0), min((row[2] for row in rows), default="")

    def open_items(self, destination: str) -> int:
        """How many items have something that is to be stored or confirmed there."""
        rows = self._database.rows(
            "SELECT COUNT(DISTINCT item_uid) FROM deliveries JOIN objects ON objects.uid = object_uid "
            "JOIN items ON items.uid = item_uid WHERE destination = ? AND deliveries.state IN ('ready', 'stored') "
            "AND items.state <> 'discarded'",
            destination,
        )
        return int(rows[0][0])

    def _delivery(self, row: sqlite3.Row) -> Delivery:
        folder: Path = self._outbox.folder / OBJECTS
        return Delivery(
            row["number"], row["destination"], row["object_uid"], row["item_uid"], row["form"], row["state"],
            row["class_uid"], row["study_uid"], folder / row["file"], row["refusals"], row["reason"], row["confirmed"],
            bool(row["reached"]),
        )  # fmt: skip
