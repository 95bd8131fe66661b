"""The sensors of a board, each a line of a table, and when they are read. Runs on MicroPython."""

from collections import namedtuple

from firmware_bridge.board.link import Link
from firmware_bridge.envelope import SAMPLES_MOST, VALUE, WAVEFORM, Channel, pack_data

PULSE = Channel("pulse", WAVEFORM, 10, "", 1)  # a photoplethysmograph on an ADC, 12 bits of its own
TEMPERATURE = Channel("temperature", VALUE, 1000, "Cel", 100)
BUTTON = Channel("button", VALUE, 20, "", 1)  # 1 pressed, 0 released; sent when it changes

IN_A_FRAME = 25  # samples of a waveform in a DATA: four frames a second at 100 Hz; at most SAMPLES_MOST

Sensor = namedtuple("Sensor", ("channel", "read", "changes_only"))
"""A line of the table.

    channel: what it is, as the host is told.
    read: gives a sample as an integer, or None where there is none now; may raise OSError (I2C).
    changes_only: a sample is sent only if it differs from the one before.
"""


class Sampler:
    """Reads one sensor in time.

    Args:
        place: of its channel in the board's list.
        sensor: what to read.
    """

    def __init__(self, place: int, sensor: Sensor) -> None:
        self._place = place
        self._sensor = sensor
        self._index = 0  # of the next sample, by the time since the start
        self._start = 0  # of the samples that wait
        self._start_ms = 0
        self._waiting: list[int] = []
        self._last: int | None = None
        self._failed = False

    def step(self, now_ms: int, link: Link) -> None:
        """Read what is due; moments that were missed are left out of the samples and counted in their index."""
        period = self._sensor.channel.period_ms
        due = now_ms // period
        if due < self._index:
            return
        if due > self._index:
            self.flush(link)
            self._index = due
        sample = self._read(now_ms, link)
        if sample is None:
            self.flush(link)
        elif self._sensor.channel.kind == WAVEFORM:
            if not self._waiting:
                self._start, self._start_ms = self._index, now_ms
            self._waiting.append(sample)
            if len(self._waiting) >= min(IN_A_FRAME, SAMPLES_MOST):
                self.flush(link)
        elif not self._sensor.changes_only or sample != self._last:
            link.put(now_ms, pack_data(self._place, self._index, [sample]))
        self._last = sample
        self._index += 1

    def flush(self, link: Link) -> None:
        """Hand over the samples that wait."""
        if self._waiting:
            link.put(self._start_ms, pack_data(self._place, self._start, self._waiting))
            self._waiting = []

    def _read(self, now_ms: int, link: Link) -> "int | None":
        sample: int | None = None
        try:
            sample = self._sensor.read()
        except OSError:
            if not self._failed:
                link.log(now_ms, self._sensor.channel.name + " does not answer")
            self._failed = True
            return None
        self._failed = False
        return sample
