"""Where the archive keeps what it was sent: Part 10 files, each below its study and series (PS3.10 7.1)."""

from __future__ import annotations

import contextlib
import errno
import filecmp
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from modality.transfer.elements import Buffer
from modality.transfer.part10 import names_a_file

LARGEST_INSTANCE = 16 << 30
"""Bytes of an instance that are kept, by whatever road it comes; our choice: a whole slide at full resolution has 4."""


class IncomingFile:
    """A file under way, as pynetdicom takes it for a data set that comes in pieces.

    What the disk refuses does not end the reading of the connection: it is kept in `error`, for the answer.

    Args:
        path: where it is written; it must not be there.
        largest: bytes that are kept; more is an error too.
    """

    def __init__(self, path: Path, largest: int = LARGEST_INSTANCE) -> None:
        self.path = path
        self._left = largest
        self.name = str(path)
        self.error: OSError | None = None
        self._file: BinaryIO | None = None
        try:
            self._file = path.open("xb")
        except OSError as error:
            self.error = error

    @property
    def file(self) -> IncomingFile:
        """What is flushed after each piece."""
        return self

    def flush(self) -> None:
        """Leave it to the buffer: a write for each piece would be one for each PDU."""

    def write(self, piece: Buffer) -> None:
        """Append a piece."""
        self._left -= len(piece)
        if self._left < 0 and self.error is None:
            self.error = OSError(errno.EFBIG, "the instance is larger than is kept here")
        if self._file and self.error is None:
            try:
                self._file.write(piece)
            except OSError as error:
                self.error = error

    def close(self) -> None:
        """Write what is buffered, and close; harmless when closed."""
        if self._file is None:
            return
        try:
            self._file.close()
        except OSError as error:
            self.error = self.error or error

    def finish(self) -> None:
        """Close a file that is whole.

        Raises:
            OSError: some of it could not be written.
        """
        self.close()
        if self.error:
            raise self.error

    def discard(self) -> None:
        """Close it, and leave nothing behind where it is; harmless when it has been put in its place."""
        self.close()
        if self._file:
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> IncomingFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()


class InstanceFiles:
    """A folder of instances, each written aside and then renamed: a file that is there is whole.

    Args:
        folder: its root; made when it does not exist. What a crash left half-written there is removed.
        largest: bytes of an instance that are kept.
    """

    def __init__(self, folder: Path, largest: int = LARGEST_INSTANCE) -> None:
        self.folder = folder
        self.largest = largest
        self._incoming = folder / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)
        self.clear()

    def path(self, study_uid: str, series_uid: str, sop_instance_uid: str) -> Path:
        """The place of an instance.

        Raises:
            ValueError: one of the UIDs is none.
        """
        for uid in (study_uid, series_uid, sop_instance_uid):
            if not names_a_file(uid):
                raise ValueError(f"{uid[:64]!r} is no UID")
        return self.folder / study_uid / series_uid / f"{sop_instance_uid}.dcm"

    def incoming(self, parts: Iterable[Buffer] = ()) -> IncomingFile:
        """A new file aside, which begins with the given parts."""
        file = IncomingFile(self._incoming / f"{secrets.token_hex(8)}.part", self.largest)
        for part in parts:
            file.write(part)
        return file

    def put(self, path: Path, file: IncomingFile) -> bool:
        """Put a file that is whole in its place, where an older one makes way for it.

        Returns:
            False when the very same bytes are there already.

        Raises:
            OSError: it could not be written.
        """
        file.finish()
        if path.exists() and filecmp.cmp(file.path, path, shallow=False):
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        file.path.replace(path)
        return True

    def clear(self) -> None:
        """Remove what is half-written."""
        for path in self._incoming.iterdir():
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
