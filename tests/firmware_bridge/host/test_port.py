from __future__ import annotations

import contextlib
import os
import pty
import socket
import threading
import time
import tty
from pathlib import Path

import pytest

from firmware_bridge.drivers.driver import Serial
from firmware_bridge.errors import PortError
from firmware_bridge.host import port as port_module
from firmware_bridge.host.port import open_port
from tests.timing import durations, measured


@pytest.mark.parametrize("serial", [Serial(), Serial(19200, 8, "O", 1, xonxoff=True), Serial(2400, 7, "E", 2)])
def test_a_pseudo_terminal_is_read_and_written_with_any_setting(serial: Serial) -> None:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    port = open_port(os.ttyname(theirs), serial)
    try:
        assert port.read(0.01) == b""
        os.write(ours, b"hello\r\x00")
        assert port.read(1.0) == b"hello\r\x00"
        port.write(b"\x06\n")
        assert os.read(ours, 10) == b"\x06\n"
        os.close(ours)
        with pytest.raises(PortError, match="is gone"):
            port.read(1.0)
    finally:
        port.close()
        os.close(theirs)
    with pytest.raises(PortError):
        port.read(0.0)


def test_a_tcp_server_is_a_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        port = open_port(f"socket://127.0.0.1:{number}", Serial())
        caller = server.accept()[0]
        caller.sendall(b"abc")
        assert port.read(1.0) == b"abc"
        port.write(b"x")
        assert caller.recv(10) == b"x"
        assert port.read(0.01) == b""
        caller.close()
        with pytest.raises(PortError, match="closed the connection"):
            port.read(1.0)
        port.close()


@pytest.mark.parametrize("scheme", ["socket", "tcp-listen"])
def test_the_system_asks_whether_the_other_side_is_still_there(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that lost its power would else keep the line for ever, and nobody else could call."""
    seen: list[socket.socket] = []
    watch = port_module._watch
    monkeypatch.setattr(port_module, "_watch", lambda one: (seen.append(one), watch(one)))
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        port = open_port(f"{scheme}://127.0.0.1:{number if scheme == 'socket' else 0}", Serial())
        number = number if scheme == "socket" else port.number  # type: ignore[attr-defined]
        with contextlib.closing(socket.create_connection(("127.0.0.1", number))) as caller:
            caller.sendall(b"x")
            if scheme == "tcp-listen":
                assert port.read(1.0) == b"x"
            (line,) = seen
            assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) <= 30
        port.close()


@measured
def test_a_listening_port_takes_one_call_after_the_other() -> None:
    port = open_port("tcp-listen://127.0.0.1:0", Serial())
    try:
        with pytest.raises(PortError, match="nobody has called"):
            port.write(b"x")
        for said in (b"first", b"second"):
            with socket.create_connection(("127.0.0.1", port.number)) as caller:
                caller.sendall(said)
                assert port.read(2.0) == said
                port.write(b"\x06")
                assert caller.recv(10) == b"\x06"
            assert port.read(0.05) == b""
        late = threading.Timer(0.1, lambda: socket.create_connection(("127.0.0.1", port.number)).close())
        late.start()
        begin = time.monotonic()
        assert port.read(0.4) == b""
        took = time.monotonic() - begin
        late.join()
        with durations():
            assert took == pytest.approx(0.4, abs=0.2)
    finally:
        port.close()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/dev/no-such-port", "No such file or directory"),
        ("socket://127.0.0.1", "no host and port"),
        ("socket://127.0.0.1:99999", "no host and port"),
        ("http://127.0.0.1:80", "give a path"),
        ("tcp-listen://203.0.113.7:4001", "cannot listen"),
    ],
)
def test_what_cannot_be_opened_is_said_with_its_address(address: str, said: str) -> None:
    with pytest.raises(PortError, match=said) as error:
        open_port(address, Serial())
    assert str(error.value).startswith(address)


def test_nobody_listening_and_a_file_are_errors(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
    with pytest.raises(PortError, match="Connection refused"):
        open_port(f"socket://127.0.0.1:{number}", Serial())
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(PortError, match="cannot be opened"):
        open_port(str(tmp_path / "file"), Serial())
