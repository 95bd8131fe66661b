"""`modality serve department`: archive, RIS and FHIR server in one process, with a page."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from modality.cli.peers import options
from modality.cli.peers.destinations import destinations_of
from modality.cli.peers.running import run
from modality.cli.peers.web import web_options
from modality.cli.verb import Verb, common

if TYPE_CHECKING:
    import ssl

    from modality.simulated.dicomweb.web import Web


@click.command(cls=Verb)
@options.port(11112, what="Port of the archive")
@options.port(11113, "--ris-port", "Port of the RIS")
@functools.partial(web_options, port=8042, serves="Port of DICOMweb, UPS-RS and the page")
@options.port(8080, "--fhir-port", "Port of FHIR")
@options.hl7_options
@options.host
@options.aet("ARCHIVE", what="AE title of the archive")
@options.aet("RIS", "--ris-aet", "AE title of the RIS")
@click.option(
    "--web/--no-web",
    "page",
    default=True,
    show_default=True,
    help="The page, on which people see the worklist, the steps and the images, and set faults.",
)
@options.storage("Folder that keeps images, performed steps and resources; else gone at the end.")
@options.worklist
@options.destinations
@options.commitment
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
@click.option(
    "--fhir-fault",
    "fhir_faults",
    multiple=True,
    metavar="FAULT",
    help="What goes wrong in the FHIR server, as `modality serve fhir` takes it (repeatable).",
)
@common
def department(
    port: int,
    ris_port: int,
    fhir_port: int,
    hl7_port: int | None,
    hl7_tls: ssl.SSLContext | None,
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
    fhir_faults: tuple[str, ...],
    web: Web | None,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Run a department: archive (DIMSE and DICOMweb), RIS and FHIR server, with a page for people.

    The page is at the root of --web-port. Users, tokens and certificates of --web-... hold for DICOMweb, UPS-RS, the
    page and FHIR alike; DIMSE lets in everybody, HL7 too unless --hl7-client-ca says whom.
    """
    from modality.web.department.department import Department, Keeping, Ports, Titles

    peer = Department(
        host=host,
        ports=Ports(port, ris_port, fhir_port, hl7_port),
        titles=Titles(aet, ris_aet),
        keeping=Keeping(storage, worklist, destinations_of(destinations), commitment),
        web=web,
        page=page,
        hl7_tls=hl7_tls,
        faults=[
            *(("archive", text) for text in faults),
            *(("ris", text) for text in ris_faults),
            *(("fhir", text) for text in fhir_faults),
        ],
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
