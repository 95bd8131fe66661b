"""`modality transcode`: files in another transfer syntax."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from modality.cli.names import completing
from modality.cli.network.files import files_below, readable
from modality.cli.verb import PARTIAL, Verb, common, emit, finish, interrupted_by_sigterm, progress, say
from modality.errors import InputError, ModalityError, UnsupportedError, UsageError, counted
from modality.transfer.instance import PreparedInstance


@click.command(cls=Verb)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write to."
)
@click.option(
    "--to", required=True, metavar="KEYWORD", help="See `modality list transfer-syntaxes`.",
    shell_complete=completing("transfer-syntaxes"),
)  # fmt: skip
@click.option("--quality", type=float, metavar="Q", help="Of a lossy syntax, on its codec's own scale.")
@common
def transcode(
    paths: tuple[Path, ...],
    out: Path,
    to: str,
    quality: float | None,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Write the files at PATHS (files or folders) in another transfer syntax.

    In a lossless syntax an instance stays the same instance. In a lossy one it becomes a new instance that names its
    source. Pixels that the syntax cannot carry are refused with the reason; files that are in it already stay as they
    are. JPEG baseline becomes JPEGXLJPEGRecompression, and that JPEG baseline, without decoding.
    """
    from modality.transfer.encode import transcode as encode
    from modality.transfer.syntaxes import syntax

    target = syntax(to)
    target.check_quality(quality)
    files = files_below(paths)
    outcome = _Outcome()
    names = _Names(out, files)
    interrupted = False
    try:
        with progress(len(files), f"transcoding to {target.keyword}") as done, interrupted_by_sigterm():
            for number, (path, instance) in enumerate(readable(files, outcome.skipped), 1):
                try:
                    made = encode(instance, target, quality=quality)
                    to_write = names.of(made, path)  # reads what was made
                except UnsupportedError as error:
                    outcome.refused[str(path)] = _named(path, error)
                except InputError as error:
                    outcome.skipped[str(path)] = _named(path, error)
                else:
                    outcome.write(path, made, to_write)
                done(number)
    except KeyboardInterrupt:
        interrupted = True
        say(f"interrupted: {outcome.left(files)} of {counted(len(files), 'file')} not transcoded")
    for kind, lines in (("skipped", outcome.skipped), ("refused", outcome.refused), ("failed", outcome.failed)):
        for line in lines.values():
            say(f"{kind}: {line}")
    if as_json:
        emit({**outcome.as_dict(), "undone": outcome.left(files)})
    else:
        click.echo(f"{counted(len(outcome.written), 'file')} in {target.keyword} in {out}")
    finish(PARTIAL if interrupted else outcome.exit_code)


@dataclass(slots=True)
class _Outcome:
    """What became of each file: those written, and by path why others were not."""

    written: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path, made: PreparedInstance, to: Path) -> None:
        """Write an instance; where the first cannot be written, none can."""
        try:
            made.write(to)
        except InputError as error:
            self.skipped[str(path)] = _named(path, error)
        except UsageError as error:
            if not self.written:
                raise
            self.failed[str(path)] = str(error)
        else:
            self.written.append(str(to))

    def left(self, files: Sized) -> int:
        """How many of the files have not met their fate."""
        return len(files) - sum(map(len, (self.written, self.refused, self.skipped, self.failed)))

    @property
    def exit_code(self) -> int:
        if self.refused:
            return UnsupportedError.exit_code
        return PARTIAL if self.skipped or self.failed else 0

    def as_dict(self) -> dict[str, Any]:
        return {
            "transcoded": len(self.written),
            "files": self.written,
            "refused": self.refused,
            "skipped": self.skipped,
            "failed": self.failed,
        }


class _Names:
    """Gives each instance a file of its own, which is none of those that are read."""

    def __init__(self, out: Path, files: Iterable[Path]) -> None:
        self._out = out
        self._sources = {path.name for path in files if self._holds(path)}
        self._given: dict[str, int] = {}

    def _holds(self, path: Path) -> bool:
        return path.parent.resolve() == self._out.resolve()

    def of(self, made: PreparedInstance, path: Path) -> Path:
        """The file for what was made of the file at `path`."""
        uid = made.sop_instance_uid
        if path.name == f"{uid}.dcm" and self._holds(path):
            return path  # in its own place
        number = self._given.get(uid, 0) + 1
        if number > 1:
            say(f"{path}: not the first file of SOP Instance UID {uid}; written beside the others")
        wanted = name = _numbered(uid, number)
        while name in self._sources:
            number += 1
            name = _numbered(uid, number)
        if name != wanted:
            say(f"{path}: {self._out / wanted} is one of the files to read, and is kept; written beside it")
        self._given[uid] = number
        return self._out / name


def _numbered(uid: str, number: int) -> str:
    return f"{uid}-{number}.dcm" if number > 1 else f"{uid}.dcm"


def _named(path: Path, error: ModalityError) -> str:
    return str(error) if str(path) in str(error) else f"{path}: {error}"
