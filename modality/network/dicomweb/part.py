"""A part of a multipart answer on its way to an instance: in memory while it is small, then in a file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import BinaryIO

from modality.errors import InputError
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import from_bytes, read

# Our choice: what is larger is mapped rather than held.
_LARGEST_HELD = 1 << 22


class Part:
    """Takes an instance in pieces, one after the other; a context manager, which removes its files.

    Instances given out stay readable: their files are mapped, and a mapping outlives its name.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._file: BinaryIO | None = None
        self._path = Path()

    def __enter__(self) -> Part:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()
        if self._folder:
            self._folder.cleanup()

    def write(self, data: bytes) -> None:
        """Append a piece."""
        if self._file is None and len(self._held) + len(data) > _LARGEST_HELD:
            self._folder = self._folder or tempfile.TemporaryDirectory(prefix="modality-wado-")
            self._path = Path(self._folder.name) / "part"
            self._file = self._path.open("wb")
            self._file.write(self._held)
            self._held = bytearray()
        if self._file:
            self._file.write(data)
        else:
            self._held += data

    def instance(self) -> PreparedInstance:
        """What has come since the last one, as an instance.

        Raises:
            InputError: it is no DICOM file.
        """
        if self._file is None:
            data, self._held = bytes(self._held), bytearray()
            return from_bytes(data)
        self._file.close()
        self._file = None
        try:
            instance = read(self._path)
        except InputError as error:
            raise InputError(str(error).removeprefix(f"{self._path}: ")) from error
        finally:
            self._path.unlink()
        instance.path, instance.source = None, ""
        return instance
