"""How the box does: one document, kept in a file of the state folder for `modality edge status`."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

STATUS = "status.json"
RUNNING = "running"


def write_status(folder: Path, document: dict[str, Any]) -> None:
    """Keep the document; it is looked at now or never, so no power cut matters, and a full disk neither."""
    aside = folder / f".{STATUS}.part"
    with suppress(OSError):
        aside.touch(mode=0o600)
        aside.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        aside.replace(folder / STATUS)


def read_status(folder: Path) -> dict[str, Any] | None:
    """The document that was kept last; None where there is none that can be read."""
    try:
        document = json.loads((folder / STATUS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def resident_mb() -> float:
    """Memory of this process that is in RAM, in MB (proc(5), statm)."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def is_running(folder: Path) -> bool:
    """Whether a box is at work on a state folder; nothing is made where there is none."""
    import sqlite3
    from contextlib import closing

    if not (folder / RUNNING).exists():
        return False
    # The claim of `modality.delivery.database`, tried and not taken: the file is the box's to remove.
    with closing(sqlite3.connect(folder / RUNNING, timeout=0, isolation_level=None)) as database:
        try:
            database.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error:
            return True
    return False
