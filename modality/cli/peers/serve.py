"""`modality serve`: the embedded peers on real ports."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import click

from modality.cli.peers.web import web_options
from modality.cli.verb import Nearest, Verb, common, emit, say
from modality.simulated import fault_text

if TYPE_CHECKING:
    from modality.simulated.dicomweb.web import Web

_FILE = click.Path(path_type=Path)
_POLL_S = 0.1
Command = TypeVar("Command", bound=Callable[..., Any])


@click.group(cls=Nearest, context_settings={"help_option_names": ["-h", "--help"]})
def serve() -> None:
    """Run an embedded archive, RIS or FHIR server until it is interrupted."""


def _where(port: int, aet: str) -> Callable[[Command], Command]:
    """Where a peer listens, under which title, and what goes wrong with it."""

    def decorate(command: Command) -> Command:
        for option in reversed(
            (
                click.option(
                    "--port", type=click.IntRange(0, 65535), default=port, show_default=True,
                    help="Port; 0 for any free one.",
                ),
                click.option("--host", default="127.0.0.1", show_default=True, help="Interface to listen on."),
                click.option("--aet", default=aet, show_default=True, metavar="AET", help="Its AE title."),
                click.option(
                    "--fault", "faults", multiple=True, metavar="FAULT",
                    help="What goes wrong, as described below (repeatable).",
                ),
            )
        ):  # fmt: skip
            command = option(command)
        return command

    return decorate


class Peer(Protocol):
    """What can be served."""

    host: str

    @property
    def port(self) -> int:
        """Where it listens; the port asked for while it does not."""

    @property
    def address(self) -> str:
        """How others reach it."""

    def start(self) -> None:
        """Listen."""

    def stop(self) -> None:
        """Listen no more."""


@serve.command(cls=Verb, epilog=fault_text.explanation(fault_text.ARCHIVE_SERVICES, fault_text.ARCHIVE_MAIN))
@_where(11112, "ARCHIVE")
@click.option(
    "--storage", type=click.Path(path_type=Path, file_okay=False), help="Folder that keeps files; else gone at the end."
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
    "--notify", multiple=True, metavar="ADDRESS",
    help="Who is told of what was stored over DIMSE (Instance Availability Notification; repeatable).",
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
    from modality.errors import UsageError
    from modality.network.address import parse_dicom
    from modality.simulated.archive import SimulatedArchive

    known = {}
    for text in destinations:
        title, _, where = text.partition("=")
        if not (title and re.fullmatch(r"([^:@/]+|\[.+\]):\d+", where)):
            raise UsageError(f"--destination {text}: give AET=HOST:PORT, an IPv6 address in brackets")
        there = parse_dicom(f"dicom://{where}")
        known[title] = f"{there.host}:{there.port}"
    peer = SimulatedArchive(
        storage, aet=aet, host=host, port=port, faults=faults, destinations=known, commitment=commitment, notify=notify,
        web=web,
    )  # fmt: skip
    also = {"web": lambda: peer.web_address} if web else {}
    _run(peer, as_json, lambda: f"{len(peer.instances())} instances kept", also)


@serve.command(cls=Verb, epilog=fault_text.explanation(fault_text.RIS_SERVICES, fault_text.RIS_MAIN))
@_where(11113, "RIS")
@click.option(
    "--worklist",
    type=click.Path(path_type=Path, exists=True),
    help="TOML file, DICOM file or folder; the shipped department's by default.",
)
@click.option(
    "--storage",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder where performed steps are written as JSON.",
)
@click.option(
    "--notify", multiple=True, metavar="ADDRESS", help="Who is told of each change of a performed step (repeatable)."
)
@click.option(
    "--hl7-port", type=click.IntRange(0, 65535), help="Take HL7 v2 orders over MLLP on this port too; 0 for any free one."
)
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
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Run a RIS: modality worklist, and performed steps with the strict state machine.

    A performed step can be retrieved (N-GET) too. Of the faults, get strikes that.

    With --hl7-port, HL7 v2 orders (ORM^O01, OMI^O23) become worklist items, patient updates and merges (ADT) change
    them, and results (ORU^R01) are kept, in --storage too. The faults do not strike HL7.
    """
    from modality.simulated.ris import SimulatedRis

    peer = SimulatedRis(
        worklist, aet=aet, host=host, port=port, faults=faults, storage=storage, notify=notify, hl7_port=hl7_port
    )
    also = {"hl7": lambda: peer.hl7_address} if hl7_port is not None else {}
    _run(peer, as_json, lambda: f"{len(peer.performed_steps)} performed steps{peer.hl7_summary}", also)


@serve.command(cls=Verb)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Port; 0 for any free one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Interface to listen on.")
@click.option(
    "--storage",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that keeps resources; else gone at the end.",
)
@click.option(
    "--tokens", type=_FILE, metavar="FILE", help="Bearer tokens that let in, a line each; else all are let in."
)
@click.option("--cert", type=_FILE, metavar="FILE", help="Certificate in PEM, which makes it https.")
@click.option("--key", type=_FILE, metavar="FILE", help="Its private key in PEM; in --cert's file by default.")
@common
def fhir(
    port: int,
    host: str,
    storage: Path | None,
    tokens: Path | None,
    cert: Path | None,
    key: Path | None,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Run a FHIR R4 server: create, read, update, search, batch and transaction.

    It takes Patient, ServiceRequest, ImagingStudy, Observation, DiagnosticReport, Device and Endpoint, and refuses what
    is not valid: structure, codes, units and references.
    """
    from modality.simulated.dicomweb.web import read_tokens
    from modality.simulated.fhir import SimulatedFhir

    known = read_tokens(tokens) if tokens else ()
    peer = SimulatedFhir(storage, host=host, port=port, tokens=known, certificate=cert, key=key)
    _run(peer, as_json, lambda: f"{len(peer.resources())} resources kept")


def _run(
    peer: Peer, as_json: bool, summary: Callable[[], str], also: Mapping[str, Callable[[], str]] | None = None
) -> None:
    """Listen until SIGINT or SIGTERM; `also` gives further addresses, by their key in JSON."""
    from modality.errors import UsageError

    ended: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _: ended.append(received))
    try:
        peer.start()
    except OSError as error:
        raise UsageError(f"cannot listen on {peer.host}:{peer.port}: {error.strerror or error}") from error
    try:
        others = {key: address() for key, address in (also or {}).items()}
        if as_json:
            emit({"address": peer.address, **others})
        else:
            click.echo("\n".join((peer.address, *others.values())))
        # A signal that the system hands to another thread would not wake an endless wait of this one.
        while not ended:
            time.sleep(_POLL_S)
        say(summary())
    finally:
        peer.stop()
