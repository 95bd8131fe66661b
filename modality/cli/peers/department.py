"""`modality serve department`: archive, RIS and FHIR server in one process, with a page."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from modality.cli.peers.destinations import destinations_of
from modality.cli.peers.running import run
from modality.cli.peers.web import web_options
from modality.cli.verb import Verb, common

if TYPE_CHECKING:
    from modality.simulated.dicomweb.web import Web

_PORT = click.IntRange(0, 65535)


@click.command(cls=Verb)
@click.option("--port", type=_PORT, default=11112, show_default=True, help="Port of the archive; 0 for any free one.")
@click.option("--ris-port", type=_PORT, default=11113, show_default=True, help="Port of the RIS; 0 for any free one.")
@functools.partial(web_options, port=8042, serves="Port of DICOMweb and the page")
@click.option("--fhir-port", type=_PORT, default=8080, show_default=True, help="Port of FHIR; 0 for any free one.")
@click.option("--hl7-port", type=_PORT, help="Take HL7 v2 over MLLP on this port too; 0 for any free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Interface to listen on.")
@click.option("--aet", default="ARCHIVE", show_default=True, metavar="AET", help="AE title of the archive.")
@click.option("--ris-aet", default="RIS", show_default=True, metavar="AET", help="AE title of the RIS.")
@click.option(
    "--web/--no-web",
    "page",
    default=True,
    show_default=True,
    help="The page, on which people see the worklist, the steps and the images, and set faults.",
)
@click.option(
    "--storage",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that keeps images, performed steps and resources; else gone at the end.",
)
@click.option(
    "--worklist",
    type=click.Path(path_type=Path, exists=True),
    help="TOML file, DICOM file or folder; the shipped department's by default.",
)
@click.option(
    "--destination",
    "destinations",
    multiple=True,
    metavar="AET=HOST:PORT",
    help="Whom C-MOVE and commitment reports may reach (repeatable).",
)
@click.option(
    "--commitment",
    type=click.Choice(["same", "other", "never"]),
    default="same",
    show_default=True,
    help="The association on which commitment is reported.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="FAULT",
    help="What goes wrong in the archive, as `modality serve archive` takes it (repeatable).",
)
@click.option(
    "--ris-fault",
    "ris_faults",
    multiple=True,
    metavar="FAULT",
    help="What goes wrong in the RIS, as `modality serve ris` takes it (repeatable).",
)
@common
def department(
    port: int,
    ris_port: int,
    fhir_port: int,
    hl7_port: int | None,
    host: str,
    aet: str,
    ris_aet: str,
    page: bool,
    storage: Path | None,
    worklist: Path | None,
    destinations: tuple[str, ...],
    commitment: Literal["same", "other", "never"],
    faults: tuple[str, ...],
    ris_faults: tuple[str, ...],
    web: Web | None,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Run a department: archive (DIMSE and DICOMweb), RIS and FHIR server, with a page for people.

    The page is at the root of --web-port. Users, tokens and certificates of --web-... hold for DICOMweb, the page and
    FHIR alike; DIMSE and HL7 let in everybody.
    """
    from modality.web.department.department import Department, Keeping, Ports, Titles

    peer = Department(
        host=host,
        ports=Ports(port, ris_port, fhir_port, hl7_port),
        titles=Titles(aet, ris_aet),
        keeping=Keeping(storage, worklist, destinations_of(destinations), commitment),
        web=web,
        page=page,
        faults=[*(("archive", text) for text in faults), *(("ris", text) for text in ris_faults)],
    )
    also = {"ris": lambda: peer.ris.address, "web": lambda: peer.web_address, "fhir": lambda: peer.fhir.address}
    if hl7_port is not None:
        also["hl7"] = lambda: peer.ris.hl7_address
    if page:
        also["page"] = lambda: peer.page_address
    run(
        peer,
        as_json,
        lambda: f"{len(peer.archive.instances())} instances and {len(peer.ris.performed_steps)} performed steps kept",
        also,
    )
