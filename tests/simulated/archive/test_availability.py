"""Instance Availability Notification: who asked for it is told of what was stored, study by study (PS3.4 annex R)."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from modality.errors import StatusError
from modality.network.address import parse_dicom
from modality.network.association import associate
from modality.network.dicomweb.archive import WebArchive
from modality.network.local import Local, Timeouts
from modality.network.store import DicomArchive
from modality.protocol import availability
from modality.protocol.availability import INSTANCE_AVAILABILITY, notification
from modality.protocol.negotiation import FALLBACKS
from modality.simulated.archive import SimulatedArchive
from modality.simulated.dicomweb.web import Web
from modality.simulated.ris import SimulatedRis
from modality.station.station import Station
from modality.transfer.encode import prepare
from tests.network.conftest import LOCAL, series
from tests.peers.commandline import SMALL, end, modality, start
from tests.transfer.datasets import image

TABLE = {"ReferencedPerformedProcedureStepSequence", "StudyInstanceUID", "ReferencedSeriesSequence"}


def test_what_was_stored_is_told_once_its_association_has_ended_and_names_the_performed_step():
    with SimulatedRis() as ris, SimulatedArchive(notify=[ris.address]) as archive:
        with Station(
            "CT01", ris=ris.address, archive=archive.address, seed=5, timeouts=Timeouts(30, 30, 30)
        ) as station:
            step = station.worklist()[0]
            with station.perform(step) as performed:
                performed.acquire(rows=8, columns=8, slices=3)
        archive.events.wait_for("availability")
        (told,) = ris.available
        assert [one.status for one in archive.events.of("availability")] == [0]
    assert {one.keyword for one in told} == TABLE  # no other attribute is allowed
    assert told.StudyInstanceUID == step.study_uid
    (reference,) = told.ReferencedPerformedProcedureStepSequence
    assert reference.ReferencedSOPInstanceUID == performed.uid
    (item,) = told.ReferencedSeriesSequence
    assert item.SeriesInstanceUID == performed.series[0].uid
    named = [(one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID) for one in item.ReferencedSOPSequence]
    assert sorted(named) == sorted(performed.series[0].images)
    assert {(one.InstanceAvailability, one.RetrieveAETitle) for one in item.ReferencedSOPSequence} == {
        ("ONLINE", "ARCHIVE")
    }


def test_nobody_is_told_unless_asked_or_of_what_was_refused_or_lost():
    with SimulatedRis() as ris:
        for faults in (["status=A700"], ["lose"]):
            with SimulatedArchive(notify=[ris.address], faults=faults) as archive:
                DicomArchive(archive.address, local=LOCAL).store(series(2))
        with SimulatedArchive() as archive:
            DicomArchive(archive.address, local=LOCAL).store(series(2))
        assert ris.available == []


def test_whom_nobody_reaches_costs_the_sender_nothing():
    with SimulatedArchive(notify=["dicom://GONE@127.0.0.1:1"]) as archive:
        assert DicomArchive(archive.address, local=LOCAL).store(series(2)).complete
        (event,) = archive.events.wait_for("availability")
        assert (event.status, "nobody answers" in event.detail) == (None, True)


@pytest.mark.parametrize(
    ("path", "status"),
    [("StudyInstanceUID", 0x0121), ("ReferencedSeriesSequence", 0x0120), ("InstanceAvailability", 0x0121)],
)
def test_a_notification_that_lacks_what_it_needs_is_refused(path, status):
    told = notification("1.2.3", {"1.2.3.1": [("1.2", "1.2.3.1.1")]}, "ARCHIVE")
    assert availability.judge(told).accepted
    if path == "InstanceAvailability":
        told.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].InstanceAvailability = "SOON"
    elif status == 0x0121:
        told.StudyInstanceUID = ""
    else:
        del told[path]
    with SimulatedRis() as ris:
        local = Local("ARCHIVE", Timeouts(30, 30, 30))
        with associate(parse_dicom(ris.address), [(INSTANCE_AVAILABILITY, FALLBACKS)], local) as association:
            answer, _ = association.request(
                "IAN", association.raw.send_n_create, told, INSTANCE_AVAILABILITY, "1.2.3.4"
            )
            with pytest.raises(StatusError, match=f"{status:04X}H"):
                association.checked("IAN", answer, StatusError)
        assert ris.available == []


def test_serve_archive_notifies(tmp_path: Path):
    with SimulatedRis() as ris:
        run = start("serve", "archive", "--port", "0", "--json", "--notify", ris.address)
        try:
            assert run.stdout is not None
            address = json.loads(run.stdout.readline())["address"]
            state = ("--state", tmp_path / "state")
            finished = modality("perform", "--unscheduled", "CT", "--archive", address, *state, "--json", *SMALL)
            ris.events.wait_for("N-CREATE")
        finally:
            run.send_signal(signal.SIGTERM)
            served = end(run)
        (told,) = ris.available
    assert (finished.code, served.lines) == (0, ["4 instances kept"])
    assert told.StudyInstanceUID == finished.document["steps"][0]["study_uid"]
    assert not told.ReferencedPerformedProcedureStepSequence


def test_what_came_by_stow_is_told_too_and_what_was_refused_or_lost_is_not():
    with SimulatedRis() as ris:
        faults = ["on=store,status=C000,every=3,times=1", "on=store,lose,every=4"]
        with SimulatedArchive(notify=[ris.address], web=Web(), faults=faults) as archive:
            sent = [prepare(image(SOPInstanceUID=f"1.2.3.1.{n}")) for n in range(1, 5)]
            receipt = WebArchive(archive.web_address, local=LOCAL).store(sent)
            archive.events.wait_for("availability")
    assert receipt.refused == {0xC000: ["1.2.3.1.3"]}
    (told,) = ris.available
    assert told.StudyInstanceUID == "1.2.3"
    (item,) = told.ReferencedSeriesSequence
    assert [one.ReferencedSOPInstanceUID for one in item.ReferencedSOPSequence] == ["1.2.3.1.1", "1.2.3.1.2"]
