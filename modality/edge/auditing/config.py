"""[audit] of a configuration, and what has to hold of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from modality.edge.page.config import is_loopback
from modality.errors import AddressError, ConfigurationError, UsageError

Way = Literal["tls", "tcp", "udp"]
# RFC 5425 4.1 and RFC 5426 3.3; over plain TCP 514 and 601 are both in use (RFC 6587), and the port has to be given.
_PORTS: dict[Way, int] = {"tls": 6514, "udp": 514}
_SCHEMES: dict[str, Way] = {"syslog-tls": "tls", "syslog-tcp": "tcp", "syslog-udp": "udp"}


@dataclass(frozen=True, slots=True)
class SyslogAddress:
    """Where an audit record repository listens.

    Args:
        way: "tls" (RFC 5425), "udp" (RFC 5426), or "tcp" (RFC 6587, counted octets).
        host: name or IP address.
        port: the port.
    """

    way: Way
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"syslog-{self.way}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class AuditConfig:
    """What [audit] says: who hears what people did with patients' data.

    Args:
        address: syslog-tls://host:6514, syslog-tcp://host:port or syslog-udp://host:514.
        ca: PEM file of the certificates that the repository's is signed by; those of the system by default.
        certificate: PEM file of the box's certificate, for a repository that asks for one.
        key: PEM file of its private key.
        plain: without TLS beyond the loopback all the same: who listens to that network reads patients' names.
        site: Audit Enterprise Site ID, where the hospital gives one.
        queue: messages that wait while the repository is away; what is more is lost, oldest first, and counted.
    """

    address: str
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    plain: bool = False
    site: str = ""
    queue: int = 1000

    @property
    def parsed(self) -> SyslogAddress:
        """The address.

        Raises:
            AddressError: it is none.
        """
        try:
            parts = urlsplit(self.address)
            way, host, port = _SCHEMES.get(parts.scheme), parts.hostname, parts.port
        except ValueError:
            way = host = port = None
        if way is None or not host or parts.path.strip("/") or parts.query or parts.username:
            raise AddressError(f"{self.address}: give syslog-tls://host:6514, syslog-tcp://host:port or syslog-udp://")
        port = port or _PORTS.get(way)
        if not port:
            raise AddressError(f"{self.address}: give the port: syslog-{way}://{host}:601")
        return SyslogAddress(way, host, port)


def check_audit(audit: AuditConfig, wrong: Callable[[str, str], ConfigurationError]) -> None:
    """Check [audit] whole.

    Args:
        audit: it.
        wrong: makes the error of a place and what is wrong there.

    Raises:
        ConfigurationError: something in it is wrong.
    """
    try:
        address = audit.parsed
    except AddressError as error:
        raise wrong("audit.address", str(error)) from error
    if audit.queue < 1:
        raise wrong("audit.queue", f"has to be at least 1, not {audit.queue}")
    if address.way == "tls":
        from modality.network.upper_layer.tls import client_context  # loads OpenSSL

        try:
            client_context(audit.ca, audit.certificate, audit.key)
        except UsageError as error:
            raise wrong("audit", str(error)) from error
        if audit.plain:
            raise wrong("audit.plain", "with syslog-tls:// it has no meaning: leave it out")
        return
    for key in ("ca", "certificate", "key"):
        if getattr(audit, key):
            raise wrong(f"audit.{key}", f"syslog-{address.way}:// has no TLS: give syslog-tls://, or leave it out")
    if not audit.plain and not is_loopback(address.host):
        raise wrong(
            "audit.address",
            "patients' names would cross the network in clear: give syslog-tls://, or plain = true if nobody else "
            "listens to it",
        )
