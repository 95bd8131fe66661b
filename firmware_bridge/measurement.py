"""What a device has said, as plain tuples: the events that a driver gives. Runs on CPython and MicroPython alike."""

from collections import namedtuple

Measurement = namedtuple("Measurement", ("name", "value", "unit", "details"))
"""One value.

    name: "spo2", "heart_rate", "sphere"; a laboratory's own test code.
    value: a number where the device gives one, else text.
    unit: UCUM, or what the device prints; empty for none.
    details: a dict of what qualifies the value: "eye", "sample_id", "checked" (False where the format has no checksum).
"""

Samples = namedtuple("Samples", ("name", "rate_hz", "start", "values"))
"""Consecutive samples of one channel.

    name: "pleth", "airway_pressure", "ch1".
    rate_hz: samples a second, nominal.
    start: index of the first one, counted from the first sample that the driver ever gave of the channel with what was
        lost counted in; a gap is a start beyond the end of the samples before.
    values: a list of numbers.
"""

Reply = namedtuple("Reply", ("data", "safe", "otherwise"))
"""Bytes for the device.

    data: what to write.
    safe: only when every byte fed so far is safe on the disk.
    otherwise: what to write instead when it could not be made safe.
"""

Complete = namedtuple("Complete", ("what",))
"""The device has ended one message, session or download: what came before belongs together."""


def measurement(name, value, unit="", **details):  # type: ignore[no-untyped-def]  # MicroPython has no typing
    """A `Measurement`."""
    return Measurement(name, value, unit, details)
