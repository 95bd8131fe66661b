"""DIMSE command sets of the C-STORE service as bytes: Implicit VR Little Endian, group 0000 (PS3.7 9.3.1, 6.3.1)."""

from __future__ import annotations

import struct
from typing import NamedTuple

from modality.errors import InvalidResponse

C_STORE_RQ, C_STORE_RSP, C_ECHO_RQ, C_ECHO_RSP = 0x0001, 0x8001, 0x0030, 0x8030
NAMES = {C_STORE_RSP: "C-STORE", C_ECHO_RSP: "C-ECHO"}
PENDING = (0xFF00, 0xFF01)
"""Statuses of C-FIND, C-GET and C-MOVE alone (PS3.4 C.4; C-STORE has none of them, B.2.3)."""
_NO_DATA_SET = 0x0101
_WITH_DATA_SET = 0x0001
_MEDIUM = 0x0000
_HEADER = struct.Struct("<HHI")
_BETWEEN_THE_UIDS = struct.Struct("<" + 4 * "HHIH" + "HHI")


def _element(element: int, value: bytes) -> bytes:
    return _HEADER.pack(0x0000, element, len(value)) + value


def _uid(text: str) -> bytes:
    value = text.encode("ascii")
    return value + b"\0" * (len(value) % 2)


def _short(number: int) -> bytes:
    return struct.pack("<H", number)


def _command(elements: bytes) -> bytes:
    return _element(0x0000, struct.pack("<I", len(elements))) + elements


def store_request(message_id: int, sop_class_uid: str, sop_instance_uid: str) -> bytes:
    """C-STORE-RQ (PS3.7 Table 9.3-1), priority MEDIUM."""
    sop_instance = _uid(sop_instance_uid)
    return _command(
        _element(0x0002, _uid(sop_class_uid))
        + _BETWEEN_THE_UIDS.pack(
            *(0, 0x0100, 2, C_STORE_RQ),
            *(0, 0x0110, 2, message_id),
            *(0, 0x0700, 2, _MEDIUM),
            *(0, 0x0800, 2, _WITH_DATA_SET),
            *(0, 0x1000, len(sop_instance)),
        )
        + sop_instance
    )


def echo_request(message_id: int) -> bytes:
    """C-ECHO-RQ (PS3.7 Table 9.3-12)."""
    return _command(
        _element(0x0002, _uid("1.2.840.10008.1.1"))
        + _element(0x0100, _short(C_ECHO_RQ))
        + _element(0x0110, _short(message_id))
        + _element(0x0800, _short(_NO_DATA_SET))
    )


class Response(NamedTuple):
    """A response's command set.

    Args:
        command: Command Field.
        message_id: Message ID Being Responded To.
        status: Status.
        comment: Error Comment, what does not print as spaces; empty when there is none.
        has_data_set: a data set follows.
    """

    command: int
    message_id: int
    status: int
    comment: str
    has_data_set: bool


def read_response(data: bytes) -> Response:
    """A response from its command set.

    Raises:
        InvalidResponse: it is none, or lacks what a response must have.
    """
    values: dict[int, bytes] = {}
    at = 0
    while at + 8 <= len(data):
        group, element, length = _HEADER.unpack_from(data, at)
        at += 8
        if group != 0x0000 or at + length > len(data):
            raise InvalidResponse("the peer sent a command set that breaks off")
        values[element] = data[at : at + length]
        at += length
    if at != len(data):
        raise InvalidResponse("the peer sent a command set that breaks off")
    try:
        command, message_id, status = _number(values[0x0100]), _number(values[0x0120]), _number(values[0x0900])
    except KeyError as error:
        missing = int(error.args[0])
        raise InvalidResponse(f"the peer's response lacks (0000,{missing:04X})") from None
    comment = _printable(values[0x0902]) if 0x0902 in values else ""
    has_data_set = 0x0800 in values and _number(values[0x0800]) != _NO_DATA_SET
    return Response(command, message_id, status, comment, has_data_set)


def _printable(value: bytes) -> str:
    text = value.rstrip(b"\0 ").decode("ascii", "replace")
    return "".join(one if one.isprintable() else " " for one in text)


def _number(value: bytes) -> int:
    if len(value) != 2:
        raise InvalidResponse("the peer's response holds a number that is not of two bytes")
    return int.from_bytes(value, "little")


def succeeded(status: int) -> bool:
    """Whether a status is success, a warning or pending, rather than a failure or cancel (PS3.7 annex C)."""
    return status in (0x0000, 0x0001, 0x0107, 0x0116, *PENDING) or status >> 12 == 0xB


# PS3.4 Table B.2-1 by the digits that are fixed, and of PS3.7 C.4 what may answer a C-STORE.
_MEANINGS = {
    "A7": "out of resources",
    "A9": "data set does not match SOP Class",
    "C": "cannot understand",
    "B000": "coercion of data elements",
    "B006": "elements discarded",
    "B007": "data set does not match SOP Class",
    "0110": "processing failure",
    "0117": "invalid SOP Instance",
    "0122": "SOP Class not supported",
    "0124": "not authorized",
    "0210": "duplicate invocation",
    "0211": "unrecognized operation",
    "0212": "mistyped argument",
    "0213": "resource limitation",
}


def meaning(status: int) -> str:
    """What a status of C-STORE means, in the standard's words; empty for one that the standard does not have."""
    return next((text for start, text in _MEANINGS.items() if f"{status:04X}".startswith(start)), "")
