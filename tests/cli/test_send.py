"""What `send` proposes, transcodes and tells, and what it refuses to do."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from modality.config import shipped
from modality.transfer.syntaxes import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, RLE
from tests.cli.command import ENVIRONMENT, document, invoke
from tests.network.acceptor import acceptor
from tests.network.conftest import series
from tests.network.scripted import accept, message, pdu, peer, reject, response, whole_message
from tests.network.upper_layer.sink import Sink
from tests.transfer.datasets import CT_IMAGE

OWN = [[RLE.uid], [EXPLICIT_LITTLE.uid], [IMPLICIT_LITTLE.uid]]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for one in series(3, RLE):
        one.write(tmp_path / "files" / f"{one.sop_instance_uid}.dcm")
    return tmp_path / "files"


@pytest.mark.parametrize(
    ("options", "contexts"),
    [
        ((), OWN),
        (("--propose", "own,ImplicitVRLittleEndian"), [[RLE.uid, IMPLICIT_LITTLE.uid]]),
        (("--propose", "1.2.840.10008.1.2.2", "--propose", "own"), [[EXPLICIT_BIG.uid], [RLE.uid]]),
        (("--negotiation", "{file}"), [[IMPLICIT_LITTLE.uid, EXPLICIT_LITTLE.uid]]),
        (("--negotiation", "{file}", "--propose", "own"), [[RLE.uid]]),
        (("--negotiation", "{shipped}"), OWN),
    ],
)
def test_what_is_proposed_can_be_chosen(
    options: tuple[str, ...], contexts: list[list[str]], files: Path, tmp_path: Path
) -> None:
    file = tmp_path / "negotiation.toml"
    file.write_text('[negotiation]\npropose = [["ImplicitVRLittleEndian", "ExplicitVRLittleEndian"]]\n')
    given = [one.format(file=file, shipped=shipped("negotiation.toml")) for one in options]
    with acceptor() as archive:
        invoke("send", files, "--to", str(archive.address), *given)
    assert archive.proposed[0] == {CT_IMAGE: contexts}


def test_what_cannot_be_sent_names_class_syntax_and_what_was_accepted(files: Path) -> None:
    with acceptor() as archive:
        result = invoke("send", files, "--to", str(archive.address), "--never-transcode", "--json")
    assert result.exit_code == 1
    assert (document(result)["failed"], document(result)["retryable"]) == (3, 0)
    (line,) = result.stderr.splitlines()
    assert line.startswith("failed: 3 instances, 1.2.3.1.0 first: ")
    assert "not CT Image Storage in RLELossless" in line
    assert "it accepted ExplicitVRLittleEndian, ImplicitVRLittleEndian" in line


@pytest.mark.parametrize(("status", "later"), [(0xA701, True), (0x0110, True), (0xA900, False), (0xC123, False)])
def test_a_refusal_says_what_it_means_and_whether_later_may_help(status: int, later: bool, files: Path) -> None:
    def refuses(connection: socket.socket) -> None:
        accept(connection)
        for number in range(1, 4):
            connection.sendall(message(whole_message(connection), response(0x8001, number, status)))
        pdu(connection)

    with peer(refuses) as address:
        plain = invoke("send", files, "--to", str(address), "--never-transcode")
        as_json = invoke("send", files, "--to", str(address), "--never-transcode", "--json")
    (line,) = plain.stderr.splitlines()
    meaning = {0xA701: "out of resources", 0x0110: "processing failure", 0xA900: "data set does not match SOP Class"}
    said = (
        f"refused with status {status:04X}H ({meaning.get(status, 'cannot understand')}): 3 instances, 1.2.3.1.0 first"
    )
    assert line == said + ("; try again later" if later else "")
    assert f"3 not stored, {3 if later else 0} of them worth sending again later" in plain.stdout
    assert document(as_json)["retryable"] == (3 if later else 0)
    assert document(as_json)["refused"] == {f"{status:04X}": 3}


def test_the_asynchronous_window_is_asked_for_on_demand(files: Path) -> None:
    sink = Sink(3, 3)
    with peer(sink.serve) as address:
        result = invoke("send", files, "--to", str(address), "--async-window", "5", "--json")
    assert (document(result)["stored"], sink.most) == (3, 3)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--propose", "RLELoseless"), "did you mean 'RLELossless'"),
        (("--propose", ""), "unknown transfer syntax"),
        (("--never-transcode", "--allow-lossy"), "one or the other"),
        (("--allow-lossy",), "no lossy transfer syntax is proposed"),
        (("--quality", "90"), "for lossy transcoding"),
        (("--propose", "JPEGBaseline8Bit", "--allow-lossy", "--verify"), "--verify compares"),
        (("--negotiation", "gone.toml"), "gone.toml: cannot be read"),
        (("--async-window", "65536"), "65536"),
        (("--propose", "JPEGBaseline8Bit", "--allow-lossy", "--quality", "500"), "JPEGBaseline8Bit"),
        (("--propose", "JPEGBaseline8Bit", "--allow-lossy", "--quality", "nan"), "JPEGBaseline8Bit"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_sent(
    options: tuple[str, ...], said: str, files: Path
) -> None:
    result = invoke("send", files, "--to", "dicom://A@127.0.0.1:1", *options)
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize(
    "options",
    [
        ("--propose", "own"), ("--associations", "2"), ("--never-transcode",), ("--async-window", "3"),
        ("--negotiation", str(shipped("negotiation.toml"))), ("--verify", "--listen", "11112"),
    ],
)  # fmt: skip
def test_what_a_folder_has_no_use_for_is_refused(options: tuple[str, ...], files: Path, tmp_path: Path) -> None:
    result = invoke("send", files, "--to", tmp_path / "folder", *options)
    assert result.exit_code == 2
    assert f"leave out {next(one for one in options if one != '--verify')}" in result.stderr
    assert not (tmp_path / "folder").exists()


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt, whatever an earlier test has set."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_tells_what_was_stored_until_then(number: signal.Signals, files: Path) -> None:
    over = threading.Event()
    aborts: list[bytes] = []

    def interrupts(connection: socket.socket) -> None:
        accept(connection)
        for message_id in (1, 2):
            connection.sendall(message(whole_message(connection), response(0x8001, message_id, 0)))
        whole_message(connection)
        signal.pthread_kill(threading.main_thread().ident or 0, number)
        aborts.append(pdu(connection)[:1])
        over.set()

    with peer(interrupts) as address:
        began = time.monotonic()
        result = invoke("send", files, "--to", str(address), "--json")
        over.wait(30)
    assert result.exit_code == 1
    assert (document(result)["stored"], document(result)["unsent"]) == (2, 1)
    assert "interrupted: 1 of 3 files not sent, or not answered" in result.stderr
    assert time.monotonic() - began < 30
    assert aborts == [b"\x07"]


def test_an_archive_that_lets_two_associations_be_gets_all_and_the_rest_is_told(tmp_path: Path) -> None:
    for one in series(200):
        one.write(tmp_path / "many" / f"{one.sop_instance_uid}.dcm")
    seats = threading.Semaphore(2)

    def few(connection: socket.socket) -> None:
        if not seats.acquire(blocking=False):
            reject(connection, 2, 3, 2)
            return
        accept(connection)
        number = 0
        while sent := whole_message(connection):
            number += 1
            time.sleep(0.002)
            connection.sendall(message(sent, response(0x8001, number, 0)))

    with peer(few, at_once=True) as address:
        result = invoke("send", tmp_path / "many", "--to", str(address), "--associations", "5", "--json")
    assert (result.exit_code, document(result)["stored"], document(result)["failed"]) == (0, 200, 0)
    (line,) = result.stderr.splitlines()
    assert line == f"2 of 5 associations used: {address}: association rejected: local limit exceeded (transient)"


def test_the_comment_of_the_archive_is_told(files: Path) -> None:
    def refuses(connection: socket.socket) -> None:
        accept(connection)
        for number in range(1, 4):
            elements = [*response(0x8001, number, 0xA700), (0x0902, b"disk \x1b[31mfull\r\nnow ")]
            connection.sendall(message(whole_message(connection), elements))
        pdu(connection)

    with peer(refuses) as address:
        result = invoke("send", files, "--to", str(address))
    (line,) = result.stderr.splitlines()
    assert '; the archive says "disk  [31mfull  now"; try again later' in line


def test_what_is_no_file_is_named_and_skipped(files: Path, tmp_path: Path) -> None:
    os.mkfifo(files / "pipe")
    os.mkfifo(tmp_path / "other")
    (files / "link").symlink_to(tmp_path)
    result = invoke("send", files, tmp_path / "other", "--to", tmp_path / "folder", "--json")
    assert (result.exit_code, document(result)["stored"], document(result)["skipped"]) == (1, 3, 3)
    assert f"{files}/pipe: no regular file" in result.stderr
    assert f"{tmp_path}/other: no regular file" in result.stderr
    assert f"{files}/link: cannot be read: a link to a folder" in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[negotiation]\npropsoe = []\n", "did you mean 'propose'"),
        ('[negotiation]\npropose = [["RLELoseless"]]\n', "did you mean 'RLELossless'"),
        ("[negotiation]\npropose = []\n", "1 to 128"),
        ('[negotiation]\ntranscode = "sometimes"\n', "unknown value 'sometimes'"),
        ('[negotiation]\ntranscode = "lossy"\n', "no lossy transfer syntax"),
    ],
)
def test_a_wrong_file_is_named(text: str, said: str, files: Path, tmp_path: Path) -> None:
    file = tmp_path / "negotiation.toml"
    file.write_text(text)
    result = invoke("send", files, "--to", "dicom://A@127.0.0.1:1", "--negotiation", file)
    assert result.exit_code == 2
    assert said in result.stderr
    assert str(file) in result.stderr


def test_a_plain_send_loads_nothing_heavy(tmp_path: Path) -> None:
    series(1)[0].write(tmp_path / "one.dcm")
    heavy = ("pydicom", "pynetdicom", "numpy", "rich", "ssl", "asyncio", "tomllib", "importlib.metadata")
    with acceptor() as archive:
        code = (
            "import sys\nfrom modality.cli.main import cli\n"
            f"try: cli(['send', {str(tmp_path)!r}, '--to', {str(archive.address)!r}], prog_name='modality')\n"
            "except SystemExit as error: assert error.code == 0\n"
            f"print('|'.join(one for one in {heavy!r} if one in sys.modules), file=sys.stderr)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], check=False, env=ENVIRONMENT, capture_output=True, text=True, timeout=100
        )
    assert (done.returncode, done.stderr) == (0, "\n")


def test_an_interface_without_a_port_to_listen_on_is_refused(files: Path) -> None:
    for verb in (("send", files, "--verify", "--to"), ("verify", files, "--at")):
        result = invoke(*verb, "dicom://NOBODY@127.0.0.1:1", "--listen-host", "0.0.0.0")
        assert (result.exit_code, "leave out --listen-host" in result.stderr) == (2, True)
