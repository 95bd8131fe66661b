from __future__ import annotations

import itertools
import signal
import threading
import time
from collections.abc import Iterable, Iterator

import pytest

from modality.errors import ModalityError, UnreachableError
from modality.network.local import Local, Timeouts
from modality.network.store import DicomArchive
from modality.simulated.archive import SimulatedArchive
from modality.station.parallel import store_in_parallel
from modality.station.study import ct, load_phantom
from modality.transfer.destination import Progress, Receipt
from modality.transfer.instance import PreparedInstance

INSTANCES = list(ct(load_phantom("water"), seed=1, slices=12, rows=16, columns=16))
LOCAL = Local("TEST", Timeouts(30, 30, 30))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt, whatever an earlier test has set."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Meeting:
    """A destination that stores nothing before all of its kind have an instance."""

    def __init__(self, barrier: threading.Barrier) -> None:
        self.barrier = barrier

    def store(
        self, instances: Iterable[PreparedInstance], *, progress: Progress | None = None, receipt: Receipt | None = None
    ) -> Receipt:
        receipt = Receipt() if receipt is None else receipt
        for one in instances:
            self.barrier.wait(30)
            receipt.stored.append(one.sop_instance_uid)
            if progress:
                progress(receipt.dealt_with)
        return receipt


class Broken:
    """A destination that takes an instance and is gone."""

    def store(
        self, instances: Iterable[PreparedInstance], *, progress: Progress | None = None, receipt: Receipt | None = None
    ) -> Receipt:
        next(iter(instances))
        raise UnreachableError("away")


def test_instances_are_stored_at_the_same_time_each_once() -> None:
    seen: list[int] = []
    receipt = store_in_parallel([Meeting(threading.Barrier(3))] * 3, INSTANCES, progress=seen.append)
    assert sorted(receipt.stored) == sorted(one.sop_instance_uid for one in INSTANCES)
    assert seen[-1] == len(INSTANCES)
    assert seen == sorted(seen)


class Late(Broken):
    """A destination that has looked ahead when it finds out that it is gone, after the others have ended."""

    def __init__(self, ahead: int, taken: threading.Barrier, over: threading.Event) -> None:
        self.ahead, self.taken, self.over = ahead, taken, over

    def store(
        self, instances: Iterable[PreparedInstance], *, progress: Progress | None = None, receipt: Receipt | None = None
    ) -> Receipt:
        assert len(list(itertools.islice(instances, self.ahead))) == self.ahead
        self.taken.wait(30)
        self.over.wait(30)
        raise UnreachableError("away")


class Last(Meeting):
    """A destination that begins when the others have looked ahead, and says when it has nothing more to store."""

    def __init__(self, taken: threading.Barrier, over: threading.Event) -> None:
        super().__init__(threading.Barrier(1))
        self.taken, self.over = taken, over

    def store(
        self, instances: Iterable[PreparedInstance], *, progress: Progress | None = None, receipt: Receipt | None = None
    ) -> Receipt:
        if not self.over.is_set():
            self.taken.wait(30)
        try:
            return super().store(instances, progress=progress, receipt=receipt)
        finally:
            self.over.set()


def test_what_a_destination_had_taken_that_is_gone_goes_to_the_others() -> None:
    unusable: list[ModalityError] = []
    with SimulatedArchive() as archive:
        receipt = store_in_parallel(
            [Broken(), DicomArchive(archive.address, local=LOCAL)], INSTANCES, on_unusable=unusable.append
        )
        assert len(receipt.stored) == len(archive.instances()) == len(INSTANCES)
    assert receipt.complete
    assert [str(error) for error in unusable] == ["away"]


def test_nothing_that_was_looked_ahead_at_is_lost_even_if_the_others_have_ended() -> None:
    taken, over = threading.Barrier(3), threading.Event()
    seen: list[int] = []
    destinations = [Late(5, taken, over), Last(taken, over), Late(3, taken, over)]
    receipt = store_in_parallel(destinations, INSTANCES, progress=seen.append)
    assert sorted(receipt.stored) == sorted(one.sop_instance_uid for one in INSTANCES)
    assert seen[-1] == len(INSTANCES)


def test_when_nothing_can_be_used_the_error_is_raised() -> None:
    with pytest.raises(UnreachableError, match="away"):
        store_in_parallel([Broken(), Broken()], INSTANCES)


def test_several_associations_to_one_archive() -> None:
    with SimulatedArchive() as archive:
        receipt = store_in_parallel([DicomArchive(archive.address, local=LOCAL) for _ in range(3)], INSTANCES)
        assert receipt.complete
        assert len(archive.events.of("association")) == 3
        assert len(archive.instances()) == len(INSTANCES)


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_ends_all_of_them_and_what_was_stored_is_known() -> None:
    drawn: list[int] = []
    receipt = Receipt()

    def endless() -> Iterator[PreparedInstance]:
        for number in itertools.count():
            drawn.append(number)
            if number == 10:
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            threading.Event().wait(0.001)
            yield INSTANCES[0]

    destinations = [Meeting(threading.Barrier(1)) for _ in range(3)]
    with pytest.raises(KeyboardInterrupt):
        store_in_parallel(destinations, endless(), receipt=receipt)
    assert 8 <= len(receipt.stored) <= len(drawn)


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_does_not_wait_for_a_silent_peer_and_aborts_the_others() -> None:
    silent = threading.Event()

    class Silent:
        def store(
            self,
            instances: Iterable[PreparedInstance],
            *,
            progress: Progress | None = None,
            receipt: Receipt | None = None,
        ) -> Receipt:
            next(iter(instances))
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            silent.wait(60)
            return Receipt()

    began = time.monotonic()
    with SimulatedArchive() as archive:
        destinations = [Silent(), DicomArchive(archive.address, local=LOCAL, look_ahead=4)]
        with pytest.raises(KeyboardInterrupt):
            store_in_parallel(destinations, itertools.cycle(INSTANCES))
    silent.set()
    assert time.monotonic() - began < 30


def test_a_fault_of_the_stream_is_raised() -> None:
    def faulty() -> Iterator[PreparedInstance]:
        yield INSTANCES[0]
        raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        store_in_parallel([Meeting(threading.Barrier(1)), Meeting(threading.Barrier(1))], faulty())
