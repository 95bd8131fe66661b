"""`modality verify`: files against what an archive holds."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from modality.cli.connection import connection_options
from modality.cli.network.files import files_below, readable
from modality.cli.verb import PARTIAL, Verb, common, emit, finish, refuse, say

if TYPE_CHECKING:
    from modality.network.local import Local
    from modality.network.retrieve.move import Listen
    from modality.network.verify import Verification

Command = TypeVar("Command", bound=Callable[..., Any])


def listen_options(command: Command) -> Command:
    """Give a verb `listen`: where an archive that offers no C-GET may send what we ask it for."""

    @functools.wraps(command)
    def with_listen(listen: int | None, listen_host: str, **arguments: Any) -> Any:
        if listen is None:
            refuse(("listen_host",), "--listen-host is the interface of --listen")
            return command(**arguments, listen=None)
        from modality.network.retrieve.move import Listen  # loads pynetdicom, which a plain send does without

        return command(**arguments, listen=Listen(listen, listen_host))

    decorated: Any = with_listen
    for option in (
        click.option(
            "--listen-host", default="127.0.0.1", show_default=True, help="Interface of --listen; 0.0.0.0 for all."
        ),
        click.option(
            "--listen", type=click.IntRange(0, 65535), metavar="PORT",
            help="Take what is fetched on this port, from an archive that offers C-MOVE and no C-GET.",
        ),
    ):  # fmt: skip
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


@click.command(cls=Verb)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--at", required=True, metavar="ADDRESS", help="dicom://AET@host:port, https://host/dicom-web, or a folder."
)
@listen_options
@connection_options("MODALITY", "at")
@common
def verify(
    paths: tuple[Path, ...],
    at: str,
    listen: Listen | None,
    local: Local,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Ask an archive for the files at PATHS and compare: what is lost, coerced, transcoded, or has other pixels.

    Every element of each instance is compared, private ones and those in sequences too. An archive is asked by C-FIND
    and C-GET (or C-MOVE, see --listen), a DICOMweb service by QIDO-RS and WADO-RS; in a folder, names mean nothing.
    The exit code is 1 when an instance or an element is lost, a value was changed or emptied, or pixels are others;
    an element that the archive added, or another transfer syntax, is told and is no failure.
    """
    from modality.network.address import DicomAddress, parse
    from modality.network.verify import verify_instances

    archive = parse(at)
    if not isinstance(archive, DicomAddress):
        refuse(("aet", "listen", "listen_host"), "only an archive at a dicom:// address is called, and sends back")
    problems: dict[str, str] = {}
    report = verify_instances(archive, (one for _, one in readable(files_below(paths), problems)), local, listen=listen)
    for line in problems.values():
        say(f"skipped: {line}")
    explain_verification(report)
    if as_json:
        emit({**report.as_dict(), "skipped": len(problems)})
    else:
        click.echo(
            f"{report.checked} checked: {report.identical} identical, {len(report.lost)} lost, {len(report.differing)} "
            f"with other pixels, {len(report.coerced)} elements lost, added or coerced, "
            f"{len(report.transcoded)} transcoded"
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
        if one.held is None:
            say(f"element lost: {one.uid} {one.attribute}: {one.sent!r}")
        elif one.sent is None:
            say(f"element added: {one.uid} {one.attribute}: {one.held!r}")
        else:
            say(f"coerced: {one.uid} {one.attribute}: {one.sent!r} became {one.held!r}")
    for uid, (sent, held) in report.transcoded.items():
        say(f"transcoded: {uid} {sent} became {held}")
