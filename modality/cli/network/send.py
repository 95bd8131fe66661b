"""`modality send`: files to an archive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modality.cli.connection import connection_options
from modality.cli.network.files import files_below, readable
from modality.cli.network.negotiation import NEGOTIATION, negotiation_options
from modality.cli.network.verify import explain_verification, listen_options
from modality.cli.verb import PARTIAL, Verb, common, emit, finish, interrupted_by_sigterm, progress, refuse, say
from modality.errors import ModalityError, counted
from modality.protocol.negotiation import Negotiation
from modality.protocol.upper_layer.command import meaning
from modality.transfer.destination import Destination, Progress, Receipt
from modality.transfer.instance import PreparedInstance

if TYPE_CHECKING:
    from modality.network.address import Address
    from modality.network.local import Local
    from modality.network.retrieve.move import Listen
    from modality.network.verify import Verification

_COERCED = 0xB000  # coercion of data elements (PS3.4 Table B.2-1)
# Files mapped at a time: by an association, for mixed folders need few associations then, and by all of them together,
# for each holds a descriptor, and many systems give a process 1024.
_LOOK_AHEAD, _MAPPED = 64, 128


@click.command(cls=Verb)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--to", required=True, metavar="ADDRESS", help="dicom://AET@host:port, https://host/dicom-web, or a folder."
)
@negotiation_options
@click.option(
    "--associations", type=click.IntRange(1, 64), default=1, show_default=True, help="Send over so many at a time."
)
@click.option(
    "--verify",
    "verifying",
    is_flag=True,
    help="Fetch what was stored, and compare it as `modality verify` does; a value that the archive changed and "
    "warned of (B000H) is no failure.",
)
@listen_options
@connection_options("MODALITY", "to")
@common
def send(
    paths: tuple[Path, ...],
    to: str,
    associations: int,
    verifying: bool,
    listen: Listen | None,
    negotiation: Negotiation,
    local: Local,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Store the files at PATHS (files or folders) in an archive.

    An instance goes in its own transfer syntax if the archive accepts it, else in another one without loss; over
    DICOMweb (STOW-RS) always in its own. What the archive refused or did not answer is told at the end, and whether it
    is worth sending again: over DIMSE nothing that is refused is sent twice by itself; over DICOMweb an instance that
    failed among others, and may pass, is sent once more alone.
    """
    from modality.network.address import WebAddress, parse
    from modality.network.destinations import destination

    address = parse(to)
    if isinstance(address, Path):
        refuse((*NEGOTIATION, "associations", "aet", "listen", "listen_host"), "a folder is only written to")
    if isinstance(address, WebAddress):
        refuse((*NEGOTIATION, "aet", "listen", "listen_host"), "nothing is negotiated over DICOMweb, or sent to us")
    if listen and not verifying:
        raise click.UsageError("--listen is for what --verify fetches")
    if verifying and negotiation.transcode == "lossy":
        raise click.UsageError("--verify compares what was sent: an instance transcoded with loss is another one")
    look_ahead = min(_LOOK_AHEAD, _MAPPED // associations)
    targets = [destination(address, local, negotiation=negotiation, look_ahead=look_ahead) for _ in range(associations)]
    files = files_below(paths)
    problems: dict[str, str] = {}
    receipt = Receipt()
    unsent, interrupted = 0, False
    try:
        with progress(len(files), f"sending to {address}") as done, interrupted_by_sigterm():
            _store(targets, _instances(files, problems), done, receipt)
    except KeyboardInterrupt:
        unsent, interrupted = len(files) - receipt.dealt_with - len(problems), True
        say(f"interrupted: {unsent} of {counted(len(files), 'file')} not sent, or not answered")
    for line in problems.values():
        say(f"skipped: {line}")
    explain(receipt)
    document = {
        **summary(receipt), "skipped": len(problems), "unsent": unsent, "problems": {**problems, **receipt.failed},
    }  # fmt: skip
    report = None
    if verifying and not interrupted:
        report = _verification(address, files, local, set(receipt.stored), listen)
        document["verified"] = report.as_dict() if report else None
    announced = receipt.warnings.get(_COERCED, ())
    verified = not verifying or (report is not None and report.complete_but_for(announced))
    if as_json:
        emit(document)
    else:
        click.echo(_closing(receipt, to))
    finish(0 if receipt.complete and not problems and not interrupted and verified else PARTIAL)


def _store(targets: list[Destination], instances: Iterator[PreparedInstance], done: Progress, receipt: Receipt) -> None:
    if len(targets) == 1:
        targets[0].store(instances, progress=done, receipt=receipt)
        return
    from modality.station.parallel import store_in_parallel

    unusable: list[ModalityError] = []
    store_in_parallel(targets, instances, progress=done, receipt=receipt, on_unusable=unusable.append)
    if unusable:
        say(f"{len(targets) - len(unusable)} of {len(targets)} associations used: {unusable[0]}")


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
        "retryable": len(receipt.retryable),
        "warnings": {f"{status:04X}": len(uids) for status, uids in receipt.warnings.items()},
        "bytes": receipt.bytes,
    }


def explain(receipt: Receipt) -> None:
    """Say what went wrong, a line for each reason."""
    for status, uids in receipt.refused.items():
        later = "; try again later" if uids[0] in receipt.retryable else ""
        comment = f'; the archive says "{receipt.comments[status]}"' if status in receipt.comments else ""
        say(f"refused with status {_status(status)}: {counted(len(uids), 'instance')}, {uids[0]} first{comment}{later}")
    for status, uids in receipt.warnings.items():
        say(f"stored with warning {_status(status)}: {counted(len(uids), 'instance')}, {uids[0]} first")
    reasons: dict[str, list[str]] = {}
    for uid, reason in receipt.failed.items():
        reasons.setdefault(reason, []).append(uid)
    for reason, uids in reasons.items():
        say(f"failed: {counted(len(uids), 'instance')}, {uids[0]} first: {reason}")


def _status(status: int) -> str:
    words = meaning(status)
    return f"{status:04X}H ({words})" if words else f"{status:04X}H"


def _closing(receipt: Receipt, to: str) -> str:
    said = f"{len(receipt.stored)} stored, {receipt.transcoded} of them transcoded, {to}"
    if receipt.complete:
        return said
    lost = receipt.dealt_with - len(receipt.stored)
    return f"{said}; {lost} not stored, {len(receipt.retryable)} of them worth sending again later"


def _verification(
    address: Address, files: list[Path], local: Local, stored: set[str], listen: Listen | None
) -> Verification | None:
    from modality.network.verify import verify_instances

    instances = (one for _, one in readable(files, {}) if one.sop_instance_uid in stored)
    try:
        report = verify_instances(address, instances, local, listen=listen)
    except ModalityError as error:
        say(f"not verified: {error}")
        return None
    explain_verification(report)
    return report
