"""What a RIS has not heard yet is there after a restart, in its order, and goes when it is told or given up."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pydicom import Dataset

from modality.delivery.database import Claim, StateDatabase
from modality.delivery.history import StudyHistory
from modality.delivery.pending import PendingInstances
from modality.delivery.steps import StepQueue
from modality.transfer.encode import prepare
from tests.transfer.datasets import CT_IMAGE, image

RIS = "dicom://RIS@127.0.0.1:104"


def said(name: str) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = name
    dataset.PerformedSeriesSequence = []
    item = Dataset()
    item.AccessionNumber = ""
    dataset.ScheduledStepAttributesSequence = [item]
    return dataset


@pytest.fixture
def queue(tmp_path: Path) -> StepQueue:
    return StepQueue(StateDatabase(tmp_path))


def again(queue: StepQueue) -> StepQueue:
    return StepQueue(queue._database)


def test_messages_are_there_after_reopening_as_they_were_and_in_their_order(queue: StepQueue) -> None:
    queue.begin("1.1", RIS, said("Müller^Jörg=山田"))
    queue.begin("1.2", RIS, said("Other"))
    queue.end("1.1", said("Ended"))
    found = again(queue).waiting()
    assert [(one.uid, one.operation, one.address) for one in found] == [
        ("1.1", "N-CREATE", RIS), ("1.2", "N-CREATE", RIS), ("1.1", "N-SET", RIS),
    ]  # fmt: skip
    assert found[0].attributes == said("Müller^Jörg=山田")
    assert [one.operation for one in again(queue).waiting("1.1")] == ["N-CREATE", "N-SET"]


def test_a_message_that_was_delivered_is_gone_and_the_next_one_is_never_taken_for_it(queue: StepQueue) -> None:
    queue.begin("1.1", RIS, said("A"))
    (first,) = queue.waiting()
    queue.delivered(first.number)
    queue.end("1.1", said("B"))
    (second,) = queue.waiting()
    assert second.number > first.number
    queue.delivered(first.number)
    assert queue.waiting() == [second]


def test_what_is_known_of_a_message_survives(queue: StepQueue) -> None:
    queue.begin("1.1", RIS, said("A"))
    number = queue.waiting()[0].number
    queue.sending(number)
    assert again(queue).waiting()[0].uncertain
    queue.not_sent(number, "nobody answers", uncertain=False)
    queue.put_off(number, "busy")
    (found,) = again(queue).waiting()
    assert (found.uncertain, found.refusals, found.problem) == (False, 1, "busy")


def test_a_refused_n_set_leaves_the_other_steps_alone(queue: StepQueue) -> None:
    queue.begin("1.1", RIS, said("A"))
    queue.begin("1.2", RIS, said("B"))
    queue.end("1.1", said("A"))
    created, other, ended = queue.waiting()
    queue.delivered(created.number)
    queue.refused(ended.number, "no")
    assert [one.uid for one in queue.waiting()] == [other.uid] == ["1.2"]
    assert [(one.uid, one.problem) for one in queue.dead()] == [("1.1", "no")]
    assert (queue.refused_of("1.1"), queue.refused_of("1.2")) == (False, False)


def test_a_step_that_did_not_begin_leaves_nothing(queue: StepQueue, tmp_path: Path) -> None:
    queue.begin("1.1", RIS, said("A"))
    queue.forget("1.1")
    queue.end("1.1", said("A"))
    assert queue.waiting() == queue.take_unfinished() == []
    assert list(tmp_path.glob("step-*")) == []


def test_a_step_left_in_progress_is_taken_once_with_its_series_and_instances(tmp_path: Path) -> None:
    pending = PendingInstances(tmp_path)
    pending.steps.begin("1.1", RIS, said("A"))
    pending.steps.series("1.1", "1.1.5", {"protocol_name": "head"})
    for uid in ("1.3", "1.4"):
        pending.put(prepare(image(SOPInstanceUID=uid)), commit_wanted=False, step_uid="1.1", series_uid="1.1.5")
    pending.stored(["1.3"])  # it is gone from here, and was created all the same
    assert PendingInstances(tmp_path).steps.take_unfinished() == []  # its owner is at work
    pending.steps.close()
    after = PendingInstances(tmp_path).steps
    (step,) = after.take_unfinished()
    assert (step.uid, step.series) == ("1.1", (("1.1.5", {"protocol_name": "head"}),))
    assert step.created == (("1.1.5", CT_IMAGE, "1.3"), ("1.1.5", CT_IMAGE, "1.4"))
    assert PendingInstances(tmp_path).steps.take_unfinished() == []
    after.end("1.1", said("A"))
    assert [one.operation for one in after.waiting()] == ["N-CREATE", "N-SET"]


def test_a_file_that_a_crash_left_without_its_row_is_counted_to_its_step(tmp_path: Path) -> None:
    pending = PendingInstances(tmp_path)
    pending.steps.begin("1.1", RIS, said("A"))
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = "1.2.840.10008.3.1.2.3.3", "1.1"
    made = image(SOPInstanceUID="1.3", SeriesInstanceUID="1.1.5")
    made.ReferencedPerformedProcedureStepSequence = [reference]
    pending.put(prepare(made), commit_wanted=False, step_uid="1.1", series_uid="1.1.5")
    with closing(sqlite3.connect(tmp_path / "pending.sqlite")) as database, database:
        database.execute("DELETE FROM instances")
        database.execute("DELETE FROM created")
    pending.steps.close()
    (step,) = PendingInstances(tmp_path).steps.take_unfinished()
    assert step.created == (("1.1.5", CT_IMAGE, "1.3"),)


def test_the_database_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "pending.sqlite")) as database, database:
        database.executescript(
            "CREATE TABLE instances (uid TEXT PRIMARY KEY, class_uid TEXT NOT NULL, study_uid TEXT NOT NULL, "
            "file TEXT NOT NULL, stored INTEGER NOT NULL DEFAULT 0, commit_wanted INTEGER NOT NULL, "
            "problem TEXT NOT NULL DEFAULT ''); CREATE TABLE transactions (uid TEXT PRIMARY KEY); "
            "CREATE TABLE asked (transaction_uid TEXT NOT NULL, instance_uid TEXT NOT NULL); "
            "INSERT INTO instances VALUES ('1.1', '1.2', '1.3', '1.1.dcm', 1, 1, ''); "
            "INSERT INTO transactions VALUES ('1.9'); INSERT INTO asked VALUES ('1.9', '1.1');"
        )
    pending = PendingInstances(tmp_path)
    assert ([one.uid for one in pending.list()], pending.asked_in("1.9")) == (["1.1"], {"1.1"})
    assert pending.answered("1.9", ["1.1"])
    pending.steps.begin("1.1", RIS, said("A"))
    assert len(pending.steps.waiting()) == 1


def test_a_claim_is_held_by_one_and_can_be_had_again_when_released(tmp_path: Path) -> None:
    one, other = Claim(tmp_path / "claim"), Claim(tmp_path / "claim")
    assert one.take()
    assert not other.take()
    one.release()
    one.release()
    assert other.take()
    other.release()
    assert list(tmp_path.iterdir()) == []


def test_the_history_counts_and_keeps_the_highest_number(tmp_path: Path) -> None:
    history = StudyHistory(StateDatabase(tmp_path))
    assert (history.times_performed("A"), history.series_number("1.1")) == (0, 0)
    for number in (2, 5, 3):
        history.performed("A")
        history.numbered("1.1", number)
    after = StudyHistory(StateDatabase(tmp_path))
    assert (after.times_performed("A"), after.series_number("1.1"), after.series_number("1.2")) == (3, 5, 0)
