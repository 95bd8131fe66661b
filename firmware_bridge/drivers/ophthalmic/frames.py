"""NIDEK's serial frame: blocks of segments between SOH and EOT, and a checksum that models may leave out.

``SOH header STX segment ETB segment ETB ... EOT [4 hexadecimal digits] [CR LF]``, CR after ETB being an option of the
device. A combined instrument sends several blocks, each with SOH and its header, before one EOT.
"""

from __future__ import annotations

import re
from typing import NamedTuple

SOH, STX, EOT, LF, CR, ETB = 0x01, 0x02, 0x04, 0x0A, 0x0D, 0x17

LONGEST = 16_384
"""Bytes of a frame that are waited for; our choice, ten times a combined instrument's."""

_DIGITS = 4
_LINE_ENDS = (CR, LF)
_BLOCK = re.compile(rb"\x01([A-Z][A-Za-z*]{1,3})\x02([^\x02]*)", re.DOTALL)


class Block(NamedTuple):
    """One header and its segments, as text."""

    header: str
    segments: list[str]


class Frame(NamedTuple):
    """A frame.

    Args:
        blocks: what it carries.
        checked: True where its checksum holds, False where it has none.
    """

    blocks: list[Block]
    checked: bool


class Broken(NamedTuple):
    """A frame whose checksum is wrong or cut, or that has no block."""


class Framer:
    """Cuts a stream into frames, a byte at a time, so that chunks do not matter."""

    def __init__(self) -> None:
        self.skipped_bytes = 0
        self._open = bytearray()  # from SOH on
        self._end = 0  # where EOT stands in it; 0 while segments go on

    @property
    def half(self) -> bool:
        """A frame has begun, and it is not known that it is whole."""
        return bool(self._open)

    @property
    def ended(self) -> bool:
        """EOT has come, and perhaps nothing more will."""
        return self._end > 0

    def feed(self, data: bytes) -> list[Frame | Broken]:
        """What these bytes complete."""
        found: list[Frame | Broken] = []
        for byte in data:
            self._take(byte, found)
        return found

    def silence(self) -> list[Frame | Broken]:
        """Nothing follows: a frame after its EOT is one without a checksum, and a half one is dropped."""
        found: list[Frame | Broken] = []
        if self._end:
            self._finish(found)
        else:
            self.skipped_bytes += len(self._open)
            self._open.clear()
        return found

    def _take(self, byte: int, found: list[Frame | Broken]) -> None:
        if not self._open:
            if byte == SOH:
                self._open.append(byte)
            elif byte not in _LINE_ENDS:
                self.skipped_bytes += 1
        elif not self._end:
            self._open.append(byte)
            if byte == EOT:
                self._end = len(self._open) - 1
            elif len(self._open) > LONGEST:
                self.skipped_bytes += len(self._open)
                self._open.clear()
        elif byte in _LINE_ENDS or byte == SOH:
            self._finish(found)
            if byte == SOH:
                self._open.append(byte)
        else:
            self._open.append(byte)
            if len(self._open) == self._end + 1 + _DIGITS:
                self._finish(found)

    def _finish(self, found: list[Frame | Broken]) -> None:
        body, digits = bytes(self._open[: self._end + 1]), bytes(self._open[self._end + 1 :])
        self._open.clear()
        self._end = 0
        if digits:
            found += _checked(body, digits)
        else:
            found += _unchecked(body)


def _checked(body: bytes, digits: bytes) -> list[Frame | Broken]:
    """The blocks that the checksum covers; before them stands what a frame without an end has left."""
    if not re.fullmatch(rb"[0-9A-Fa-f]{4}", digits):
        return [Broken()]
    wanted = int(digits, 16)
    for start in (at for at, byte in enumerate(body) if byte == SOH):
        covered = body[start:]
        # The sum of all bytes from SOH through EOT, modulo 65536; a TONOREF II leaves its line ends out.
        if wanted in (sum(covered) & 0xFFFF, sum(covered.translate(None, b"\r\n")) & 0xFFFF):
            blocks = [_block(one) for one in _blocks(covered) if one is not None]
            frame: list[Frame | Broken] = [Frame(blocks, True) if blocks else Broken()]
            return frame if start == 0 else [Broken(), *frame]
    return [Broken()]


def _unchecked(body: bytes) -> list[Frame | Broken]:
    """The blocks from the end back to one whose header is there already, or that does not end as blocks do."""
    pieces = _blocks(body)
    kept: list[Block] = []
    for piece in reversed(pieces):
        if piece is None or not piece[2].rstrip(b"\r\n\x04").endswith(b"\x17"):
            break
        block = _block(piece)
        if block.header in {one.header for one in kept}:
            break
        kept.insert(0, block)
    lost: list[Frame | Broken] = [Broken()] if len(kept) < len(pieces) else []
    return lost + ([Frame(kept, False)] if kept else [])


def _blocks(body: bytes) -> list[re.Match[bytes] | None]:
    return [_BLOCK.fullmatch(b"\x01" + one) for one in body.split(b"\x01")[1:]]


def _block(piece: re.Match[bytes]) -> Block:
    segments = (one.strip("\r\n") for one in piece[2].rstrip(b"\x04").decode("latin-1").split("\x17"))
    return Block(piece[1].decode("ascii"), [one for one in segments if one.strip()])
