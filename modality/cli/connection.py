"""Options of every verb that connects to a peer: who calls, how long is waited, TLS, and on whose behalf."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from modality.cli.verb import refuse, say
from modality.errors import UsageError

if TYPE_CHECKING:
    import ssl

    from modality.network.local import Local
    from modality.protocol.upper_layer.user_information import UserIdentity

Command = TypeVar("Command", bound=Callable[..., Any])

PASSCODE = "MODALITY_PASSCODE"
"""The environment variable that a passcode may stand in: a command line is seen by everyone on the machine."""

_FILE = click.Path(path_type=Path)
_LONGEST_S = 86400.0  # a day; our choice, below what the timers of every platform hold


class _Seconds(click.FloatRange):
    """A number of seconds; not a number is none, though no bound excludes it."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        """The number."""
        found = super().convert(value, parameter, context)
        if math.isnan(found):
            self.fail(f"{value!r} is not a number of seconds.", parameter, context)
        return found


@dataclass(frozen=True)
class _Given:
    """What was given on the command line; each field is the parameter of an option."""

    aet: str
    timeout_s: float
    tls_ca: Path | None
    tls_cert: Path | None
    tls_key: Path | None
    tls_no_hostname: bool
    user: str | None
    passcode_file: Path | None
    kerberos_ticket_file: Path | None
    saml_file: Path | None
    jwt_file: Path | None
    confirm_user: bool


CONNECTION = tuple(one.name for one in fields(_Given))
"""Parameters of a connection, which a verb refuses where there is none."""


def connection_options(default_aet: str, *addresses: str) -> Callable[[Command], Command]:
    """Give a verb `local`: who calls, how long is waited, what secures the connection, and on whose behalf.

    Args:
        default_aet: our AE title unless told otherwise.
        addresses: the verb's parameters that hold addresses; TLS options are refused where none is secured, and all but
            our AE title where each is a folder.
    """

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def with_local(**arguments: Any) -> Any:
            from modality.network.address import parse

            given = _Given(**{name: arguments.pop(name) for name in CONNECTION})
            texts = list(_texts(arguments[name] for name in addresses))
            if texts and all(isinstance(parse(one), Path) for one in texts):
                refuse([name for name in CONNECTION if name != "aet"], "a folder is not connected to")
            return command(**arguments, local=_local(given, texts))

        decorated: Any = with_local
        for option in reversed(_options(default_aet)):
            decorated = option(decorated)
        return decorated  # type: ignore[no-any-return]

    return decorate


def _options(default_aet: str) -> list[Callable[[Any], Any]]:
    return [
        click.option(
            "--aet", default=default_aet, show_default=True, metavar="AET", help="Our AE title (Calling AE Title)."
        ),
        click.option(
            "--timeout", "timeout_s", type=_Seconds(0.1, _LONGEST_S), default=30.0, show_default=True,
            metavar="SECONDS", help="How long to wait for each answer.",
        ),
        click.option(
            "--tls-ca", type=_FILE, metavar="FILE",
            help="For dicoms:// and https://: certificates to trust, in PEM; those of the system by default.",
        ),
        click.option(
            "--tls-cert", type=_FILE, metavar="FILE", help="Our certificate in PEM, for a peer that asks for one."
        ),
        click.option(
            "--tls-key", type=_FILE, metavar="FILE", help="Its private key in PEM; in --tls-cert's file by default."
        ),
        click.option(
            "--tls-no-hostname", is_flag=True,
            help="Accept a trusted certificate of another host: whoever holds any trusted one can then read along.",
        ),
        click.option("--user", metavar="NAME", help="Call on behalf of this user (user identity negotiation)."),
        click.option(
            "--passcode-file", type=_FILE, metavar="FILE",
            help=f"The passcode of --user; or set {PASSCODE} in the environment.",
        ),
        click.option("--kerberos-ticket-file", type=_FILE, metavar="FILE", help="User identity: Kerberos ticket."),
        click.option("--saml-file", type=_FILE, metavar="FILE", help="User identity: SAML assertion."),
        click.option("--jwt-file", type=_FILE, metavar="FILE", help="User identity: JSON Web Token."),
        click.option("--confirm-user", is_flag=True, help="Go on only if the peer confirms the user identity."),
    ]  # fmt: skip


def _texts(values: Iterable[Any]) -> Iterable[str]:
    for value in values:
        yield from [value] if isinstance(value, str) else value or ()


def _local(given: _Given, addresses: list[str]) -> Local:
    from modality.network.address import ae_title
    from modality.network.local import Local, Timeouts

    secured = [one for one in addresses if one.lower().startswith(("dicoms://", "https://"))]
    user = _user(given)
    for secret in _secrets(user, addresses, secured):
        say(f"warning: {secret} goes over the network in clear text, since not every address is dicoms:// or https://")
    timeouts = Timeouts(connect_s=given.timeout_s, association_s=given.timeout_s, response_s=given.timeout_s)
    return Local(ae_title(given.aet), timeouts, _tls(given, secured=bool(secured)), user)


def _secrets(user: UserIdentity | None, addresses: list[str], secured: list[str]) -> Iterator[str]:
    """What goes in clear text to an address that is not secured."""
    from modality.protocol.upper_layer.user_information import IdentityType

    words = {
        IdentityType.USERNAME_AND_PASSCODE: "the passcode",
        IdentityType.KERBEROS: "the Kerberos ticket",
        IdentityType.SAML: "the SAML assertion",
        IdentityType.JWT: "the JSON Web Token",
    }
    if user and user.type in words and len(secured) < len(addresses):
        yield words[user.type]
    if any(one.lower().startswith("http://") and "@" in one.split("/")[2] for one in addresses):
        yield "the user information in an http:// address"


def _tls(given: _Given, *, secured: bool) -> ssl.SSLContext | None:
    if not (given.tls_ca or given.tls_cert or given.tls_key or given.tls_no_hostname):
        return None
    if not secured:
        raise UsageError("TLS options are for dicoms:// and https:// addresses, and none is given")
    from modality.network.upper_layer.tls import client_context

    if given.tls_no_hostname:
        say("warning: --tls-no-hostname: any host with a trusted certificate can pass for the peer")
    return client_context(given.tls_ca, given.tls_cert, given.tls_key, check_hostname=not given.tls_no_hostname)


def _user(given: _Given) -> UserIdentity | None:
    from modality.protocol.upper_layer.user_information import IdentityType, UserIdentity

    files = {
        IdentityType.KERBEROS: given.kerberos_ticket_file,
        IdentityType.SAML: given.saml_file,
        IdentityType.JWT: given.jwt_file,
    }
    chosen = [(kind, path) for kind, path in files.items() if path]
    if given.passcode_file and given.user is None:
        raise UsageError("--passcode-file: a passcode needs its --user")
    if len(chosen) + (given.user is not None) > 1:
        raise UsageError("--user, --kerberos-ticket-file, --saml-file, --jwt-file: one user identity at a time")
    if given.user is not None:
        passcode = os.environ.get(PASSCODE, "").encode("utf-8", "surrogateescape")
        if given.passcode_file:
            passcode = _secret(given.passcode_file).rstrip(b"\r\n")
        kind = IdentityType.USERNAME_AND_PASSCODE if passcode else IdentityType.USERNAME
        return UserIdentity(kind, given.user.encode(), passcode, given.confirm_user)
    for kind, path in chosen:
        content = _secret(path)
        return UserIdentity(kind, content.strip() if kind is IdentityType.JWT else content, confirm=given.confirm_user)
    if given.confirm_user:
        raise UsageError("--confirm-user: no user identity is given to be confirmed")
    return None


def _secret(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if not content.strip():
        raise UsageError(f"{path}: is empty")
    return content
