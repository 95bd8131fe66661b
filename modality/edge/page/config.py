"""[web] of a configuration, and what has to hold of it before anything listens."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from modality.edge.page.password import problem
from modality.errors import ConfigurationError, UsageError

Wrong = Callable[[str, str], ConfigurationError]
"""Makes an error of a place in the configuration and what is wrong there."""


@dataclass(frozen=True, slots=True)
class WebConfig:
    """What [web] says: where the page is, and who may see it.

    Args:
        port: its port; 0 takes a free one.
        host: the interface; beyond the loopback a login is required.
        users: who is let in: hash of the password, from `modality edge password`, by name. Without users everybody
            who can reach the loopback is.
        certificate: PEM file of the page's certificate, which makes it https.
        key: PEM file of its private key; by default it stands in the certificate's file.
        plain: without a certificate beyond the loopback all the same: who listens to that network reads passwords.
        session_h: hours after which a person has to sign in again.
    """

    port: int = 8090
    host: str = "127.0.0.1"
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    certificate: Path | None = None
    key: Path | None = None
    plain: bool = False
    session_h: float = 12.0

    @property
    def local(self) -> bool:
        """Only this machine reaches it."""
        return is_loopback(self.host)

    @property
    def address(self) -> str:
        """Where a browser finds it, as far as the configuration says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.certificate else 'http'}://{host}:{self.port}"


def is_loopback(host: str) -> bool:
    """Whether an interface or a name is this machine's own, which no other reaches."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def check_web(web: WebConfig, wrong: Wrong) -> None:
    """Check [web] whole.

    Args:
        web: it.
        wrong: makes the error.

    Raises:
        ConfigurationError: something in it is wrong.
    """
    if not 0 <= web.port <= 65535:
        raise wrong("web.port", f"no port: {web.port}")
    if not web.session_h > 0:
        raise wrong("web.session_h", f"has to be more than 0, not {web.session_h:g}")
    for name, kept in web.users.items():
        if not name.isprintable() or not name.strip() or len(name) > 64:
            raise wrong("web.users", f"{name!r} is no name of a user")
        if reason := problem(kept):
            raise wrong(f"web.users.{name}", reason)
    if web.key and not web.certificate:
        raise wrong("web.key", "a private key needs its certificate: give certificate")
    if web.certificate:
        from modality.network.upper_layer.tls import server_context  # loads OpenSSL

        try:
            server_context(web.certificate, web.key)
        except UsageError as error:
            raise wrong("web.certificate", str(error)) from error
    if not web.local:
        if not web.users:
            raise wrong(
                "web.host",
                f"{web.host} is reached from other machines: give [web.users], with `modality edge password`, "
                'or host = "127.0.0.1"',
            )
        if not web.certificate and not web.plain:
            raise wrong(
                "web.host",
                f"{web.host} is reached from other machines: give certificate, or plain = true if nobody else "
                "listens to that network",
            )
