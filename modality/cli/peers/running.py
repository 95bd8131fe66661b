"""A peer on real ports, from the line that says where until it is interrupted."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from typing import Protocol

import click

from modality.cli.verb import emit, say

_POLL_S = 0.1


class Peer(Protocol):
    """What can be served."""

    host: str

    @property
    def port(self) -> int:
        """Where it listens; the port asked for while it does not."""

    @property
    def address(self) -> str:
        """How others reach it."""

    def start(self) -> None:
        """Listen."""

    def stop(self) -> None:
        """Listen no more."""


def run(
    peer: Peer, as_json: bool, summary: Callable[[], str], also: Mapping[str, Callable[[], str]] | None = None
) -> None:
    """Listen until SIGINT or SIGTERM; `also` gives further addresses, by their key in JSON."""
    from modality.errors import UsageError

    ended: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _: ended.append(received))
    try:
        peer.start()
    except OSError as error:
        raise UsageError(f"cannot listen on {peer.host}:{peer.port}: {error.strerror or error}") from error
    try:
        others = {key: address() for key, address in (also or {}).items()}
        if as_json:
            emit({"address": peer.address, **others})
        else:
            click.echo("\n".join((peer.address, *others.values())))
        # A signal that the system hands to another thread would not wake an endless wait of this one.
        while not ended:
            time.sleep(_POLL_S)
        say(summary())
    finally:
        peer.stop()
