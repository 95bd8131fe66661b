"""Senders against each other and against the limit, in one run: whole processes, the same 512 x 512 x 16 CT files.

Numbers of a shared machine drift: the ratios are what counts. `make bench` prints the table.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from modality.network.address import DicomAddress
from modality.network.local import Local
from modality.network.upper_layer.storage import StorageAssociation
from modality.station.study import ct, load_phantom
from modality.transfer.instance import read
from tests.peers.process import free_port, is_open, wait_until

pytestmark = [pytest.mark.benchmark, pytest.mark.peer, pytest.mark.timeout(900)]

COUNT = int(os.environ.get("MODALITY_BENCH_FILES", "300"))
TUNED = {"TCP_NODELAY": "1", "TCP_BUFFER_LENGTH": "1048576"}
STORESCU = "/usr/bin/storescu"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Memory-backed where there is room: a disk's speed is not what is measured."""
    base = (
        Path("/dev/shm") if Path("/dev/shm").is_dir() and shutil.disk_usage("/dev/shm").free > COUNT * 2**20 else None
    )
    folder = Path(base or tmp_path_factory.mktemp("x")) / f"modality-bench-{os.getpid()}"
    for index, one in enumerate(ct(load_phantom("water"), seed=1, slices=COUNT)):
        one.write(folder / f"{index:05d}.dcm")
    yield folder
    shutil.rmtree(folder)


@contextmanager
def storescp(*options: str, tuned: bool = False) -> Iterator[int]:
    port = free_port()
    command = ["/usr/bin/storescp", "--ignore", "-aet", "BENCH", *options, str(port)]
    process = subprocess.Popen(command, env=os.environ | (TUNED if tuned else {}), stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: is_open(port), "storescp listens", timeout_s=10)
        yield port
    finally:
        process.kill()
        process.wait()


def seconds(command: list[str], environment: dict[str, str] | None = None) -> float:
    began = time.perf_counter()
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | (environment or {}), timeout=600
    )
    assert done.returncode == 0, done.stderr
    return time.perf_counter() - began


def within_the_process(port: int, folder: Path) -> float:
    """Seconds of the stores alone: start-up and association are left out."""
    contexts = [(str(CTImageStorage), str(ExplicitVRLittleEndian))]
    association = StorageAssociation(DicomAddress("127.0.0.1", port, "BENCH"), contexts, Local())
    paths = sorted(folder.iterdir())
    began = time.perf_counter()
    for path in paths:
        association.send(read(path))
        assert association.responses()[0].status == 0
    took = time.perf_counter() - began
    association.release()
    return took


def raw_limit(folder: Path) -> float:
    """Seconds to push the same bytes through a loopback socket, each file answered by 100 bytes: no DICOM."""
    contents = [path.read_bytes() for path in sorted(folder.iterdir())]
    listener = socket.create_server(("127.0.0.1", 0))

    def swallow() -> None:
        connection, _ = listener.accept()
        buffer = bytearray(1 << 20)
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for content in contents:
                left = len(content)
                while left:
                    left -= connection.recv_into(buffer, min(left, len(buffer)))
                connection.sendall(bytes(100))

    thread = threading.Thread(target=swallow)
    thread.start()
    with socket.create_connection(listener.getsockname()) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        for content in contents:
            connection.sendall(content)
            left = 100
            while left:
                left -= len(connection.recv(left))
        took = time.perf_counter() - began
    thread.join()
    listener.close()
    return took


def senders(port: int, folder: Path) -> dict[str, Callable[[], float]]:
    address = ["127.0.0.1", str(port)]
    theirs = [*address, "-aec", "BENCH", "+sd", str(folder)]
    pynetdicom = [sys.executable, "-m", "pynetdicom", "storescu", *address, str(folder), "-aec", "BENCH", "-q"]
    ours = [sys.executable, "-m", "modality", "send", str(folder), "--to", f"dicom://BENCH@127.0.0.1:{port}"]
    return {
        "modality send": lambda: seconds(ours),
        "within the process": lambda: within_the_process(port, folder),
        "storescu": lambda: seconds([STORESCU, *theirs]),
        "storescu, TCP_NODELAY=1": lambda: seconds([STORESCU, *theirs], {"TCP_NODELAY": "1"}),
        "dcmsend": lambda: seconds(["/usr/bin/dcmsend", *address, "-aec", "BENCH", "+sd", str(folder)]),
        "pynetdicom storescu": lambda: seconds(pynetdicom),
    }


def report(title: str, took: dict[str, float]) -> None:
    reference = took["storescu, TCP_NODELAY=1"]
    print(f"\n{title}: {COUNT} files")
    for name, value in took.items():
        print(f"  {name:26s} {value:8.2f} s  {COUNT / value:8.0f} instances/s  {reference / value:7.1f} x storescu")


@pytest.mark.parametrize("tuned", [False, True], ids=["stock storescp", "tuned storescp"])
def test_sending_to(files: Path, tuned: bool) -> None:
    options = ("--max-pdu", "131072") if tuned else ()
    with storescp(*options, tuned=tuned) as port:
        took = {name: measure() for name, measure in senders(port, files).items()}
    took["raw loopback limit"] = raw_limit(files)
    report("tuned storescp" if tuned else "stock storescp", took)
