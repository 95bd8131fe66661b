"""Where the bytes of a segment or message are kept while it goes on: appended, made safe, sealed as one capture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from modality.delivery.outbox.disk import Disk
from modality.delivery.outbox.item import Moment
from modality.edge.sources.intake import Intake
from modality.errors import StorageFailed
from modality.identity import fresh_uid

FOLDER = "spool"
_SUFFIX = ".spool"
_LONGEST_HEADER = 1 << 20


class Spool:
    """One open segment or message; its SOP Instance UID is that of the capture it becomes.

    Args:
        disk: does the steps.
        folder: of the spools; exists.
        source: the device's name.
        kind: format of the bytes.
        moment: when it began.
        details: what goes with it.
        lead: bytes that came before it, which a driver needs to find its place.
        head: how many of those are apart from the rest: bytes are missing behind them.

    Raises:
        StorageFailed: it cannot be begun.
    """

    def __init__(
        self,
        disk: Disk,
        folder: Path,
        source: str,
        kind: str,
        moment: Moment,
        details: Mapping[str, Any],
        lead: bytes = b"",
        head: int = 0,
    ) -> None:
        self.uid, self._disk, self._folder = fresh_uid(), disk, folder
        self.path = folder / f"{self.uid}{_SUFFIX}"
        header = {
            "source": source,
            "kind": kind,
            "wall": moment.wall.isoformat(),
            "monotonic_s": moment.monotonic_s,
            "boot": moment.boot,
            "trusted": moment.trusted,
            "details": {**details, "lead": len(lead), "head": head},
        }
        line = json.dumps(header, ensure_ascii=False).encode() + b"\n"
        if disk.free(folder) < len(line) + len(lead):
            raise StorageFailed(f"{folder}: no room: what is free on the disk is kept in reserve")
        self._safe = disk.place("spool.payload", self.path, [line, lead])
        self._size = self._safe
        try:
            self._file = self.path.open("r+b", buffering=0)
            self._file.seek(self._size)
        except OSError as error:
            raise StorageFailed(f"{self.path}: cannot be opened: {error.strerror or error}") from error

    @property
    def unsafe(self) -> int:
        """How many bytes a power cut may take."""
        return self._size - self._safe

    def append(self, data: bytes) -> None:
        """Add bytes, which are not safe yet.

        Raises:
            StorageFailed: none of them is kept.
        """
        before = self._size
        try:
            if self._disk.free(self._folder) < len(data):
                raise StorageFailed(f"{self._folder}: no room: what is free on the disk is kept in reserve")
            self._disk.append("spool.appended", self._file, data)
            self._size += len(data)
        except OSError as error:
            self._cut(before)
            raise StorageFailed(f"{self.path}: cannot be written: {error.strerror or error}") from error

    def sync(self) -> None:
        """Make what was added safe.

        Raises:
            StorageFailed: it is not; what was added since the last time is taken away again.
        """
        try:
            self._disk.sync("spool.synced", self._file)
        except OSError as error:
            self._cut(self._safe)
            raise StorageFailed(f"{self.path}: cannot be made safe: {error.strerror or error}") from error
        self._safe = self._size

    def undo(self) -> None:
        """Take away what was added since it was safe: the device was told so, and gives it again."""
        if self.unsafe:
            self._cut(self._safe)

    def _cut(self, size: int) -> None:
        try:
            self._disk.cut("spool.undone", self._file, size)
        except OSError as error:
            raise StorageFailed(f"{self.path}: cannot be cut: {error.strerror or error}") from error
        self._size, self._safe = size, min(self._safe, size)

    def close(self) -> Path:
        """End it; the file stays until it is sealed."""
        self._file.close()
        return self.path

    def discard(self) -> None:
        """End it, and keep nothing of it."""
        self._file.close()
        self._disk.remove("spool.removed", self.path)


def seal(path: Path, intake: Intake, changes: Mapping[str, Any] | None = None) -> str:
    """Make the file of a spool a capture; done again after a crash, it is the same one.

    Args:
        path: of a spool that is closed.
        intake: where captures go.
        changes: details known at its end only.

    Returns:
        its SOP Instance UID; empty where it held no byte of the device, or was no spool.

    Raises:
        StorageFailed: the capture is not safe; the file stays.
    """
    try:
        with path.open("rb") as file:
            header = json.loads(file.readline(_LONGEST_HEADER))
            data = file.read()
        moment = Moment(
            datetime.fromisoformat(header["wall"]), header["monotonic_s"], header["boot"], bool(header["trusted"])
        )
        source, kind, details = header["source"], header["kind"], header["details"]
    except OSError as error:
        raise StorageFailed(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError) as error:
        aside = path.with_suffix(".damaged")
        intake.outbox.disk.move("spool.aside", path, aside)
        intake.events.tell("fault", path.name, f"the spool is damaged, and kept as {aside}: {error}")
        return ""
    uid = path.name.removesuffix(_SUFFIX)
    if len(data) > details["lead"]:
        item = intake.take(
            source, kind, [data], size=len(data), uid=uid, moment=moment, details={**details, **(changes or {})}
        )
        intake.outbox.acknowledged(item.uid)
    else:
        uid = ""
    intake.outbox.disk.remove("spool.removed", path)
    return uid


def recover_spools(folder: Path, intake: Intake) -> int:
    """Seal what an earlier run left open; how many there were.

    Args:
        folder: of the spools; created when missing.
        intake: where captures go.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sealed = 0
    for path in sorted(folder.iterdir(), key=lambda one: one.stat().st_mtime_ns):
        if path.suffix == ".part":
            intake.outbox.disk.remove("prune.removed", path)
        elif path.suffix == _SUFFIX:
            try:
                sealed += bool(seal(path, intake, {"ended": True, "interrupted": True}))
            except StorageFailed as error:
                intake.events.tell("fault", path.name, str(error))  # it stays for the next start
    return sealed
