"""Options of a peer's web service: where, who is let in, and what secures it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from modality.cli.verb import refuse

Command = TypeVar("Command", bound=Callable[..., Any])

_FILE = click.Path(path_type=Path)
_MIB = 1 << 20
_OPTIONS = ("web_users", "web_tokens", "web_cert", "web_key", "web_client_ca", "web_limit_mb")


def web_options(
    command: Command, *, port: int | None = None, serves: str = "Serve DICOMweb on this port too"
) -> Command:
    """Give a verb `web`: the web service that stands beside its peer; None without a port.

    Args:
        command: the verb.
        port: the port by default; None for no web service.
        serves: what is served there, for people.
    """

    @functools.wraps(command)
    def with_web(
        web_port: int | None,
        web_users: Path | None,
        web_tokens: Path | None,
        web_cert: Path | None,
        web_key: Path | None,
        web_client_ca: Path | None,
        web_limit_mb: int | None,
        **arguments: Any,
    ) -> Any:
        if web_port is None:
            refuse(_OPTIONS, "without --web-port there is no web service")
            return command(**arguments, web=None)
        from modality.simulated.dicomweb.web import Web, read_tokens, read_users

        limit = {} if web_limit_mb is None else {"largest_request": web_limit_mb * _MIB}
        web = Web(
            web_port,
            users=read_users(web_users) if web_users else {},
            tokens=read_tokens(web_tokens) if web_tokens else (),
            certificate=web_cert,
            key=web_key,
            client_ca=web_client_ca,
            **limit,
        )
        return command(**arguments, web=web)

    decorated: Any = with_web
    for option in reversed(
        (
            click.option(
                "--web-port", type=click.IntRange(0, 65535), metavar="PORT", default=port,
                show_default=port is not None, help=f"{serves}; 0 for any free one.",
            ),
            click.option(
                "--web-users", type=_FILE, metavar="FILE",
                help="Who is let in by basic authentication: a line NAME:PASSCODE each.",
            ),
            click.option(
                "--web-tokens", type=_FILE, metavar="FILE", help="Bearer tokens that let in, a line each."
            ),
            click.option("--web-cert", type=_FILE, metavar="FILE", help="Certificate in PEM, which makes it https."),
            click.option(
                "--web-key", type=_FILE, metavar="FILE", help="Its private key in PEM; in --web-cert's file by default."
            ),
            click.option(
                "--web-client-ca", type=_FILE, metavar="FILE",
                help="Let in only who has a certificate of these authorities, in PEM.",
            ),
            click.option(
                "--web-limit-mb", type=click.IntRange(1), metavar="MIB",
                help="Refuse longer requests with 413; 65536 by default.",
            ),
        )
    ):  # fmt: skip
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]
