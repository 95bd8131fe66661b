"""What a peer sends that is not allowed is answered with A-ABORT, and ends no thread with a traceback."""

from __future__ import annotations

import logging
import socket
import struct
import time
from collections.abc import Iterator
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modality.network.listening import end
from modality.protocol.upper_layer.pdu import PresentationContext, Proposal, associate_rq
from modality.protocol.upper_layer.user_information import IdentityType, UserIdentity
from modality.simulated.archive import SimulatedArchive
from tests.peers.process import wait_until

VERIFICATION, IMPLICIT = "1.2.840.10008.1.1", "1.2.840.10008.1.2"
ABORT, ACCEPT = 7, 2
LEGAL = [PresentationContext(1, VERIFICATION, (IMPLICIT,))]


@pytest.fixture(scope="module")
def archive() -> Iterator[SimulatedArchive]:
    with SimulatedArchive() as running:
        yield running


def request(contexts: list[PresentationContext]) -> bytes:
    return associate_rq(Proposal("ARCHIVE", "CT01", contexts))


def answer(archive: SimulatedArchive, *messages: bytes) -> int:
    """Type of the last PDU that comes back; 0 when the connection closes without one."""
    with socket.create_connection((archive.host, archive.port), timeout=30) as connection:
        for message in messages:
            connection.sendall(message)
            kind = connection.recv(1)
            if not kind or kind[0] == ABORT:
                break
            body = connection.recv(5, socket.MSG_WAITALL)
            connection.recv(struct.unpack(">xI", body)[0], socket.MSG_WAITALL)
        return kind[0] if kind else 0


@pytest.mark.parametrize(
    ("contexts", "reason"),
    [
        ([PresentationContext(2, VERIFICATION, (IMPLICIT,))], "presentation context ID 2 is even"),
        ([*LEGAL, *LEGAL], "presentation context ID 1 stands there twice"),
        ([PresentationContext(1, VERIFICATION, ())], "presentation context 1 has no transfer syntax"),
        ([], "no presentation context"),
    ],
)
def test_a_proposal_that_is_not_allowed_is_aborted_and_noted_in_one_line(
    archive: SimulatedArchive, contexts: list[PresentationContext], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = len(archive.events)
    assert answer(archive, request(contexts)) == ABORT
    assert [one.detail for one in archive.events][before:] == [f"aborted: {reason}"]
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("modality")]
    assert ours == [f"ARCHIVE: association aborted: {reason}"]
    wait_until(lambda: not archive.listener.ae.active_associations, "its threads end")


def test_a_legal_proposal_with_an_unknown_class_is_accepted(archive: SimulatedArchive) -> None:
    unknown = PresentationContext(3, "1.2.3.4", (IMPLICIT,))
    assert answer(archive, request([*LEGAL, unknown])) == ACCEPT


@pytest.mark.parametrize("fragment", [b"", b"\3", b"\3rubbish", b"\3\0\0\0\1\2\0\0\0\xff\xff", b"\2data"])
def test_a_message_that_is_none_is_aborted(archive: SimulatedArchive, fragment: bytes) -> None:
    value = struct.pack(">IB", len(fragment) + 1, 1) + fragment
    assert answer(archive, request(LEGAL), struct.pack(">BBI", 4, 0, len(value)) + value) == ABORT


# A thread that ends with a traceback is an error in these tests: pytest makes it one.
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_a_request_is_turned_into_no_thread_falls_over_it(
    archive: SimulatedArchive, data: st.DataObject
) -> None:
    changed = bytearray(request([*LEGAL, PresentationContext(3, VERIFICATION, (IMPLICIT,))]))
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(6, len(changed) - 1))] = data.draw(st.integers(0, 255))
    assert answer(archive, bytes(changed)) in (0, 2, 3, ABORT)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=3))
def test_whatever_a_message_holds_no_thread_falls_over_it(archive: SimulatedArchive, fragments: list[bytes]) -> None:
    values = b"".join(struct.pack(">IB", len(one) + 1, 1) + one for one in fragments)
    with socket.create_connection((archive.host, archive.port), timeout=30) as connection:
        connection.sendall(request(LEGAL))
        kind = connection.recv(1)
        assert kind[0] == ACCEPT
        connection.sendall(struct.pack(">BBI", 4, 0, len(values)) + values)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass


def test_a_connection_without_a_request_is_closed_without_a_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    with (
        SimulatedArchive() as running,
        socket.create_connection((running.host, running.port), timeout=30) as connection,
    ):
        wait_until(lambda: len(running.listener.ae.active_associations) == 1, "the connection is taken")
        running.stop()
        assert connection.recv(1) == b""
    assert capfd.readouterr().err == ""


def test_an_association_whose_thread_is_about_to_begin_is_waited_for() -> None:
    turns: list[float] = []

    def join(patience: float) -> None:
        turns.append(patience)
        if len(turns) == 1:
            raise RuntimeError("cannot join thread before it is started")

    dul = SimpleNamespace(state_machine=SimpleNamespace(current_state="Sta1"), socket=None, to_user_queue=SimpleQueue())
    dimse = SimpleNamespace(msg_queue=SimpleQueue())
    end(cast(Any, SimpleNamespace(dul=dul, dimse=dimse, kill=lambda: None, join=join)))
    assert len(turns) > 1


def test_a_thread_that_had_no_turn_while_we_were_held_up_is_waited_for() -> None:
    running = iter((True, True, False))
    waited: list[bool] = []

    def join(_: float) -> None:
        waited.append(next(running, False))
        if len(waited) == 1:
            time.sleep(0.6)  # the whole process stands still for longer than the patience is

    machine = SimpleNamespace(current_state="Sta1")
    dul = SimpleNamespace(state_machine=machine, socket=None, to_user_queue=SimpleQueue())
    dimse = SimpleNamespace(msg_queue=SimpleQueue())
    end(cast(Any, SimpleNamespace(dul=dul, dimse=dimse, kill=lambda: None, join=join)))
    assert waited[:3] == [True, True, False]


def test_a_passcode_stands_in_no_record_of_the_log(archive: SimulatedArchive, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("pynetdicom", "pynetdicom.acse", "pynetdicom.events"):
        caplog.set_level(logging.DEBUG, name)
    user = UserIdentity(IdentityType.USERNAME_AND_PASSCODE, b"somebody", b"a-passcode")
    proposal = Proposal("ARCHIVE", "CT01", LEGAL, user=user)
    assert answer(archive, associate_rq(proposal)) == ACCEPT
    assert any(one.name.startswith("pynetdicom") for one in caplog.records)
    assert "a-passcode" not in caplog.text
    assert b"a-passcode".hex(" ") not in caplog.text
