"""On whose behalf we call: what the peer gets, what is done with its answer, and that secrets stay secret."""

from __future__ import annotations

import logging
import socket
import struct
from collections.abc import Callable

import pytest

from modality.errors import AssociationRejected, PeerError, UsageError
from modality.network.association import associate
from modality.network.local import Local, Timeouts
from modality.network.store import DicomArchive
from modality.network.upper_layer.asker import Asker
from modality.network.upper_layer.capabilities import capabilities
from modality.protocol.negotiation import FALLBACKS
from modality.protocol.upper_layer.user_information import IdentityType, UserIdentity
from tests.network.acceptor import VERIFICATION, acceptor
from tests.network.scripted import RELEASE_RP, accept, item, message, pdu, peer, response
from tests.transfer.datasets import CT_IMAGE

TIMEOUTS = Timeouts(30, 30, 30)
PASSCODE = b"very secret"
NAMED = UserIdentity(IdentityType.USERNAME_AND_PASSCODE, b"jane", PASSCODE)
Road = Callable[..., None]


def fast(address: object, user: UserIdentity | None) -> None:
    DicomArchive(address, local=Local("CT01", TIMEOUTS, user=user)).echo()  # type: ignore[arg-type]


def pynetdicoms(address: object, user: UserIdentity | None) -> None:
    local = Local("CT01", TIMEOUTS, user=user)
    with associate(address, [(VERIFICATION, FALLBACKS)], local) as association:  # type: ignore[arg-type]
        association.echo()


roads = pytest.mark.parametrize("road", [fast, pynetdicoms])


@roads
@pytest.mark.parametrize(
    "user",
    [
        UserIdentity(IdentityType.USERNAME, "Jürgen".encode()),
        NAMED,
        UserIdentity(IdentityType.KERBEROS, bytes(range(256)) * 20),
        UserIdentity(IdentityType.SAML, b"<saml:Assertion/>", confirm=True),
        UserIdentity(IdentityType.JWT, b"e30.e30.c2ln", confirm=True),
    ],
    ids=lambda user: user.type.name,
)
def test_each_kind_of_identity_comes_to_the_peer_as_it_is(road: Road, user: UserIdentity) -> None:
    with acceptor(confirms=lambda _: (True, b"")) as archive:
        road(archive.address, user)
    assert archive.users == [(user.type, user.primary, user.secondary)]


def test_negotiate_asks_on_behalf_of_the_user_too() -> None:
    with acceptor(confirms=lambda _: (True, b"")) as archive:
        capabilities(Asker(archive.address, Local("CT01", TIMEOUTS, user=NAMED), None), [CT_IMAGE])
    assert archive.users == [(NAMED.type, b"jane", PASSCODE)] * 3


@roads
def test_a_peer_that_does_not_know_the_user_rejects(road: Road) -> None:
    with acceptor(confirms=lambda _: (False, None)) as archive, pytest.raises(AssociationRejected) as raised:
        road(archive.address, NAMED)
    assert PASSCODE.decode() not in str(raised.value)


@roads
def test_a_peer_that_confirms_nothing_is_used_only_if_that_was_not_asked_for(road: Road) -> None:
    with acceptor() as archive:
        road(archive.address, NAMED)
        with pytest.raises(PeerError, match="does not confirm the user identity"):
            road(archive.address, UserIdentity(NAMED.type, NAMED.primary, NAMED.secondary, confirm=True))


@roads
def test_without_an_identity_none_is_sent(road: Road) -> None:
    with acceptor(confirms=lambda _: (True, b"")) as archive:
        road(archive.address, None)
    assert archive.users == []


@roads
def test_no_secret_stands_in_a_repr_or_a_log(road: Road, caplog: pytest.LogCaptureFixture) -> None:
    assert "secret" not in repr(Local("CT01", TIMEOUTS, user=NAMED))
    caplog.set_level(logging.DEBUG)
    answer = struct.pack(">H", 6) + b"ticket"

    def echoes(connection: socket.socket) -> None:
        accept(connection, user_items=item(0x59, answer))
        pdu(connection)
        connection.sendall(message(1, response(0x8030, 1, 0)))
        if pdu(connection)[:1] == b"\x05":
            connection.sendall(RELEASE_RP)

    with peer(echoes) as address:
        road(address, NAMED)
    assert "pynetdicom" in caplog.text or road is fast
    assert "secret" not in caplog.text
    assert "ticket" not in caplog.text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((IdentityType.USERNAME, b""), "empty"),
        ((IdentityType.USERNAME, b"jane", b"secret"), "a passcode goes with a user name"),
        ((IdentityType.USERNAME_AND_PASSCODE, b"jane"), "a passcode goes with a user name"),
        ((IdentityType.SAML, b"x" * 65_530), "65530 bytes is too long"),
    ],
)
def test_what_cannot_be_sent_is_a_usage_error(arguments: tuple[object, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        UserIdentity(*arguments)  # type: ignore[arg-type]
    assert "secret" not in str(raised.value)


def test_the_longest_identity_fits() -> None:
    with acceptor(confirms=lambda _: (True, b"")) as archive:
        fast(archive.address, UserIdentity(IdentityType.SAML, b"x" * 65_000))
    assert len(archive.users[0][1]) == 65_000
