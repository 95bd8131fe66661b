"""`modality edge replay`: a recording through its driver."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modality.cli.edge.bridging import bridged, named
from modality.cli.verb import Verb, common, emit, plain, table

if TYPE_CHECKING:
    from firmware_bridge.drivers.driver import Driver, Event

_MOST_ROWS = 40


@click.command(cls=Verb)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--device", required=True, metavar="NAME", help="The device, as `modality list devices` names it.")
@click.option("--chunk", type=click.IntRange(1), help="Feed so many bytes at a time; all at once by default.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting of the device (repeatable).")
@common
def replay(
    file: Path,
    device: str,
    chunk: int | None,
    settings: tuple[str, ...],
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """Read a recording, raw bytes or a text of hexadecimal lines, and show what the device says in it.

    The answer is the same for any --chunk. Values of a format without a checksum are marked "checked": false, and what
    cannot be "plausible": false; neither is left out.
    """
    from firmware_bridge.host.recording import read_recording
    from firmware_bridge.settings import parsed
    from modality.registry import DEVICES

    name = named(DEVICES, device)
    entry = DEVICES.load(name)
    with bridged():
        driver = entry.driver(parsed(name, settings, entry.settings))
        data = read_recording(file)
    events: list[Event] = []
    size = chunk or max(1, len(data))
    for at in range(0, len(data), size):
        events += driver.feed(data[at : at + size])
    events += driver.finish()
    found = {"device": name, "bytes": len(data), **described(driver, events)}
    if as_json:
        emit(found)
    else:
        _show(found, entry.streams)


def described(driver: Driver, events: list[Event]) -> dict[str, Any]:
    """What a driver gave, as JSON has it; samples that follow each other count as one run, however they were split."""
    from firmware_bridge.measurement import Complete, Measurement, Samples

    waveforms: dict[str, dict[str, Any]] = {}
    for one in events:
        if isinstance(one, Samples):
            of = waveforms.setdefault(
                one.name, {"name": one.name, "rate_hz": one.rate_hz, "samples": 0, "lost": 0, "end": one.start}
            )
            of["lost"] += max(0, one.start - of["end"])
            of["samples"] += len(one.values)
            of["end"] = one.start + len(one.values)
    for of in waveforms.values():
        del of["end"]
    return {
        "measurements": [
            {**one.details, "name": one.name, "value": one.value, "unit": one.unit}
            for one in events
            if isinstance(one, Measurement)
        ],
        "waveforms": list(waveforms.values()),
        "messages": sum(isinstance(one, Complete) for one in events),
        "frames": driver.frames,
        "skipped_bytes": driver.skipped_bytes,
        "rejected_frames": driver.rejected_frames,
        "warnings": driver.warnings,
    }


def _show(found: dict[str, Any], streams: bool) -> None:
    """Tables for people: of what streams a summary, of the rest each value."""
    measurements = found["measurements"]
    if measurements and (streams or len(measurements) > _MOST_ROWS):
        table("", ["measurement", "unit", "values", "first", "least", "greatest", "last", "doubtful"], _summary(found))
    elif measurements:
        rows = [
            [one["name"], _cell(one["value"]), one["unit"], _details(one)]
            for one in measurements
        ]  # fmt: skip
        table("", ["measurement", "value", "unit", "details"], rows)
    if found["waveforms"]:
        rows = [
            [one["name"], f"{one['rate_hz']:g}", str(one["samples"]), str(one["lost"])] for one in found["waveforms"]
        ]
        table("", ["waveform", "Hz", "samples", "lost"], rows)
    click.echo(
        f"{found['bytes']} bytes: {found['frames']} frames, {found['rejected_frames']} refused, "
        f"{found['skipped_bytes']} bytes in none"
    )
    for line in found["warnings"]:
        click.echo(plain(f"warning: {line}"))


def _summary(found: dict[str, Any]) -> list[list[str]]:
    kinds: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in found["measurements"]:
        kinds.setdefault((one["name"], one["unit"]), []).append(one)
    rows = []
    for (name, unit), of in kinds.items():
        values = [one["value"] for one in of]
        numbers = [value for value in values if isinstance(value, int | float)]
        ends = [_cell(min(numbers)), _cell(max(numbers))] if numbers else ["", ""]
        doubtful = str(sum(one.get("plausible") is False for one in of))
        rows.append([name, unit, str(len(of)), _cell(values[0]), *ends, _cell(values[-1]), doubtful])
    return rows


def _cell(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _details(one: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in one.items() if name not in ("name", "value", "unit"))
