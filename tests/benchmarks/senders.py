"""Whole sending processes, and the limits that they are held against."""

from __future__ import annotations

import mmap
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from modality.cli.network.files import files_below, readable
from modality.network.address import DicomAddress
from modality.network.store import DicomArchive
from modality.protocol.upper_layer.command import store_request
from modality.protocol.upper_layer.pdu import fragments
from modality.station.study import ct, load_phantom
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import from_bytes, read
from tests.benchmarks.sink import SINK_PDU, sink
from tests.peers.process import free_port, is_open, wait_until

TUNED = {"TCP_NODELAY": "1", "TCP_BUFFER_LENGTH": "1048576"}
STORESCU = "/usr/bin/storescu"


@dataclass(frozen=True)
class Took:
    """What a run cost: seconds on the clock, and the process's greatest resident memory where it has one of its own."""

    seconds: float
    memory_mb: float | None = None


Sender = Callable[[DicomAddress, Path], Took]


def series(folder: Path, *, distinct: int, rows: int, columns: int, count: int) -> Path:
    """Files of one CT series: `distinct` of them made, the rest more names for the same contents."""
    for index, one in enumerate(ct(load_phantom("water"), seed=1, slices=distinct, rows=rows, columns=columns)):
        one.write(folder / f"{index:05d}.dcm")
    for index in range(distinct, count):
        os.link(folder / f"{index % distinct:05d}.dcm", folder / f"{index:05d}.dcm")
    return folder


@contextmanager
def storescp(*, tuned: bool) -> Iterator[DicomAddress]:
    """DCMTK's receiver, which keeps nothing; tuned by its environment and the greatest PDU."""
    port = free_port()
    options = ("--max-pdu", "131072") if tuned else ()
    command = ["/usr/bin/storescp", "--ignore", "-aet", "BENCH", *options, str(port)]
    process = subprocess.Popen(command, env=os.environ | (TUNED if tuned else {}), stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: is_open(port), "storescp listens", timeout_s=10)
        yield DicomAddress("127.0.0.1", port, "BENCH")
    finally:
        process.kill()
        process.wait()


