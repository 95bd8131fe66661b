"""The board's loop: sensors, line, and nothing that waits. Runs on MicroPython."""

from firmware_bridge.board.link import Link
from firmware_bridge.board.sensors import Sampler, Sensor


class Board:
    """All of a board but its pins, its clock and its port.

    Args:
        sensors: list of `Sensor`.
        boot: a number drawn at this start.
        slots: frames that wait for a host.
    """

    def __init__(self, sensors: "list[Sensor]", boot: int, slots: int = 64) -> None:
        self._link = Link(boot, [one.channel for one in sensors], slots)
        self._samplers = [Sampler(place, one) for place, one in enumerate(sensors)]

    @property
    def dropped(self) -> int:
        """Frames that found no room."""
        return self._link.dropped

    def step(self, now_ms: int, received: bytes) -> bytes:
        """One turn.

        Args:
            now_ms: since the start.
            received: what came from the host since the last turn.

        Returns:
            What to write.
        """
        if received:
            self._link.feed(received, now_ms)
        for one in self._samplers:
            one.step(now_ms, self._link)
        return self._link.poll(now_ms)


def run(board: Board, now_ms, read, write, pause) -> None:  # type: ignore[no-untyped-def]  # callables of MicroPython
    """Turn for ever, until the port has ended.

    Args:
        board: what turns.
        now_ms: gives the time since the start.
        read: gives what has come, perhaps nothing; None when the port has ended.
        write: writes bytes.
        pause: lets a millisecond pass.
    """
    while True:
        received = read()
        if received is None:
            return
        out = board.step(now_ms(), received)
        if out:
            write(out)
        pause()
