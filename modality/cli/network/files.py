"""Paths given on the command line, as instances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from modality.errors import InputError, UsageError
from modality.transfer.instance import PreparedInstance, read

# What lies beside a series, ours and others'.
_BESIDE = frozenset(("DICOMDIR", "truth.json", "preview.png"))


def files_below(paths: Iterable[Path]) -> list[Path]:
    """Every file named or below a folder named, in order; hidden ones, a DICOMDIR, truth and preview are passed over.

    Raises:
        UsageError: a path does not exist, or there is no file at all.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            below = (one for one in sorted(path.rglob("*")) if one.is_file() or one.is_symlink())
            found += [one for one in below if not one.name.startswith(".") and one.name not in _BESIDE]
        elif path.exists():
            found.append(path)
        else:
            raise UsageError(f"{path}: no such file or folder")
    if not found:
        raise UsageError(f"no file below {', '.join(map(str, paths))}")
    return found


def readable(files: Iterable[Path], problems: dict[str, str]) -> Iterator[tuple[Path, PreparedInstance]]:
    """Each file that is an instance; the others are noted, and the rest goes on."""
    for path in files:
        try:
            yield path, read(path)
        except InputError as error:
            problems[str(path)] = str(error)
