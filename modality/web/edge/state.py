"""What the box's page shows, as plain data; of patients only what the worklist says."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from modality.delivery.outbox.item import Item
from modality.edge.matching.matching import choice
from modality.edge.sources.port import PortSource
from modality.protocol.worklist import ScheduledStep
from modality.registry import DEVICES
from modality.web.edge import words
from modality.web.edge.words import Said, Since

if TYPE_CHECKING:
    from modality.edge.gateway import Gateway

# Our choice: what a person still looks through; a trace of 10 s has no more points than a phone has pixels.
_OPEN, _OVER, _STEPS, _POINTS, _CHANNELS = 60, 20, 80, 300, 8
_FRESH_S = 5.0
_NAMES = {
    "spo2": "SpO\N{SUBSCRIPT TWO}",
    "pleth": "Pulse wave",
    "peep": "PEEP",
    "fio2": "FiO\N{SUBSCRIPT TWO}",
    "co2": "CO\N{SUBSCRIPT TWO}",
    "etco2": "etCO\N{SUBSCRIPT TWO}",
}
_UNITS = {
    "Cel": "°C", "[degF]": "°F", "cm[H2O]": "cmH\N{SUBSCRIPT TWO}O", "mm[Hg]": "mmHg", "[diop]": "dpt",
    "[p'diop]": "prism dpt", "deg": "°", "1": "",
}  # fmt: skip
"""UCUM as people read it."""


def state(gateway: Gateway, since: Since) -> dict[str, Any]:
    """All that changes while the page is open.

    Args:
        gateway: the box.
        since: knows since when something is wrong.

    Raises:
        StorageFailed: the disk cannot be read.
    """
    shot, now = gateway.snapshot(), gateway.clock.wall()
    away = {one["name"]: since(one["name"], now) for one in shot["destinations"] if one["problem"]}
    return {
        "clock": "" if shot["clock_trusted"] else "The clock is not set by a server: times may be wrong, and say so.",
        "counts": shot["items"],
        "disk": shot["disk_free_mb"],
        "devices": [
            _device(source, one, since, gateway)
            for source, one in zip(gateway.sources, shot["devices"], strict=True)
        ],
        "destinations": [
            {
                "name": one["name"],
                **_said(words.destination(one, gateway.deliveries.open_items(one["name"]), since, now)),
            }
            for one in shot["destinations"]
        ],
        "worklist": _worklist(gateway, shot["worklist"], since),
        "held": _items(gateway, gateway.outbox.items("held", limit=_OPEN), away),
        "dead": _items(gateway, gateway.outbox.items("dead", limit=_OPEN), away),
        "queue": [
            *_items(gateway, gateway.outbox.items("captured", "ready", "stored", limit=_OPEN), away),
            *_items(gateway, gateway.outbox.items("delivered", "discarded", limit=_OVER, newest=True), away),
        ],
    }  # fmt: skip


def _said(said: Said) -> dict[str, str]:
    return said._asdict()


def _device(source: Any, shot: dict[str, Any], since: Since, gateway: Gateway) -> dict[str, Any]:
    streams = shot["driver"] in DEVICES.entries and bool(DEVICES.load(shot["driver"]).streams)
    counts = [words.counted(shot["captures"], "recording" if streams else "result")] if shot.get("captures") else []
    if shot.get("gaps"):
        counts.append(words.counted(shot["gaps"], "gap"))
    if shot.get("rejected_frames"):
        counts.append(f"{shot['rejected_frames']} damaged")
    if shot.get("lost_bytes"):
        counts.append(f"{shot['lost_bytes']} bytes lost")
    port = isinstance(source, PortSource)
    return {
        "name": source.name,
        "driver": shot["driver"],
        **_said(words.device(shot, since, gateway.clock.wall(), streams=streams)),
        "counts": ", ".join(counts),
        "numbers": _numbers(source, streams) if port else [],
        "traces": _traces(source, shot) if port else [],
    }


def _numbers(source: PortSource, streams: bool) -> list[dict[str, Any]]:
    """The last value of each name; those of a stream that are old are said to be."""
    now, found = time.monotonic(), []
    seen = dict(source.seen)
    for key, one in list(source.values.items())[: 2 * _CHANNELS]:
        age = now - seen.get(key, 0.0)
        value = f"{one.value:g}" if isinstance(one.value, (int, float)) else str(one.value)
        found.append({
            "label": " ".join(filter(None, (called(one.name), str(one.details.get("eye", ""))))),
            "value": value,
            "unit": _UNITS.get(one.unit, one.unit),
            "stale": streams and age > _FRESH_S,
            "age": f"{words.lasting(age)} ago",
        })  # fmt: skip
    return found


def called(name: str) -> str:
    """A measurement's name for people."""
    return _NAMES.get(name) or (name.replace("_", " ").capitalize() if name.islower() else name)


