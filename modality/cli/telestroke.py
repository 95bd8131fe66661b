"""`modality telestroke`: a rural clinic, a medical centre and a neurologist, end to end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modality.cli.connection import CONNECTION, connection_options
from modality.cli.verb import PARTIAL, Verb, common, emit, finish, refuse, say, table

if TYPE_CHECKING:
    from modality.demo.telestroke.journey import Hop
    from modality.demo.telestroke.network import Outcome
    from modality.network.address import WebAddress
    from modality.network.local import Local


@click.command(cls=Verb)
@click.option(
    "--archive",
    metavar="URL",
    help="The centre's DICOMweb service (https://host/dicom-web); an embedded one by default.",
)
@click.option("--fhir", metavar="URL", help="The centre's FHIR R4 server; an embedded one by default.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("modality-telestroke"), show_default=True,
    help="Folder for the neurologist's page, telestroke.html.",
)  # fmt: skip
@click.option("--seed", type=int, help="What patient, stroke and noise come from; a new one each time by default.")
@click.option("--slices", type=click.IntRange(1, 500), default=32, show_default=True, help="Images of the head.")
@click.option("--rows", type=click.IntRange(16, 4096), help="Rows of each image; 512 by default.")
@click.option("--columns", type=click.IntRange(16, 4096), help="Columns of each image; 512 by default.")
@connection_options("CT01", "archive", "fhir")
@common
def telestroke(
    archive: str | None,
    fhir: str | None,
    out: Path,
    seed: int | None,
    slices: int,
    rows: int | None,
    columns: int | None,
    local: Local,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Run the tele-stroke network end to end: clinic, medical centre, neurologist.

    The clinic's CT takes a stroke order from its RIS, scans the head, and stores the images by STOW-RS; its bedside
    sends vital signs and the NIH Stroke Scale as coded Observations, with the ImagingStudy, in a FHIR transaction. The
    neurologist searches the patient, follows the ImagingStudy to the images by WADO-RS, and looks at one page. Each
    exchange is shown with its latency.

    A user and TLS options are for --archive and --fhir. An exchange that fails is named and ends the run: 3 when its
    peer could not be reached, else 1.
    """
    if not (archive or fhir):
        refuse([name for name in CONNECTION if name not in ("aet", "timeout_s")], "embedded peers let in everybody")
    from modality.demo.telestroke.network import run
    from modality.identity import fresh_seed

    if seed is None:
        seed = fresh_seed()
        say(f"seed {seed}")
    asked = {"slices": slices, "rows": rows, "columns": columns}
    outcome = run(
        out,
        seed=seed,
        archive=_web("--archive", archive),
        fhir=_web("--fhir", fhir),
        local=local,
        options={name: value for name, value in asked.items() if value is not None},
        done=lambda hop: _said(hop) if as_json else None,
    )
    if as_json:
        emit(_document(outcome))
    else:
        rows_ = [
            [
                hop.origin,
                hop.target,
                hop.transaction,
                f"{hop.latency_ms:.0f}",
                f"failed: {hop.error}" if hop.error else hop.detail,
            ]
            for hop in outcome.journey.hops
        ]
        table("", ["from", "to", "transaction", "ms", ""], rows_)
        if outcome.page:
            click.echo(f"the neurologist's page: {outcome.page}")
    if outcome.error and outcome.journey.broken:
        say(f"Error: {outcome.journey.broken.name}: {outcome.error}")
    finish(0 if outcome.good else max(outcome.error.exit_code if outcome.error else 0, PARTIAL))


def _web(option: str, text: str | None) -> WebAddress | None:
    from modality.errors import AddressError
    from modality.network.address import WebAddress, parse, without_password

    if text is None:
        return None
    address = parse(text)
    if not isinstance(address, WebAddress):
        raise AddressError(f"{option} {without_password(text)}: give http://host/path or https://host/path")
    return address


def _said(hop: Hop) -> None:
    say(f"{hop.name}: {hop.error or hop.detail}, {hop.latency_ms:.0f} ms")


def _document(outcome: Outcome) -> dict[str, Any]:
    sent, case = outcome.sent, outcome.case
    return {
        "good": outcome.good,
        "seed": outcome.scene.seed,
        "patient_id": outcome.scene.patient.patient_id,
        "accession_number": outcome.scene.accession_number,
        "study_uid": sent.study_uid,
        "mpps_uid": sent.mpps_uid,
        "instances": list(sent.pixels),
        "series": list(case.series) if case else [],
        "resources": sent.stored,
        "score": sum(outcome.scene.scores.values()),
        "identical": outcome.equal,
        "page": str(outcome.page) if outcome.page else None,
        "hops": [{"number": number, **hop.as_dict()} for number, hop in enumerate(outcome.journey.hops, 1)],
        "error": None
        if outcome.error is None
        else {"type": type(outcome.error).__name__, "message": str(outcome.error)},
    }
