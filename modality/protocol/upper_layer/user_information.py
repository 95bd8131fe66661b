"""Sub-items of the user information of A-ASSOCIATE that are negotiated: roles, services, users (PS3.7 D.3.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from modality.errors import UsageError

_ITEM = struct.Struct(">BxH")
_LONGEST = 0xFFFF  # item lengths are of two bytes


class IdentityType(IntEnum):
    """What the primary field of a user identity holds (PS3.7 Table D.3-14)."""

    USERNAME = 1
    USERNAME_AND_PASSCODE = 2
    KERBEROS = 3
    SAML = 4
    JWT = 5


@dataclass(frozen=True, slots=True)
class UserIdentity:
    """On whose behalf an association is requested (PS3.7 D.3.3.7); what it holds stands in no message and no repr.

    Args:
        type: what the fields are.
        primary: user name in UTF-8, Kerberos service ticket, SAML assertion, or JSON Web Token.
        secondary: the passcode in UTF-8, for the type that has one.
        confirm: the peer is asked for a positive response, and an association without one is not used.

    Raises:
        UsageError: a field is missing, is of another type, or both are longer than an item can be.
    """

    type: IdentityType
    primary: bytes = field(repr=False)
    secondary: bytes = field(default=b"", repr=False)
    confirm: bool = False

    def __post_init__(self) -> None:
        if not self.primary:
            raise UsageError("the user identity is empty")
        if bool(self.secondary) != (self.type is IdentityType.USERNAME_AND_PASSCODE):
            raise UsageError("a passcode goes with a user name, and with nothing else")
        if 6 + len(self.primary) + len(self.secondary) > _LONGEST:
            size = len(self.primary) + len(self.secondary)
            raise UsageError(f"a user identity of {size} bytes is too long for an association request")


class Roles(NamedTuple):
    """The roles of the association's requestor for one SOP Class (PS3.7 D.3.3.4).

    Args:
        scu: it may be service class user; so it is without negotiation.
        scp: it may be service class provider.
    """

    scu: bool
    scp: bool


def item(kind: int, body: bytes) -> bytes:
    """An item: type, length, body."""
    return _ITEM.pack(kind, len(body)) + body


def items(body: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """The items from a place on, as type and body.

    Raises:
        struct.error: one breaks off.
    """
    while at < len(body):
        kind, length = _ITEM.unpack_from(body, at)
        at += _ITEM.size
        if at + length > len(body):
            raise struct.error("an item ends after its PDU")
        yield kind, body[at : at + length]
        at += length


def text(value: bytes) -> str:
    """A UID or a name, without what pads it."""
    return value.rstrip(b"\0 ").decode("ascii")


def _counted(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value


def _uncounted(body: bytes, at: int = 0) -> tuple[bytes, int]:
    """A field behind its length of two bytes, and where the next one begins."""
    (length,) = struct.unpack_from(">H", body, at)
    end = at + 2 + length
    if end > len(body):
        raise struct.error("a field ends after its item")
    return body[at + 2 : end], end


def role_items(roles: Mapping[str, Roles]) -> Iterator[bytes]:
    """SCP/SCU Role Selection, an item for each SOP Class (PS3.7 Table D.3-9)."""
    for uid, role in roles.items():
        yield item(0x54, _counted(uid.encode()) + bytes((role.scu, role.scp)))


def read_role(body: bytes) -> tuple[str, Roles]:
    """The SOP Class and the roles of an item.

    Raises:
        struct.error: it breaks off.
    """
    uid, end = _uncounted(body)
    scu, scp = struct.unpack_from(">BB", body, end)
    return text(uid), Roles(scu == 1, scp == 1)


def extended_items(extended: Mapping[str, bytes]) -> Iterator[bytes]:
    """SOP Class Extended Negotiation, an item for each SOP Class (PS3.7 Table D.3-11)."""
    for uid, information in extended.items():
        yield item(0x56, _counted(uid.encode()) + information)


def read_extended(body: bytes) -> tuple[str, bytes]:
    """The SOP Class and the service class application information of an item.

    Raises:
        struct.error: it breaks off.
    """
    uid, end = _uncounted(body)
    return text(uid), body[end:]


def identity_item(user: UserIdentity) -> bytes:
    """User Identity (PS3.7 Table D.3-14)."""
    return item(0x58, bytes((user.type, user.confirm)) + _counted(user.primary) + _counted(user.secondary))


def read_identity_response(body: bytes) -> bytes:
    """The server's response: empty for a name, a ticket or a token else (PS3.7 Table D.3-15).

    Raises:
        struct.error: it breaks off.
    """
    return _uncounted(body)[0]
