"""`modality transcode`: files in another transfer syntax."""

from __future__ import annotations

from pathlib import Path

import click

from modality.cli.names import completing
from modality.cli.network.files import files_below, readable
from modality.cli.verb import PARTIAL, Verb, common, emit, finish, progress, say
from modality.errors import InputError, ModalityError, UnsupportedError, counted


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
    problems: dict[str, str] = {}
    refused: dict[str, str] = {}
    written: list[str] = []
    namesakes: dict[str, int] = {}
    with progress(len(files), f"transcoding to {target.keyword}") as done:
        for number, (path, instance) in enumerate(readable(files, problems), 1):
            try:
                made = encode(instance, target, quality=quality)
            except UnsupportedError as error:
                refused[str(path)] = _named(path, error)
            except InputError as error:
                problems[str(path)] = _named(path, error)
            else:
                name = made.sop_instance_uid
                namesakes[name] = namesakes.get(name, 0) + 1
                if namesakes[name] > 1:
                    say(f"{path}: not the first file of SOP Instance UID {name}; written beside the others")
                    name += f"-{namesakes[name]}"
                made.write(out / f"{name}.dcm")
                written.append(str(out / f"{name}.dcm"))
            done(number)
    for line in problems.values():
        say(f"skipped: {line}")
    for line in refused.values():
        say(f"refused: {line}")
    if as_json:
        emit({"transcoded": len(written), "files": written, "refused": refused, "skipped": problems})
    else:
        click.echo(f"{counted(len(written), 'file')} in {target.keyword} in {out}")
    finish(UnsupportedError.exit_code if refused else PARTIAL if problems else 0)


def _named(path: Path, error: ModalityError) -> str:
    return str(error) if str(path) in str(error) else f"{path}: {error}"
