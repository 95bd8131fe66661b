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
from tests.peers.process import PATIENCE_S
from tests.timing import durations, measured
from tests.transfer.datasets import image

WAIT_S = 0.4
HASTY_TO_ASSOCIATE = Local("CT01", Timeouts(30, WAIT_S, 30))
HASTY_TO_BE_ANSWERED = Local("CT01", Timeouts(30, 30, WAIT_S))
PATIENT = Local("CT01", Timeouts(30, 30, 30))


class Drip:
    """A byte at a time, each well within the time that one read may take, and the last one never."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.dripped = threading.Event()

    def onto(self, connection: socket.socket, data: bytes) -> None:
        for one in data[:-1]:
            connection.sendall(bytes((one,)))
            if self.over.wait(WAIT_S / 4):
                return
        self.dripped.set()
        self.over.wait(PATIENCE_S)

    def given_up(self) -> bool:
        """It was still dripping; it stops now."""
        self.over.set()
        return not self.dripped.is_set()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def echo(address: DicomAddress, local: Local) -> None:
    DicomArchive(address, local=local).echo()


def pynetdicoms_echo(address: DicomAddress, local: Local) -> None:
    with associate(address, [(VERIFICATION, FALLBACKS)], local) as association:
        association.echo()


@pytest.mark.parametrize("road", [echo, pynetdicoms_echo])
def test_an_acceptance_that_drips(road: Callable[[DicomAddress, Local], None]) -> None:
    drip = Drip()
    # pynetdicom's reader has the patience for a response.
    local = HASTY_TO_ASSOCIATE if road is echo else Local("CT01", Timeouts(30, WAIT_S, WAIT_S))
    with peer(lambda connection: drip.onto(connection, acceptance(connection))) as address:
        with pytest.raises(UnreachableError, match=r"no answer to A-ASSOCIATE within 0\.4 s"):
            road(address, local)
        assert drip.given_up()


@pytest.mark.parametrize("road", [echo, pynetdicoms_echo])
def test_a_response_that_drips(road: Callable[[DicomAddress, Local], None]) -> None:
    drip = Drip()

    def script(connection: socket.socket) -> None:
        accept(connection)
        pdu(connection)
        drip.onto(connection, message(1, response(0x8030, 1, 0)))

    with peer(script) as address:
        with pytest.raises(ResponseTimeout, match=r"no C-ECHO response within 0\.4 s"):
            road(address, HASTY_TO_BE_ANSWERED)
        assert drip.given_up()


def test_a_store_whose_response_drips_costs_its_instance_and_may_be_tried_again() -> None:
    drip = Drip()

    def script(connection: socket.socket) -> None:
        accept(connection)
        whole_message(connection)
        drip.onto(connection, message(1, response(0x8001, 1, 0)))

    with peer(script) as address:
        receipt = DicomArchive(address, local=HASTY_TO_BE_ANSWERED).store([prepare(image())])
        assert drip.given_up()
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
        over.wait(2 * PATIENCE_S)

    big = image(PixelData=bytes(30_000_000))
    with peer(stalls) as address:
        with within(PATIENCE_S):
            receipt = DicomArchive(address, local=HASTY_TO_BE_ANSWERED).store([prepare(big)])
        over.set()
    assert "stopped reading for 0.4 s" in receipt.failed["1.2.3.4"]
    assert receipt.retryable == ["1.2.3.4"]
    over.clear()
    with peer(stalls) as address:
        with within(PATIENCE_S), pytest.raises(ModalityError):
            create_step(address, "1.2.3", big, HASTY_TO_BE_ANSWERED)
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
            over.wait(2 * PATIENCE_S)

    with peer(script) as address, within(PATIENCE_S / 2):
        patience_s = 30 if goes else 2
        receipt = DicomArchive(address, local=Local("CT01", Timeouts(30, 30, patience_s))).store([prepare(BIG)])
        over.set()
    assert list(receipt.failed.values()) == [f"{address}: aborted the association"]
    assert receipt.retryable == ["1.2.3.4"]


@measured
def test_a_peer_that_reads_no_more_is_not_waited_for_with_our_abort() -> None:
    over = threading.Event()

    def script(connection: socket.socket) -> None:
        accept(connection)
        over.wait(2 * PATIENCE_S)

    with peer(script) as address:
        began = time.monotonic()
        receipt = DicomArchive(address, local=Local("CT01", Timeouts(30, 30, 2))).store([prepare(BIG)])
        took = time.monotonic() - began
        over.set()
    assert "stopped reading for 2 s" in receipt.failed["1.2.3.4"]
    with durations():  # once, and not for the abort again
        assert took < 3.5
