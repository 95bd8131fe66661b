"""Ctrl-C and SIGTERM, put off while a file and its row in the database do not tell the same."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def uninterrupted() -> Iterator[None]:
    """SIGINT and SIGTERM are heeded after the block and not within it: for what is as short as a file's writing.

    Blocks may nest. In other threads than the main one nothing is changed, since Python runs no handler there.
    """
    came: list[int] = []
    with ExitStack() as stack:
        stack.callback(_heed, came)  # the last to run: after all handlers are back
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                before = signal.getsignal(number)
                if before is not None:  # one that was not set from Python cannot be put back by it
                    stack.callback(signal.signal, number, before)
                    signal.signal(number, lambda got, _: came.append(got))
        yield


def _heed(came: list[int]) -> None:
    for number in dict.fromkeys(came):
        signal.raise_signal(number)
