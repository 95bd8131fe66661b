"""Ports by address: a serial device or a pseudo-terminal, a TCP server, or a port that waits for a TCP client."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from difflib import get_close_matches
from typing import Any, Protocol

from firmware_bridge.drivers.driver import Serial
from firmware_bridge.errors import PortError

SOCKET, LISTEN = "socket", "tcp-listen"
_CONNECT_S = 5.0
_IDLE_S, _ASKED_S, _ASKED = 10, 5, 3  # our choice: a device that is gone is noticed within half a minute
_MOST = 65536


class Port(Protocol):
    """An open port."""

    address: str
    calls: int
    """How often another device has come to its other end: 1 but for a port that waits to be called."""

    def read(self, wait_s: float) -> bytes:
        """What has come, waiting up to `wait_s` for the first byte of it; empty when nothing came.

        Raises:
            PortError: the port is gone.
        """

    def write(self, data: bytes) -> None:
        """Say something.

        Raises:
            PortError: the port is gone, or takes nothing.
        """

    def close(self) -> None:
        """Close it; reading and writing afterwards is an error."""


def open_port(address: str, serial: Serial) -> Port:
    """Open a port.

    Args:
        address: `/dev/serial/by-path/...`, any other device or pseudo-terminal by its path; `socket://host:port` for a
            serial server or an analyzer that listens; `tcp-listen://host:port` for a device that calls (one at a time).
        serial: how a serial port is set; over TCP it has no meaning.

    Raises:
        PortError: it cannot be opened, or the address is none.
    """
    called = network_address(address)
    if called is None:
        return SerialPort(address, serial)
    scheme, host, number = called
    return TcpPort(address, host, number) if scheme == SOCKET else ListeningPort(address, host, number)


def network_address(address: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an address over TCP; None for any other, which is a path.

    Raises:
        PortError: it is written like one, and is none.
    """
    scheme, separator, rest = address.partition("://")
    if not separator:
        return None
    if scheme not in (SOCKET, LISTEN):
        nearest = get_close_matches(scheme, (SOCKET, LISTEN), n=1, cutoff=0.6)
        hint = (
            f"did you mean {nearest[0]}://?" if nearest else "give a path, socket://host:port or tcp-listen://host:port"
        )
        raise PortError(f"{address}: {hint}")
    host, _, number = rest.rpartition(":")
    if not host or not (number.isascii() and number.isdigit()) or int(number) > 65535:
        raise PortError(f"{address}: no host and port, as in {scheme}://192.0.2.7:4001")
    return scheme, host.strip("[]"), int(number)


class SerialPort:
    """A serial device or a pseudo-terminal.

    Args:
        address: its path.
        serial: how it is set.

    Raises:
        PortError: it cannot be opened.
    """

    def __init__(self, address: str, serial: Serial) -> None:
        import serial as pyserial

        self.address, self.calls = address, 1
        try:
            self._port: Any = pyserial.Serial(
                address, serial.baud, bytesize=serial.bits, parity=serial.parity, stopbits=serial.stop,
                xonxoff=serial.xonxoff, rtscts=serial.rtscts, timeout=0, write_timeout=5.0, exclusive=True,
            )  # fmt: skip
        except (OSError, ValueError) as error:  # pyserial's own error is an OSError
            raise PortError(f"{address}: cannot be opened: {_reason(error)}") from error

    def read(self, wait_s: float) -> bytes:
        """What has come."""
        try:
            ready, _, _ = select.select([self._port.fileno()], [], [], wait_s)
            return bytes(self._port.read(_MOST)) if ready else b""
        except (OSError, ValueError, TypeError) as error:  # TypeError: pyserial, closed by another thread
            raise PortError(f"{self.address}: is gone: {_reason(error)}") from error

    def write(self, data: bytes) -> None:
        """Say something."""
        try:
            self._port.write(data)
        except (OSError, ValueError, TypeError) as error:
            raise PortError(f"{self.address}: takes nothing: {_reason(error)}") from error

    def close(self) -> None:
        """Close it."""
        with contextlib.suppress(OSError):
            self._port.close()


class TcpPort:
    """A connection to a TCP server.

    Raises:
        PortError: nobody listens there.
    """

    def __init__(self, address: str, host: str, port: int) -> None:
        self.address, self.calls = address, 1
        try:
            self._socket = socket.create_connection((host, port), _CONNECT_S)
            _watch(self._socket)
        except (OSError, UnicodeError) as error:  # UnicodeError: a host that no name can be
            raise PortError(f"{address}: cannot be opened: {_reason(error)}") from error

    def read(self, wait_s: float) -> bytes:
        """What has come."""
        try:
            ready, _, _ = select.select([self._socket], [], [], wait_s)
            if not ready:
                return b""
            data = self._socket.recv(_MOST)
        except (OSError, ValueError) as error:
            raise PortError(f"{self.address}: is gone: {_reason(error)}") from error
        if not data:
            raise PortError(f"{self.address}: the other side closed the connection")
        return data

    def write(self, data: bytes) -> None:
        """Say something."""
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise PortError(f"{self.address}: takes nothing: {_reason(error)}") from error

    def close(self) -> None:
        """Close it."""
        self._socket.close()


class ListeningPort:
    """A port that waits for a device to call; when the device hangs up, it waits for the next call.

    Raises:
        PortError: the address is in use, or not ours.
    """

    def __init__(self, address: str, host: str, port: int) -> None:
        self.address, self.calls = address, 0
        try:
            self._server = socket.create_server((host, port), backlog=1)
        except (OSError, UnicodeError) as error:
            raise PortError(f"{address}: cannot listen: {_reason(error)}") from error
        self.number: int = self._server.getsockname()[1]
        self._caller: socket.socket | None = None

    def read(self, wait_s: float) -> bytes:
        """What the caller has said."""
        end = time.monotonic() + wait_s
        while True:
            left = max(0.0, end - time.monotonic())
            try:
                ready, _, _ = select.select([self._caller or self._server], [], [], left)
            except (OSError, ValueError) as error:
                raise PortError(f"{self.address}: is gone: {_reason(error)}") from error
            if not ready:
                return b""
            if self._caller is None:
                self._caller = self._server.accept()[0]
                self._caller.settimeout(_CONNECT_S)
                _watch(self._caller)
                self.calls += 1
                continue
            data = b""
            with contextlib.suppress(OSError):
                data = self._caller.recv(_MOST)
            if data:
                return data
            self._hang_up()

    def write(self, data: bytes) -> None:
        """Answer the caller."""
        if self._caller is None:
            raise PortError(f"{self.address}: nobody has called")
        try:
            self._caller.sendall(data)
        except OSError as error:
            self._hang_up()
            raise PortError(f"{self.address}: the caller is gone: {_reason(error)}") from error

    def close(self) -> None:
        """Hang up, and listen no more."""
        self._hang_up()
        self._server.close()

    def _hang_up(self) -> None:
        if self._caller is not None:
            self._caller.close()
        self._caller = None


def _watch(connection: socket.socket) -> None:
    """Have the system ask whether the other side is still there: one that lost its power says nothing, for ever."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", _IDLE_S), ("TCP_KEEPINTVL", _ASKED_S), ("TCP_KEEPCNT", _ASKED)):
        if hasattr(socket, name):  # Linux has them all
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _reason(error: Exception) -> str:
    number = getattr(error, "errno", None)
    if isinstance(error, OSError) and isinstance(number, int):
        import os

        return os.strerror(number) if number > 0 else str(error)
    return str(error) or type(error).__name__
