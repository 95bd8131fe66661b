"""The frames of MLLP: 0x0B, a message, 0x1C 0x0D (HL7's Minimal Lower Layer Protocol, release 1)."""

from __future__ import annotations

from collections.abc import Iterator

from modality.errors import InputError

_START, _END = 0x0B, 0x1C
_BETWEEN = b"\r\n"
# Our choice: a message of an order is a few kilobytes; the largest are results with a document inside.
MESSAGE_LIMIT = 4 * 1024 * 1024
_STRAY_LIMIT = 64 * 1024


class BadFraming(InputError):
    """The stream holds no messages, or one that is too long; nothing after it can be trusted."""


def framed(content: bytes) -> bytes:
    """A message in its frame."""
    return bytes((_START,)) + content + bytes((_END, 0x0D))


class Unframer:
    """Takes a stream apart into messages, however it is cut.

    The carriage return after a message is not waited for, since some senders leave it out. A start byte within a
    message begins anew: the sender gave up the one before.

    Args:
        limit: the longest message, in bytes.

    Attributes:
        broken: how many messages were begun and given up.
    """

    def __init__(self, limit: int = MESSAGE_LIMIT) -> None:
        self.broken = 0
        self._limit = limit
        self._buffer = bytearray()
        self._inside = False
        self._searched = 0
        self._stray = 0

    @property
    def partial(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._inside

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that end in `data`, without their frames; take them all before feeding again.

        Raises:
            BadFraming: a message is longer than the limit, or there is much outside of any.
        """
        self._buffer += data
        while self._inside or self._begin():
            end = self._buffer.find(_END, self._searched)
            stop = len(self._buffer) if end < 0 else end
            again = self._buffer.rfind(_START, self._searched, stop)
            if again >= 0:
                self.broken += 1
                del self._buffer[: again + 1]
                self._searched = 0
                continue
            if stop > self._limit:
                raise BadFraming(f"a message is longer than {self._limit} bytes")
            if end < 0:
                self._searched = stop
                return
            content = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._inside = False
            yield content

    def _begin(self) -> bool:
        """Drop what stands before the next start byte; whether there is one."""
        start = self._buffer.find(_START)
        outside = self._buffer[: len(self._buffer) if start < 0 else start]
        self._stray += len(outside.strip(_BETWEEN))
        del self._buffer[: len(outside) + (start >= 0)]
        if self._stray > _STRAY_LIMIT:
            raise BadFraming(f"more than {_STRAY_LIMIT} bytes outside of any message")
        self._inside, self._searched = start >= 0, 0
        return self._inside
