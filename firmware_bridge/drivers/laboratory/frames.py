"""The low level of ASTM E1381 (CLSI LIS01-A2): control characters and frames with a number and a checksum."""

from __future__ import annotations

import re
from typing import NamedTuple

STX, ETX, EOT, ENQ, ACK, LF, CR, NAK, ETB = 0x02, 0x03, 0x04, 0x05, 0x06, 0x0A, 0x0D, 0x15, 0x17

LONGEST = 64_000 + 7
"""Bytes of the longest frame: 64,000 characters (LIS01-A2; E1381 had 240) and what stands around them."""

_AROUND = frozenset((ACK, NAK, CR, LF))
_AFTER = frozenset((STX, ENQ, EOT, ACK, NAK))
_HEX = b"0123456789ABCDEFabcdef"
_GIVEN_UP = re.compile(rb"[\x04\x05][\x04\x05\x06\x15\r\n]*\Z")


class Enquiry(NamedTuple):
    """ENQ: the device wants to send."""


class End(NamedTuple):
    """EOT: the device has sent all."""


class Frame(NamedTuple):
    """A frame whose checksum holds.

    Args:
        number: 0 to 7.
        text: what it carries, a piece of the records' text.
        last: it ended with ETX; after ETB the text goes on in the next frame.
    """

    number: int
    text: bytes
    last: bool


class Broken(NamedTuple):
    """What began as a frame, and has a wrong checksum, no number, or no end of line after it.

    Args:
        number: what stands where its number has to be.
    """

    number: int


class Lost(NamedTuple):
    """A half frame that was dropped: nobody waits for its answer any more.

    Args:
        number: what stands where its number has to be.
    """

    number: int


Token = Enquiry | End | Frame | Broken | Lost


class Framer:
    """Cuts a stream into tokens, a byte at a time, so that chunks do not matter.

    Both sides of a conversation may be in it, as recordings have them: ACK, NAK and line ends between frames are passed
    over. A frame is only complete with the byte after its checksum, CR or LF or, from devices that send neither, the
    next control character: a text byte that turned into ETX would else cut a frame short with a checksum that holds
    once in 256 times.
    """

    def __init__(self) -> None:
        self.skipped_bytes = 0
        self._open = bytearray()  # from STX on
        self._end = 0  # where ETX or ETB stands in it; 0 while the text goes on

    @property
    def half(self) -> bool:
        """A frame has begun and not ended."""
        return bool(self._open)

    def feed(self, data: bytes) -> list[Token]:
        """What these bytes complete."""
        found: list[Token] = []
        for byte in data:
            self._take(byte, found)
        return found

    def silence(self) -> list[Token]:
        """Nothing follows: ends a frame that has its checksum, and drops a half one down to what closed a session."""
        found: list[Token] = []
        if self._end and len(self._open) == self._end + 3:
            self._finish(found)
        else:
            self._drop(found)
        return found

    def _take(self, byte: int, found: list[Token]) -> None:
        if not self._open:
            self._between(byte, found)
        elif byte == STX:  # of the frame before, the end is lost
            if self._end and len(self._open) == self._end + 3:
                self._finish(found)
            else:
                self._drop(found)
            self._open.append(byte)
        elif not self._end:
            self._open.append(byte)
            if byte in (ETX, ETB):
                self._end = len(self._open) - 1
            elif len(self._open) > LONGEST:
                self._drop(found)
        elif len(self._open) < self._end + 3:
            self._checksum(byte, found)
        elif byte in (CR, LF):
            self._finish(found)
        elif byte in _AFTER:
            self._finish(found)
            self._between(byte, found)
        else:
            found.append(Broken(self._number()))
            self._clear()
            self.skipped_bytes += 1

    def _between(self, byte: int, found: list[Token]) -> None:
        if byte == STX:
            self._open.append(byte)
        elif byte == ENQ:
            found.append(Enquiry())
        elif byte == EOT:
            found.append(End())
        elif byte not in _AROUND:
            self.skipped_bytes += 1

    def _checksum(self, byte: int, found: list[Token]) -> None:
        if byte in _HEX:
            self._open.append(byte)
            return
        found.append(Broken(self._number()))
        self._clear()
        self._between(byte, found)

    def _finish(self, found: list[Token]) -> None:
        frame, end = bytes(self._open), self._end
        self._clear()
        # E1381: two hexadecimal digits of the sum from the frame number through ETX or ETB, modulo 256.
        if sum(frame[1 : end + 1]) & 0xFF != int(frame[end + 1 : end + 3], 16) or frame[1] not in b"01234567":
            found.append(Broken(frame[1] - ord("0")))
        else:
            found.append(Frame(frame[1] - ord("0"), frame[2:end], frame[end] == ETX))

    def _drop(self, found: list[Token]) -> None:
        """A half frame goes; EOT and ENQ at its end were not its own but those of a device that had given it up."""
        half, number = bytes(self._open), self._number()
        self._clear()
        controls = _GIVEN_UP.search(half)
        kept = controls[0] if controls else b""
        self.skipped_bytes += len(half) - len(kept)
        if len(half) > len(kept):
            found.append(Lost(number))
        for byte in kept:
            self._between(byte, found)

    def _number(self) -> int:
        return self._open[1] - ord("0") if len(self._open) > 1 else -1

    def _clear(self) -> None:
        self._open.clear()
        self._end = 0
