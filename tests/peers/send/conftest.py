"""Peers on bad days: sockets that say nothing, close or talk rubbish, and our own archive with faults to order."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.peers.commandline import end, generated, start
from tests.peers.process import HOST


def hold(client: socket.socket) -> None:
    """Say nothing until the other side goes."""
    with contextlib.suppress(OSError):
        while client.recv(65536):
            pass


def close(client: socket.socket) -> None:
    """Hang up at once."""


def talk_rubbish(client: socket.socket) -> None:
    """Answer as a web server would."""
    with contextlib.suppress(OSError):
        client.recv(65536)
        client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" * 20)
        hold(client)


@contextlib.contextmanager
def bare_socket(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Something that listens and is no DICOM peer; gives its address."""
    with socket.create_server((HOST, 0)) as listener:
        ended = threading.Event()

        def serve() -> None:
            while True:
                client, _ = listener.accept()
                with client:
                    if ended.is_set():
                        return
                    answer(client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        try:
            yield f"dicom://ANY@{HOST}:{port}"
        finally:
            ended.set()
            socket.create_connection((HOST, port)).close()
            thread.join(30)


@contextlib.contextmanager
def served_archive(*faults: str, storage: Path | None = None) -> Iterator[str]:
    """`modality serve archive` with faults to order; gives its address."""
    options = [option for fault in faults for option in ("--fault", fault)]
    options += ["--storage", str(storage)] if storage else []
    process = start("serve", "archive", "--port", "0", "--json", *options)
    try:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["address"])
    finally:
        process.send_signal(signal.SIGTERM)
        assert end(process).code == 0


@pytest.fixture(scope="session")
def ct(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four CT images of a thorax, in Explicit VR Little Endian."""
    return generated(tmp_path_factory.mktemp("ct"), "ct")
