"""Faults set and cleared while a peer runs: the next request and the next association meet them."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from pynetdicom import evt

from modality.errors import AssociationAborted, PeerError, UsageError
from modality.network.address import parse_dicom
from modality.network.store import DicomArchive
from modality.network.upper_layer.storage import StorageAssociation
from modality.simulated.archive import SimulatedArchive
from modality.simulated.faults import Faults
from modality.transfer.syntaxes import EXPLICIT_LITTLE
from tests.network import conftest
from tests.network.conftest import LOCAL, series
from tests.peers.process import PATIENCE_S
from tests.transfer.datasets import CT_IMAGE

archive = conftest.archive  # its fixture, here too


def stored(archive: SimulatedArchive) -> bool:
    """Whether an instance can be stored."""
    try:
        return client(archive).store(series(1)).complete
    except PeerError:
        return False


def client(archive: SimulatedArchive) -> DicomArchive:
    return DicomArchive(parse_dicom(archive.address), local=LOCAL)


def test_a_fault_strikes_from_its_setting_to_its_clearing_and_its_strikes_are_counted():
    faults = Faults(["delay_s=0"])
    fault = faults.add("status=A700,every=2")
    assert [faults.strike("store").status for _ in range(4)] == [None, 0xA700, None, 0xA700]
    assert (faults.struck(fault), faults.struck(faults.faults[0])) == (2, 4)
    faults.remove(fault)
    assert [faults.strike("store").status for _ in range(2)] == [None, None]
    assert faults.struck(fault) == 0
    assert len(faults.faults) == 1


def test_of_two_equal_faults_the_one_that_is_cleared_goes():
    faults = Faults()
    one, other = faults.add("status=A700"), faults.add("status=A700,times=1")
    faults.strike("store")
    faults.remove(one)
    faults.remove(one)
    assert faults.faults == [other]
    assert faults.struck(other) == 1


def test_a_fault_that_the_peer_cannot_have_changes_nothing():
    faults = Faults((), ("find",), ("find",))
    with pytest.raises(UsageError, match="store"):
        faults.add("status=A700,on=store")
    assert faults.faults == []


def test_a_store_is_refused_only_while_the_fault_is_set(archive: Callable[..., SimulatedArchive]):
    peer = archive()
    fault = peer.listener.add_fault("status=A700")
    assert set(client(peer).store(series(2)).refused) == {0xA700}
    peer.listener.remove_fault(fault)
    assert client(peer).store(series(2)).complete


def test_a_presentation_context_is_refused_on_the_next_association(archive: Callable[..., SimulatedArchive]):
    peer = archive()
    fault = peer.listener.add_fault("refuse=CTImageStorage")
    assert not stored(peer)
    peer.listener.remove_fault(fault)
    assert stored(peer)


def test_an_association_is_cut_off_though_its_thread_had_no_turn_since_it_was_accepted():
    asked = threading.Event()

    def held_up(_: evt.Event) -> None:
        assert asked.wait(PATIENCE_S)

    peer = SimulatedArchive(faults=["abort_at_bytes=300"])
    peer.listener._handlers.append((evt.EVT_ACCEPTED, held_up))
    with peer:
        association = StorageAssociation(parse_dicom(peer.address), [(CT_IMAGE, (EXPLICIT_LITTLE.uid,))], LOCAL)
        try:
            association.send(series(1)[0])
            with pytest.raises(AssociationAborted):
                association.responses()
        finally:
            asked.set()
            association.abort()
        assert peer.instances() == []


def test_an_association_is_cut_off_in_the_middle_of_an_instance(archive: Callable[..., SimulatedArchive]):
    peer = archive()
    fault = peer.listener.add_fault("abort_at_bytes=300")
    assert not stored(peer)
    assert peer.instances() == []
    peer.listener.remove_fault(fault)
    assert stored(peer)
    assert len(peer.instances()) == 1
