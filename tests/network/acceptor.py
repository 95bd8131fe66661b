"""An archive on pynetdicom that keeps what it was asked and sent, with TLS where wanted."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme
from pynetdicom import AE, evt
from pynetdicom.transport import ThreadedAssociationServer

from modality.network.address import DicomAddress
from modality.protocol.negotiation import FALLBACKS
from tests.transfer.datasets import CT_IMAGE

VERIFICATION = "1.2.840.10008.1.1"
STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"


@dataclass
class Acceptor:
    """What an acceptor saw."""

    address: DicomAddress
    users: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    proposed: list[dict[str, list[list[str]]]] = field(default_factory=list)
    stored: list[bytes] = field(default_factory=list)


@contextmanager
def acceptor(
    *,
    tls: ssl.SSLContext | None = None,
    confirms: Callable[[bytes], tuple[bool, bytes | None]] | None = None,
    extended: dict[str, bytes] | None = None,
    syntaxes: Sequence[str] = FALLBACKS,
    roles: bool = False,
) -> Iterator[Acceptor]:
    """Runs one.

    Args:
        tls: secures its side.
        confirms: what it does with the primary field of a user identity; by default it knows no such thing.
        extended: what it answers to SOP Class extended negotiation.
        syntaxes: the transfer syntaxes that it takes, its favourite first.
        roles: it accepts role selection for storage.
    """
    entity = AE("ARCHIVE")
    for sop_class in (VERIFICATION, CT_IMAGE, STUDY_ROOT_FIND):
        either = roles or None
        entity.add_supported_context(sop_class, list(syntaxes), scu_role=either, scp_role=either)
    saw = Acceptor(DicomAddress("127.0.0.1", 0, "ARCHIVE", tls=tls is not None))

    def on_request(event: Any) -> None:
        contexts: dict[str, list[list[str]]] = {}
        for one in event.assoc.requestor.primitive.presentation_context_definition_list:
            contexts.setdefault(str(one.abstract_syntax), []).append([str(uid) for uid in one.transfer_syntax])
        saw.proposed.append(contexts)

    def on_user(event: Any) -> tuple[bool, bytes | None]:
        assert confirms is not None
        saw.users.append((event.user_id_type, event.primary_field, event.secondary_field))
        return confirms(event.primary_field)

    def on_store(event: Any) -> int:
        saw.stored.append(event.request.DataSet.getvalue())
        return 0x0000

    handlers: list[Any] = [(evt.EVT_REQUESTED, on_request), (evt.EVT_C_STORE, on_store)]
    if confirms:
        handlers.append((evt.EVT_USER_ID, on_user))
    if extended:
        handlers.append((evt.EVT_SOP_EXTENDED, lambda _: extended))
    server: Any = entity.make_server(
        ("127.0.0.1", 0), evt_handlers=handlers, ssl_context=tls, server_class=ThreadedAssociationServer
    )
    entity._servers.append(server)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    saw.address = DicomAddress("127.0.0.1", server.socket.getsockname()[1], "ARCHIVE", tls=tls is not None)
    try:
        yield saw
    finally:
        server.shutdown()
        thread.join(30)


@dataclass(frozen=True)
class Authority:
    """A certificate authority of the test's own, with files for those who want files."""

    folder: Path
    issuer: trustme.CA = field(default_factory=trustme.CA)

    @property
    def ca(self) -> Path:
        """Its certificate."""
        path = self.folder / "ca.pem"
        self.issuer.cert_pem.write_to_path(path)
        return path

    def issue(self, name: str, **options: Any) -> tuple[Path, Path]:
        """A certificate for a host, and its private key."""
        made = self.issuer.issue_cert(name, **options)
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        made.cert_chain_pems[0].write_to_path(certificate)
        made.private_key_pem.write_to_path(key)
        return certificate, key

    def server(self, name: str = "127.0.0.1", *, wants_client: bool = False, **options: Any) -> ssl.SSLContext:
        """What a server of this name is secured with; it may want a certificate of the same authority from us."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.issuer.issue_cert(name, **options).configure_cert(context)
        if wants_client:
            context.verify_mode = ssl.CERT_REQUIRED
            self.issuer.configure_trust(context)
        return context
