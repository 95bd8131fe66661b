"""The asynchronous operations window over a real socket, against a sink of our own: no archive at hand grants one."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from modality.network.store import DicomArchive
from modality.network.upper_layer.tls import client_context
from modality.protocol.negotiation import Negotiation
from modality.protocol.upper_layer.requestor import MOST_OUTSTANDING
from modality.transfer.destination import Receipt
from modality.transfer.instance import PreparedInstance
from tests.network.acceptor import Authority
from tests.network.conftest import LOCAL, series
from tests.network.scripted import RELEASE_RP, accept, item, message, pdu, peer, response, whole_message
from tests.network.upper_layer.sink import Sink


@pytest.mark.parametrize(("asked", "granted", "most"), [(4, 4, 4), (8, 3, 3), (4, 1, 1), (None, 4, 1)])
def test_as_many_requests_are_out_as_the_peer_grants(asked: int | None, granted: int, most: int) -> None:
    sent = series(10)
    sink = Sink(granted, len(sent))
    with peer(sink.serve) as address:
        negotiation = Negotiation(async_window=asked)
        receipt = DicomArchive(address, local=LOCAL, negotiation=negotiation, look_ahead=4).store(iter(sent))
    assert receipt.complete, receipt.failed
    assert sorted(receipt.stored) == sorted(one.sop_instance_uid for one in sent)
    assert sink.most == most


def test_a_response_out_of_order_is_of_the_instance_that_it_names() -> None:
    sent = series(10)
    sink = Sink(4, len(sent), refused={2, 7})
    with peer(sink.serve) as address:
        receipt = DicomArchive(address, local=LOCAL, negotiation=Negotiation(async_window=4)).store(sent)
    assert sorted(receipt.refused[0xA700]) == ["1.2.3.1.1", "1.2.3.1.6"]
    assert sorted(receipt.retryable) == ["1.2.3.1.1", "1.2.3.1.6"]
    assert len(receipt.stored) == 8


def test_a_window_without_end_has_an_end_of_our_own() -> None:
    sent = series(150)
    sink = Sink(0, len(sent), answer_at=MOST_OUTSTANDING)
    with peer(sink.serve) as address:
        receipt = DicomArchive(address, local=LOCAL, negotiation=Negotiation(async_window=0)).store(sent)
    assert (len(receipt.stored), receipt.complete, sink.most) == (150, True, MOST_OUTSTANDING)


@pytest.mark.parametrize("secured", [False, True])
def test_answers_are_taken_while_more_is_sent(secured: bool, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    answered = [threading.Event() for _ in range(4)]

    def at_once(plain: socket.socket) -> None:
        connection = authority.server().wrap_socket(plain, server_side=True) if secured else plain
        accept(connection, user_items=item(0x53, struct.pack(">HH", 8, 1)))
        for number, event in enumerate(answered, 1):
            connection.sendall(message(whole_message(connection), response(0x8001, number, 0)))
            event.set()
        pdu(connection)
        connection.sendall(RELEASE_RP)
        connection.close()

    receipt = Receipt()
    known: list[int] = []

    def one_by_one() -> Iterator[PreparedInstance]:
        for number, one in enumerate(series(4)):
            known.append(len(receipt.stored))
            yield one
            assert answered[number].wait(30)

    with peer(at_once) as address:
        local = replace(LOCAL, tls=client_context(authority.ca))
        called = replace(address, tls=secured)
        archive = DicomArchive(called, local=local, negotiation=Negotiation(async_window=8))
        archive.store(one_by_one(), receipt=receipt)
    assert known[2] >= 1
    assert known[3] >= 2


def test_nothing_is_asked_by_default() -> None:
    sink = Sink(4, 1)
    with peer(sink.serve) as address:
        assert DicomArchive(address, local=LOCAL).store(series(1)).complete
    assert b"\x53\0\0\4" not in sink.requests[0]
