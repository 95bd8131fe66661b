"""How an archive is to be reached over the web; loads no server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from modality.errors import UsageError

ROOT = "/dicom-web"
"""The path of the service root; Orthanc's, since it is the one that people have in their fingers."""

_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Web:
    """A DICOMweb service to stand beside an archive.

    Args:
        port: the port; 0 takes a free one.
        users: passcode by user name, each let in by basic authentication (RFC 7617).
        tokens: bearer tokens, each of which lets in (RFC 6750). Without users and tokens everybody is let in.
        certificate: PEM file of the server's certificate, which makes it https.
        key: PEM file of its private key; by default it stands in the certificate's file.
        client_ca: PEM file of the authorities whose client certificates are let in; others are then not.
        largest_request: bytes of a request that are read; a longer one is refused with 413.
        largest_part: bytes of an instance that are kept; a larger one fails, and the others of its request do not.
        patience_s: how long a connection may say nothing, or next to nothing of a request, or read nothing of an
            answer, before it is closed.
        connections: that are open at a time; those beyond are closed at once.
    """

    port: int = 0
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    tokens: tuple[str, ...] = field(default=(), repr=False)
    certificate: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None
    largest_request: int = 64 * _GIB
    largest_part: int = 4 * _GIB
    patience_s: float = 30.0
    connections: int = 256

    def __post_init__(self) -> None:
        if self.certificate is None and (self.key or self.client_ca):
            raise UsageError("a web server with a key or client authorities needs a certificate of its own")


def read_users(path: Path) -> dict[str, str]:
    """The users of a file: a line ``NAME:PASSCODE`` for each; empty lines and those that begin with # are passed over.

    Raises:
        UsageError: the file cannot be read, or a line has no colon; the line is not shown.
    """
    users = {}
    for number, line in _lines(path):
        name, colon, passcode = line.partition(":")
        if not (name and colon and passcode):
            raise UsageError(f"{path}: line {number}: give NAME:PASSCODE")
        users[name] = passcode
    return users


def read_tokens(path: Path) -> tuple[str, ...]:
    """The bearer tokens of a file, a line each; empty lines and those that begin with # are passed over.

    Raises:
        UsageError: the file cannot be read, or a line can be no token; the line is not shown.
    """
    tokens = []
    for number, line in _lines(path):
        if not line.isascii() or not line.isprintable() or " " in line:
            raise UsageError(f"{path}: line {number}: a token is printable ASCII without spaces")
        tokens.append(line)
    return tuple(tokens)


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no UTF-8 text"
        raise UsageError(f"{path}: cannot be read: {reason}") from None
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    found = [(number, line) for number, line in lines if line and not line.startswith("#")]
    if not found:
        raise UsageError(f"{path}: holds nobody to let in")
    return found
