"""Processes that work for another: how many it may have, and that they leave interruptions to it and end with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from typing import Any


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def leave_interruptions() -> None:
    """SIGINT and SIGTERM, which may come to the whole group, are the parent's to answer."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def end_with_the_parent() -> None:
    """Where the parent is killed this process ends too: what it sends is nobody's, and it waits for tasks in vain."""
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: Any) -> None:
    parent.join()
    os._exit(1)  # the main thread may wait for a pipe that siblings hold open
