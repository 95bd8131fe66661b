"""Recordings of a device: its bytes as they are, or a text of hexadecimal lines with times.

A text has a line for each piece: an optional time, an optional `<` (the device said) or `>` (the host said, left out),
and bytes of two digits with blanks between them or without; `#` begins a comment::

    # nonin-2, 9600 8N1
    12:00:00.013 < 01 81 01 00 83
    0.027          01800148CA
"""

from __future__ import annotations

import re
from pathlib import Path

from firmware_bridge.errors import BridgeError

_LINE = re.compile(
    rb"\s*(?:(?:[0-9T:.-]*[:.][0-9:.Z]*)\s+)?(?P<who>[<>]\s*)?(?P<hex>[0-9A-Fa-f]{2}(?:\s*[0-9A-Fa-f]{2})*)?\s*(?:#.*)?"
)


def read_recording(path: Path) -> bytes:
    """What the device said.

    Raises:
        BridgeError: the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BridgeError(f"{path}: {error.strerror}") from error
    return _text(data) or data


def _text(data: bytes) -> bytes:
    """The bytes of a text of hexadecimal lines; empty when it is none."""
    said = bytearray()
    for line in data.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            return b""
        if found["hex"] and not (found["who"] or b"").startswith(b">"):
            said += bytes.fromhex(found["hex"].decode())
    return bytes(said)