def process(command: list[str], environment: Mapping[str, str] | None = None) -> Took:
    """A command, from its start to its end; what is installed has its bytecode, which this environment may suppress."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        running = subprocess.Popen(command, stdout=said, stderr=said, env=variables | dict(environment or {}))
        seen_mb = [0.0]
        ended = threading.Event()
        watch = threading.Thread(target=_watch_memory, args=(running.pid, seen_mb, ended))
        watch.start()
        running.wait()
        took = time.perf_counter() - began
        ended.set()
        watch.join()
        said.seek(0)
        assert running.returncode == 0, said.read().decode(errors="replace")
    return Took(took, seen_mb[0])


def _watch_memory(pid: int, seen_mb: list[float], ended: threading.Event) -> None:
    """A running process's greatest resident memory; what it had inherited from us before its start is no part of it."""
    while not ended.wait(0.05):
        with suppress(OSError):
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            seen_mb[:] = [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")] or seen_mb


def modality_send(peer: DicomAddress, folder: Path, *options: str) -> Took:
    """Ours."""
    return process([sys.executable, "-m", "modality", "send", str(folder), "--to", str(peer), *options])


def on_four_associations(peer: DicomAddress, folder: Path) -> Took:
    """Ours, for an archive that works on several at a time."""
    return modality_send(peer, folder, "--associations", "4")


def within_the_process(peer: DicomAddress, folder: Path) -> Took:
    """Ours, without the start of a process: reading the files, association and stores."""
    began = time.perf_counter()
    receipt = DicomArchive(peer, look_ahead=64).store(one for _, one in readable(files_below([folder]), {}))
    took = time.perf_counter() - began
    assert receipt.complete, receipt.failed or receipt.refused
    return Took(took)


def storescu(peer: DicomAddress, folder: Path) -> Took:
    """DCMTK's, as it comes."""
    return process([STORESCU, *_address(peer), "-aec", peer.aet, "+sd", str(folder)])


def tuned_storescu(peer: DicomAddress, folder: Path) -> Took:
    """DCMTK's, with TCP_NODELAY."""
    return process([STORESCU, *_address(peer), "-aec", peer.aet, "+sd", str(folder)], {"TCP_NODELAY": "1"})


def dcmsend(peer: DicomAddress, folder: Path) -> Took:
    """DCMTK's other one."""
    return process(["/usr/bin/dcmsend", *_address(peer), "-aec", peer.aet, "+sd", str(folder)])


def pynetdicom(peer: DicomAddress, folder: Path) -> Took:
    """pynetdicom's."""
    command = [sys.executable, "-m", "pynetdicom", "storescu", *_address(peer), str(folder), "-aec", peer.aet, "-q"]
    return process(command)


def _address(peer: DicomAddress) -> list[str]:
    return [peer.host, str(peer.port)]


def raw_loopback(_: DicomAddress, folder: Path) -> Took:
    """The same bytes, from memory, through a loopback socket into a process that throws them away: no DICOM."""
    contents = [path.read_bytes() for path in sorted(folder.iterdir())]
    with (
        sink([len(content) for content in contents], associates=False) as peer,
        socket.create_connection((peer.host, peer.port)) as connection,
    ):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        for content in contents:
            connection.sendall(content)
            connection.recv(1 << 12)
        return Took(time.perf_counter() - began)


def raw_from_files(_: DicomAddress, folder: Path) -> Took:
    """The same with files mapped into memory on the way: what opening, mapping and touching them costs any sender."""
    paths = sorted(folder.iterdir())
    with (
        sink([path.stat().st_size for path in paths], associates=False) as peer,
        socket.create_connection((peer.host, peer.port)) as connection,
    ):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        for path in paths:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                connection.sendall(content)
            connection.recv(1 << 12)
        return Took(time.perf_counter() - began)


def against_the_sink(_: DicomAddress, folder: Path) -> Took:
    """Ours, within the process, to a receiver that does nothing but count bytes: what the sender itself costs."""
    with sink(_sizes(read(path) for path in sorted(folder.iterdir())), associates=True) as peer:
        return within_the_process(peer, folder)


def prepared_against_the_sink(_: DicomAddress, folder: Path) -> Took:
    """Ours, of instances prepared in memory before, as a load test has them, and as the raw socket has its bytes."""
    instances = [from_bytes(path.read_bytes()) for path in sorted(folder.iterdir())]
    with sink(_sizes(instances), associates=True) as peer:
        began = time.perf_counter()
        receipt = DicomArchive(peer).store(instances)
        took = time.perf_counter() - began
    assert receipt.complete, receipt.failed or receipt.refused
    return Took(took)


def _sizes(instances: Iterable[PreparedInstance]) -> list[int]:
    """Bytes of each message, as the sink has to know them."""
    requests = ((store_request(1, one.sop_class_uid, one.sop_instance_uid), one.buffers()) for one in instances)
    return [sum(map(len, fragments(1, request, buffers, SINK_PDU))) for request, buffers in requests]


ALL: dict[str, Sender] = {
    "modality send": modality_send,
    "the same, within the process": within_the_process,
    "within the process, to a sink": against_the_sink,
    "prepared in memory, to a sink": prepared_against_the_sink,
    "storescu": storescu,
    "storescu, TCP_NODELAY=1": tuned_storescu,
    "dcmsend": dcmsend,
    "pynetdicom storescu": pynetdicom,
    "raw loopback, no DICOM": raw_loopback,
    "raw loopback, of mapped files": raw_from_files,
}
FAST = {name: ALL[name] for name in ALL if name not in ("storescu", "dcmsend", "pynetdicom storescu")}
"""Those that thousands of files are not too many for."""
