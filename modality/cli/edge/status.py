"""`modality edge status`: how the box does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from modality.cli.verb import PARTIAL, Verb, common, emit, finish, table


@click.command(cls=Verb)
@click.argument("config", type=click.Path(path_type=Path))
@common
def status(config: Path, as_json: bool, debug: bool) -> None:  # noqa: ARG001 - debug is the verb's own
    """Say how the box does: its devices, its queues, what is wrong. Exits 1 when it does not run."""
    from modality.delivery.outbox.outbox import Outbox
    from modality.edge.config import read_edge
    from modality.edge.health import is_running, read_status

    state = read_edge(config).edge.state
    document = read_status(state) or {"devices": [], "destinations": [], "items": {}}
    running = document["running"] = is_running(state)
    if (state / "outbox.sqlite").exists():
        with Outbox(state) as found:
            document["items"] = found.counts()
    if as_json:
        emit(document)
    else:
        _show(document)
    finish(0 if running else PARTIAL)


def _show(document: dict[str, Any]) -> None:
    at = document.get("at")
    click.echo(f"{'running' if document['running'] else 'not running'}{f', as of {at}' if at else ''}")
    waiting = ", ".join(f"{count} {state}" for state, count in document["items"].items())
    click.echo(f"items: {waiting or 'none'}")
    if document.get("clock_trusted") is False:
        click.echo("the clock is not synchronized: what is made says so")
    devices = [
        [one["name"], one["driver"], "yes" if one["connected"] else "no", _seconds(one["last_good_s"]), one["problem"]]
        for one in document["devices"]
    ]
    if devices:
        table("", ["device", "driver", "connected", "last good", "problem"], devices)
    destinations = [
        [
            one["name"],
            str(one["waiting"]),
            str(one["unconfirmed"]),
            _seconds(one["oldest_undelivered_s"]),
            one["problem"],
        ]
        for one in document["destinations"]
    ]  # fmt: skip
    if destinations:
        table("", ["destination", "waiting", "unconfirmed", "oldest", "problem"], destinations)


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.0f} s"
