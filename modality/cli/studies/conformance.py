"""`modality conformance`: the DICOM conformance statement, written from the code's own tables."""

from __future__ import annotations

from pathlib import Path

import click

from modality.cli.verb import Verb, common, emit, say


@click.command(cls=Verb)
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.md", help="Write it here.")
@common
def conformance(out: Path | None, as_json: bool, debug: bool) -> None:  # noqa: ARG001 - debug is read by Verb
    """Write the DICOM conformance statement (PS3.2) and IHE's integration statement, as Markdown.

    What it says comes from the tables that the program works by: kinds, transfer syntaxes, presentation contexts,
    timeouts, worklist keys, the attributes of each message and of each kind of instance.
    """
    from modality.cli.conformance.statement import statement
    from modality.transfer.files import write_whole

    document = statement()
    text = "\n".join(document.markdown()).rstrip() + "\n"
    if out is not None:
        write_whole(out, [text.encode()])
        say(f"written to {out}")
    if as_json:
        emit(document.document())
    elif out is None:
        click.echo(text, nl=False)
