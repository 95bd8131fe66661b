"""What an earlier run left behind is finished by the next one, or named."""

from __future__ import annotations

import pytest

from modality.errors import UnreachableError
from modality.station.rounds import Plan, perform_step
from tests.station.conftest import TINY


def test_images_that_an_archive_refused_are_stored_by_the_next_run(make_station, archive, step):
    station = make_station()
    archive.stop()
    perform_step(station, step, Plan(options=TINY))
    with pytest.raises(UnreachableError):
        station.resume()
    archive.start()
    settled = make_station().resume()
    assert (len(settled.receipt.stored), settled.waiting, settled.problems) == (3, 0, [])
    assert len(archive.instances()) == 3


def test_images_that_wait_for_a_commitment_which_nobody_is_asked_for_are_named(make_station, step):
    with make_station().perform(step) as performed:
        performed.acquire(**TINY)
    settled = make_station(commitment=None).resume()
    assert settled.problems == ["3 images stored, and kept for a commitment that nobody is asked for"]
    assert settled.waiting == 3


def test_a_damaged_file_is_named_and_the_rest_is_stored(make_station, archive, step):
    before = make_station()
    archive.stop()
    perform_step(before, step, Plan(options=TINY))
    archive.start()
    station = make_station()
    damaged = station.pending.list()[0].path
    damaged.write_bytes(b"")
    settled = station.resume()
    assert (len(settled.receipt.stored), settled.waiting) == (2, 1)
    assert damaged.name in settled.problems[0]


def test_what_was_stored_before_an_interruption_is_not_sent_again(make_station, archive, step):
    before = make_station()
    archive.stop()
    perform_step(before, step, Plan(options=TINY))
    archive.start()
    station = make_station()
    waiting = []

    def interrupt(count: int) -> None:
        waiting.append(sum(not one.stored for one in station.pending.list()))
        if count == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        station.resume(progress=interrupt)
    assert waiting == [2, 1]
    settled = make_station().resume()
    assert len(settled.receipt.stored) == 1
    assert (settled.waiting, settled.problems) == (0, [])
