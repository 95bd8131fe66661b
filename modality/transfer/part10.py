"""The File Meta Information of a DICOM file: group 0002, read and written without a data set library (PS3.10 7.1)."""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

from modality.errors import InputError
from modality.transfer.elements import LONG_VRS, Buffer

# Who wrote a file, and who speaks in an association (PS3.7 D.3.3.2).
IMPLEMENTATION_CLASS_UID = "2.25.269153417404021803247462537431817246231"
IMPLEMENTATION_VERSION_NAME = "MODALITY_010"

PREAMBLE = bytes(128) + b"DICM"

_SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX = 0x0002, 0x0003, 0x0010
_UID = re.compile(r"[0-9.]{1,64}")


class FileMeta(NamedTuple):
    """What group 0002 says, and where the data set begins."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    data_set_offset: int


def is_uid(text: str) -> bool:
    """Whether a text can be a UID: at most 64 characters, each a digit or a period (PS3.5 9.1)."""
    return _UID.fullmatch(text) is not None


def names_a_file(uid: str) -> bool:
    """Whether a UID is so well formed that a file may be named after it: components of digits (PS3.5 9.1), and no path.

    Leading zeros are a fault that harms no file name.
    """
    return is_uid(uid) and all(uid.split("."))


def has_meta(data: Buffer) -> bool:
    """Whether the bytes begin with file meta information: behind preamble and DICM, or bare as in some old files."""
    return bytes(data[128:132]) == b"DICM" or bytes(data[:4]) == b"\2\0\0\0"


def read_meta(data: Buffer) -> FileMeta:
    """Read group 0002, which is always Explicit VR Little Endian.

    Raises:
        InputError: there is no preamble, the group breaks off, or it names no transfer syntax.
    """
    if not has_meta(data):
        raise InputError("not a DICOM file: no file meta information")
    values: dict[int, str] = {}
    at = len(PREAMBLE) if bytes(data[128:132]) == b"DICM" else 0
    while at + 8 <= len(data):
        group, element = struct.unpack_from("<HH", data, at)
        if group != 0x0002:
            break
        vr = bytes(data[at + 4 : at + 6])
        if vr in LONG_VRS:
            if at + 12 > len(data):
                raise InputError("truncated: the file meta information breaks off")
            (length,) = struct.unpack_from("<I", data, at + 8)
            value = at + 12
        else:
            (length,) = struct.unpack_from("<H", data, at + 6)
            value = at + 8
        at = value + length
        if at > len(data):
            raise InputError("truncated: the file meta information breaks off")
        if vr == b"UI":
            values[element] = bytes(data[value:at]).rstrip(b"\0 ").decode("ascii", "replace")
    if not is_uid(values.get(_TRANSFER_SYNTAX, "")):
        raise InputError("the file meta information names no transfer syntax")
    return FileMeta(values.get(_SOP_CLASS, ""), values.get(_SOP_INSTANCE, ""), values[_TRANSFER_SYNTAX], at)


def write_meta(sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str, source_aet: str = "") -> bytes:
    """Preamble, DICM and group 0002 as bytes (PS3.10 Table 7.1-1)."""
    elements = [
        struct.pack("<HH2sHI", 0x0002, 0x0001, b"OB", 0, 2) + b"\0\1",
        _element(_SOP_CLASS, b"UI", sop_class_uid, b"\0"),
        _element(_SOP_INSTANCE, b"UI", sop_instance_uid, b"\0"),
        _element(_TRANSFER_SYNTAX, b"UI", transfer_syntax_uid, b"\0"),
        _element(0x0012, b"UI", IMPLEMENTATION_CLASS_UID, b"\0"),
        _element(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME, b" "),
    ]
    if source_aet:
        elements.append(_element(0x0016, b"AE", source_aet, b" "))
    body = b"".join(elements)
    return PREAMBLE + struct.pack("<HH2sHI", 0x0002, 0x0000, b"UL", 4, len(body)) + body


def _element(element: int, vr: bytes, text: str, pad: bytes) -> bytes:
    value = text.encode("ascii")
    value += pad * (len(value) % 2)
    return struct.pack("<HH2sH", 0x0002, element, vr, len(value)) + value
