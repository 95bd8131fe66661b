"""What systemd is told of a service: that it is ready, alive, ending (sd_notify(3))."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


class Notifier:
    """Tells the service manager, where there is one.

    Args:
        environment: of the process.
    """

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        given = dict(os.environ) if environment is None else environment
        self._address = given.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]  # an abstract socket
        mine = given.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        microseconds = given.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(microseconds) / 1e6 if mine and microseconds.isdigit() else 0.0
        """Within so many seconds it wants to hear that we are alive; 0 where it does not."""

    def tell(self, state: str) -> None:
        """Send a state: ``READY=1``, ``WATCHDOG=1``, ``STOPPING=1``, ``STATUS=...``."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.connect(self._address)
            channel.sendall(state.encode())
