"""What can go wrong with an association, each an error of its own, in bounded time."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from modality.errors import (
    AssociationAborted,
    AssociationRejected,
    ContextRefused,
    InvalidResponse,
    ModalityError,
    StatusError,
    StoreRefused,
    UnreachableError,
)
from modality.network.address import DicomAddress
from modality.network.association import connect, succeeded
from modality.network.local import Local, Timeouts
from modality.network.mpps import create_step
from modality.network.retrieve.get import fetch_study
from modality.network.store import VERIFICATION, DicomArchive
from modality.network.upper_layer.adopted import CallingEntity
from modality.protocol.negotiation import FALLBACKS
from modality.transfer.encode import prepare
from tests.network.scripted import (
    ABORT,
    RELEASE_RP,
    accept,
    message,
    pdu,
    peer,
    reject,
    response,
    whole_message,
)
from tests.peers.process import wait_until
from tests.timing import durations, measured
from tests.transfer.datasets import CT_IMAGE, image

HASTY = Local("CT01", Timeouts(connect_s=30, association_s=0.4, response_s=0.4))
LOCAL = Local("CT01", Timeouts(connect_s=30, association_s=30, response_s=30))
UNRELEASED = Local("CT01", Timeouts(connect_s=30, association_s=1, response_s=30))
"""For a peer that does not answer A-RELEASE; where the machine is held up, it does not answer A-ASSOCIATE either."""
SOON_S = 15.0
"""Long before LOCAL's patience is at its end."""
INSTANCE = prepare(image())


def silence(connection: socket.socket) -> None:
    while pdu(connection):
        pass


def rubbish(connection: socket.socket) -> None:
    pdu(connection)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(40))
    silence(connection)


def abort(connection: socket.socket) -> None:
    pdu(connection)
    connection.sendall(ABORT)


@pytest.mark.parametrize(
    ("script", "error", "said"),
    [
        (lambda _: None, AssociationAborted, "hung up"),
        (silence, UnreachableError, "no answer to A-ASSOCIATE"),
        (rubbish, InvalidResponse, "not valid DICOM"),
        (abort, AssociationAborted, "hung up"),
        (lambda connection: accept(connection, result=3), ContextRefused, "none of the proposed"),
    ],
    ids=["closes", "says nothing", "rubbish", "aborts", "no context"],
)
def test_an_association_that_does_not_come_to_be(
    script: Callable[[socket.socket], None], error: type[ModalityError], said: str
) -> None:
    began = time.monotonic()
    with peer(script) as address, pytest.raises(error, match=said) as raised:
        DicomArchive(address, local=HASTY if script is silence else LOCAL).echo()
    assert time.monotonic() - began < SOON_S
    assert str(raised.value).startswith(f"dicom://PEER@127.0.0.1:{address.port}: ")


def test_an_association_that_has_ended_before_we_look_at_it_was_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = CallingEntity.associate

    def held_up(*arguments: Any, **options: Any) -> Any:
        association = ask(*arguments, **options)
        wait_until(lambda: not association.is_established, "it is known to be aborted")
        return association

    def script(connection: socket.socket) -> None:
        accept(connection)
        connection.sendall(ABORT)

    monkeypatch.setattr(CallingEntity, "associate", held_up)
    with peer(script) as address, pytest.raises(AssociationAborted, match="hung up as soon as"):
        connect(address, [(VERIFICATION, FALLBACKS)], LOCAL)


@pytest.mark.parametrize(
    ("result", "source", "reason", "said"), [(1, 1, 3, "calling AE title"), (2, 3, 1, "congestion")]
)
def test_a_rejection_says_why_and_whether_later_may_help(result: int, source: int, reason: int, said: str) -> None:
    with (
        peer(lambda connection: reject(connection, result, source, reason)) as address,
        pytest.raises(AssociationRejected, match=rf"(?i){said}") as raised,
    ):
        DicomArchive(address, local=LOCAL).echo()
    found = raised.value
    assert (found.result, found.source, found.reason, found.transient) == (result, source, reason, result == 2)


# pynetdicom drops a socket that could not connect, and leaves its closing to the garbage collector.
def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(UnreachableError, match=f"nobody answers at 127.0.0.1:{port}"):
        DicomArchive(DicomAddress("127.0.0.1", port), local=LOCAL).echo()


def test_a_host_that_no_name_server_can_know() -> None:
    with pytest.raises(UnreachableError):
        DicomArchive(DicomAddress("x" * 70 + ".invalid", 104), local=LOCAL).echo()


def answered(answer: Callable[[int], bytes]) -> Callable[[socket.socket], None]:
    def script(connection: socket.socket) -> None:
        accept(connection)
        connection.sendall(answer(whole_message(connection)))
        while received := pdu(connection):
            if received[0] == 0x05:
                connection.sendall(RELEASE_RP)

    return script


def closes_in_the_middle(connection: socket.socket) -> None:
    accept(connection)
    pdu(connection)


