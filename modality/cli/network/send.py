"""`modality send`: files to an archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modality.cli.network.files import files_below, readable
from modality.cli.network.verify import explain_verification
from modality.cli.options import identity_options
from modality.cli.verb import PARTIAL, Verb, common, emit, finish, progress, say
from modality.transfer.destination import Destination, Progress, Receipt
from modality.transfer.instance import PreparedInstance

if TYPE_CHECKING:
    from modality.network.verify import Verification

_LOOK_AHEAD = 64  # files mapped at a time: mixed folders need few associations, and few descriptors are open


@click.command(cls=Verb)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", required=True, metavar="ADDRESS", help="dicom://AET@host:port, or a folder.")
@click.option("--never-transcode", is_flag=True, help="Send each instance in the syntax it is in, or not at all.")
@click.option(
    "--associations", type=click.IntRange(1, 64), default=1, show_default=True, help="Send over so many at a time."
)
@click.option("--verify", "verifying", is_flag=True, help="Fetch what was stored, and compare it.")
@identity_options("MODALITY")
@common
def send(
    paths: tuple[Path, ...],
    to: str,
    never_transcode: bool,
    associations: int,
    verifying: bool,
    aet: str,
    timeout_s: float,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Store the files at PATHS (files or folders) in an archive.

    An instance goes in its own transfer syntax if the archive accepts it, else in another one without loss.
    """
    from modality.network.address import DicomAddress, ae_title, parse
    from modality.network.destinations import destination
    from modality.network.local import Local, Timeouts

    address = parse(to)
    if verifying and not isinstance(address, DicomAddress):
        raise click.UsageError("--verify needs an archive to fetch from: --to dicom://AET@host:port")
    local = Local(ae_title(aet), Timeouts(connect_s=timeout_s, association_s=timeout_s, response_s=timeout_s))
    targets = [
        destination(address, local, never_transcode=never_transcode, look_ahead=_LOOK_AHEAD)
        for _ in range(associations)
    ]
    files = files_below(paths)
    problems: dict[str, str] = {}
    with progress(len(files), f"sending to {address}") as done:
        receipt = _store(targets, _instances(files, problems), done)
    for line in problems.values():
        say(f"skipped: {line}")
    explain(receipt)
    document = {**summary(receipt), "skipped": len(problems), "problems": {**problems, **receipt.failed}}
    report = _verification(address, files, local, set(receipt.stored)) if verifying else None
    if verifying:
        document["verified"] = report.as_dict() if report else None
    verified = not verifying or (report is not None and report.complete)
    if as_json:
        emit(document)
    else:
        click.echo(f"{len(receipt.stored)} stored, {receipt.transcoded} of them transcoded, {to}")
    finish(0 if receipt.complete and not problems and verified else PARTIAL)


def _store(targets: list[Destination], instances: Iterator[PreparedInstance], done: Progress) -> Receipt:
    if len(targets) == 1:
        return targets[0].store(instances, progress=done)
    from modality.station.parallel import store_in_parallel

    return store_in_parallel(targets, instances, progress=done)


def _instances(files: list[Path], problems: dict[str, str]) -> Iterator[PreparedInstance]:
    for _, instance in readable(files, problems):
        yield instance


def summary(receipt: Receipt) -> dict[str, Any]:
    """A receipt as JSON has it."""
    return {
        "stored": len(receipt.stored),
        "transcoded": receipt.transcoded,
        "refused": {f"{status:04X}": len(uids) for status, uids in receipt.refused.items()},
        "failed": len(receipt.failed),
        "warnings": {f"{status:04X}": len(uids) for status, uids in receipt.warnings.items()},
        "bytes": receipt.bytes,
    }


def explain(receipt: Receipt) -> None:
    """Say what went wrong, a line for each reason."""
    for status, uids in receipt.refused.items():
        say(f"refused with status {status:04X}H: {len(uids)} instances, {uids[0]} first")
    for status, uids in receipt.warnings.items():
        say(f"stored with warning {status:04X}H: {len(uids)} instances, {uids[0]} first")
    reasons: dict[str, int] = {}
    for reason in receipt.failed.values():
        reasons[reason] = reasons.get(reason, 0) + 1
    for reason, count in reasons.items():
        say(f"failed: {count} instances: {reason}")


def _verification(address: Any, files: list[Path], local: Any, stored: set[str]) -> Verification | None:
    from modality.errors import PeerError, UnreachableError
    from modality.network.verify import verify_instances

    instances = (one for _, one in readable(files, {}) if one.sop_instance_uid in stored)
    try:
        report = verify_instances(address, instances, local)
    except (PeerError, UnreachableError) as error:
        say(f"not verified: {error}")
        return None
    explain_verification(report)
    return report
