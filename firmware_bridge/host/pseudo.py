"""A line to play a device on: a pseudo-terminal, or a TCP port that one host at a time may call."""

from __future__ import annotations

import contextlib
import os
import select
import socket
from pathlib import Path
from typing import Protocol

from firmware_bridge.errors import PortError

_MOST = 65536


class Line(Protocol):
    """The device's end of a line. What nobody reads is lost, as on a cable."""

    address: str
    """What a host opens."""

    def heard(self) -> bool:
        """Whether a host has the other end."""

    def exchange(self, data: bytes) -> bytes:
        """Send, and take what the host has said."""

    def unplug(self) -> None:
        """Take the port away; a host that has it open loses it."""

    def plug(self) -> None:
        """Bring the port back, at the same address.

        Raises:
            PortError: it cannot be had any more.
        """

    def close(self) -> None:
        """Unplug for good."""


class Pseudo:
    """A pseudo-terminal.

    Args:
        link: a path that leads to it, replaced if it is a link already; none for the system's own name only.

    Raises:
        PortError: the system has none to give, or the link cannot be made.
    """

    def __init__(self, link: Path | None = None) -> None:
        self._link = link
        self._ours = -1
        self.address = ""
        self.plug()

    def plug(self) -> None:
        """Bring it; without a link it comes back under another name."""
        import tty

        try:
            self._ours, theirs = os.openpty()
        except OSError as error:
            raise PortError(f"no pseudo-terminal: {error.strerror}") from error
        tty.setraw(theirs)
        self.address = os.ttyname(theirs)
        os.close(theirs)  # so that it shows whether a host has it open
        os.set_blocking(self._ours, False)
        if self._link is None:
            return
        try:
            if self._link.is_symlink():
                self._link.unlink()
            self._link.symlink_to(self.address)
        except OSError as error:
            os.close(self._ours)
            raise PortError(f"{self._link}: {error.strerror}") from error
        self.address = str(self._link)

    def unplug(self) -> None:
        """Take it away, and its link."""
        if self._ours < 0:
            return
        os.close(self._ours)
        self._ours = -1
        if self._link is not None and self._link.is_symlink():
            self._link.unlink()

    def heard(self) -> bool:
        """Whether a host has it open."""
        if self._ours < 0:
            return False
        poll = select.poll()
        poll.register(self._ours, 0)
        return not any(event & select.POLLHUP for _, event in poll.poll(0))

    def exchange(self, data: bytes) -> bytes:
        """Send, and take what the host has said."""
        if not self.heard():
            return b""
        with contextlib.suppress(OSError):  # the host went away, or reads nothing: lost
            sent = 0
            while sent < len(data):
                sent += os.write(self._ours, data[sent:])
        with contextlib.suppress(OSError):
            return os.read(self._ours, _MOST)
        return b""

    def close(self) -> None:
        """Take it away for good."""
        self.unplug()


class Listening:
    """A TCP port.

    Args:
        port: its number; 0 for any free one.
        host: the interface.

    Raises:
        PortError: it is in use.
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self._host, self._port = host, port
        self._server: socket.socket | None = None
        self._caller: socket.socket | None = None
        self.plug()
        self.address = f"socket://{host}:{self._port}"

    def plug(self) -> None:
        """Listen."""
        try:
            self._server = socket.create_server((self._host, self._port), backlog=1)
        except OSError as error:
            raise PortError(f"{self._host}:{self._port}: cannot listen: {error.strerror}") from error
        self._server.setblocking(False)
        self._port = self._server.getsockname()[1]

    def unplug(self) -> None:
        """Hang up, and listen no more."""
        self._hang_up()
        if self._server is not None:
            self._server.close()
        self._server = None

    def heard(self) -> bool:
        """Whether a host has called."""
        if self._caller is None and self._server is not None:
            with contextlib.suppress(BlockingIOError):
                self._caller = self._server.accept()[0]
                self._caller.setblocking(False)
        return self._caller is not None

    def exchange(self, data: bytes) -> bytes:
        """Send, and take what the host has said."""
        if not self.heard() or self._caller is None:
            return b""
        try:
            while data:
                data = data[self._caller.send(data) :]
        except BlockingIOError:
            pass  # the host reads nothing: lost
        except OSError:
            return self._hang_up()
        try:
            said = self._caller.recv(_MOST)
        except BlockingIOError:
            return b""
        except OSError:
            return self._hang_up()
        return said or self._hang_up()

    def close(self) -> None:
        """Hang up, and listen no more."""
        self.unplug()

    def _hang_up(self) -> bytes:
        if self._caller is not None:
            self._caller.close()
        self._caller = None
        return b""
