"""A device driver of one's own: a thermometer that prints a line a second, with a checksum.

A line is ``T=36.50*2B``: the value, and the sum of the characters before the star, modulo 256, as two hex digits. An
entry point of the group "modality.devices" gives it a name for the command line and the edge box.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from firmware_bridge.drivers.driver import Device, Event, Serial
from firmware_bridge.drivers.stream import Stream, recognised
from firmware_bridge.measurement import measurement

LINE = re.compile(rb"T=(\d{2}\.\d{2})\*([0-9A-F]{2})")
LONGEST = 64


class Thermometer(Stream):
    """Bytes in, temperatures out; nothing is opened and nothing raised."""

    def __init__(self, _: Mapping[str, Any]) -> None:
        super().__init__()
        self._line = bytearray()

    def feed(self, data: bytes) -> list[Event]:
        """What these bytes complete."""
        events: list[Event] = []
        for byte in data:
            self._line.append(byte)
            if byte == 0x0A or len(self._line) > LONGEST:
                self._take(bytes(self._line), events)
                self._line.clear()
        return events

    def _take(self, line: bytes, events: list[Event]) -> None:
        found = LINE.fullmatch(line.strip())
        if found is None:
            self.skipped_bytes += len(line)
        elif sum(line.strip().partition(b"*")[0]) % 256 != int(found[2], 16):
            self.rejected_frames += 1  # a number from a line that does not add up is never told
            self.skipped_bytes += len(line)
        else:
            self.frames += 1
            events.append(measurement("body_temperature", float(found[1]), "Cel"))

    def finish(self) -> list[Event]:
        """The stream has ended."""
        self.skipped_bytes += len(self._line)
        self._line.clear()
        return []


THERMOMETER = Device(
    name="thermometer",
    title="A thermometer that prints a line a second",
    serial=Serial(1200),
    driver=Thermometer,
    settings={},
    streams=True,
    recognise=lambda data: recognised(Thermometer({}), data, sure=1.0, least=2),
    waveforms={},
    checked=True,
)


def said(value: str) -> bytes:
    """A line as the device prints it."""
    text = f"T={value}".encode()
    return text + f"*{sum(text) % 256:02X}\r\n".encode()


def main() -> None:
    """Feed it whole, byte by byte, and with a flipped bit."""
    stream = said("36.50") + said("36.60")
    whole = Thermometer({}).feed(stream)
    driver = Thermometer({})
    assert [event for byte in stream for event in driver.feed(bytes([byte]))] == whole
    print(*(f"{event.name} {event.value} {event.unit}" for event in whole), sep="\n")
    broken = Thermometer({})
    assert broken.feed(stream.replace(b"36.60", b"38.60")) == whole[:1]
    assert broken.rejected_frames == 1
    assert THERMOMETER.recognise(stream) > 0.9 > THERMOMETER.recognise(b"ATDT 0815\r\n" * 9)


if __name__ == "__main__":
    main()
