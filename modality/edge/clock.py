"""What time it is, and whether that can be believed: a box without a battery starts in the past."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Literal

from modality.delivery.outbox.item import Moment
from modality.identity import Clock, system_clock

Trust = Literal["auto", "always", "never"]

_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronized
_TIMESYNC = Path("/run/systemd/timesync/synchronized")
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def synchronized() -> bool:
    """Whether the kernel's clock follows another one (adjtimex(2); systemd-timesyncd(8) leaves a file)."""
    if _TIMESYNC.exists():
        return True
    try:
        state = int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)))  # struct timex, all 0: only read
    except (AttributeError, OSError):
        return False
    return 0 <= state < _TIME_ERROR


def boot() -> str:
    """Which start of the machine this is; empty where the system does not say."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def since_boot_s() -> float:
    """Seconds that no correction of the clock moves, sleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class BoxClock:
    """The box's clock.

    Args:
        trust: "auto" asks the system; "always" and "never" are for a box whose clock somebody else sees to.
        wall: gives the local time.
        monotonic: gives seconds since the machine started.
        synchronized: whether the wall clock can be believed.
    """

    def __init__(
        self,
        trust: Trust = "auto",
        *,
        wall: Clock = system_clock,
        monotonic: Callable[[], float] = since_boot_s,
        synchronized: Callable[[], bool] = synchronized,
    ) -> None:
        self.wall, self.monotonic = wall, monotonic
        self._trust, self._synchronized, self._boot = trust, synchronized, boot()

    @property
    def trusted(self) -> bool:
        """The wall clock can be believed."""
        return self._trust == "always" or (self._trust == "auto" and self._synchronized())

    def moment(self) -> Moment:
        """Now."""
        return Moment(self.wall(), self.monotonic(), self._boot, self.trusted)

    def anchored(self, moment: Moment) -> Moment:
        """A moment of the time before the clock could be believed, as it is known now; else as it was."""
        if moment.trusted or not self.trusted or moment.boot != self._boot or not self._boot:
            return moment
        ago = timedelta(seconds=self.monotonic() - moment.monotonic_s)
        return Moment(self.wall() - ago, moment.monotonic_s, moment.boot, trusted=True)
