"""A frame on the board's line: COBS over payload and CRC-16, ended by a zero byte. Runs on CPython and MicroPython.

COBS: S. Cheshire, M. Baker, "Consistent Overhead Byte Stuffing", IEEE/ACM Transactions on Networking 7 (1999).
CRC: polynomial 1021, start FFFF, not reflected ("CCITT-FALSE"): of b"123456789" it is 29B1. It is sent low byte first.
"""

LONGEST = 250
"""Bytes of the longest payload: with its CRC it fits one COBS block, so a frame is never split."""

_CRC_BYTES = 2
_LONGEST_CODED = LONGEST + _CRC_BYTES + 1  # and the leading code byte
_BLOCK = 0xFF  # a COBS block of 254 bytes without a zero after it

# The CRC of each half byte: 16 entries are little memory on a board, and half of the steps of a loop over bits.
_TABLE = (
    0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50A5, 0x60C6, 0x70E7,
    0x8108, 0x9129, 0xA14A, 0xB16B, 0xC18C, 0xD1AD, 0xE1CE, 0xF1EF,
)  # fmt: skip


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE of `data`."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc << 4) & 0xFFFF ^ _TABLE[crc >> 12 ^ byte >> 4]
        crc = (crc << 4) & 0xFFFF ^ _TABLE[crc >> 12 ^ byte & 0x0F]
    return crc


def cobs(data: bytes) -> bytes:
    """`data` without zeros."""
    out = bytearray(1)
    code = 0  # where the block's code byte stands
    for byte in data:
        if byte:
            out.append(byte)
        if not byte or len(out) - code == _BLOCK:
            out[code] = len(out) - code
            code = len(out)
            out.append(0)
    out[code] = len(out) - code
    return bytes(out)


def uncobs(coded: bytes) -> bytes | None:
    """What `coded` stands for, or None if it cannot be."""
    out = bytearray()
    at = 0
    while at < len(coded):
        code = coded[at]
        end = at + code
        if code == 0 or end > len(coded):
            return None
        out += coded[at + 1 : end]
        if code < _BLOCK and end < len(coded):
            out.append(0)
        at = end
    return bytes(out)


def frame(payload: bytes) -> bytes:
    """A payload as it goes on the line.

    Raises:
        ValueError: it is longer than `LONGEST`.
    """
    if len(payload) > LONGEST:
        raise ValueError("a payload has at most " + str(LONGEST) + " bytes")
    crc = crc16(payload)
    return cobs(payload + bytes((crc & 0xFF, crc >> 8))) + b"\0"


class Deframer:
    """Cuts a stream into payloads; None takes the place of what is no frame, and `broken_bytes` counts it."""

    def __init__(self) -> None:
        self.broken_bytes = 0
        self._open = bytearray()
        self._beyond = 0  # bytes that were too many to be kept

    def feed(self, data: bytes) -> list[bytes | None]:
        """Payloads that these bytes complete, None for each frame that is broken; a lone zero is none."""
        found: list[bytes | None] = []
        for byte in data:
            if byte:
                if len(self._open) < _LONGEST_CODED:
                    self._open.append(byte)
                else:
                    self._beyond += 1
            elif self._open:
                payload = None if self._beyond else _payload(bytes(self._open))
                found.append(payload)
                if payload is None:
                    self.broken_bytes += 1
                    self.drop()
                self._open = bytearray()
        return found

    def drop(self) -> None:
        """Forget a half frame; it counts as broken."""
        self.broken_bytes += len(self._open) + self._beyond
        self._open = bytearray()
        self._beyond = 0


def _payload(coded: bytes) -> bytes | None:
    data = uncobs(coded)
    if data is None or len(data) <= _CRC_BYTES:
        return None
    payload = data[:-_CRC_BYTES]
    return payload if crc16(payload) == data[-2] | data[-1] << 8 else None
