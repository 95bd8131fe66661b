"""Where the archive keeps what it was sent: Part 10 files, each below its study and series (PS3.10 7.1)."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

# PS3.5 9.1: components of digits, 64 characters at most. Leading zeros are a fault that harms no file name.
_UID = re.compile(r"(?=.{1,64}$)\d+(\.\d+)*", re.ASCII)


def is_uid(text: str) -> bool:
    """Whether a text is a UID as far as a file may be named after it."""
    return bool(_UID.fullmatch(text))


class InstanceFiles:
    """A folder of instances, each written aside and then renamed: a file that is there is whole.

    Args:
        folder: its root; made when it does not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._incoming = folder / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)

    def path(self, study_uid: str, series_uid: str, sop_instance_uid: str) -> Path:
        """The place of an instance.

        Raises:
            ValueError: one of the UIDs is none.
        """
        for uid in (study_uid, series_uid, sop_instance_uid):
            if not is_uid(uid):
                raise ValueError(f"{uid[:64]!r} is no UID")
        return self.folder / study_uid / series_uid / f"{sop_instance_uid}.dcm"

    def put(self, path: Path, part_10: bytes) -> bool:
        """Write an instance, in the place of an older one if there is one.

        Returns:
            False when the very same bytes are there already.
        """
        if path.exists() and path.stat().st_size == len(part_10) and path.read_bytes() == part_10:
            return False
        handle, name = tempfile.mkstemp(dir=self._incoming, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(part_10)
            path.parent.mkdir(parents=True, exist_ok=True)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        return True
