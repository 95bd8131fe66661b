"""A performed step is brought to its end whatever happens in its block."""

from __future__ import annotations

import pytest

from modality.errors import StepRefused, UsageError, WorkflowError
from modality.station.performed import kind_of
from modality.station.steps import reporting
from tests.station.conftest import TINY

# pynetdicom leaves a refused socket to the garbage collector.


def test_a_block_that_ends_well_completes_the_step_and_names_its_images(make_station, ris, archive, step):
    with make_station().perform(step) as performed:
        assert ris.performed_steps[performed.uid].state == "IN PROGRESS"
        performed.acquire(**TINY)
        performed.acquire("water", **TINY)
    told = ris.performed_steps[performed.uid]
    assert (performed.state, told.state) == ("COMPLETED", "COMPLETED")
    assert [len(series.images) for series in performed.series] == [3, 3]
    assert sorted(told.instances) == sorted(one.sop_instance_uid for one in archive.instances())
    assert len(set(told.instances)) == 6


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
def test_a_block_that_raises_discontinues_the_step_and_the_error_goes_on(make_station, ris, step, error):
    performed = make_station().perform(step)

    def block():
        with performed:
            performed.acquire(**TINY)
            raise error

    with pytest.raises(error):
        block()
    told = ris.performed_steps[performed.uid]
    assert (performed.state, told.state, len(told.instances)) == ("DISCONTINUED", "DISCONTINUED", 3)
    assert told.dataset.PerformedProcedureStepDiscontinuationReasonCodeSequence[0].CodeValue == "110513"


def test_a_step_that_was_abandoned_before_any_image_still_has_a_series(make_station, ris, step):
    with make_station().perform(step) as performed:
        performed.discontinue("110514")
    (series,) = ris.performed_steps[performed.uid].dataset.PerformedSeriesSequence
    assert ris.performed_steps[performed.uid].state == "DISCONTINUED"
    assert not series.ReferencedImageSequence


def test_an_interruption_while_the_step_is_being_created_tells_the_ris_of_its_end(make_station, ris, step, monkeypatch):
    real = reporting.create_step

    def interrupted(*arguments):
        real(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(reporting, "create_step", interrupted)
    performed = make_station().perform(step)
    with pytest.raises(KeyboardInterrupt):
        performed.__enter__()
    assert ris.performed_steps[performed.uid].state == "DISCONTINUED"


def test_nothing_joins_a_step_that_is_not_begun_or_over(make_station, step):
    performed = make_station().perform(step)
    with pytest.raises(WorkflowError, match="not begun"):
        performed.acquire(**TINY)
    with performed:
        pass
    with pytest.raises(WorkflowError, match="COMPLETED"):
        performed.acquire(**TINY)
    with pytest.raises(WorkflowError, match="already COMPLETED"), performed:
        pass


def test_a_step_whose_creation_is_refused_is_not_begun(make_station, step, archive):
    station = make_station()
    uid = station.perform(step).uid
    station._performed = 0
    with station.perform(step):
        pass
    station._performed = 0
    again = station.perform(step)
    assert again.uid == uid
    with pytest.raises(StepRefused, match="0111H"), again:
        again.acquire(**TINY)
    assert again.state == ""
    assert archive.instances() == []


def test_a_ris_that_is_away_at_the_end_is_told_later(make_station, ris, step):
    station = make_station()
    with station.perform(step) as performed:
        ris.stop()
    assert (performed.state, performed.reported, performed.unreachable) == ("COMPLETED", "waiting", True)
    assert "nobody answers" in performed.problems[0]
    ris.start()
    assert [one.operation for one in station.tell(ris.address).delivered] == ["N-SET"]
    assert ris.performed_steps[performed.uid].state == "COMPLETED"


def test_an_error_at_the_end_gives_way_to_the_one_that_ended_the_block(make_station, ris, step):
    performed = make_station().perform(step)

    def block():
        with performed:
            ris.stop()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        block()
    assert "nobody answers" in performed.problems[0]


def test_an_archive_that_is_away_costs_no_image(make_station, archive, step):
    station = make_station()
    archive.stop()
    with station.perform(step) as performed:
        receipt = performed.acquire(**TINY)
    assert (performed.state, performed.unreachable) == ("COMPLETED", True)
    assert (receipt.stored, len(receipt.failed)) == ([], 3)
    assert {one.uid for one in station.pending.list()} == {uid for _, uid in performed.series[0].images}


def test_a_reason_or_a_modality_that_is_none_is_an_error(make_station, step):
    with pytest.raises(UsageError, match="CID 9300"):
        make_station().perform(step).discontinue("1")
    with pytest.raises(UsageError, match="modality 'ES'"):
        kind_of("ES")


def test_the_same_seed_gives_the_same_step_and_another_step_other_uids(make_station, step):
    one, other = make_station(), make_station()
    first, second = one.perform(step), one.perform(step)
    assert other.perform(step).uid == first.uid
    assert {first.uid, first.study_uid, first.step_id}.isdisjoint({second.uid, second.study_uid, second.step_id})
