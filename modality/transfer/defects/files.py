"""Defects of files: preamble and file meta information (PS3.10 7.1), the data set behind them whole."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from modality.transfer.defects.defect import Defect
from modality.transfer.part10 import (
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    PREAMBLE,
    FileMeta,
)
from modality.transfer.syntaxes import EXPLICIT_LITTLE, IMPLICIT_LITTLE

Row = tuple[int, bytes, bytes]
_SYNTAX = 0x0010


def _rows(meta: FileMeta) -> list[Row]:
    uids = ((0x0002, meta.sop_class_uid), (0x0003, meta.sop_instance_uid), (_SYNTAX, meta.transfer_syntax_uid))
    rows: list[Row] = [(0x0001, b"OB", b"\0\1")]
    rows += [(element, b"UI", _even(uid.encode("ascii"))) for element, uid in uids]
    rows.append((0x0012, b"UI", _even(IMPLEMENTATION_CLASS_UID.encode("ascii"))))
    rows.append((0x0013, b"SH", IMPLEMENTATION_VERSION_NAME.encode("ascii")))
    return rows


def _even(uid: bytes) -> bytes:
    return uid + b"\0" * (len(uid) % 2)


def _group(rows: Iterable[Row], *, explicit: bool = True, longer: int = 0) -> bytes:
    """Group 0002; `longer` is added to what its group length says."""
    body = b"".join(_element(*row, explicit=explicit) for row in rows)
    return _element(0x0000, b"UL", struct.pack("<I", len(body) + longer), explicit=explicit) + body


def _element(element: int, vr: bytes, value: bytes, *, explicit: bool) -> bytes:
    if not explicit:
        return struct.pack("<HHI", 0x0002, element, len(value)) + value
    if vr == b"OB":
        return struct.pack("<HH2sHI", 0x0002, element, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", 0x0002, element, vr, len(value)) + value


def _other_syntax(meta: FileMeta) -> bytes:
    claimed = EXPLICIT_LITTLE if meta.transfer_syntax_uid == IMPLICIT_LITTLE.uid else IMPLICIT_LITTLE
    return PREAMBLE + _group(_rows(meta._replace(transfer_syntax_uid=claimed.uid)))


def _other_instance(meta: FileMeta) -> bytes:
    uid = meta.sop_instance_uid
    return PREAMBLE + _group(_rows(meta._replace(sop_instance_uid=uid[:-1] + ("1" if uid[-1:] != "1" else "2"))))


FILES: dict[str, Defect] = {
    "no-file-meta": Defect(
        "a file of nothing but the data set", "PS3.10 7.1: in every file", opens=lambda _: b"",
    ),
    "no-preamble": Defect(
        "a file that begins with its file meta information", "PS3.10 7.1", opens=lambda meta: _group(_rows(meta)),
    ),
    "wrong-prefix": Defect(
        "small letters where DICM has to stand", "PS3.10 7.1",
        opens=lambda meta: PREAMBLE[:-4] + b"dicm" + _group(_rows(meta)),
    ),
    "wrong-meta-length": Defect(
        "a length of the file meta information that is 8 bytes too long", "PS3.10 7.1",
        opens=lambda meta: PREAMBLE + _group(_rows(meta), longer=8),
    ),
    "no-meta-syntax": Defect(
        "file meta information without Transfer Syntax UID", "PS3.10 7.1, Type 1",
        opens=lambda meta: PREAMBLE + _group(row for row in _rows(meta) if row[0] != _SYNTAX),
    ),
    "wrong-meta-syntax": Defect(
        "a Transfer Syntax UID that is not that of the data set", "PS3.10 7.1, 7.2", opens=_other_syntax,
    ),
    "other-meta-instance": Defect(
        "a Media Storage SOP Instance UID that is not that of the data set", "PS3.10 7.1", opens=_other_instance,
    ),
    "implicit-meta": Defect(
        "file meta information in implicit VR", "PS3.10 7.1: Explicit VR Little Endian",
        opens=lambda meta: PREAMBLE + _group(_rows(meta), explicit=False),
    ),
}  # fmt: skip
