"""Rejection notes: what they name, where they lie, and that they are not lost."""

from __future__ import annotations

import copy

import pytest
from pydicom import dcmread

from modality.errors import UsageError
from modality.protocol.worklist import ScheduledStep
from modality.simulated.archive import SimulatedArchive
from modality.station.rounds import Plan, Result, carry_out
from tests.station.conftest import TINY

KOS = "1.2.840.10008.5.1.4.1.1.88.59"


def rejected(station, steps, grouping="one"):
    result = Result(steps[0], station.perform(steps, grouping=grouping))
    carry_out(result, Plan(options=TINY, discontinue="110514", rejection_note=True))
    return result


def held(archive):
    """The images and the notes that an archive holds."""
    kept = [dcmread(one.path) for one in archive.instances()]
    return [one for one in kept if one.SOPClassUID != KOS], [one for one in kept if one.SOPClassUID == KOS]


def test_a_note_rejects_what_was_made_of_a_wrong_entry(make_station, ris, archive):
    station = make_station()
    result = rejected(station, [station.worklist(modality="CT")[0]])
    assert result.good, result.problems
    images, (note,) = held(archive)
    assert result.rejection_notes == [note.SOPInstanceUID]
    (title,) = note.ConceptNameCodeSequence
    assert (title.CodeValue, title.CodingSchemeDesignator) == ("113038", "DCM")
    assert note.ContentTemplateSequence[0].TemplateIdentifier == "2010"
    named = {
        (item.ReferencedSOPSequence[0].ReferencedSOPClassUID, item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
        for item in note.ContentSequence
        if "ReferencedSOPSequence" in item
    }
    assert named == {(one.SOPClassUID, one.SOPInstanceUID) for one in images}
    assert len(named) == 2  # the half that was made
    (evidence,) = note.CurrentRequestedProcedureEvidenceSequence
    assert evidence.StudyInstanceUID == note.StudyInstanceUID == images[0].StudyInstanceUID
    assert (note.Modality, note.PatientID) == ("KO", images[0].PatientID)
    assert note.SeriesInstanceUID != images[0].SeriesInstanceUID
    assert note.SeriesNumber == images[0].SeriesNumber + 1
    assert not note.ReferencedPerformedProcedureStepSequence
    step = ris.performed_steps[result.performed.uid]
    assert step.wrong_entry
    assert sorted(step.instances) == sorted(one.SOPInstanceUID for one in images)  # the note is none of them


def test_a_group_done_for_each_request_has_a_note_in_each_study(make_station, archive):
    station = make_station()
    first = station.worklist(modality="CT")[0]
    item = copy.deepcopy(first.item)
    item.StudyInstanceUID, item.AccessionNumber = "1.2.3.9", "OTHER"
    together = [first, ScheduledStep(item)]
    result = rejected(station, together, "each")
    images, notes = held(archive)
    studies = {one.StudyInstanceUID for one in images}
    assert {note.StudyInstanceUID for note in notes} == studies == {first.study_uid, "1.2.3.9"}
    assert len(result.rejection_notes) == len(notes) == len(studies)


def test_a_note_waits_where_the_archive_is_away_and_goes_after_the_images(make_station, archive, tmp_path):
    station = make_station(commitment=None)
    step = station.worklist(modality="CT")[0]
    port, address = archive.port, archive.address
    archive.stop()
    result = rejected(station, [step])
    assert any("the rejection note waits" in one for one in result.problems)
    assert len(station.pending.list()) == 3
    with SimulatedArchive(tmp_path / "again", port=port) as again:
        settled = make_station(archive=address, commitment=None).resume()
        assert (settled.waiting, len(settled.receipt.stored)) == (0, 3)
        assert [one.sop_class_uid == KOS for one in again.instances()] == [False, False, True]
        assert held(again)[1][0].SOPInstanceUID == result.rejection_notes[0]


def test_what_the_archive_refused_is_not_named_and_nothing_at_all_needs_no_note(make_station, tmp_path):
    with SimulatedArchive(tmp_path / "refusing", faults=["on=store,status=C000,times=1"]) as some:
        station = make_station(archive=some.address, commitment=None)
        rejected(station, [station.worklist(modality="CT")[0]])
        images, (note,) = held(some)
        assert len(images) == 1
        (evidence,) = note.CurrentRequestedProcedureEvidenceSequence
        named = evidence.ReferencedSeriesSequence[0].ReferencedSOPSequence
        assert [one.ReferencedSOPInstanceUID for one in named] == [images[0].SOPInstanceUID]
    with SimulatedArchive(tmp_path / "none", faults=["on=store,status=C000,times=2"]) as none:
        station = make_station(archive=none.address, commitment=None, state=tmp_path / "other state")
        result = rejected(station, [station.worklist(modality="CT")[0]])
        assert (result.rejection_notes, none.instances()) == ([], [])


@pytest.mark.parametrize("reason", [None, "110513"])
def test_only_a_wrong_entry_is_rejected(reason):
    with pytest.raises(UsageError, match="110514"):
        Plan(discontinue=reason, rejection_note=True)
