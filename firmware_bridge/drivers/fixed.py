"""Frames of one length in a stream: found again after loss, and not believed until what follows confirms them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

_IN_PLACE = 25  # frames after the last good one within which a bad one is one, and not rubbish: our choice


class Frame(NamedTuple):
    """A frame that was taken.

    Args:
        data: its bytes.
        gap: bytes between the end of the frame before and this one.
    """

    data: bytes
    gap: int


class FixedFrames:
    """Cuts a stream into frames of one length, sliding a byte at a time where none fits.

    A lost byte makes a window of one frame's head and the next one's first byte, and once in 256 the sum of such a
    window is right; so it is in rubbish. So a frame waits for the next one. If none follows, it is refused when two
    frames in a row begin within it, which are the true ones, or when it does not lie in step with those before it.

    Args:
        size: bytes of a frame.
        begins: whether a window may be a frame, by its first bytes; of fewer bytes than a frame, too.
        whole: whether a window that may be one is one.
    """

    def __init__(self, size: int, begins: Callable[[bytes], bool], whole: Callable[[bytes], bool]) -> None:
        self._size, self._begins, self._whole = size, begins, whole
        self._buffer = bytearray()
        """From the frame that waits on, if one does."""
        self._held = False
        self._gap = 0
        """Bytes slid over before the frame that waits, or since the last one that was taken."""
        self.frames = 0
        self.skipped = 0
        self.rejected = 0

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete or confirm."""
        self._buffer += data
        return self._cut(ended=False)

    def finish(self) -> list[Frame]:
        """The frame that waits, unless bytes that do not fit follow it."""
        taken = self._cut(ended=True)
        self.skipped += len(self._buffer)
        self._buffer.clear()
        return taken

    def _cut(self, *, ended: bool) -> list[Frame]:
        size = self._size
        taken: list[Frame] = []
        at = 0
        while True:
            left = len(self._buffer) - at
            if not self._held:
                if left < size:
                    break
                if self._fits(at):
                    self._held = True
                else:
                    self._slide(at)
                    at += 1
            elif left >= 2 * size and self._fits(at + size):
                at = self._take(at, taken)
                self._held = True
            elif left >= 3 * size - 1 or (ended and left > size):
                at = self._judge(at, taken)
            elif ended:
                at = self._take(at, taken)
            else:
                break
        del self._buffer[:at]
        return taken

    def _fits(self, at: int) -> bool:
        window = bytes(self._buffer[at : at + self._size])
        return len(window) == self._size and self._begins(window) and self._whole(window)

    def _take(self, at: int, taken: list[Frame]) -> int:
        end = at + self._size
        taken.append(Frame(bytes(self._buffer[at:end]), self._gap))
        self.frames += 1
        self._gap = 0
        self._held = False
        return end

    def _judge(self, at: int, taken: list[Frame]) -> int:
        """Take or refuse a frame that none follows."""
        size = self._size
        rest = bytes(self._buffer[at + size : at + 2 * size])
        for within in range(1, size):
            if self._fits(at + within) and (
                len(self._buffer) < at + within + 2 * size or self._fits(at + within + size)
            ):
                return self._refuse(at, within)
        in_step = self._gap % size == 0 and self._gap < (_IN_PLACE * size if self.frames else 1)
        at_the_end = len(rest) < size and self._begins(rest)
        return self._take(at, taken) if in_step or at_the_end else self._refuse(at, 1)

    def _refuse(self, at: int, bytes_: int) -> int:
        self.rejected += 1
        self.skipped += bytes_
        self._gap += bytes_
        self._held = False
        return at + bytes_

    def _slide(self, at: int) -> None:
        """Slide over a byte; where a frame has to be, this is a bad one."""
        known = self.frames > 0 or self._begins(bytes(self._buffer[at : at + self._size]))
        if known and self._gap % self._size == 0 and self._gap < _IN_PLACE * self._size:
            self.rejected += 1
        self._gap += 1
        self.skipped += 1