def silent_at_the_store(connection: socket.socket) -> None:
    accept(connection)
    silence(connection)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (answered(lambda _: ABORT), "aborted the association"),
        (closes_in_the_middle, "closed the connection|broke"),
        (silent_at_the_store, "0.4 s"),
        (answered(lambda _: b"\x04\0\0\0\0\x08nonsense"), ""),
        (answered(lambda _: b"\x99" * 30), ""),
        (answered(lambda one: message(one, response(0x8001, 1, None))), ""),
        (answered(lambda one: message(one, response(0x8001, 9, 0))), ""),
        (answered(lambda one: message(one, response(0x8030, 1, 0))), ""),
    ],
    ids=["aborts", "closes", "silence", "odd p-data", "no pdu", "no status", "other message", "c-echo"],
)
def test_a_store_that_gets_no_proper_answer_costs_its_instance_and_says_why(
    script: Callable[[socket.socket], None], said: str
) -> None:
    began = time.monotonic()
    with peer(script) as address:
        local = Local("CT01", Timeouts(30, 30, 0.4)) if script is silent_at_the_store else LOCAL
        receipt = DicomArchive(address, local=local).store([INSTANCE])
    assert time.monotonic() - began < SOON_S
    assert (receipt.stored, receipt.refused, list(receipt.failed)) == ([], {}, ["1.2.3.4"])
    reason = receipt.failed["1.2.3.4"]
    assert re.search(said, reason)
    assert reason.startswith(f"dicom://PEER@127.0.0.1:{address.port}: ")
    assert ("0.4 s" in reason) is (said == "0.4 s")


@pytest.mark.parametrize("status", [0xA700, 0xA900, 0xC000, 0x0122, 0x0110, 0xFE00])
def test_a_refused_store_is_counted_by_its_status(status: int) -> None:
    with peer(answered(lambda one: message(one, response(0x8001, 1, status)))) as address:
        receipt = DicomArchive(address, local=LOCAL).store([INSTANCE])
    assert (receipt.stored, receipt.refused, receipt.failed) == ([], {status: ["1.2.3.4"]}, {})


def test_a_refusal_knows_whether_a_retry_may_help() -> None:
    for status, retryable in ((0xA700, True), (0x0110, True), (0xA900, False), (0xC000, False)):
        assert StoreRefused("", status=status).retryable is retryable


@pytest.mark.parametrize("status", [None, 0xC001, 0x0211])
@measured
def test_an_echo_that_goes_wrong(status: int | None) -> None:
    def script(connection: socket.socket) -> None:
        accept(connection)
        pdu(connection)
        connection.sendall(message(1, response(0x8030, 1, status)))
        silence(connection)

    error = InvalidResponse if status is None else StatusError
    with peer(script) as address, durations(UnreachableError), pytest.raises(error):
        DicomArchive(address, local=UNRELEASED).echo()


@measured
def test_a_peer_that_never_answers_the_release_is_not_waited_for_without_end() -> None:
    def script(connection: socket.socket) -> None:
        accept(connection)
        pdu(connection)
        connection.sendall(message(1, response(0x8030, 1, 0)))
        silence(connection)

    began = time.monotonic()
    with peer(script) as address, durations(UnreachableError):
        DicomArchive(address, local=UNRELEASED).echo()
    assert time.monotonic() - began < SOON_S


def test_a_request_on_an_association_that_has_ended() -> None:
    with peer(answered(lambda _: ABORT)) as address:
        association = connect(address, [(CT_IMAGE, INSTANCE.transfer_syntax_uid), (VERIFICATION, FALLBACKS)], LOCAL)
        association.abort()
        with pytest.raises(ModalityError):
            association.echo()
        association.release()


@measured
def test_a_service_whose_context_was_refused_while_others_were_accepted() -> None:
    def without_get(connection: socket.socket) -> None:
        class Altered:
            def __getattr__(self, name: str) -> object:
                return getattr(connection, name)

            def sendall(self, data: bytes) -> None:
                at = data.index(bytes((0x21, 0)))
                connection.sendall(data[: at + 6] + b"\3" + data[at + 7 :])  # result of the first context

        accept(Altered())  # type: ignore[arg-type]
        silence(connection)

    with peer(without_get) as address, durations(UnreachableError), pytest.raises(ContextRefused, match="C-GET"):
        fetch_study(address, "1.2.3", [(CT_IMAGE, FALLBACKS[0])], UNRELEASED, lambda _: None)


def test_an_abort_in_the_middle_of_n_create() -> None:
    with peer(answered(lambda _: ABORT)) as address, pytest.raises(AssociationAborted, match="MPPS N-CREATE"):
        create_step(address, "1.2.3", image(), LOCAL)


def test_success_warnings_and_pending_are_no_failures() -> None:
    assert all(map(succeeded, (0x0000, 0xB000, 0xB007, 0xFF00, 0xFF01, 0x0107, 0x0116)))
    assert not any(map(succeeded, (0xA700, 0xA900, 0xC000, 0xFE00, 0x0110, 0x0122, 0x0211)))
