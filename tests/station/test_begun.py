"""Study Date and Time belong to the study: a second modality takes them from the archive."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pydicom
import pytest

from modality.network.query import STUDY_ROOT_FIND
from modality.simulated.archive import SimulatedArchive
from tests.station.conftest import TINY

STUDY = "2.25.1234567890"
BEGAN = datetime(2026, 11, 24, 23, 59, 30, tzinfo=timezone.utc)


@pytest.fixture
def step(step):
    """A step of a study that the RIS has named."""
    step.item.StudyInstanceUID = STUDY
    return step


def dates(archive):
    found = [pydicom.dcmread(one.path) for one in archive.instances()]
    return [(one.SeriesInstanceUID, one.StudyDate, one.StudyTime, one.SeriesDate) for one in found]


def perform_twice(station, step, moments):
    for moment in (BEGAN, BEGAN + timedelta(hours=1)):
        moments[:] = [moment]
        with station.perform(step) as performed:
            performed.acquire(**TINY)


def test_the_second_step_of_a_study_takes_date_and_time_from_the_archive(make_station, archive, step):
    moments = [BEGAN]
    perform_twice(make_station(clock=lambda: moments[0]), step, moments)
    first, second = sorted(set(dates(archive)), key=lambda one: one[3])
    assert first[0] != second[0]
    assert (first[3], second[3]) == ("20261124", "20261125")
    assert first[1:3] == second[1:3] == ("20261124", "235930")


@pytest.mark.parametrize(
    "fault", ["on=find,status=A700", "on=find,silent", "on=find,abort_after=0", f"refuse={STUDY_ROOT_FIND}"]
)
def test_an_archive_that_does_not_say_leaves_each_step_its_own_start(make_station, step, fault, monkeypatch, tmp_path):
    monkeypatch.setattr("modality.station.begun._PATIENCE_S", 0.2)
    moments = [BEGAN]
    with SimulatedArchive(tmp_path / "mute", faults=[fault]) as archive:
        perform_twice(make_station(clock=lambda: moments[0], archive=archive.address), step, moments)
        assert {one[1:3] for one in dates(archive)} == {("20261124", "235930"), ("20261125", "005930")}
