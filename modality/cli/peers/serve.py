"""`modality serve`: the embedded peers on real ports."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from modality.cli.peers import options
from modality.cli.peers.department import department
from modality.cli.peers.destinations import destinations_of
from modality.cli.peers.running import run
from modality.cli.peers.web import web_options
from modality.cli.verb import Nearest, Verb, common
from modality.simulated import fault_text

if TYPE_CHECKING:
    import ssl

    from modality.simulated.dicomweb.web import Web


@click.group(cls=Nearest, context_settings={"help_option_names": ["-h", "--help"]})
def serve() -> None:
    """Run an embedded archive, RIS, FHIR server, or all of it, until it is interrupted."""


@serve.command(cls=Verb, epilog=fault_text.explanation(fault_text.ARCHIVE_SERVICES, fault_text.ARCHIVE_MAIN))
@options.port(11112)
@options.host
@options.aet("ARCHIVE")
@options.faults
@options.storage("Folder that keeps files; else gone at the end.")
@options.destinations
@options.commitment
@click.option(
    "--notify",
    multiple=True,
    metavar="ADDRESS",
    help="Who is told of what was stored, over DIMSE or the web (Instance Availability Notification; repeatable).",
)
@web_options
@common
def archive(
    port: int,
    host: str,
    aet: str,
    faults: tuple[str, ...],
    storage: Path | None,
    destinations: tuple[str, ...],
    commitment: Literal["same", "other", "never"],
    notify: tuple[str, ...],
    web: Web | None,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Run an archive: C-STORE, C-FIND, C-GET, C-MOVE, C-ECHO and storage commitment.

    With --web-port it is a DICOMweb service over the same store too: STOW-RS, QIDO-RS and WADO-RS below /dicom-web. Of
    the faults, store strikes each instance of STOW-RS, find QIDO-RS and get WADO-RS; what is about associations does
    not strike the web.
    """
    from modality.simulated.archive import SimulatedArchive

    peer = SimulatedArchive(
        storage, aet=aet, host=host, port=port, faults=faults, notify=notify, web=web,
        destinations=destinations_of(destinations), commitment=commitment,
    )  # fmt: skip
    also = {"web": lambda: peer.web_address} if web else {}
    run(peer, as_json, lambda: f"{len(peer.instances())} instances kept", also)


@serve.command(cls=Verb, epilog=fault_text.explanation(fault_text.RIS_SERVICES, fault_text.RIS_MAIN))
@options.port(11113)
@options.host
@options.aet("RIS")
@options.faults
@options.worklist
@options.storage("Folder where performed steps are written as JSON.")
@click.option(
    "--notify", multiple=True, metavar="ADDRESS", help="Who is told of each change of a performed step (repeatable)."
)
@options.hl7_options
@functools.partial(web_options, serves="Serve the unified worklist (UPS-RS) on this port too")
@common
def ris(
    port: int,
    host: str,
    aet: str,
    faults: tuple[str, ...],
    worklist: Path | None,
    storage: Path | None,
    notify: tuple[str, ...],
    hl7_port: int | None,
    hl7_tls: ssl.SSLContext | None,
    web: Web | None,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Run a RIS: modality worklist, unified worklist (UPS), and performed steps with the strict state machine.

    A performed step can be retrieved (N-GET) too, and archives may notify it of what they have. Whom --notify names may
    subscribe to workitems. Of the faults, get strikes N-GET and action the claims and ends of workitems.

    With --web-port the workitems are served below /dicom-web/workitems too (UPS-RS), where everybody may subscribe, and
    is told over a WebSocket at /dicom-web/subscribers/AET. Of the faults, find strikes searches there, create, set and
    get what they are called, and action the rest.

    With --hl7-port, HL7 v2 orders (ORM^O01, OMI^O23) become worklist items and workitems, patient updates and merges
    (ADT) change them, and results (ORU^R01) are kept, in --storage too. The faults do not strike HL7.
    """
    from modality.simulated.ris import SimulatedRis

    peer = SimulatedRis(
        worklist, aet=aet, host=host, port=port, faults=faults, storage=storage, notify=notify, hl7_port=hl7_port,
        hl7_tls=hl7_tls, web=web,
    )  # fmt: skip
    also = {"hl7": lambda: peer.hl7_address} if hl7_port is not None else {}
    if web:
        also["web"] = lambda: peer.web_address
    run(peer, as_json, lambda: f"{len(peer.performed_steps)} performed steps{peer.hl7_summary}", also)


@serve.command(cls=Verb, epilog=fault_text.fhir_explanation())
@options.port(8080)
@options.host
@options.storage("Folder that keeps resources; else gone at the end.")
@click.option(
    "--tokens", type=options.FILE, metavar="FILE", help="Bearer tokens that let in, a line each; else all are let in."
)
@click.option("--cert", type=options.FILE, metavar="FILE", help="Certificate in PEM, which makes it https.")
@click.option("--key", type=options.FILE, metavar="FILE", help="Its private key in PEM; in --cert's file by default.")
@options.faults
@common
def fhir(
    port: int,
    host: str,
    storage: Path | None,
    tokens: Path | None,
    cert: Path | None,
    key: Path | None,
    faults: tuple[str, ...],
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Run a FHIR R4 server: create, read, update, search, batch and transaction.

    It takes Patient, ServiceRequest, ImagingStudy, Observation, DiagnosticReport, Device and Endpoint, and refuses what
    is not valid: structure, codes, units and references. Faults strike whoever asks, let in or not.
    """
    from modality.simulated.dicomweb.web import read_tokens
    from modality.simulated.fhir import SimulatedFhir

    known = read_tokens(tokens) if tokens else ()
    peer = SimulatedFhir(storage, host=host, port=port, tokens=known, certificate=cert, key=key, faults=faults)
    run(peer, as_json, lambda: f"{len(peer.resources())} resources kept")


serve.add_command(department)
