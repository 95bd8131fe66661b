"""`modality verify`: files against what an archive holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from modality.cli.network.files import files_below, readable
from modality.cli.options import identity_options
from modality.cli.verb import PARTIAL, Verb, common, emit, finish, say

if TYPE_CHECKING:
    from modality.network.verify import Verification


@click.command(cls=Verb)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--at", required=True, metavar="ADDRESS", help="The archive: dicom://AET@host:port.")
@identity_options("MODALITY")
@common
def verify(
    paths: tuple[Path, ...],
    at: str,
    aet: str,
    timeout_s: float,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Ask an archive for the files at PATHS and compare: what is lost, coerced, transcoded, or has other pixels."""
    from modality.network.address import ae_title, parse_dicom
    from modality.network.local import Local, Timeouts
    from modality.network.verify import verify_instances

    archive = parse_dicom(at)
    local = Local(ae_title(aet), Timeouts(connect_s=timeout_s, association_s=timeout_s, response_s=timeout_s))
    problems: dict[str, str] = {}
    report = verify_instances(archive, (one for _, one in readable(files_below(paths), problems)), local)
    for line in problems.values():
        say(f"skipped: {line}")
    explain_verification(report)
    if as_json:
        emit({**report.as_dict(), "skipped": len(problems)})
    else:
        click.echo(
            f"{report.checked} checked: {report.identical} identical, {len(report.lost)} lost, {len(report.differing)} "
            f"with other pixels, {len(report.coerced)} attributes coerced, {len(report.transcoded)} transcoded"
        )
    finish(0 if report.complete and not problems else PARTIAL)


def explain_verification(report: Verification) -> None:
    """Say what is not as it was sent, a line each."""
    for line in report.problems:
        say(line)
    for uid in report.lost:
        say(f"lost: {uid}")
    for uid in report.differing:
        say(f"other pixels: {uid}")
    for one in report.coerced:
        say(f"coerced: {one.uid} {one.attribute}: {one.sent!r} became {one.held!r}")
    for uid, (sent, held) in report.transcoded.items():
        say(f"transcoded: {uid} {sent} became {held}")
