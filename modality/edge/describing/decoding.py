"""The bytes of a device once more through its driver: what it said in this capture, and no byte of it twice."""

from __future__ import annotations

from dataclasses import dataclass, field

from firmware_bridge.drivers.driver import Device, Driver, Event
from firmware_bridge.errors import SettingsError
from firmware_bridge.measurement import Measurement, Samples
from modality.edge.describing.content import Captured
from modality.errors import ConfigurationError
from modality.registry import DEVICES


@dataclass(slots=True)
class Decoded:
    """What a device said.

    Args:
        device: its entry of the table.
        measurements: the values in their order.
        at_s: when each was given, in seconds after the start, as far as samples beside it tell; else 0.
        samples: the runs of each waveform, in order.
        rejected: frames that were refused.
        warnings: what the driver found odd.
    """

    device: Device
    measurements: list[Measurement] = field(default_factory=list)
    at_s: list[float] = field(default_factory=list)
    samples: dict[str, list[Samples]] = field(default_factory=dict)
    rejected: int = 0
    warnings: list[str] = field(default_factory=list)


def decode(captured: Captured, name: str = "") -> Decoded:
    """Read a capture's bytes with a new driver.

    The bytes that lead in are of the capture before, and only bring the driver to where it was: what they say is not
    this capture's. What a segment leaves half done belongs to the next one, if that follows it without a gap.

    Args:
        captured: the bytes.
        name: of the device; that of the capture's kind by default.

    Raises:
        ConfigurationError: the device's settings do not fit it any more.
    """
    details = captured.item.details
    device: Device = DEVICES.load(name or captured.item.kind)
    try:
        driver: Driver = device.driver(captured.device.settings)
    except SettingsError as error:
        raise ConfigurationError(str(error)) from error
    found = Decoded(device)
    lead, head = int(details.get("lead", 0)), int(details.get("head", 0))
    driver.start()
    if head:  # what the device said when its port opened, and between that and the lead what is not here
        driver.feed(captured.data[:head])
        driver.finish()
    driver.feed(captured.data[head:lead])
    before = driver.rejected_frames
    _sort(driver.feed(captured.data[lead:]), found)
    if details.get("ended", True):
        _sort(driver.finish(), found)
    found.rejected = driver.rejected_frames - before
    found.warnings = list(driver.warnings)
    return found


def _sort(events: list[Event], found: Decoded) -> None:
    for event in events:
        if isinstance(event, Samples):
            found.samples.setdefault(event.name, []).append(event)
        elif isinstance(event, Measurement):
            found.measurements.append(event)
            found.at_s.append(_now_s(found))


def _now_s(found: Decoded) -> float:
    """How far the samples have come."""
    ends = [
        (runs[-1].start + len(runs[-1].values) - runs[0].start) / runs[-1].rate_hz for runs in found.samples.values()
    ]
    return max(ends, default=0.0)
