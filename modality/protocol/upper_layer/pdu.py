"""Protocol data units as bytes: what a requestor sends, and what it may be answered (PS3.8 9.3, PS3.7 annex D)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from modality.errors import InvalidResponse
from modality.protocol.upper_layer.user_information import (
    Roles,
    UserIdentity,
    extended_items,
    identity_item,
    item,
    items,
    read_extended,
    read_identity_response,
    read_role,
    role_items,
    text,
)
from modality.transfer.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"  # PS3.7 A.2.1
_HEADER = struct.Struct(">BxI")
_PDV = struct.Struct(">BxIIBB")
_TLS_ALERT = 0x15  # RFC 8446 5.1: the content type of a TLS peer's answer to what is no TLS
_HTTP = b"HTTP/"  # RFC 9112 4: how the answer of a web server begins
LARGEST_PDU = 1 << 20
"""More than any answer to a requestor holds; a longer one is rubbish."""

RELEASE_RQ = _HEADER.pack(0x05, 4) + bytes(4)
RELEASE_RP = _HEADER.pack(0x06, 4) + bytes(4)
ABORT = _HEADER.pack(0x07, 4) + bytes(4)  # source 0: the service user (PS3.8 Table 9-26)


class PresentationContext(NamedTuple):
    """A presentation context as proposed.

    Args:
        id: an odd number from 1 to 255.
        abstract_syntax: SOP Class UID.
        transfer_syntaxes: at least one UID.
    """

    id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


class Proposal(NamedTuple):
    """What an association is requested with.

    Args:
        called_aet: whom we call.
        calling_aet: who calls.
        contexts: 1 to 128 presentation contexts.
        max_pdu: the longest P-DATA-TF variable field that we take.
        async_window: invoked and performed operations at a time; None leaves the item out (PS3.7 D.3.3.3).
        roles: which roles we propose to play, by SOP Class UID (PS3.7 D.3.3.4).
        extended: service class application information by SOP Class UID (PS3.7 D.3.3.5).
        user: on whose behalf (PS3.7 D.3.3.7); None for nobody's.
    """

    called_aet: str
    calling_aet: str
    contexts: Sequence[PresentationContext]
    max_pdu: int = 131072
    async_window: tuple[int, int] | None = None
    roles: Mapping[str, Roles] = MappingProxyType({})
    extended: Mapping[str, bytes] = MappingProxyType({})
    user: UserIdentity | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A-ASSOCIATE-AC.

    Args:
        results: result and transfer syntax by presentation context ID; result 0 is acceptance (PS3.8 Table 9-18).
        max_pdu: the longest P-DATA-TF variable field that the peer takes; 0 sets no limit.
        async_window: operations that the peer lets us invoke, and will invoke, at a time; (1, 1) unless negotiated.
        implementation_class_uid: the peer's.
        implementation_version: the peer's; empty when it sent none.
        roles: which roles we may play, by SOP Class UID; those it left out are as without negotiation.
        extended: service class application information by SOP Class UID.
        identity_response: what it answered to the user identity; None for no answer.
    """

    results: dict[int, tuple[int, str]] = field(default_factory=dict)
    max_pdu: int = 0
    async_window: tuple[int, int] = (1, 1)
    implementation_class_uid: str = ""
    implementation_version: str = ""
    roles: Mapping[str, Roles] = field(default_factory=dict)
    extended: Mapping[str, bytes] = field(default_factory=dict)
    identity_response: bytes | None = field(default=None, repr=False)


class Rejected(NamedTuple):
    """A-ASSOCIATE-RJ: result, source and reason (PS3.8 Table 9-21)."""

    result: int
    source: int
    reason: int


@dataclass(frozen=True, slots=True)
class Released:
    """A-RELEASE-RP."""


@dataclass(frozen=True, slots=True)
class ReleaseRequested:
    """A-RELEASE-RQ of the peer: it wants to end the association."""


class Aborted(NamedTuple):
    """A-ABORT: source and reason (PS3.8 Table 9-26)."""

    source: int
    reason: int


class Fragment(NamedTuple):
    """One presentation data value of a P-DATA-TF (PS3.8 E.2)."""

    context_id: int
    command: bool
    last: bool
    data: bytes


Pdu = Accepted | Rejected | Released | ReleaseRequested | Aborted | list[Fragment]


def _aet(title: str) -> bytes:
    return title.encode("ascii").ljust(16)


def associate_rq(proposal: Proposal) -> bytes:
    """A-ASSOCIATE-RQ (PS3.8 Table 9-11)."""
    parts = [item(0x10, APPLICATION_CONTEXT.encode())]
    for context in proposal.contexts:
        syntaxes = b"".join(item(0x40, uid.encode()) for uid in context.transfer_syntaxes)
        head = bytes((context.id, 0, 0, 0))
        parts.append(item(0x20, head + item(0x30, context.abstract_syntax.encode()) + syntaxes))
    parts.append(item(0x50, b"".join(_user_items(proposal))))
    body = struct.pack(">H2x", 1) + _aet(proposal.called_aet) + _aet(proposal.calling_aet) + bytes(32) + b"".join(parts)
    return _HEADER.pack(0x01, len(body)) + body


