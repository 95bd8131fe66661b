"""A peer that drips its answer, or takes nothing, is given up in the time for a whole answer."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from modality.errors import ModalityError, ResponseTimeout, UnreachableError
from modality.network.address import DicomAddress
from modality.network.association import associate
from modality.network.local import Local, Timeouts
from modality.network.mpps import create_step
from modality.network.store import DicomArchive
from modality.protocol.negotiation import FALLBACKS
from modality.transfer.encode import prepare
from tests.network.acceptor import VERIFICATION
from tests.network.scripted import ABORT, accept, acceptance, message, pdu, peer, response, whole_message
from tests.transfer.datasets import image

WAIT_S = 0.4
LOCAL = Local("CT01", Timeouts(WAIT_S, WAIT_S, WAIT_S))
PATIENT = Local("CT01", Timeouts(5, 5, 5))


def drip(connection: socket.socket, data: bytes, over: threading.Event) -> None:
    """A byte at a time, each well within the time that one read may take."""
    for one in data:
        connection.sendall(bytes((one,)))
        if over.wait(WAIT_S / 8):
            return


@contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def echo(address: DicomAddress) -> None:
    DicomArchive(address, local=LOCAL).echo()


def pynetdicoms_echo(address: DicomAddress) -> None:
    with associate(address, [(VERIFICATION, FALLBACKS)], LOCAL) as association:
        association.echo()


@pytest.mark.parametrize("road", [echo, pynetdicoms_echo])
def test_an_acceptance_that_drips(road: Callable[[DicomAddress], None]) -> None:
    over = threading.Event()
    with peer(lambda connection: drip(connection, acceptance(connection), over)) as address:
        with within(4 * WAIT_S), pytest.raises(UnreachableError, match=r"no answer to A-ASSOCIATE within 0\.4 s"):
            road(address)
        over.set()


@pytest.mark.parametrize("road", [echo, pynetdicoms_echo])
def test_a_response_that_drips(road: Callable[[DicomAddress], None]) -> None:
    over = threading.Event()

    def script(connection: socket.socket) -> None:
        accept(connection)
        pdu(connection)
        drip(connection, message(1, response(0x8030, 1, 0)), over)

    with peer(script) as address:
        with within(6 * WAIT_S), pytest.raises(ResponseTimeout, match=r"no C-ECHO response within 0\.4 s"):
            road(address)
        over.set()


def test_a_store_whose_response_drips_costs_its_instance_and_may_be_tried_again() -> None:
    over = threading.Event()

    def script(connection: socket.socket) -> None:
        accept(connection)
        whole_message(connection)
        drip(connection, message(1, response(0x8001, 1, 0)), over)

    with peer(script) as address, within(4 * WAIT_S):
        receipt = DicomArchive(address, local=LOCAL).store([prepare(image())])
        over.set()
    assert receipt.retryable == list(receipt.failed)
    assert "no C-STORE response within 0.4 s" in receipt.failed["1.2.3.4"]


def test_a_response_in_pieces_in_good_time_is_an_answer() -> None:
    def script(connection: socket.socket) -> None:
        accept(connection)
        whole_message(connection)
        for one in message(1, response(0x8001, 1, 0)):
            connection.sendall(bytes((one,)))
        pdu(connection)

    with peer(script) as address:
        assert DicomArchive(address, local=PATIENT).store([prepare(image())]).complete


def test_a_peer_that_takes_no_more_bytes() -> None:
    over = threading.Event()

    def stalls(connection: socket.socket) -> None:
        accept(connection)
        over.wait(5)

    big = image(PixelData=bytes(30_000_000))
    with peer(stalls) as address:
        with within(4 * WAIT_S):
            receipt = DicomArchive(address, local=LOCAL).store([prepare(big)])
        assert "stopped reading for 0.4 s" in receipt.failed["1.2.3.4"]
        assert receipt.retryable == ["1.2.3.4"]
        with within(6 * WAIT_S), pytest.raises(ModalityError):
            create_step(address, "1.2.3", big, LOCAL)
        over.set()


BIG = image(Rows=4096, Columns=4096, PixelData=bytes(1 << 25))  # more than the kernel holds between us


@pytest.mark.parametrize("goes", [True, False], ids=["and closes", "and reads no more"])
def test_an_abort_in_the_middle_of_an_instance_is_told_as_such(goes: bool) -> None:
    over = threading.Event()

    def script(connection: socket.socket) -> None:
        accept(connection)
        pdu(connection)
        connection.sendall(ABORT)
        if not goes:
            over.wait(5)

    with peer(script) as address, within(5 * WAIT_S):
        receipt = DicomArchive(address, local=LOCAL).store([prepare(BIG)])
        over.set()
    assert list(receipt.failed.values()) == [f"{address}: aborted the association"]
    assert receipt.retryable == ["1.2.3.4"]


def test_a_peer_that_reads_no_more_is_not_waited_for_with_our_abort() -> None:
    over = threading.Event()

    def script(connection: socket.socket) -> None:
        accept(connection)
        over.wait(10)

    with peer(script) as address, within(3.5):
        receipt = DicomArchive(address, local=Local("CT01", Timeouts(2, 2, 2))).store([prepare(BIG)])
        over.set()
    assert "stopped reading for 2 s" in receipt.failed["1.2.3.4"]
