"""Steps that do not go as planned: unscheduled, abandoned, interrupted, of a modality that nobody here makes."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset

from tests.peers.commandline import SMALL, end, modality, start
from tests.peers.fixtures import Factory
from tests.peers.perform.conftest import another_day, named
from tests.peers.process import wait_until
from tests.peers.worklist_items import STATION_AET, sparse

pytestmark = pytest.mark.peer

LONG = ("--rows", "64", "--columns", "64", "--slices", "1000")  # ends long after it is interrupted


def test_an_unscheduled_step_makes_its_own_study_and_knows_no_order(
    storescp: Factory, dcmjs_mpps: Factory, tmp_path: Path
) -> None:
    with storescp() as archive, dcmjs_mpps() as mpps:
        finished = modality(
            "perform", "--unscheduled", "CT", "--archive", archive.address, "--mpps", mpps.address,
            "--aet", STATION_AET, "--state", tmp_path / "state", "--json", *SMALL, "--seed", "5",
        )  # fmt: skip
        begun, ended = mpps.messages()
        images = [pydicom.dcmread(path) for path in archive.files()]
    assert (finished.code, finished.lines) == (0, [])
    (step,) = finished.document["steps"]
    (order,) = begun.dataset.ScheduledStepAttributesSequence
    assert (begun.status, ended.status) == (0, 0)
    assert order.StudyInstanceUID == step["study_uid"]
    for keyword in ("AccessionNumber", "RequestedProcedureID", "ScheduledProcedureStepID"):
        assert not order[keyword].value
    assert {image.StudyInstanceUID for image in images} == {step["study_uid"]}
    assert {image.AccessionNumber for image in images} == {""}
    assert not any("RequestAttributesSequence" in image for image in images)
    assert {image.PerformedProcedureStepID for image in images} == {begun.dataset.PerformedProcedureStepID}
    assert {str(image.PatientName) for image in images} == {"Yamada^Tarou=山田^太郎=やまだ^たろう"}
    assert str(begun.dataset.PatientName) == "Yamada^Tarou=山田^太郎=やまだ^たろう"
    assert sorted(named(ended.dataset)) == sorted(image.SOPInstanceUID for image in images)


def test_a_discontinued_step_gives_its_reason_and_names_the_half_that_was_made(
    storescp: Factory, dcmjs_mpps: Factory, wlmscpfs: Factory, tmp_path: Path
) -> None:
    with storescp() as archive, dcmjs_mpps() as mpps, wlmscpfs([sparse(1, "Wrong^Patient", "CT")]) as ris:
        finished = modality(
            "perform", "--worklist", ris.address, "--archive", archive.address, "--mpps", mpps.address,
            "--aet", STATION_AET, "--state", tmp_path / "state", "--json", *SMALL, "--discontinue", "110514",
        )  # fmt: skip
        begun, ended = mpps.messages()
        stored = sorted(pydicom.dcmread(path).SOPInstanceUID for path in archive.files())
    assert (finished.code, finished.lines) == (0, [])
    (step,) = finished.document["steps"]
    assert (step["state"], step["stored"]) == ("DISCONTINUED", 2)
    assert (begun.status, ended.status) == (0, 0)
    (reason,) = ended.dataset.PerformedProcedureStepDiscontinuationReasonCodeSequence
    assert (reason.CodeValue, reason.CodingSchemeDesignator) == ("110514", "DCM")
    assert reason.CodeMeaning == "Incorrect worklist entry selected"
    assert sorted(named(ended.dataset)) == stored
    assert len(stored) == 2


def test_a_reason_that_is_no_reason_is_refused_before_anything_begins(dcmjs_mpps: Factory, tmp_path: Path) -> None:
    with dcmjs_mpps() as mpps:
        finished = modality(
            "perform", "--unscheduled", "CT", "--archive", tmp_path / "out", "--mpps", mpps.address,
            "--state", tmp_path / "state", "--discontinue", "4711",
        )  # fmt: skip
        assert mpps.messages() == []
    assert finished.code == 2
    assert "4711" in finished.lines[0]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_step_is_discontinued_and_what_it_made_is_not_lost(
    storescp: Factory, dcmjs_mpps: Factory, wlmscpfs: Factory, tmp_path: Path, number: signal.Signals
) -> None:
    state = tmp_path / "state"
    items = [sparse(1, "Cut^Short", "CT"), sparse(2, "Never^Begun", "CT")]
    with storescp() as archive, dcmjs_mpps() as mpps, wlmscpfs(items) as ris:
        to = ("--archive", archive.address, "--aet", STATION_AET, "--state", state)
        run = start("perform", "--worklist", ris.address, "--mpps", mpps.address, *to, "--json", *LONG)
        wait_until(lambda: len(archive.files()) >= 3, "some images are stored")
        run.send_signal(number)
        finished = end(run)
        archive.settled()
        begun, ended = mpps.messages()
        stored = {pydicom.dcmread(path).SOPInstanceUID for path in archive.files()}
        waiting = {pydicom.dcmread(path).SOPInstanceUID for path in (state / "instances").iterdir()}
        resumed = modality("perform", "--resume", *to, "--json")
        delivered = {pydicom.dcmread(path).SOPInstanceUID for path in archive.files()}
    assert finished.code == 1
    assert finished.lines[0] == "interrupted: SPS1 is DISCONTINUED, 1 more were not begun"
    assert [line for line in finished.lines[1:] if not re.match(r"\d+ images? kept in", line)] == []
    assert (begun.status, ended.status) == (0, 0)
    assert ended.problems == []
    assert ended.dataset.PerformedProcedureStepStatus == "DISCONTINUED"
    assert ended.dataset.PerformedProcedureStepDiscontinuationReasonCodeSequence[0].CodeValue == "110513"
    created = set(named(ended.dataset))
    assert 3 <= len(stored) < 1000
    assert stored <= created <= stored | waiting
    (step,) = finished.document["steps"]
    assert step["state"] == "DISCONTINUED"
    assert step["stored"] <= len(stored)
    assert finished.document["pending"] == len(waiting)
    assert (resumed.code, resumed.document["pending"]) == (0, 0)
    assert delivered == created
    assert not list((state / "instances").iterdir())


def test_an_interruption_before_the_first_step_is_one_line(wlmscpfs: Factory, tmp_path: Path) -> None:
    with wlmscpfs([]) as ris:
        run = start("perform", "--worklist", ris.address, "--archive", tmp_path / "out", "--state", tmp_path / "state")
        run.send_signal(signal.SIGTERM)
        assert end(run).code != 0


def test_a_modality_that_nobody_here_makes_is_skipped_and_the_rest_is_performed(
    storescp: Factory, dcmjs_mpps: Factory, wlmscpfs: Factory, tmp_path: Path
) -> None:
    items = [sparse(1, "First^One", "CT"), sparse(2, "Endo^Scopy", "ES"), sparse(3, "Last^One", "MR")]
    with storescp() as archive, dcmjs_mpps() as mpps, wlmscpfs(items) as ris:
        finished = modality(
            "perform", "--worklist", ris.address, "--archive", archive.address, "--mpps", mpps.address,
            "--aet", STATION_AET, "--state", tmp_path / "state", "--json", *SMALL,
        )  # fmt: skip
        begun = [one.dataset.Modality for one in mpps.messages("N-CREATE")]
        patients = {pydicom.dcmread(path).PatientID for path in archive.files()}
    assert finished.code == 1
    assert begun == ["CT", "MR"]
    assert patients == {"PEER1", "PEER3"}
    assert [step["state"] for step in finished.document["steps"]] == ["COMPLETED", "", "COMPLETED"]
    (line,) = finished.lines
    assert "SPS2" in line
    assert "ES" in line


@pytest.mark.parametrize(
    ("options", "performed"),
    [
        (("--limit", "1"), ["SPS1"]),
        (("--date", "any"), ["SPS4", "SPS1", "SPS2", "SPS5"]),
        (("--date", "tomorrow"), ["SPS5"]),
        (("--date", "yesterday.."), ["SPS4", "SPS1", "SPS2", "SPS5"]),
        (("--modality", "MR"), ["SPS2"]),
        (("--station-aet", "OTHER"), ["SPS3"]),
        (("--accession", "ACC9"), ["SPS2"]),
        (("--aet", "NOBODY"), []),
    ],
)
def test_options_choose_the_steps(
    wlmscpfs: Factory, tmp_path: Path, options: tuple[str, ...], performed: list[str]
) -> None:
    with wlmscpfs(_several()) as ris:
        finished = modality(
            "perform", "--worklist", ris.address, "--archive", tmp_path / "out", "--aet", STATION_AET,
            "--state", tmp_path / "state", "--json", "--rows", "8", "--columns", "8", "--slices", "1", *options,
        )  # fmt: skip
    assert [step["step_id"] for step in finished.document["steps"]] == performed
    assert finished.code == 0
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == len(performed)
    assert finished.lines == ([] if performed else ["nothing is scheduled for NOBODY"])


def _several() -> list[Dataset]:
    elsewhere, accessioned = sparse(3, "Else^Where", "CT"), sparse(2, "With^Order", "MR")
    elsewhere.ScheduledProcedureStepSequence[0].ScheduledStationAETitle = "OTHER"
    accessioned.AccessionNumber = "ACC9"
    return [
        sparse(1, "To^Day", "CT"),
        accessioned,
        elsewhere,
        sparse(4, "Yester^Day", "CT", another_day(-1)),
        sparse(5, "To^Morrow", "CT", another_day(1)),
    ]


def test_images_of_a_wrong_entry_are_rejected_by_a_note_that_orthanc_and_dciodvfy_take(
    orthanc: Factory, dcmjs_mpps: Factory, wlmscpfs: Factory, dciodvfy: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    with (
        orthanc() as archive,
        dcmjs_mpps() as mpps,
        wlmscpfs([sparse(1, "Wrong^Patient", "CT")]) as ris,
    ):
        finished = modality(
            "perform", "--worklist", ris.address, "--archive", archive.address, "--mpps", mpps.address,
            "--aet", STATION_AET, "--state", tmp_path / "state", "--json", *SMALL, "--discontinue", "110514",
            "--rejection-note",
        )  # fmt: skip
        _, ended = mpps.messages()
        copied = modality("migrate", "--from", archive.dicomweb, "--to", tmp_path / "copy", "--json")
    assert (finished.code, finished.lines, copied.code) == (0, [], 0), copied.stderr
    (step,) = finished.document["steps"]
    kept = {pydicom.dcmread(path).SOPInstanceUID: path for path in (tmp_path / "copy").rglob("*.dcm")}
    (uid,) = step["rejection_notes"]
    note = pydicom.dcmread(kept.pop(uid))
    assert dciodvfy(Path(note.filename)) == []
    assert note.ConceptNameCodeSequence[0].CodeValue == "113038"
    rejected = [
        item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        for item in note.ContentSequence
        if "ReferencedSOPSequence" in item
    ]
    assert sorted(rejected) == sorted(kept) == sorted(named(ended.dataset))
    assert step["stored"] == len(kept)
