"""`modality edge run`: the box, in the foreground until it is told to end."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modality.cli.verb import Verb, common, emit, say

if TYPE_CHECKING:
    from modality.edge.events import Event


@click.command(cls=Verb)
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Check the configuration, and open nothing.")
@common
def run(config: Path, check: bool, as_json: bool, debug: bool) -> None:  # noqa: ARG001 - debug is the verb's own
    """Run the box that CONFIG describes, until SIGTERM or Ctrl-C.

    What a device gives is safe on the disk before the device is told so, and goes when it is stored and confirmed.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    from modality.edge.checks import load_edge

    _spare_memory()
    checked = load_edge(config)
    if check:
        say(f"{config}: {len(checked.device)} devices, {len(checked.archives) + bool(checked.fhir)} destinations")
        if as_json:
            emit({"devices": [one.name for one in checked.device]})
        return
    from modality.edge.events import Events
    from modality.edge.gateway import Gateway
    from modality.web.edge.companions import companions

    events = Events()
    events.listen(_log)
    gateway = Gateway(checked, events=events)
    with companions(gateway):
        gateway.run(stop)
    if as_json:
        emit(gateway.last)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # nobody reads it any more
            stream.flush()
    # A thread may still wait for a peer; what it does is safe at every instruction, and nobody waits for it.
    os._exit(0)


def _spare_memory() -> None:
    """Let threads share heaps: each would have one of its own, and a box has many threads that do little.

    M_ARENA_MAX of glibc's malloc.h; other libraries have no such thing.
    """
    import ctypes

    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(-8, 2)


def _log(event: Event) -> None:
    item = f" {event.uid}" if event.uid else ""
    with suppress(OSError):  # nobody reads the log any more: no reason to lose what it is about
        say(f"{event.at.isoformat(timespec='seconds')} {event.what} {event.where}:{item} {event.text}")
