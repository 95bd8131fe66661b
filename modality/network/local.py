"""Who we are when we call a peer, and how long we wait for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from modality.network.address import DicomAddress
from modality.protocol.upper_layer.user_information import UserIdentity

if TYPE_CHECKING:
    import ssl


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait, in seconds.

    Args:
        connect_s: for the TCP connection, and for the TLS handshake on it.
        association_s: for the whole answer to A-ASSOCIATE-RQ and A-RELEASE-RQ.
        response_s: for a whole DIMSE response, and for a peer that has stopped reading.
    """

    connect_s: float = 10.0
    association_s: float = 15.0
    response_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Local:
    """Who we are when we call.

    Args:
        aet: our AE title (Calling AE Title).
        timeouts: how long we wait.
        tls: what secures connections to `dicoms://` addresses; the system's certificates by default.
        user: on whose behalf we call; nobody's by default.
    """

    aet: str = "MODALITY"
    timeouts: Timeouts = Timeouts()
    tls: ssl.SSLContext | None = None
    user: UserIdentity | None = None


def tls_context(peer: DicomAddress, local: Local) -> ssl.SSLContext | None:
    """What secures a connection to `peer`; None for an address without TLS."""
    if not peer.tls:
        return None
    from modality.network.upper_layer.tls import client_context

    return local.tls or client_context()
