"""What an attacker sends: raw PDUs, raw HTTP, data sets as bytes, and code that runs with little memory."""

from __future__ import annotations

import select
import socket
import struct
import subprocess
import sys
import time
import zlib
from io import BytesIO

from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset

from modality.protocol.upper_layer.pdu import PresentationContext, Proposal, associate_rq
from modality.transfer.part10 import write_meta

CT, IMPLICIT, EXPLICIT, DEFLATED = (
    "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99",
)  # fmt: skip
STUDY_FIND, VERIFICATION = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.1.1"
ACCEPTED, ABORTED = 2, 7


def dial(port: int) -> socket.socket:
    """A connection."""
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def request(*contexts: tuple[str, str], calling: str = "CT01") -> bytes:
    """A-ASSOCIATE-RQ, the contexts numbered 1, 3, ..."""
    proposed = [PresentationContext(2 * at + 1, one, (syntax,)) for at, (one, syntax) in enumerate(contexts)]
    return associate_rq(Proposal("ANYBODY", calling, proposed or [PresentationContext(1, VERIFICATION, (IMPLICIT,))]))


def answer(connection: socket.socket) -> int:
    """Type of the next PDU; 0 when the connection ends instead."""
    try:
        head = connection.recv(6, socket.MSG_WAITALL)
        if len(head) < 6:
            return 0
        connection.recv(struct.unpack(">I", head[2:])[0], socket.MSG_WAITALL)
    except ConnectionError:
        return 0
    return head[0]


def associated(port: int, *contexts: tuple[str, str], calling: str = "CT01") -> socket.socket:
    """A connection with an association on it."""
    connection = dial(port)
    connection.sendall(request(*contexts, calling=calling))
    assert answer(connection) == ACCEPTED
    return connection


def p_data(fragment: bytes, *, command: bool, last: bool, context: int = 1) -> bytes:
    """P-DATA-TF with one fragment."""
    value = struct.pack(">IBB", len(fragment) + 2, context, command | last << 1) + fragment
    return struct.pack(">BBI", 4, 0, len(value)) + value


def command(field: int, sop_class: str, *, data_set: bool = True, instance: str = "", message: int = 1) -> bytes:
    """A DIMSE command set."""

    def element(number: int, value: bytes) -> bytes:
        value += b"\0" * (len(value) % 2)
        return struct.pack("<HHI", 0, number, len(value)) + value

    body = element(2, sop_class.encode()) + element(0x100, struct.pack("<H", field))
    body += element(0x110, struct.pack("<H", message)) + element(0x700, b"\0\0")
    body += element(0x800, struct.pack("<H", 1 if data_set else 0x101))
    body += element(0x1000, instance.encode()) if instance else b""
    return element(0, struct.pack("<I", len(body))) + body


def ended_within(connection: socket.socket, seconds: float, *, drip: bytes = b"") -> float:
    """Seconds until the other side ends the connection, while bytes drip onto it.

    Raises:
        AssertionError: it still stands after so many.
    """
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        readable, _, _ = select.select([connection], [], [], 0.05)
        try:
            if readable and not connection.recv(65536):
                return passed
            if drip:
                connection.send(drip)
        except ConnectionError:
            return passed
    raise AssertionError(f"the connection still stands after {seconds} s")


def flood(connection: socket.socket, piece: bytes, times: int) -> None:
    """Send a piece again and again, until the other side ends the connection.

    Raises:
        AssertionError: it takes all of it.
    """
    try:
        for _ in range(times):
            connection.sendall(piece)
    except (ConnectionError, TimeoutError):
        return
    raise AssertionError(f"{times} pieces of {len(piece)} bytes were taken")


def dataset(**values: object) -> Dataset:
    """A CT image's identity, with more or other attributes."""
    made = Dataset()
    defaults: dict[str, object] = {
        "SOPClassUID": CT, "SOPInstanceUID": "1.2.3.4", "StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.1",
        "PatientID": "P1", "PatientName": "Doe^J", "Modality": "CT",
    }  # fmt: skip
    for keyword, value in (defaults | values).items():
        setattr(made, keyword, value)
    return made


def file(made: Dataset, syntax: str = EXPLICIT) -> bytes:
    """A data set as a DICOM file."""
    content = BytesIO()
    made.file_meta = FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.file_meta.TransferSyntaxUID = syntax
    dcmwrite(content, made, enforce_file_format=True)
    return content.getvalue()


def bare(made: Dataset) -> bytes:
    """A data set without file meta information."""
    content = BytesIO()
    dcmwrite(content, made, implicit_vr=False, little_endian=True, enforce_file_format=False)
    return content.getvalue()


def deflated_file(head: bytes, zeros: int) -> bytes:
    """A file whose data set inflates to the head and so many zeros of pixels."""
    pixels = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, zeros)
    deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    begin = deflate.compress(head + pixels) + deflate.flush(zlib.Z_FULL_FLUSH)
    # After a full flush blocks follow each other as they like: a megabyte is deflated once.
    deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    mebibyte = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return write_meta(CT, "1.2.3.4", DEFLATED) + begin + mebibyte * (zeros >> 20) + deflate.flush()


def with_memory(mib: int, code: str, *arguments: str) -> str:
    """What code prints that has so much memory beyond what its imports take; it fails when it dies of hunger.

    The code stands in a function `attack`, which is called after the limit is set (Linux: address space).
    """
    program = (
        "import sys, resource\n" + code + "\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        f"resource.setrlimit(resource.RLIMIT_AS, (used + ({mib} << 20),) * 2)\n"
        "attack(*sys.argv[1:])\n"
    )
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()
