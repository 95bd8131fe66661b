"""What stands in a frame between the board and its host. Runs on CPython and MicroPython alike.

``type u8, seq u8, t_ms u32`` (little endian), then by type:

* HELLO from the host: the version; it is repeated until it is answered, for a banner sent before a port opens is lost.
* HELLO from the board: the version, a number drawn at each start, and its channels; `seq` is the oldest DATA it holds.
* DATA from the board: channel, index of the first sample, samples; `t_ms` is the first one's time on the board's clock.
* ACK from the host: all DATA up to `seq` is safe. NAK: send again from `seq`. CREDIT: DATA before `seq` may be sent.
* LOG from the board: a line of text.
"""

import struct
from collections import namedtuple

VERSION = 1

HELLO, DATA, ACK, NAK, CREDIT, LOG = 1, 2, 3, 4, 5, 6

WAVEFORM, VALUE = 0, 1
"""Kinds of channel: samples at a steady rate, or values now and then."""

Envelope = namedtuple("Envelope", ("type", "seq", "t_ms", "payload"))
"""One message."""

Channel = namedtuple("Channel", ("name", "kind", "period_ms", "unit", "divisor"))
"""What a board measures.

    name: "pulse", "temperature", "button".
    kind: `WAVEFORM` or `VALUE`.
    period_ms: between two samples.
    unit: UCUM; empty for the sensor's own numbers.
    divisor: a sample is the value times this.
"""

Hello = namedtuple("Hello", ("version", "boot", "channels"))
"""What a board says of itself.

    version: of these messages.
    boot: drawn at each start; another one says that the board has started again.
    channels: list of `Channel`.
"""

Data = namedtuple("Data", ("channel", "index", "samples"))
"""Samples of one channel.

    channel: its place in the board's list.
    index: of the first sample, counted from the board's start, what it could not take or keep counted in.
    samples: list of integers.
"""

_HEAD = "<BBI"
_HEAD_BYTES = 6
_HELLO = "<BIB"
_HELLO_BYTES = 6
_CHANNEL = "<BHH"
_CHANNEL_BYTES = 5
_DATA = "<BI"
_DATA_BYTES = 5
SAMPLES_MOST = 100
"""Samples that fit a DATA; of 2 bytes each."""


def pack(kind: int, seq: int, t_ms: int, payload: bytes = b"") -> bytes:
    """One message as bytes."""
    return struct.pack(_HEAD, kind, seq & 0xFF, t_ms & 0xFFFFFFFF) + payload


def unpack(data: bytes) -> "Envelope | None":
    """The message that bytes are, or None."""
    if len(data) < _HEAD_BYTES or not HELLO <= data[0] <= LOG:
        return None
    kind, seq, t_ms = struct.unpack(_HEAD, data[:_HEAD_BYTES])
    return Envelope(kind, seq, t_ms, bytes(data[_HEAD_BYTES:]))


def pack_hello(boot: int, channels: "list[Channel]") -> bytes:
    """The payload of a board's HELLO."""
    out = struct.pack(_HELLO, VERSION, boot & 0xFFFFFFFF, len(channels))
    for one in channels:
        out += struct.pack(_CHANNEL, one.kind, one.period_ms, one.divisor)
        for text in (one.name, one.unit):
            coded = text.encode("ascii")
            out += bytes((len(coded),)) + coded
    return out


def unpack_hello(payload: bytes) -> "Hello | None":
    """What a board says of itself, or None for a host's HELLO or one that cannot be."""
    if len(payload) < _HELLO_BYTES:
        return None
    version, boot, count = struct.unpack(_HELLO, payload[:_HELLO_BYTES])
    at = _HELLO_BYTES
    channels = []
    for _ in range(count):
        if at + _CHANNEL_BYTES > len(payload):
            return None
        kind, period_ms, divisor = struct.unpack(_CHANNEL, payload[at : at + _CHANNEL_BYTES])
        name, at = _text(payload, at + _CHANNEL_BYTES)
        unit, at = _text(payload, at)
        if not name or unit is None or kind > VALUE or period_ms == 0 or divisor == 0:
            return None
        channels.append(Channel(name, kind, period_ms, unit, divisor))
    return Hello(version, boot, channels)


def pack_data(channel: int, index: int, samples: "list[int]") -> bytes:
    """The payload of a DATA; samples are signed, of 16 bits, and held within them."""
    held = [max(-32768, min(32767, one)) for one in samples]
    return struct.pack(_DATA, channel, index & 0xFFFFFFFF) + struct.pack("<" + str(len(held)) + "h", *held)


def unpack_data(payload: bytes) -> "Data | None":
    """What a DATA carries, or None if it cannot be."""
    count = (len(payload) - _DATA_BYTES) // 2
    if count < 1 or len(payload) != _DATA_BYTES + 2 * count:
        return None
    channel, index = struct.unpack(_DATA, payload[:_DATA_BYTES])
    return Data(channel, index, list(struct.unpack("<" + str(count) + "h", payload[_DATA_BYTES:])))


def ahead(later: int, earlier: int) -> int:
    """How far a `seq` is ahead of another, -128 to 127: they count modulo 256."""
    return (later - earlier + 128) % 256 - 128


def _text(payload: bytes, at: int) -> "tuple[str | None, int]":
    """Text behind its length, and where what follows begins; None if it is cut short or not ASCII."""
    if at >= len(payload):
        return None, at
    end = at + 1 + payload[at]
    coded = payload[at + 1 : end]
    if end > len(payload) or any(one >= 128 for one in coded):
        return None, at
    return coded.decode(), end
