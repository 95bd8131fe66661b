"""Peers that are not there, go away, or refuse the step; and a run that is killed."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

import pydicom
import pytest

from tests.peers import dcmjs
from tests.peers.commandline import SMALL, end, modality, start
from tests.peers.fixtures import Factory
from tests.peers.perform.conftest import named
from tests.peers.process import HOST, free_port, wait_until
from tests.peers.worklist_items import STATION_AET

pytestmark = pytest.mark.peer


def test_an_archive_that_is_away_costs_no_image_and_no_step(
    storescp: Factory, dcmjs_mpps: Factory, tmp_path: Path
) -> None:
    state = ("--aet", STATION_AET, "--state", tmp_path / "state", "--json")
    with dcmjs_mpps() as mpps:
        finished = modality(
            "perform", "--unscheduled", "CT", "--archive", f"dicom://NOBODY@{HOST}:{free_port()}", "--mpps",
            mpps.address, *state, *SMALL,
        )  # fmt: skip
        _, ended = mpps.messages()
    with storescp() as archive:
        resumed = modality("perform", "--resume", "--archive", archive.address, *state)
        delivered = sorted(pydicom.dcmread(path).SOPInstanceUID for path in archive.files())
        nothing_left = modality("perform", "--resume", "--archive", archive.address, *state)
    (step,) = finished.document["steps"]
    assert finished.code == 3
    assert len(finished.lines) == 2
    assert "nobody answers" in finished.lines[0]
    assert "4 images kept in" in finished.lines[1]
    assert (step["state"], step["stored"], step["failed"]) == ("COMPLETED", 0, 4)
    assert ended.dataset.PerformedProcedureStepStatus == "COMPLETED"
    assert (resumed.code, resumed.document["stored"], resumed.document["pending"]) == (0, 4, 0)
    assert delivered == sorted(named(ended.dataset))
    assert (nothing_left.code, nothing_left.document["resumed"]) == (0, 0)


def test_an_archive_that_is_still_away_leaves_what_waits_as_it_is(tmp_path: Path) -> None:
    common = (
        "--archive", f"dicom://NOBODY@{HOST}:{free_port()}", "--aet", STATION_AET, "--state", tmp_path / "state",
        "--json",
    )  # fmt: skip
    assert modality("perform", "--unscheduled", "CT", *common, *SMALL).code == 3
    resumed = modality("perform", "--resume", *common)
    assert resumed.code == 3
    assert len(resumed.lines) == 1
    assert len(list((tmp_path / "state" / "instances").iterdir())) == 4


def test_an_archive_without_one_sop_class_gets_the_other_and_the_rest_waits(
    storescp: Factory, wlmscpfs: Factory, dcmjs_mpps: Factory, tmp_path: Path
) -> None:
    with dcmjs_mpps() as mpps, wlmscpfs() as ris:
        run = start("serve", "archive", "--port", "0", "--json", "--fault", "refuse=MRImageStorage")
        try:
            assert run.stdout is not None
            archive = run.stdout.readline().split('"')[3]
            finished = modality(
                "perform", "--worklist", ris.address, "--archive", archive, "--mpps", mpps.address,
                "--aet", STATION_AET, "--state", tmp_path / "state", "--json", *SMALL,
            )  # fmt: skip
        finally:
            run.send_signal(signal.SIGTERM)
            end(run)
        states = [one.dataset.PerformedProcedureStepStatus for one in mpps.messages("N-SET")]
    assert finished.code == 1
    assert [step["stored"] for step in finished.document["steps"]] == [4, 4, 0, 0]
    assert states == ["COMPLETED"] * 4
    assert finished.document["pending"] == 8
    assert "not MR Image Storage in ExplicitVRLittleEndian; it accepted nothing of that class" in finished.lines[0]


def test_a_step_goes_on_without_its_mpps_scp_which_a_resume_tells_in_order(
    storescp: Factory, dcmjs_mpps: Factory, tmp_path: Path
) -> None:
    state = ("--aet", STATION_AET, "--state", tmp_path / "state", "--json")
    with storescp() as archive:
        to = ("--archive", archive.address, *state)
        finished = modality(
            "perform", "--unscheduled", "CT", "--mpps", f"dicom://MPPS@{HOST}:{free_port()}", *to, *SMALL
        )  # fmt: skip
        stored = sorted(pydicom.dcmread(path).SOPInstanceUID for path in archive.files())
        still_away = modality("perform", "--resume", *to)
        with dcmjs_mpps() as mpps:
            resumed = modality("perform", "--resume", "--mpps", mpps.address, *to)
            begun, ended = mpps.messages()
            nothing_left = modality("perform", "--resume", "--mpps", mpps.address, *to)
            assert len(mpps.messages()) == 2
    (step,) = finished.document["steps"]
    assert (finished.code, step["state"], step["mpps"], step["stored"]) == (3, "COMPLETED", "waiting", 4)
    assert (finished.document["mpps_waiting"], finished.document["pending"]) == (2, 0)
    assert len(finished.lines) == 1
    assert "nobody answers" in finished.lines[0]
    assert (still_away.code, still_away.document["mpps_waiting"]) == (3, 2)
    assert (resumed.code, resumed.document["mpps_sent"], resumed.document["mpps_waiting"]) == (0, 2, 0)
    assert [begun.service, ended.service] == ["N-CREATE", "N-SET"]
    assert (begun.problems, ended.problems, begun.sop_instance_uid) == ([], [], step["mpps_uid"])
    assert sorted(named(ended.dataset)) == stored
    assert (nothing_left.code, nothing_left.document["mpps_sent"]) == (0, 0)


def test_the_next_run_tells_what_an_earlier_one_could_not(
    storescp: Factory, dcmjs_mpps: Factory, peer_folder, tmp_path: Path
) -> None:
    line = ("perform", "--unscheduled", "CT", "--aet", STATION_AET, "--state", tmp_path / "state", "--json", *SMALL)
    with storescp() as archive, dcmjs_mpps() as first:
        run = start(*line, "--archive", archive.address, "--mpps", first.address, "--slices", "400")
        wait_until(lambda: bool(archive.files()), "an image is stored")
        run.send_signal(signal.SIGKILL)
        end(run)
        archive.settled()
        assert [one.service for one in first.messages()] == ["N-CREATE"]
        created = {pydicom.dcmread(path).SOPInstanceUID for path in (tmp_path / "state" / "instances").glob("*.dcm")}
        created |= {pydicom.dcmread(path).SOPInstanceUID for path in archive.files()}
        second = modality(*line, "--archive", archive.address, "--mpps", first.address)
        begun, ended, *others = first.messages()
    assert second.code == 0
    assert [one.service for one in others] == ["N-CREATE", "N-SET"]
    assert (ended.sop_instance_uid, ended.problems) == (begun.sop_instance_uid, [])
    assert ended.dataset.PerformedProcedureStepStatus == "DISCONTINUED"
    assert set(named(ended.dataset)) == created


def test_nothing_is_performed_when_the_mpps_scp_refuses_the_step(
    storescp: Factory, dcmjs_mpps: Factory, tmp_path: Path
) -> None:
    with storescp() as archive, dcmjs_mpps() as mpps:
        line = (
            "perform", "--unscheduled", "CT", "--archive", archive.address, "--mpps", mpps.address,
            "--state", tmp_path / "state", "--json", *SMALL, "--seed", "7",
        )  # fmt: skip
        assert modality(*line).code == 0
        before = archive.log.read_text(encoding="utf-8")
        finished = modality(*line)
        assert archive.log.read_text(encoding="utf-8") == before
        assert [one.status for one in mpps.messages()] == [0x0000, 0x0000, 0x0111]
    assert finished.code == 1
    assert len(finished.lines) == 1
    assert "0111H" in finished.lines[0]
    assert (finished.document["steps"][0]["state"], finished.document["pending"]) == ("", 0)


def test_images_are_committed_though_the_mpps_scp_goes_away_before_the_end(
    storescp: Factory, dcmjs_mpps: Factory, peer_folder, tmp_path: Path
) -> None:
    with (
        contextlib.ExitStack() as stack,
        storescp("--sleep-after", "1") as archive,
        dcmjs_mpps(association="same") as commitment,
    ):
        mpps = stack.enter_context(dcmjs.dcmjs(peer_folder("mpps")))
        # An image a second: the MPPS SCP is gone before the last of them is stored.
        run = start(
            "perform", "--unscheduled", "CT", "--archive", archive.address, "--mpps", mpps.address, "--commitment",
            commitment.address, "--state", tmp_path / "state", "--json", "--rows", "64", "--columns", "64",
            "--slices", "6",
        )  # fmt: skip
        wait_until(lambda: bool(archive.files()), "an image is stored")
        stack.close()
        finished = end(run)
    (step,) = finished.document["steps"]
    assert finished.code == 3
    assert len(finished.lines) == 1
    assert "nobody answers" in finished.lines[0]
    assert (step["stored"], step["committed"], finished.document["pending"]) == (6, 6, 0)


def test_a_run_killed_in_the_middle_of_a_scan_leaves_whole_images_that_resume_delivers(
    storescp: Factory, tmp_path: Path
) -> None:
    with storescp() as archive:
        common = ("--archive", archive.address, "--state", tmp_path / "state", "--json")
        size = ("--rows", "64", "--columns", "64", "--slices", "600")
        run = start("perform", "--unscheduled", "CT", *common, *size)
        wait_until(lambda: len(archive.files()) >= 2, "images are stored")
        run.send_signal(signal.SIGKILL)
        end(run)
        archive.settled()
        waiting = {
            path.name.partition(".dcm")[0].removesuffix(".store-only")
            for path in (tmp_path / "state" / "instances").glob("*.dcm")
        }
        resumed = modality("perform", "--resume", *common)
        delivered = {pydicom.dcmread(path).SOPInstanceUID for path in archive.files()}
    assert (resumed.code, resumed.lines) == (0, [])
    assert waiting
    assert waiting <= delivered
    assert list((tmp_path / "state" / "instances").iterdir()) == []


def test_a_damaged_image_in_the_state_folder_is_named_and_the_rest_is_delivered(
    storescp: Factory, tmp_path: Path
) -> None:
    state = ("--aet", STATION_AET, "--state", tmp_path / "state", "--json")
    nobody = f"dicom://NOBODY@{HOST}:{free_port()}"
    assert modality("perform", "--unscheduled", "CT", "--archive", nobody, *state, *SMALL).code == 3
    damaged, gone, *_ = sorted((tmp_path / "state" / "instances").iterdir())
    damaged.write_bytes(damaged.read_bytes()[:-100])
    gone.unlink()
    with storescp() as archive:
        resumed = modality("perform", "--resume", "--archive", archive.address, *state)
        assert len(archive.files()) == 2
    assert (resumed.code, resumed.document["pending"]) == (1, 2)
    assert len(resumed.lines) == 2
    assert {path.name in resumed.stderr for path in (damaged, gone)} == {True}


def test_a_worklist_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    finished = modality(
        "perform", "--worklist", f"dicom://NOBODY@{HOST}:{free_port()}", "--archive", tmp_path, "--state", tmp_path
    )
    assert finished.code == 3
    assert len(finished.lines) == 1
