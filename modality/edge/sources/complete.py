"""Whether a file looks whole: by how its format ends."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

_LOOKED_AT = 2048
_HEAD = 256 * 257  # of an EDF file of 256 signals, whose header says how many bytes follow


def ends_properly(path: Path, kind: str) -> bool:
    """Whether a file ends as its kind does.

    Args:
        path: the file.
        kind: of `modality.edge.config.FILE_KINDS`.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _LOOKED_AT))
        return bool(head) and _ENDS[kind](head, file.read(), size)


def _pdf(_: bytes, tail: bytes, __: int) -> bool:
    return b"%%EOF" in tail  # ISO 32000-1 7.5.5


def _picture(head: bytes, tail: bytes, size: int) -> bool:
    if head.startswith(b"\xff\xd8"):
        return tail.rstrip(b"\0\r\n").endswith(b"\xff\xd9")  # EOI, ITU-T T.81 B.1.1.3
    if head.startswith(b"\x89PNG"):
        return b"IEND\xaeB`\x82" in tail  # its last chunk, of constant check sum
    # A TIFF's directory may stand anywhere; its place has to be within the file.
    little = head.startswith(b"II")
    return head[:2] in (b"II", b"MM") and int.from_bytes(head[4:8], "little" if little else "big") < size


def _video(head: bytes, tail: bytes, _: int) -> bool:
    # Boxes from start to end would have to be walked; a file that is being copied has the writer's lock on it.
    return head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free") and bool(tail)


def _xml(_: bytes, tail: bytes, __: int) -> bool:
    return tail.rstrip().endswith(b"Ophthalmology>")


def _edf(head: bytes, _: bytes, size: int) -> bool:
    from modality.edge.readers.edf_file import header_of
    from modality.errors import InputError

    try:
        header = header_of(head)
    except InputError:
        return False
    # While it is being recorded the number of records is -1.
    return header.records > 0 and size >= header.size + header.records * header.record_size


def _gdt(head: bytes, tail: bytes, size: int) -> bool:
    from modality.edge.readers.gdt import length_of

    return tail.rstrip(b"\x1a\0").endswith(b"\n") and length_of(head) <= size


def _aecg(_: bytes, tail: bytes, __: int) -> bool:
    return tail.rstrip().endswith(b"AnnotatedECG>")


def _scp(head: bytes, _: bytes, size: int) -> bool:
    return len(head) > 6 and int.from_bytes(head[2:6], "little") == size  # EN 1064: CRC, then the size of the file


_ENDS: dict[str, Callable[[bytes, bytes, int], bool]] = {
    "pdf": _pdf,
    "photo": _picture,
    "sc": _picture,
    "video": _video,
    "joia-xml": _xml,
    "edf": _edf,
    "gdt": _gdt,
    "aecg": _aecg,
    "scp": _scp,
}
