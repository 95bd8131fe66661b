"""Whether a file looks whole: by how its format ends."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

_LOOKED_AT = 2048


def ends_properly(path: Path, kind: str) -> bool:
    """Whether a file ends as its kind does.

    Args:
        path: the file.
        kind: of `modality.edge.config.FILE_KINDS`.
    """
    with path.open("rb") as file:
        head = file.read(16)
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


_ENDS: dict[str, Callable[[bytes, bytes, int], bool]] = {
    "pdf": _pdf,
    "photo": _picture,
    "sc": _picture,
    "video": _video,
    "joia-xml": _xml,
}
