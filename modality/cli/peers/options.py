"""Options that several of the served peers take."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from modality.cli.verb import refuse

if TYPE_CHECKING:
    import ssl

Command = TypeVar("Command", bound=Callable[..., Any])

PORT = click.IntRange(0, 65535)
FILE = click.Path(path_type=Path)

host = click.option("--host", default="127.0.0.1", show_default=True, help="Interface to listen on.")
worklist = click.option(
    "--worklist",
    type=click.Path(path_type=Path, exists=True),
    help="TOML file, DICOM file or folder; the shipped department's by default.",
)
destinations = click.option(
    "--destination",
    "destinations",
    multiple=True,
    metavar="AET=HOST:PORT",
    help="Whom C-MOVE and commitment reports may reach (repeatable).",
)
commitment = click.option(
    "--commitment",
    type=click.Choice(["same", "other", "never"]),
    default="same",
    show_default=True,
    help="The association on which commitment is reported.",
)
faults = click.option(
    "--fault", "faults", multiple=True, metavar="FAULT", help="What goes wrong, as described below (repeatable)."
)


def port(default: int, name: str = "--port", what: str = "Port") -> Callable[[Command], Command]:
    """Where a peer listens."""
    said = f"{what}; 0 for any free one."
    return click.option(name, type=PORT, default=default, show_default=True, help=said)


def aet(default: str, name: str = "--aet", what: str = "Its AE title") -> Callable[[Command], Command]:
    """Its AE title."""
    return click.option(name, default=default, show_default=True, metavar="AET", help=f"{what}.")


def storage(what: str) -> Callable[[Command], Command]:
    """The folder that it keeps things in."""
    return click.option("--storage", type=click.Path(path_type=Path, file_okay=False), help=what)


def hl7_options(command: Command) -> Command:
    """Give a verb `hl7_port` and `hl7_tls`: where HL7 is taken, and what secures it."""

    @functools.wraps(command)
    def with_hl7(
        hl7_port: int | None, hl7_cert: Path | None, hl7_key: Path | None, hl7_client_ca: Path | None, **arguments: Any
    ) -> Any:
        tls = _hl7_tls(hl7_port, hl7_cert, hl7_key, hl7_client_ca)
        return command(**arguments, hl7_port=hl7_port, hl7_tls=tls)

    decorated: Any = with_hl7
    for option in reversed(
        (
            click.option(
                "--hl7-port", type=PORT, help="Take HL7 v2 over MLLP on this port too; 0 for any free one."
            ),
            click.option(
                "--hl7-cert", type=FILE, metavar="FILE", help="Certificate in PEM, which puts HL7 in TLS."
            ),
            click.option(
                "--hl7-key", type=FILE, metavar="FILE", help="Its private key in PEM; in --hl7-cert's file by default."
            ),
            click.option(
                "--hl7-client-ca", type=FILE, metavar="FILE",
                help="Take HL7 only from who has a certificate of these authorities, in PEM.",
            ),
        )
    ):  # fmt: skip
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def _hl7_tls(
    listens: int | None, certificate: Path | None, key: Path | None, client_ca: Path | None
) -> ssl.SSLContext | None:
    if listens is None:
        refuse(("hl7_cert", "hl7_key", "hl7_client_ca"), "without --hl7-port no HL7 is taken")
    if certificate is None:
        refuse(("hl7_key", "hl7_client_ca"), "without --hl7-cert HL7 is not in TLS")
        return None
    from modality.network.upper_layer.tls import server_context

    return server_context(certificate, key, client_ca)
