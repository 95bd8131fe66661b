"""What a DIMSE peer may cost: bytes, connections and time."""

from __future__ import annotations

import logging
import socket
import struct
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from modality.network.commitment import CommitmentListener
from modality.network.local import Local
from modality.network.upper_layer.limits import Limits
from modality.simulated.archive import SimulatedArchive
from modality.simulated.peer import SimulatedPeer
from modality.simulated.ris import SimulatedRis
from tests.peers.process import wait_until
from tests.security.attacks import (
    ABORTED,
    ACCEPTED,
    CT,
    IMPLICIT,
    STUDY_FIND,
    answer,
    associated,
    bare,
    command,
    dataset,
    dial,
    ended_within,
    flood,
    p_data,
    request,
)
from tests.timing import durations, measured

MIB = 1 << 20
FIND, STORE = 0x0020, 0x0001
HASTY = Limits(largest_message=MIB, waiting=4, connections=5, pdu_s=1.0, idle_s=1.5)


def limited(peer: SimulatedPeer, limits: Limits = HASTY) -> SimulatedPeer:
    peer.listener.limits = limits
    return peer


@pytest.fixture
def archive() -> Iterator[SimulatedArchive]:
    with SimulatedArchive() as running:
        yield running


@pytest.fixture
def narrow() -> Iterator[SimulatedArchive]:
    """Takes little, and has patience."""
    with limited(SimulatedArchive(), Limits(largest_message=MIB, waiting=4)) as running:
        yield running  # type: ignore[misc]


@pytest.fixture
def hasty() -> Iterator[SimulatedArchive]:
    peer = SimulatedArchive()
    limited(peer)
    peer.listener.ae.acse_timeout = 1.5
    with peer:
        yield peer


@pytest.mark.parametrize("kind", [0x01, 0x04])
@pytest.mark.parametrize("length", [MIB + 1, 0xFFFFFFFF])
def test_a_pdu_that_announces_more_than_1_mib_is_aborted_before_it_is_read(
    archive: SimulatedArchive, kind: int, length: int
) -> None:
    with (dial if kind == 1 else associated)(archive.port) as connection:
        connection.sendall(struct.pack(">BBI", kind, 0, length) + bytes(64))
        assert answer(connection) == ABORTED


def test_the_listener_of_commitment_reports_has_the_same_limits() -> None:
    with CommitmentListener(Local(), 0, lambda _: None) as listener, dial(listener.port) as connection:
        connection.sendall(struct.pack(">BBI", 1, 0, 0xFFFFFFFF))
        assert answer(connection) == ABORTED


@pytest.mark.parametrize("is_command", [True, False])
def test_a_message_without_end_is_aborted_and_memory_stays_bounded(archive: SimulatedArchive, is_command: bool) -> None:
    limit = Limits().largest_message
    with associated(archive.port, (STUDY_FIND, IMPLICIT)) as connection:
        if not is_command:
            connection.sendall(p_data(command(FIND, STUDY_FIND), command=True, last=True))
        piece = p_data(bytes(512 * 1024), command=is_command, last=False)
        tracemalloc.start()
        try:
            flood(connection, piece, 20 * limit // len(piece))
            grown = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert grown < 3 * limit


def test_requests_that_wait_are_counted(narrow: SimulatedArchive) -> None:
    """A peer sends one after the other and waits for no response; each may hold as much as a message."""
    narrow.listener.add_fault("silent,on=echo")
    echo = p_data(command(0x0030, "1.2.840.10008.1.1", data_set=False), command=True, last=True)
    with associated(narrow.port) as connection:
        connection.sendall(echo * (narrow.listener.limits.waiting + 3))
        assert answer(connection) == ABORTED
        machines = [one.dul.state_machine for one in narrow.listener.ae.active_associations]
        wait_until(lambda: all(one.current_state != "Sta6" for one in machines), "the abort is done with")


def test_an_instance_larger_than_is_kept_is_refused_and_its_file_removed(archive: SimulatedArchive) -> None:
    archive.files.largest = 100_000
    body = bare(dataset()) + struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 200_000) + bytes(200_000)
    with associated(archive.port, (CT, "1.2.840.10008.1.2.1")) as connection:
        connection.sendall(p_data(command(STORE, CT, instance="1.2.3.4"), command=True, last=True))
        for at in range(0, len(body), 50_000):
            connection.sendall(p_data(body[at : at + 50_000], command=False, last=at + 50_000 >= len(body)))
        assert answer(connection) == 4
        (stored,) = archive.events.wait_for("C-STORE")
    assert (stored.status, len(archive.instances())) == (0xA700, 0)
    assert "larger" in stored.detail
    assert not list((archive.files.folder / "incoming").iterdir())


