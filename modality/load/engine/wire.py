"""What carries the requests of one association: C-STORE, or STOW-RS; each gives its answer or the error that it met."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from modality.errors import ContextRefused, InvalidResponse, ModalityError, PeerError, UnreachableError
from modality.load.outcome import Fate, fate_of
from modality.network.address import DicomAddress, WebAddress
from modality.network.dicomweb.client import DicomWebClient
from modality.network.local import Local
from modality.network.upper_layer.storage import StorageAssociation
from modality.protocol import multipart
from modality.protocol.negotiation import OWN, Context, Negotiation, ProposedContext, proposals
from modality.protocol.upper_layer.command import succeeded
from modality.transfer.instance import PreparedInstance

_AS_THEY_ARE = Negotiation(propose=((OWN,),), transcode="never")
_PIECE = 1 << 18


class Answer(NamedTuple):
    """How one request ended.

    Args:
        fate: how.
        status: as `Outcome.status`.
        error: class and message of the error that ended it, if one did.
        first: it was the first on its association.
        setup_s: how long the association took that was opened for it; None when none was.
    """

    fate: Fate
    status: str = ""
    error: tuple[str, str] = ("", "")
    first: bool = False
    setup_s: float | None = None


class Wire(Protocol):
    """Carries one request at a time; nothing is tried again."""

    def open(self) -> float:
        """Open it, and say how long that took; errors are those of the peer."""

    def store(self, instance: PreparedInstance) -> Answer:
        """Store one instance; whatever the peer does is an answer."""

    def close(self) -> None:
        """End it."""


Wires = Callable[[], Wire]
"""Makes the wire of one worker."""


class DimseWire:
    """C-STORE over an association that is opened again when it has ended, before the next request and not within it.

    Args:
        address: of the archive.
        contexts: SOP Class and Transfer Syntax of what will be sent.
        local: who calls.
    """

    def __init__(self, address: DicomAddress, contexts: Sequence[Context], local: Local) -> None:
        self._address, self._local = address, local
        groups = proposals(contexts, _AS_THEY_ARE)
        self._proposed: list[ProposedContext] = groups[0]
        self._association: StorageAssociation | None = None
        self._fresh = False

    def open(self) -> float:
        """Open the association.

        Raises:
            UnreachableError: nobody answers.
            PeerError: the archive does not want us.
        """
        began = time.perf_counter()
        self._association = StorageAssociation(self._address, self._proposed, self._local)
        self._fresh = True
        return time.perf_counter() - began

    def store(self, instance: PreparedInstance) -> Answer:
        """Store one instance."""
        setup_s: float | None = None
        try:
            if not self._stands():
                setup_s = self.open()
            assert self._association is not None
            first, self._fresh = self._fresh, False
            self._association.send(instance)
            response = self._association.responses()[0]
        except ContextRefused as error:
            return _failed(error, setup_s)
        except (PeerError, UnreachableError) as error:
            self._drop()
            return _failed(error, setup_s)
        fate = Fate.SENT if succeeded(response.status) else Fate.REFUSED
        return Answer(fate, f"{response.status:04X}", first=first, setup_s=setup_s)

    def _stands(self) -> bool:
        """Whether the association is there still: an archive may have ended it while nothing was to be sent."""
        if self._association is None:
            return False
        with suppress(PeerError):
            self._association.arrived()
            if self._association.alive:
                return True
        self._drop()
        return False

    def _drop(self) -> None:
        if self._association is not None:
            self._association.abort()
        self._association = None

    def close(self) -> None:
        """Release the association."""
        if self._association is not None:
            self._association.release()
        self._association = None


class WebWire:
    """STOW-RS, one instance a request, over a connection that is kept; opening it says whether anybody is there.

    Args:
        address: the service root.
        local: who calls.
    """

    def __init__(self, address: WebAddress, local: Local) -> None:
        self._address, self._local = address, local
        self._client: DicomWebClient | None = None
        self._first = True

    def open(self) -> float:
        """Make the client, whose connection is opened by the first request; what is timed is a connection before it.

        Raises:
            UnreachableError: nobody answers.
        """
        self._client = DicomWebClient(self._address, self._local)
        self._first = True
        began = time.perf_counter()
        self._called()
        return time.perf_counter() - began

    def _called(self) -> None:
        url = urlsplit(self._address.url)
        host, port = url.hostname or "", url.port or (443 if url.scheme.lower() == "https" else 80)
        proxied = url.scheme.lower() in getproxies() and not proxy_bypass(host)
        try:
            if not proxied:  # the proxy is there, and knows whom it can reach
                socket.create_connection((host, port), timeout=self._local.timeouts.connect_s).close()
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or error
            raise UnreachableError(
                f"{self._address}: nobody answers at {host}:{port} ({why}); is it running, and the URL right?"
            ) from error

    def store(self, instance: PreparedInstance) -> Answer:
        """Store one instance."""
        if self._client is None:
            self._client = DicomWebClient(self._address, self._local)
        boundary = secrets.token_hex(16)
        headers = {"Content-Type": "application/dicom"}
        part = instance.part10()
        length = multipart.written_length(boundary, [(headers, sum(map(len, part)))])
        pieces = [
            memoryview(one)[at : at + _PIECE]
            for one in multipart.written(boundary, [(headers, part)])
            for at in range(0, len(one), _PIECE)
        ]
        first, self._first = self._first, False
        try:
            account = self._client.store(
                cast("list[bytes]", pieces), multipart.content_type(boundary, "application/dicom"), length
            )
        except (PeerError, UnreachableError) as error:
            return _failed(error, None)
        uid = instance.sop_instance_uid
        if uid in account.stored:
            return Answer(Fate.SENT, f"{account.stored[uid]:04X}", first=first)
        reasons = [account.failed[uid]] if uid in account.failed else account.others
        if reasons:
            return Answer(Fate.REFUSED, f"{reasons[0]:04X}", first=first)
        return _failed(
            InvalidResponse(f"{self._client.root}: the answer to STOW-RS says nothing of the instance"), None
        )

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            with suppress(ModalityError):
                self._client.close()
        self._client = None


def _failed(error: ModalityError, setup_s: float | None) -> Answer:
    fate, status = fate_of(error)
    return Answer(fate, status, (type(error).__name__, str(error)), setup_s=setup_s)


def wires(address: DicomAddress | WebAddress, contexts: Sequence[Context], local: Local) -> Wires:
    """What makes the wires to an address."""
    if isinstance(address, WebAddress):
        return lambda: WebWire(address, local)
    return lambda: DimseWire(address, contexts, local)
