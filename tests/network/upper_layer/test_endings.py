"""How a peer ends an association, and what counts of what it said before."""

from __future__ import annotations

import socket
import struct

import pytest

from modality.errors import InvalidResponse
from modality.network.store import DicomArchive
from modality.network.upper_layer.asker import Asker
from modality.protocol.negotiation import FALLBACKS, Negotiation
from modality.protocol.upper_layer.pdu import RELEASE_RQ, PresentationContext
from tests.network.conftest import LOCAL, series
from tests.network.scripted import RELEASE_RP, accept, item, message, pdu, peer, response, whole_message
from tests.peers.process import wait_until
from tests.transfer.datasets import CT_IMAGE

WINDOW = item(0x53, struct.pack(">HH", 2, 1))


@pytest.mark.parametrize("goes", [False, True], ids=["stays", "is gone at once"])
def test_an_answer_that_comes_with_a_release_counts_and_the_rest_goes_over_another_association(goes: bool) -> None:
    ends: list[bytes] = []

    def one_each(connection: socket.socket) -> None:
        accept(connection)
        whole_message(connection)
        connection.sendall(message(1, response(0x8001, 1, 0)) + RELEASE_RQ)
        if goes:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        ends.append(pdu(connection))

    sent = series(3)
    with peer(one_each) as address:
        receipt = DicomArchive(address, local=LOCAL).store(sent)
        wait_until(lambda: len(ends) == (0 if goes else 3), "each answer to a release has been read")
    assert (receipt.stored, receipt.failed) == ([one.sop_instance_uid for one in sent], {})
    assert ends == ([] if goes else [RELEASE_RP] * 3)


def test_a_request_that_is_out_when_the_peer_releases_has_failed() -> None:
    def answers_one_of_two(connection: socket.socket) -> None:
        accept(connection, user_items=WINDOW)
        whole_message(connection)
        whole_message(connection)
        connection.sendall(message(1, response(0x8001, 1, 0)) + RELEASE_RQ)
        pdu(connection)

    sent = series(2)
    with peer(answers_one_of_two) as address:
        archive = DicomArchive(address, local=LOCAL, negotiation=Negotiation(async_window=2), look_ahead=4)
        receipt = archive.store(sent)
    assert receipt.stored == [sent[0].sop_instance_uid]
    assert list(receipt.failed) == receipt.retryable == [sent[1].sop_instance_uid]
    assert "released the association while a request was out" in receipt.failed[sent[1].sop_instance_uid]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "of type 48H; it speaks HTTP: is it the port of DICOM?"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "of type 15H; it speaks TLS: is it a dicoms:// address?"),
        (b"Hello there\r\n", "of type 48H$"),
    ],
    ids=["HTTP", "TLS", "neither"],
)
def test_who_asks_something_that_is_no_dicom_peer_is_told_which_and_what(answer: bytes, said: str) -> None:
    def speaks(connection: socket.socket) -> None:
        pdu(connection)
        connection.sendall(answer)
        pdu(connection)

    with peer(speaks) as address, pytest.raises(InvalidResponse, match=f"^{address}: not valid DICOM: .*{said}"):
        Asker(address, LOCAL, None).ask([PresentationContext(1, CT_IMAGE, FALLBACKS)])