def _traces(source: PortSource, shot: dict[str, Any]) -> list[dict[str, Any]]:
    """The last ten seconds of each waveform, with no more points than can be seen."""
    stale = shot["last_good_s"] is None or shot["last_good_s"] > _FRESH_S
    found = []
    for name, kept in list(source.trace.items())[:_CHANNELS]:
        samples = list(kept.copy())
        full = kept.maxlen or 1
        found.append(
            {"label": called(name), "share": round(len(samples) / full, 4), "points": thinned(samples), "stale": stale}
        )
    return found


def thinned(samples: Sequence[float], points: int = _POINTS) -> list[float]:
    """As many points as can be seen: of each stretch its lowest and its highest sample, in their order.

    Args:
        samples: in order of time.
        points: how many stretches, at most.
    """
    if len(samples) <= 2 * points:
        return [round(one, 3) for one in samples]
    shown: list[float] = []
    for index in range(points):
        part = samples[index * len(samples) // points : (index + 1) * len(samples) // points]
        low, high = min(part), max(part)
        pair = (low, high) if part.index(low) <= part.index(high) else (high, low)
        shown += [round(one, 3) for one in pair]
    return shown


def _worklist(gateway: Gateway, shot: dict[str, Any] | None, since: Since) -> dict[str, Any] | None:
    if gateway.worklist is None or shot is None:
        return None
    steps = sorted(gateway.worklist.steps, key=lambda one: one.start)[:_STEPS]
    now = gateway.clock.wall()
    return {**_said(words.worklist(shot, since, now)), "steps": [_step(one, now) for one in steps]}


def _step(one: ScheduledStep, now: datetime) -> dict[str, str]:
    shown = choice(one)
    return {
        **shown,
        "patient_name": words.person(shown["patient_name"]),
        "start": shown["start"].removeprefix(f"{now:%Y-%m-%d} "),
        "birth_date": words.day(shown["birth_date"]),
        "modality": one.modality,
    }


def _items(gateway: Gateway, items: Iterable[Item], away: dict[str, str]) -> list[dict[str, Any]]:
    return [_item(gateway, one, away) for one in items]


def _item(gateway: Gateway, one: Item, away: dict[str, str]) -> dict[str, Any]:
    deliveries = [] if one.state in ("captured", "held") else gateway.deliveries.of(one.uid)
    now, clock = gateway.clock.wall(), gateway.clock.trusted
    return {
        "uid": one.uid,
        "device": one.source,
        "what": str(one.details.get("file") or _kind(one.kind)),
        "when": words.clock(one.moment.wall, now, seconds=True) + ("" if one.moment.trusted or not clock else " (?)"),
        "size": _size(one.size),
        "state": one.state,
        **_said(words.item(one, deliveries, away)),
        "reason": one.reason if one.state in ("ready", "stored", "delivered") else "",
        "made": bool(deliveries),
        "somewhere": any(each.state in ("stored", "delivered") or each.confirmed for each in deliveries),
        "choices": [str(each.get("step", "")) for each in one.details.get("choices", ())],
    }


def _kind(kind: str) -> str:
    if kind in DEVICES.entries:
        return "recording" if DEVICES.load(kind).streams else "result"
    return kind


def _size(size: int) -> str:
    for least, unit in ((1_000_000, "MB"), (1000, "KB")):
        if size >= least:
            return f"{size / least:.1f} {unit}"
    return f"{size} bytes"
