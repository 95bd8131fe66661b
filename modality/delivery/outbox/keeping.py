"""What stays: the files without rows that a crash left, and retention, which takes only what is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from modality.delivery.outbox.item import OVER
from modality.delivery.outbox.outbox import OBJECTS, RAW, Outbox
from modality.errors import StorageFailed

_SIZES = (
    "SELECT uid, raw, changed, state, size + COALESCE((SELECT SUM(size) FROM objects WHERE item_uid = items.uid), 0) "
    "AS bytes FROM items ORDER BY changed, number"
)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is delivered, or discarded, stays listed with its bytes.

    Args:
        days: at least so long, but for the two bounds below.
        most_bytes: when all payloads together are larger, the oldest that are over go before their time.
    """

    days: float = 30.0
    most_bytes: int = 2_000_000_000


def recover(outbox: Outbox) -> int:
    """Remove the files that have no row: nobody was told that they are safe. How many there were.

    Only the process that owns the folder may do it: a row may be about to be written.
    """
    removed = 0
    for folder, query in ((RAW, "SELECT raw FROM items"), (OBJECTS, "SELECT file FROM objects")):
        known = {row[0] for row in outbox.database.rows(query)}
        for path in sorted((outbox.folder / folder).iterdir()):
            if path.name not in known:
                outbox.disk.remove("prune.removed", path)
                removed += 1
    for item in outbox.items("captured", "held"):
        if not item.raw.is_file():
            reason = "its bytes are gone from the disk"
            with outbox.database.transaction("aside.row") as database:
                database.execute("UPDATE items SET state = 'dead', reason = ? WHERE uid = ?", (reason, item.uid))
    return removed


def prune(outbox: Outbox, retention: Retention) -> int:
    """Take what is over and has stayed long enough, or has to make room; what is not over stays. How many items."""
    before = outbox.clock() - timedelta(days=retention.days)
    rows = outbox.database.rows(_SIZES)
    held = sum(row["bytes"] for row in rows)
    free = outbox.disk.free(outbox.folder)
    gone = []
    for row in rows:
        full = held > retention.most_bytes or free < 0
        if row["state"] in OVER and (full or row["changed"] < before.isoformat()):
            gone.append(row["uid"])
            held, free = held - row["bytes"], free + row["bytes"]
    for uid in gone:
        _take(outbox, uid)
    return len(gone)


def _take(outbox: Outbox, uid: str) -> None:
    """Remove the row, then the files: a crash between leaves files without rows, which `recover` removes."""
    files = [outbox.folder / RAW / row[0] for row in outbox.database.rows("SELECT raw FROM items WHERE uid = ?", uid)]
    objects = outbox.database.rows("SELECT file FROM objects WHERE item_uid = ?", uid)
    files += [outbox.folder / OBJECTS / row[0] for row in objects]
    with outbox.database.transaction("prune.row") as database:
        database.execute("DELETE FROM items WHERE uid = ?", (uid,))
    for path in files:
        try:
            outbox.disk.remove("prune.removed", path)
        except OSError as error:
            raise StorageFailed(f"{path}: cannot be removed: {error.strerror or error}") from error
