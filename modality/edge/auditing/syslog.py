"""Syslog: one line of RFC 5424 for each audit message, over TLS (RFC 5425), TCP (RFC 6587) or UDP (RFC 5426)."""

from __future__ import annotations

import os
import socket
import ssl
from contextlib import suppress
from datetime import datetime, timezone

from modality.edge.auditing.config import AuditConfig, SyslogAddress
from modality.errors import UnreachableError

_FACILITY = 10  # security/authorization messages (PS3.15 A.6)
_NOTICE, _WARNING = 5, 4
_MSGID = "DICOM+RFC3881"  # PS3.15 A.6
_BOM = b"\xef\xbb\xbf"  # RFC 5424 6.4: what follows is UTF-8
_TIMEOUT_S = 5.0
_LARGEST_DATAGRAM = 65507  # bytes of a UDP payload over IPv4


def line(message: bytes, at: datetime, *, host: str, app: str = "modality", failed: bool = False) -> bytes:
    """One syslog message (RFC 5424 6).

    Args:
        message: the audit message, in UTF-8.
        at: when it was made.
        host: who sends it.
        app: which program.
        failed: it tells of a failure.
    """
    priority = _FACILITY * 8 + (_WARNING if failed else _NOTICE)
    time = at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"
    head = f"<{priority}>1 {time} {_token(host, 255)} {_token(app, 48)} {os.getpid()} {_MSGID} - "
    return head.encode("ascii") + _BOM + message


def _token(text: str, longest: int) -> str:
    """PRINTUSASCII without blanks, or "-" (RFC 5424 6)."""
    return "".join(letter for letter in text if "!" <= letter <= "~")[:longest] or "-"


class Channel:
    """The way to one repository: opened when something is sent, and again when it was broken.

    Args:
        config: where it is, and what secures it.
    """

    def __init__(self, config: AuditConfig) -> None:
        self._config, self._address = config, config.parsed
        self._socket: socket.socket | None = None

    def send(self, data: bytes) -> bool:
        """Send one syslog message; whether that is possible at all: a datagram holds 64 KB.

        Raises:
            UnreachableError: it did not go.
        """
        try:
            if self._socket and self._hung_up():
                self.close()
            if self._socket is None:
                self._socket = self._opened(self._address)
            if self._address.way == "udp":
                if len(data) > _LARGEST_DATAGRAM:
                    return False
                self._socket.send(data)
            else:
                self._socket.sendall(b"%d %b" % (len(data), data))  # RFC 5425 4.3: octets counted
        except OSError as error:
            self.close()
            raise UnreachableError(f"{self._address}: {_reason(error)}") from error
        return True

    def _opened(self, address: SyslogAddress) -> socket.socket:
        if address.way == "udp":
            kind, _, _, _, where = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)[0]
            datagrams = socket.socket(kind, socket.SOCK_DGRAM)
            datagrams.connect(where)
            return datagrams
        stream = socket.create_connection((address.host, address.port), _TIMEOUT_S)
        if address.way == "tcp":
            return stream
        from modality.network.upper_layer.tls import client_context

        config = self._config
        try:
            context = client_context(config.ca, config.certificate, config.key)
            return context.wrap_socket(stream, server_hostname=address.host)
        except BaseException:
            stream.close()
            raise

    def _hung_up(self) -> bool:
        """The other side has closed the connection: it never says anything else."""
        assert self._socket is not None
        if self._address.way == "udp":
            return False
        self._socket.settimeout(0)
        try:
            return not self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            self._socket.settimeout(_TIMEOUT_S)

    def close(self) -> None:
        """Hang up."""
        if self._socket:
            with suppress(OSError):
                self._socket.close()
        self._socket = None


def _reason(error: OSError) -> str:
    from modality.network.upper_layer.tls import explain

    return explain(error) if isinstance(error, ssl.SSLError) else str(error.strerror or error)