def _user_items(proposal: Proposal) -> Iterator[bytes]:
    """User information, sub-items in the order of their types (PS3.7 D.3.3)."""
    yield item(0x51, struct.pack(">I", proposal.max_pdu))
    yield item(0x52, IMPLEMENTATION_CLASS_UID.encode())
    if proposal.async_window:
        yield item(0x53, struct.pack(">HH", *proposal.async_window))
    yield from role_items(proposal.roles)
    yield item(0x55, IMPLEMENTATION_VERSION_NAME.encode())
    yield from extended_items(proposal.extended)
    if proposal.user:
        yield identity_item(proposal.user)


def fragments(
    context_id: int, command: bytes, data_set: Iterable[bytes | bytearray | memoryview], max_pdu: int
) -> list[bytes | memoryview]:
    """A message as P-DATA-TF PDUs: headers of 12 bytes between views of the buffers, which are not copied.

    Args:
        context_id: the presentation context.
        command: the encoded command set.
        data_set: the encoded data set, in order; none for a message without.
        max_pdu: the longest variable field of a PDU; 0 for no limit.
    """
    room = (max_pdu or LARGEST_PDU) - 6
    out: list[bytes | memoryview] = []
    pending = [memoryview(part).cast("B") for part in data_set if len(part)]
    for at in range(0, len(command), room):
        part = command[at : at + room]
        last = 0x02 if at + room >= len(command) else 0x00
        out += [_PDV.pack(0x04, len(part) + 6, len(part) + 2, context_id, 0x01 | last), part]
    left = sum(len(part) for part in pending)
    position, offset = 0, 0
    while left:
        size = min(room, left)
        left -= size
        out.append(_PDV.pack(0x04, size + 6, size + 2, context_id, 0x00 if left else 0x02))
        while size:
            buffer = pending[position]
            piece = buffer[offset : offset + size]
            out.append(piece)
            size -= len(piece)
            offset += len(piece)
            if offset == len(buffer):
                position, offset = position + 1, 0
    return out


def split(data: bytes | bytearray) -> tuple[int, bytes, int] | None:
    """The first PDU of what was received: its type, its variable field, and its whole length; None while incomplete.

    Raises:
        InvalidResponse: it is longer than any PDU for us.
    """
    if len(data) < _HEADER.size:
        return None
    kind, length = _HEADER.unpack_from(data)
    if kind not in (0x02, 0x03, 0x04, 0x05, 0x06, 0x07):
        raise InvalidResponse(f"not valid DICOM: the peer sent a PDU of type {kind:02X}H{_hint(data)}")
    if length > LARGEST_PDU:
        raise InvalidResponse(f"the peer sent a PDU of {length} bytes")
    end = _HEADER.size + length
    return (kind, bytes(data[_HEADER.size : end]), end) if len(data) >= end else None


def _hint(data: bytes | bytearray) -> str:
    """What it is that speaks, where its first bytes tell."""
    if data[0] == _TLS_ALERT:
        return "; it speaks TLS: is it a dicoms:// address?"
    return "; it speaks HTTP: is it the port of DICOM?" if data.startswith(_HTTP) else ""


def decode(kind: int, body: bytes) -> Pdu:
    """A PDU that a requestor may receive.

    Raises:
        InvalidResponse: its fields do not fit.
    """
    try:
        if kind == 0x02:
            return _accepted(body)
        if kind == 0x03:
            return Rejected(*struct.unpack_from(">xBBB", body))
        if kind == 0x04:
            return list(_fragments(body))
        if kind == 0x07:
            return Aborted(*struct.unpack_from(">xxBB", body))
    except (struct.error, UnicodeDecodeError) as error:
        raise InvalidResponse(f"the peer sent a PDU of type {kind:02X}H that breaks off") from error
    return ReleaseRequested() if kind == 0x05 else Released()


def _accepted(body: bytes) -> Accepted:
    results: dict[int, tuple[int, str]] = {}
    user: list[tuple[int, bytes]] = []
    for kind, value in items(body, 68):
        if kind == 0x21:
            context_id, result = struct.unpack_from(">BxB", value)
            syntaxes = [text(uid) for sub, uid in items(value, 4) if sub == 0x40]
            results[context_id] = (result, syntaxes[0] if syntaxes else "")
        elif kind == 0x50:
            user += items(value, 0)
    known = dict(user)
    return Accepted(
        results,
        max_pdu=struct.unpack_from(">I", known[0x51])[0] if 0x51 in known else 0,
        async_window=struct.unpack_from(">HH", known[0x53]) if 0x53 in known else (1, 1),
        implementation_class_uid=text(known.get(0x52, b"")),
        implementation_version=text(known.get(0x55, b"")),
        roles=dict(read_role(part) for kind, part in user if kind == 0x54),
        extended=dict(read_extended(part) for kind, part in user if kind == 0x56),
        identity_response=read_identity_response(known[0x59]) if 0x59 in known else None,
    )


def _fragments(body: bytes) -> Iterator[Fragment]:
    at = 0
    while at < len(body):
        length, context_id, control = struct.unpack_from(">IBB", body, at)
        if length < 2 or at + 4 + length > len(body):
            raise struct.error("a presentation data value ends after its PDU")
        yield Fragment(context_id, bool(control & 1), bool(control & 2), body[at + 6 : at + 4 + length])
        at += 4 + length
