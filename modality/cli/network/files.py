"""Paths given on the command line, as instances."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from modality.errors import InputError, UsageError
from modality.transfer.instance import PreparedInstance
from modality.transfer.layouts import Layouts
from modality.transfer.reading import read

# What lies beside a series, ours and others'.
_BESIDE = frozenset(("DICOMDIR", "truth.json", "labels.npy", "preview.png"))
# The databases in the storage of `modality serve archive`, with what SQLite lays beside them.
_DATABASES = ("index.sqlite", "lock.sqlite")


def files_below(paths: Iterable[Path]) -> list[Path]:
    """Every file named or below a folder named, in order.

    Hidden ones, a DICOMDIR, truth and preview, and the databases of an archive of ours are passed over.

    Raises:
        UsageError: a path does not exist, or there is no file at all.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += _below(path)
        elif path.exists():
            found.append(path)
        else:
            raise UsageError(f"{path}: no such file or folder")
    if not found:
        raise UsageError(f"no file below {', '.join(map(str, paths))}")
    return found


def _below(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        if entry.is_dir(follow_symlinks=False):
            yield from _below(Path(entry.path))
        elif not entry.name.startswith((".", *_DATABASES)) and entry.name not in _BESIDE:
            yield Path(entry.path)


def readable(files: Iterable[Path], problems: dict[str, str]) -> Iterator[tuple[Path, PreparedInstance]]:
    """Each file that is an instance; the others are noted, and the rest goes on."""
    layouts = Layouts()
    for path in files:
        try:
            yield path, read(path, layouts)
        except InputError as error:
            problems[str(path)] = str(error)
