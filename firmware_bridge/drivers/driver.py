"""What every driver is: bytes in, events out; it opens nothing, waits for nothing and never raises on bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from firmware_bridge.measurement import Complete, Measurement, Reply, Samples

Event = Measurement | Samples | Reply | Complete


class Driver(Protocol):
    """The state of one device's conversation; equal events come of a stream fed whole or byte by byte."""

    skipped_bytes: int
    """Bytes that belonged to no frame that was taken."""
    rejected_frames: int
    """Frames refused: a wrong checksum, a value that cannot be."""
    frames: int
    """Frames taken."""
    warnings: list[str]
    """What was odd, each said once: bounded, without patients' data."""

    def start(self) -> bytes:
        """What to say to the device when the port opens; empty where it just talks."""

    def feed(self, data: bytes) -> list[Event]:
        """What these bytes complete."""

    def waited(self, seconds: float) -> list[Event]:
        """`seconds` have passed without a byte since the last call: time-outs and keep-alives of the protocol."""

    def finish(self) -> list[Event]:
        """The stream has ended: what is half there is counted as skipped."""


class Serial(NamedTuple):
    """How a serial port is set for a device."""

    baud: int = 9600
    bits: int = 8
    parity: str = "N"
    stop: float = 1
    xonxoff: bool = False
    rtscts: bool = False


class Device(NamedTuple):
    """One entry of the table of devices.

    Args:
        name: as the command line and a configuration have it ("nonin-2").
        title: what it is, for people.
        serial: how its port is set unless the configuration says otherwise.
        driver: makes a driver of its settings; an unknown or wrong one is a `SettingsError`.
        settings: each setting's name and default.
        streams: it talks all the time, and is cut into segments; else `Complete` ends a message.
        recognise: how sure it is that these bytes are its own, 0 to 1; for the probe.
        waveforms: nominal rate in Hz by the name of each waveform it gives.
        checked: its format has a checksum.
        units: UCUM unit of each waveform whose values are physical; of the others they are the device's own numbers.
    """

    name: str
    title: str
    serial: Serial
    driver: Callable[[Mapping[str, Any]], Driver]
    settings: Mapping[str, Any]
    streams: bool
    recognise: Callable[[bytes], float]
    waveforms: Mapping[str, float]
    checked: bool
    units: Mapping[str, str] = MappingProxyType({})
