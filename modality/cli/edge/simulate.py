"""`modality edge simulate`: a device that does not exist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modality.cli.edge.bridging import bridged, named
from modality.cli.names import completing
from modality.cli.verb import Verb, common, emit, interrupted_by_sigterm, refuse, say

if TYPE_CHECKING:
    from firmware_bridge.host.pseudo import Line
    from firmware_bridge.simulators.faults import Fault
    from firmware_bridge.simulators.simulator import Simulator


@click.command(
    cls=Verb,
    epilog="Faults of the line: lose=N, flip=N and noise=N strike one byte in N; silence=START:SECONDS loses all, "
    "unplug=START:SECONDS takes the port away, too (give it a link or a number, to come back under). "
    "Faults of the device, as `modality list devices` has them, last always, or START:SECONDS.",
)
@click.argument("device", shell_complete=completing("devices"))
@click.option("--port", metavar="PTY|tcp", help="pty, pty:LINK, a path for a link to one, tcp or tcp:PORT.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write a recording, not in real time.")
@click.option("--seed", type=int, help="Same seed, same bytes; drawn and said if left out.")
@click.option("--duration", type=click.FloatRange(0, min_open=True), help="Seconds of the device's time; else no end.")
@click.option("--speed", type=click.FloatRange(0, min_open=True), default=1.0, show_default=True,
              help="Seconds of the device's time that pass in one.")  # fmt: skip
@click.option("--wait", is_flag=True, help="The device's time begins when somebody opens the port.")
@click.option("--fault", "faults", multiple=True, metavar="FAULT", help="What goes wrong, see below (repeatable).")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting of the device (repeatable).")
@common
def simulate(
    device: str,
    port: str | None,
    out: Path | None,
    seed: int | None,
    duration: float | None,
    speed: float,
    wait: bool,
    faults: tuple[str, ...],
    settings: tuple[str, ...],
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Play a device on a pseudo-terminal or a TCP port, or write what it says to a file.

    The first line on stdout is what a host has to open. What nobody reads is lost, as on a cable.
    """
    from firmware_bridge.settings import parsed
    from firmware_bridge.simulators.faults import Faulty, parse
    from modality.registry import SIMULATORS

    if (port is None) == (out is None):
        raise click.UsageError("give --port for a device that plays, or --out for a recording")
    if out is not None:
        refuse(("speed", "wait"), "a recording is not written in real time")
        if duration is None:
            raise click.UsageError("--out needs --duration")
    if seed is None:
        import secrets

        seed = secrets.randbelow(2**31)
        say(f"seed {seed}")
    name = named(SIMULATORS, device)
    entry = SIMULATORS.load(name)
    with bridged():
        wrong = [parse(one, entry.faults) for one in faults]
        simulator = Faulty(entry.simulator(seed, parsed(name, settings, entry.settings)), wrong, seed=seed)
        found: dict[str, Any] = {"device": name, "seed": seed}
        if out is not None and duration is not None:
            found |= _write(simulator, name, out, duration)
            emit(found) if as_json else click.echo(f"{found['bytes']} bytes in {out}")
            return
        line = _line(port or "")
    if as_json:
        emit({**found, "port": line.address})
    else:
        click.echo(line.address)
    _play(simulator, line, speed, duration, wait, [one for one in wrong if one.name == "unplug"])


def _line(port: str) -> Line:
    """What to play on."""
    from firmware_bridge.host.pseudo import Listening, Pseudo

    kind, _, rest = port.partition(":")
    if kind.lower() == "pty":
        return Pseudo(Path(rest) if rest else None)
    if kind.lower() == "tcp":
        if rest and not (rest.isdigit() and int(rest) <= 65535):
            raise click.UsageError(f"--port {port}: give tcp or tcp:PORT, up to 65535")
        return Listening(int(rest or 0))
    if "/" in port:
        return Pseudo(Path(port))
    raise click.UsageError(f"--port {port}: give pty, pty:LINK, a path with a /, tcp or tcp:PORT")


def _play(
    simulator: Simulator, line: Line, speed: float, duration: float | None, wait: bool, unplugs: list[Fault]
) -> None:
    from firmware_bridge.host.playing import play

    def unplugged(at_s: float) -> bool:
        return any(one.start_s <= at_s < one.end_s for one in unplugs)

    try:
        with interrupted_by_sigterm(), bridged():
            play(simulator, line, speed=speed, duration_s=duration, wait=wait, unplugged=unplugged)
    except KeyboardInterrupt:
        say("stopped")
    finally:
        line.close()


def _write(simulator: Simulator, device: str, out: Path, duration: float) -> dict[str, Any]:
    """Write a recording of the device in conversation with its own driver."""
    from firmware_bridge.measurement import Measurement
    from firmware_bridge.simulators.hosted import converse
    from modality.errors import InputError
    from modality.registry import DEVICES

    said, _ = converse(simulator, DEVICES.load(device).driver({}), duration)
    try:
        out.write_bytes(said)
    except OSError as error:
        raise InputError(f"{out}: {error.strerror}") from error
    truth = [one for one in simulator.said if isinstance(one, Measurement)]
    return {
        "file": str(out),
        "bytes": len(said),
        "measurements": [{"name": one.name, "value": one.value, "unit": one.unit} for one in truth],
    }
