"""Addresses of peers: ``dicom://AET@host:port``, ``dicoms://`` with TLS, ``http(s)://`` for DICOMweb, or a path."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, quote, unquote, urlsplit

from modality.errors import AddressError

ANY_AET = "ANY-SCP"
_PASSWORD = re.compile(r"^((?:[a-z]+://)?[^:/@]*):.*@", re.IGNORECASE | re.DOTALL)
_HOST_AND_PORT = re.compile(r"[^/\\]+:\d{1,5}")


def without_password(text: str) -> str:
    """What was given as an address, for messages: a password in it is not shown."""
    return _PASSWORD.sub(r"\1:***@", text)


def ae_title(text: str) -> str:
    """The AE title, checked against PS3.5 6.2: 1 to 16 characters of ASCII, no control character, no backslash.

    Raises:
        AddressError: it is none.
    """
    title = text.strip(" ")
    if not 1 <= len(title) <= 16 or not title.isascii() or not title.isprintable() or "\\" in title:
        raise AddressError(f"AE title {text!r}: 1 to 16 printable ASCII characters, no backslash")
    return title


@dataclass(frozen=True, slots=True)
class DicomAddress:
    """A peer that speaks DIMSE.

    Args:
        host: name or IP address.
        port: TCP port.
        aet: its AE title (Called AE Title).
        tls: the connection is secured.
    """

    host: str
    port: int
    aet: str = ANY_AET
    tls: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'dicoms' if self.tls else 'dicom'}://{quote(self.aet, safe='')}@{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A DICOMweb service root; its text does not show a password that its URL holds."""

    url: str = field(repr=False)

    def __str__(self) -> str:
        return without_password(self.url)


Address = DicomAddress | WebAddress | Path

_SCHEMES = ("dicom", "dicoms", "http", "https")


def parse(text: str) -> Address:
    """An address of any sort.

    Raises:
        AddressError: it does not parse; the message says what is missing.
    """
    scheme, separator, _ = text.partition("://")
    shown = without_password(text)
    if not separator:
        if not text:
            raise AddressError("an empty address: give dicom://AET@host:port, https://..., or a path")
        if _HOST_AND_PORT.fullmatch(text):
            raise AddressError(f"{shown}: give dicom://AET@host:port, or ./{shown} for a folder of that name")
        if text.partition(":")[0].lower() in _SCHEMES and ":" in text:
            raise AddressError(f"{shown}: after the scheme come two slashes: dicom://AET@host:port")
        return Path(text)
    if scheme.lower() in ("http", "https"):
        parts = _split(text)
        if not parts.hostname:
            raise AddressError(f"{shown}: no host; give https://host/dicom-web")
        _port(parts, shown)
        return WebAddress(text)
    if scheme.lower() not in ("dicom", "dicoms"):
        raise AddressError(f"{shown}: unknown scheme {scheme!r}; there is dicom, dicoms, http and https")
    return _dicom(text)


def parse_dicom(text: str) -> DicomAddress:
    """An address that must be of a DIMSE peer.

    Raises:
        AddressError: it does not parse, or is of another sort.
    """
    address = parse(text)
    if not isinstance(address, DicomAddress):
        raise AddressError(f"{without_password(text)}: a DICOM address is needed here: dicom://AET@host:port")
    return address


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:  # brackets that hold no IPv6 address
        raise AddressError(f"{without_password(text)}: the host cannot be read: {error}") from None


def _port(parts: SplitResult, shown: str) -> int | None:
    try:
        return parts.port
    except ValueError:
        raise AddressError(f"{shown}: the port must be a number from 1 to 65535") from None


def _dicom(text: str) -> DicomAddress:
    parts, shown = _split(text), without_password(text)
    port = _port(parts, shown)
    if not parts.hostname:
        raise AddressError(f"{shown}: no host; give dicom://AET@host:port")
    if not port:
        raise AddressError(f"{shown}: no port; give dicom://AET@host:port")
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.password is not None:
        raise AddressError(f"{shown}: nothing may follow the port, and no password stands in a DICOM address")
    aet = ae_title(unquote(parts.username)) if parts.username is not None else ANY_AET
    return DicomAddress(parts.hostname, port, aet, tls=parts.scheme.lower() == "dicoms")
