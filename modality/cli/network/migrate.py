"""`modality migrate`: studies from one archive to another."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from datetime import date as Date  # noqa: N812 - the option is called date
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modality.cli.connection import connection_options
from modality.cli.network.send import explain, summary
from modality.cli.network.verify import explain_verification, listen_options
from modality.cli.verb import PARTIAL, Verb, common, emit, finish, interrupted_by_sigterm, progress, refuse, say
from modality.errors import counted

if TYPE_CHECKING:
    from modality.network.local import Local
    from modality.network.retrieve.move import Listen

_IDENTITY = ("user", "passcode_file", "kerberos_ticket_file", "saml_file", "jwt_file", "confirm_user")


@click.command(cls=Verb)
@click.option(
    "--from", "from_", required=True, metavar="ADDRESS",
    help="dicom://AET@host:port, https://host/dicom-web, or a folder.",
)  # fmt: skip
@click.option("--to", required=True, metavar="ADDRESS", help="Likewise.")
@click.option(
    "--state", type=click.Path(path_type=Path, file_okay=False),
    help="Folder for what must survive a restart: a run with the same one goes on where the last one ended.",
)  # fmt: skip
@click.option("--patient-id", default="", metavar="ID", help="Only studies of this patient.")
@click.option("--date", default="any", show_default=True, help="Studies of: today, any, YYYY-MM-DD, or A..B.")
@click.option("--study", "studies", multiple=True, metavar="UID", help="Only this study (repeatable).")
@click.option("--transcode", is_flag=True, help="Transcode without loss what the target does not take as it is.")
@click.option("--no-verify", is_flag=True, help="Do not fetch and compare what was stored: the target only stores.")
@listen_options
@connection_options("MODALITY", "from_", "to")
@common
def migrate(
    from_: str,
    to: str,
    state: Path | None,
    patient_id: str,
    date: str,
    studies: tuple[str, ...],
    transcode: bool,
    no_verify: bool,
    listen: Listen | None,
    local: Local,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Bring studies from one archive to another: UIDs, private and unknown elements, and pixels as they are.

    A study is fetched as it is kept (C-GET, or C-MOVE with --listen; WADO-RS), stored (C-STORE or STOW-RS), and fetched
    again from the target to be compared. One that fails does not stop the others, and is tried again by the next run
    with the same --state.

    An archive may hand over an uncompressed copy of what it keeps compressed. Where it lists in which syntax it keeps
    an instance (Available Transfer Syntax UID) that is noticed, else suspected; both are told, and are no failure.
    """
    from modality.delivery.migrations import Ledger
    from modality.network.address import DicomAddress, parse
    from modality.network.retrieve.holdings import Wish
    from modality.station.migration import Migration
    from modality.station.migration import migrate as run

    origin, target = parse(from_), parse(to)
    if origin == target:
        raise click.UsageError("--from and --to are the same")
    if not isinstance(origin, Path) and not isinstance(target, Path):
        refuse(_IDENTITY, "both archives would be shown the same secret; go by way of a folder")
    if not isinstance(target, DicomAddress):
        refuse(("transcode",), "what is stored over DICOMweb or in a folder goes as it is")
    if not isinstance(origin, DicomAddress) and not isinstance(target, DicomAddress):
        refuse(("aet", "listen", "listen_host"), "only archives at dicom:// addresses are called, and send back")
    wish = Wish(patient_id, _range(date), studies)
    migration, interrupted = Migration(), False
    with ExitStack() as stack:
        folder = state or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="modality-migrate-")))
        ledger = stack.enter_context(Ledger(folder, str(origin), str(target)))
        done = stack.enter_context(progress(None, f"studies to {target}"))
        try:
            with interrupted_by_sigterm():
                run(
                    origin, target, local, ledger, wish=wish, transcode=transcode, verify=not no_verify,
                    listen=listen, progress=done, migration=migration,
                )  # fmt: skip
        except KeyboardInterrupt:
            interrupted = True
            say("interrupted: a run with the same --state goes on" if state else "interrupted")
    explain(migration.receipt)
    explain_verification(migration.verified)
    for uid, problem in migration.failed.items():
        say(f"study {uid}: {problem}")
    for said, uids in (
        ("listed compressed, and given uncompressed: a copy was migrated", migration.decompressed),
        ("given uncompressed, and perhaps kept compressed: the origin does not say", migration.perhaps_decompressed),
    ):
        if uids:
            say(f"{counted(len(uids), 'instance')} {said} ({uids[0]}{', ...' if len(uids) > 1 else ''})")
    if as_json:
        document = {
            "studies": migration.studies, "skipped": migration.skipped, "migrated": migration.migrated,
            "study_problems": migration.failed, "instances": migration.instances, **summary(migration.receipt),
            "decompressed": migration.decompressed, "perhaps_decompressed": migration.perhaps_decompressed,
            "verified": None if no_verify else migration.verified.as_dict(), "interrupted": interrupted,
        }  # fmt: skip
        emit(document)
    else:
        click.echo(
            f"{migration.studies} studies: {len(migration.migrated)} migrated, {migration.skipped} had been, "
            f"{len(migration.failed)} failed; {len(migration.receipt.stored)} instances stored, {to}"
        )
    finish(0 if migration.complete and not interrupted else PARTIAL)


def _range(text: str) -> str:
    """A date as people give it, as a range of PS3.4 C.2.2.2.5."""
    from modality.protocol.worklist import parse_date

    found = parse_date(text, datetime.now().astimezone().date())
    if found is None or isinstance(found, Date):
        return f"{found:%Y%m%d}" if found else ""
    first, last = (f"{day:%Y%m%d}" if day else "" for day in found)
    return f"{first}-{last}" if first or last else ""
