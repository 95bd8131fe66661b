"""`modality edge probe`: what is at the other end of a port."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from modality.cli.edge.bridging import bridged
from modality.cli.verb import PARTIAL, Verb, common, emit, finish, say, table


@click.command(cls=Verb)
@click.argument("port")
@click.option(
    "--seconds", type=click.FloatRange(0, min_open=True), default=3.0, show_default=True,
    help="How long to listen with each setting of the port.",
)  # fmt: skip
@common
def probe(port: str, seconds: float, as_json: bool, debug: bool) -> None:  # noqa: ARG001 - debug is read by Verb
    """Listen to a port with the settings of each known device, and name the one that talks.

    Nothing is sent: a device that waits to be asked says nothing. PORT may be a recording, too. Exit code 1 when no
    device is recognised.
    """
    from firmware_bridge.host import probing
    from firmware_bridge.host.recording import read_recording
    from modality.registry import DEVICES

    devices = [DEVICES.load(name) for name in DEVICES.names()]
    with bridged():
        if Path(port).is_file():
            data = read_recording(Path(port))
            heard = probing.Heard(probing.recognise(data, devices), len(data), 0)
        else:
            heard = probing.probe(
                port, devices, listen_s=seconds,
                trying=lambda one: say(f"listening at {one.baud} {one.bits}{one.parity}{one.stop:g}"),
            )  # fmt: skip
    rows = [
        {
            "device": one.device.name,
            "title": one.device.title,
            "confidence": round(one.confidence, 3),
            "baud": one.serial.baud,
            "framing": f"{one.serial.bits}{one.serial.parity}{one.serial.stop:g}",
        }
        for one in heard.guesses
    ]
    best: dict[str, Any] = rows[0] if rows else {"device": None, "confidence": 0.0}
    if as_json:
        emit({"port": port, "bytes": heard.bytes, **best, "candidates": rows})
    elif rows:
        columns = list(rows[0])
        table("", columns, [[str(row[column]) for column in columns] for row in rows])
    else:
        click.echo(f"no device recognised in {heard.bytes} bytes" if heard.bytes else "nothing was heard")
    if not rows:
        finish(PARTIAL)
