"""The box's health as Prometheus reads it (text exposition format), without a patient's data."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from modality.delivery.outbox.item import STATES
from modality.edge.events import Event
from modality.errors import MissingExtraError

if TYPE_CHECKING:
    from modality.edge.gateway import Gateway

_NAME = "modality_edge"
_DEVICE_COUNTERS = {
    "frames": "Frames taken from the device.",
    "rejected_frames": "Frames refused: a wrong checksum, a value that cannot be.",
    "skipped_bytes": "Bytes that belonged to no frame.",
    "captures": "Recordings, results or files that were made safe.",
    "gaps": "Interruptions of the stream.",
    "lost_bytes": "Bytes that could not be kept.",
}
_DESTINATION_GAUGES = {
    "waiting": "Objects that wait to be stored there.",
    "unconfirmed": "Objects that are stored there and not confirmed.",
    "oldest_undelivered_s": "Age of the oldest object that is not delivered there.",
}
_COUNTED = frozenset(("delivered", "refused", "dead"))


class Tally:
    """Counts what happened to deliveries since the start."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def hear(self, event: Event) -> None:
        """Something has happened."""
        if event.what in _COUNTED and event.uid:
            with self._lock:
                self._counts[event.what, event.where] += 1

    def __call__(self, what: str, where: str) -> int:
        """How often."""
        return self._counts[what, where]


def exposition(gateway: Gateway, tally: Tally, audit: dict[str, Any] | None = None) -> tuple[bytes, str]:
    """The metrics and their media type.

    Args:
        gateway: the box.
        tally: what became of deliveries.
        audit: how the audit trail does, where there is one.

    Raises:
        MissingExtraError: the library is not installed.
        StorageFailed: the disk cannot be read.
    """
    try:
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
    except ImportError as error:
        raise MissingExtraError("/metrics", "edge") from error
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(gateway, tally, audit))
    return generate_latest(registry), CONTENT_TYPE_LATEST


class _Collector:
    """Turns one snapshot into families of metrics."""

    def __init__(self, gateway: Gateway, tally: Tally, audit: dict[str, Any] | None) -> None:
        self._shot, self._tally, self._audit = gateway.snapshot(), tally, audit
        self._now = gateway.clock.wall()

    def describe(self) -> list[Any]:
        """Nothing: names are not asked for before there is a snapshot."""
        return []

    def collect(self) -> Iterator[Any]:
        """The families."""
        yield from self._of_box()
        yield from self._of_devices(self._shot["devices"])
        yield from self._of_destinations(self._shot["destinations"])
        if self._audit is not None:
            yield _family("audit_messages", "Audit messages since the start.", "outcome", counter=True, values={
                "sent": self._audit["sent"], "lost": self._audit["lost"]
            })  # fmt: skip
            yield _family("audit_waiting", "Audit messages that wait for the repository.", "", {
                "": self._audit["waiting"]
            })  # fmt: skip

    def _of_box(self) -> Iterator[Any]:
        shot = self._shot
        single = {
            "uptime_seconds": ("Since the box was started.", shot["uptime_s"]),
            "memory_bytes": ("Memory of the process in RAM.", shot["memory_mb"] * 1e6),
            "disk_free_bytes": ("What may be written before captures are refused.", shot["disk_free_mb"] * 1e6),
            "clock_trusted": ("1 when the clock is set by a server.", float(shot["clock_trusted"])),
            "oldest_undelivered_seconds": ("Age of the oldest object not delivered.", shot["oldest_undelivered_s"]),
        }
        for name, (text, value) in single.items():
            yield _family(name, text, "", {"": value})
        items: dict[str, float] = {state: shot["items"].get(state, 0) for state in STATES}
        yield _family("items", "Items of the outbox by state.", "state", items)
        worklist = shot["worklist"]
        if worklist and worklist["asked"]:
            age = (self._now - datetime.fromisoformat(worklist["asked"])).total_seconds()
            yield _family("worklist_age_seconds", "Since the RIS answered last.", "", {"": max(age, 0.0)})

    def _of_devices(self, devices: list[dict[str, Any]]) -> Iterator[Any]:
        # A device of which nothing ever came has been silent for as long as the box runs: so that alarms go off.
        since = {
            one["name"]: self._shot["uptime_s"] if one["last_good_s"] is None else one["last_good_s"] for one in devices
        }
        text = "Since the last good frame; since the start where none came."
        yield _family("last_good_frame_age_seconds", text, "device", since)
        yield _family("device_connected", "1 when the port is open.", "device", {
            one["name"]: float(one["connected"]) for one in devices
        })  # fmt: skip
        for key, text in _DEVICE_COUNTERS.items():
            values = {one["name"]: one[key] for one in devices if key in one}
            yield _family(key, text, "device", values, counter=True)

    def _of_destinations(self, destinations: list[dict[str, Any]]) -> Iterator[Any]:
        for key, text in _DESTINATION_GAUGES.items():
            name = f"destination_{key}".replace("_undelivered_s", "_undelivered_seconds")
            yield _family(name, text, "destination", {one["name"]: one[key] for one in destinations})
        yield _family("destination_up", "1 when it answered last.", "destination", {
            one["name"]: float(not one["problem"]) for one in destinations
        })  # fmt: skip
        for what, name, text in (
            ("delivered", "deliveries", "Objects delivered and confirmed since the start."),
            ("refused", "refusals", "Times that an object was refused since the start."),
            ("dead", "set_aside", "Objects set aside since the start."),
        ):
            values = {one["name"]: self._tally(what, one["name"]) for one in destinations}
            yield _family(name, text, "destination", values, counter=True)


def _family(name: str, text: str, label: str, values: Mapping[str, float], *, counter: bool = False) -> Any:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    make = CounterMetricFamily if counter else GaugeMetricFamily
    family = make(f"{_NAME}_{name}", text, labels=[label] if label else [])
    for key, value in values.items():
        family.add_metric([key] if label else [], value)
    return family
