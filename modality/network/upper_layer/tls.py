"""TLS by the BCP 195 RFC 8996, 9325 TLS Secure Transport Connection Profile (PS3.15 B.12): what both sides need."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NoReturn

from modality.errors import HandshakeFailed, UsageError
from modality.network.address import DicomAddress

# The suites for TLS 1.2 that RFC 9325 4.2 recommends; those of TLS 1.3 are all fit (RFC 9325 4.1).
CIPHERS = (
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
)


def client_context(
    ca: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
    *,
    check_hostname: bool = True,
) -> ssl.SSLContext:
    """What secures connections to `dicoms://` addresses: TLS 1.2 or newer, the peer's certificate verified.

    Args:
        ca: PEM file of the certificates that we trust; those of the system by default.
        certificate: PEM file of our own certificate, and the chain behind it, for a peer that asks for one.
        key: PEM file of its private key; by default it stands in the certificate's file.
        check_hostname: the peer's certificate must name the host that is called.

    Raises:
        UsageError: a file cannot be read, or does not hold what it should; the message names it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(CIPHERS))
    # A hospital's archive often has a certificate that no authority signed: it may be trusted by itself.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = check_hostname
    if ca:
        _holds(ca, "CERTIFICATE")
        try:
            context.load_verify_locations(ca)
        except ssl.SSLError as error:
            raise UsageError(f"{ca}: holds no certificate that can be read ({_reason(error)})") from error
    else:
        context.load_default_certs()
    if certificate:
        _load_own(context, certificate, key or certificate)
    elif key:
        raise UsageError(f"{key}: a private key needs its certificate beside it")
    return context


def server_context(certificate: Path, key: Path | None = None, client_ca: Path | None = None) -> ssl.SSLContext:
    """What secures a port of our own: TLS 1.2 or newer, and who calls verified where that is asked for.

    Args:
        certificate: PEM file of our certificate, and the chain behind it.
        key: PEM file of its private key; by default it stands in the certificate's file.
        client_ca: PEM file of the authorities whose certificates are let in; without it everybody is.

    Raises:
        UsageError: a file cannot be read, or does not hold what it should; the message names it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(CIPHERS))
    _load_own(context, certificate, key or certificate)
    if client_ca:
        _holds(client_ca, "CERTIFICATE")
        try:
            context.load_verify_locations(client_ca)
        except ssl.SSLError as error:
            raise UsageError(f"{client_ca}: holds no certificate that can be read ({_reason(error)})") from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _load_own(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    def encrypted() -> NoReturn:
        raise UsageError(f"{key}: the private key is encrypted; give one without a passcode, readable by you alone")

    _holds(certificate, "CERTIFICATE")
    _holds(key, "PRIVATE KEY")
    try:
        context.load_cert_chain(certificate, key, password=encrypted)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise UsageError(f"{key}: is not the key of the certificate in {certificate}") from error
        raise UsageError(f"{certificate} and {key}: cannot be used ({_reason(error)})") from error


def _holds(path: Path, what: str) -> None:
    """Check that a PEM file holds a thing of some kind (RFC 7468), since OpenSSL does not say which file is wrong."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if f"{what}-----".encode() not in content:
        raise UsageError(f"{path}: holds no {what.lower()} in PEM form")


def _reason(error: ssl.SSLError) -> str:
    return error.reason.replace("_", " ").lower() if error.reason else "damaged"


_UNKNOWN_AUTHORITY = frozenset((18, 19, 20, 21))  # X509_V_ERR_*: self-signed, or the issuer is not among those trusted
_OTHER_NAME = frozenset((62, 64))  # X509_V_ERR_HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH
# What a peer's alert means to the caller (RFC 8446 6.2); OpenSSL names alerts after the protocol that brought them.
_ALERTS = {
    "ALERT_CERTIFICATE_REQUIRED": "it wants a client certificate: give --tls-cert and --tls-key",
    "ALERT_HANDSHAKE_FAILURE": "it has no cipher in common with us, or wants a client certificate (--tls-cert)",
    "ALERT_UNKNOWN_CA": "it does not know the authority that signed our certificate",
    "ALERT_BAD_CERTIFICATE": "it does not accept our certificate",
    "ALERT_UNSUPPORTED_CERTIFICATE": "it does not accept our certificate",
    "ALERT_CERTIFICATE_UNKNOWN": "it does not accept our certificate",
    "ALERT_CERTIFICATE_EXPIRED": "it says that our certificate has expired",
    "ALERT_CERTIFICATE_REVOKED": "it says that our certificate is revoked",
    "ALERT_ACCESS_DENIED": "it denies us access",
    "ALERT_PROTOCOL_VERSION": "it speaks no TLS 1.2 or newer",
    "UNSUPPORTED_PROTOCOL": "it speaks no TLS 1.2 or newer",
    "WRONG_VERSION_NUMBER": "what answers does not speak TLS: is it a dicom:// address?",
}


def _unverified(code: int, said: str) -> str:
    if code in _UNKNOWN_AUTHORITY:
        return f"its certificate is signed by nobody that we trust ({said}): give its authority with --tls-ca"
    if code in _OTHER_NAME:
        return f"its certificate is for another host ({said}): call it by that name, or see --tls-no-hostname"
    return f"its certificate is not valid ({said})"


def _alert(error: OSError) -> str:
    reason = (error.reason or "") if isinstance(error, ssl.SSLError) else ""
    return next((meaning for ending, meaning in _ALERTS.items() if reason.endswith(ending)), "")


def explain(error: OSError) -> str:
    """Why no TLS connection came to be, and what can be done."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _unverified(error.verify_code, error.verify_message)
    if alert := _alert(error):
        return alert
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError)):
        return "it hung up: does it speak TLS at that port, and does it want a client certificate?"
    if isinstance(error, TimeoutError):
        return "it does not answer the handshake: does it speak TLS at that port?"
    return str(error.strerror or error)


def handshake_failed(peer: DicomAddress, error: OSError) -> HandshakeFailed:
    """A failed handshake as an error."""
    return HandshakeFailed(f"{peer}: no TLS connection: {explain(error)}")


def refused_afterwards(peer: DicomAddress, error: OSError) -> HandshakeFailed | None:
    """The error of a peer that turned our certificate down after the handshake, as TLS 1.3 does (RFC 8446 4.4.2.4)."""
    return handshake_failed(peer, error) if _alert(error) else None