def test_too_many_associations_are_rejected(archive: SimulatedArchive) -> None:
    archive.listener.ae.maximum_associations = 3
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(associated(archive.port))
        fourth = stack.enter_context(dial(archive.port))
        fourth.sendall(request())
        assert fourth.recv(10, socket.MSG_WAITALL)[7:] == b"\2\3\2"  # transient, local limit exceeded (PS3.8 9-21)


@measured
def test_too_many_connections_are_closed_at_once_and_the_others_still_served(hasty: SimulatedArchive) -> None:
    with ExitStack() as stack:
        for _ in range(HASTY.connections):
            stack.enter_context(dial(hasty.port))
        with durations():
            assert ended_within(stack.enter_context(dial(hasty.port)), 30) < 0.5  # the others have 1 s and more
    wait_until(lambda: not hasty.listener.ae.active_associations, "those that said nothing are gone")
    with durations(), associated(hasty.port):
        pass


@measured
def test_a_connection_that_says_nothing_is_closed(archive: SimulatedArchive) -> None:
    archive.listener.ae.acse_timeout = 0.3
    with dial(archive.port) as connection, durations():
        assert ended_within(connection, 30) > 0.2


@pytest.mark.parametrize("begin", [b"\1\0", request()[:50]])
def test_a_pdu_that_drips_is_given_up(hasty: SimulatedArchive, begin: bytes) -> None:
    with dial(hasty.port) as connection:
        connection.sendall(begin)
        ended_within(connection, 30, drip=b"\0")


@measured
def test_a_p_data_that_drips_is_given_up(hasty: SimulatedArchive) -> None:
    with durations():  # where the machine is held up, the request for an association may drip too
        connection = associated(hasty.port)
    with connection:
        connection.sendall(struct.pack(">BBI", 4, 0, 100_000))
        ended_within(connection, 30, drip=b"\0")


@measured
def test_an_association_that_is_idle_is_aborted(hasty: SimulatedArchive) -> None:
    with durations(), associated(hasty.port) as connection:
        assert ended_within(connection, 30) > 1.0


def test_a_ris_has_the_same_limits() -> None:
    peer = SimulatedRis()
    limited(peer)
    with peer, dial(peer.port) as connection:
        connection.sendall(b"\1\0")
        ended_within(connection, 30, drip=b"\0")


def test_what_listens_by_default_has_limits_that_end_a_connection() -> None:
    limits = SimulatedArchive().listener.limits
    assert (limits.pdu_s, limits.idle_s, limits.connections) == (30.0, 600.0, 200)
    assert (limits.largest_pdu, limits.largest_message, limits.waiting) == (MIB, 16 * MIB, 16)
    entity = SimulatedArchive().listener.ae
    assert (entity.maximum_associations, entity.acse_timeout) == (100, 30.0)


def test_a_proposal_of_the_longest_size_ends_in_an_answer(
    archive: SimulatedArchive, caplog: pytest.LogCaptureFixture
) -> None:
    """128 contexts of 30 syntaxes: accepted, and nothing falls over."""
    caplog.set_level(logging.WARNING, "modality")
    with associated(archive.port, *[(CT, IMPLICIT)] * 128) as connection:
        assert connection.fileno() > 0
    with dial(archive.port) as connection:
        body = request()[6:] + bytes(MIB - len(request()) - 10)
        connection.sendall(struct.pack(">BBI", 1, 0, len(body)) + body)
        assert answer(connection) in (ACCEPTED, ABORTED)
