"""Group and append, protocols by code, queries by patient, orders renamed: with wlmscpfs, dcmjs and storescp."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset
from pydicom.sr.coding import Code

from tests.peers import dcmtk
from tests.peers.commandline import SMALL, end, modality, start
from tests.peers.fixtures import Factory
from tests.peers.perform.conftest import named
from tests.peers.process import wait_until
from tests.peers.worklist_items import STATION_AET, ordered, sparse

pytestmark = pytest.mark.peer

HEAD = Code("HEADPROTO", "99PEER", "Head by the table of a test")


def together() -> list[Dataset]:
    """Two orders for one patient, and one for another."""
    first, second = ordered(1, "One^Patient", "CT", HEAD), ordered(2, "One^Patient", "CT", HEAD)
    second.PatientID = first.PatientID
    return [first, second, sparse(3, "Other^Patient", "CT")]


def run(ris, archive, mpps, tmp_path: Path, *options: str):
    return modality(
        "perform", "--worklist", ris.address, "--archive", archive.address, "--mpps", mpps.address,
        "--aet", STATION_AET, "--state", tmp_path / "state", "--json", *SMALL, *options,
    )  # fmt: skip


def images_of(archive) -> list[Dataset]:
    return [pydicom.dcmread(path) for path in archive.files()]


@pytest.mark.parametrize(("how", "per_request"), [("one", 1), ("each", 2)])
def test_a_group_is_one_performed_step_that_a_strict_scp_takes(
    storescp: Factory, dcmjs_mpps: Factory, wlmscpfs: Factory, tmp_path: Path, how: str, per_request: int
) -> None:
    items = together()
    with storescp() as archive, dcmjs_mpps() as mpps, wlmscpfs(items) as ris:
        finished = run(ris, archive, mpps, tmp_path, "--group", how)
        messages, images = mpps.messages(), images_of(archive)
    assert (finished.code, finished.lines) == (0, [])
    assert [one.problems for one in messages] == [[]] * 4
    grouped, alone = finished.document["steps"]
    assert ([one["step_id"] for one in grouped["scheduled_steps"]], alone["step_id"]) == (["SPS1", "SPS2"], "SPS3")
    begun, ended = (one.dataset for one in messages if one.sop_instance_uid == grouped["mpps_uid"])
    orders = begun.ScheduledStepAttributesSequence
    assert [one.ScheduledProcedureStepID for one in orders] == ["SPS1", "SPS2"]
    assert [one.AccessionNumber for one in orders] == [item.AccessionNumber for item in items[:2]]
    mine = [one for one in images if one.StudyInstanceUID in grouped["study_uids"]]
    assert sorted(named(ended)) == sorted(one.SOPInstanceUID for one in mine)
    assert len(mine) == 4 * per_request
    studies = [item.StudyInstanceUID for item in items[:2]]
    if how == "one":
        assert {one.StudyInstanceUID for one in (*mine, *orders)} == {studies[0]}
        assert {len(one.RequestAttributesSequence) for one in mine} == {2}
    else:
        assert [one.StudyInstanceUID for one in orders] == studies == grouped["study_uids"]
        assert Counter(one.StudyInstanceUID for one in mine) == dict.fromkeys(studies, 4)
        assert {len(one.RequestAttributesSequence) for one in mine} == {1}
    for image in mine:
        wanted = {"SPS1", "SPS2"} if how == "one" else {f"SPS{studies.index(image.StudyInstanceUID) + 1}"}
        assert {one.ScheduledProcedureStepID for one in image.RequestAttributesSequence} == wanted


def test_an_appended_step_continues_the_study_in_this_run_and_in_the_next(
    storescp: Factory, dcmjs_mpps: Factory, wlmscpfs: Factory, tmp_path: Path
) -> None:
    with storescp() as archive, dcmjs_mpps() as mpps, wlmscpfs(together()) as ris:
        first = run(ris, archive, mpps, tmp_path, "--limit", "1", "--append", "--seed", "4")
        second = run(ris, archive, mpps, tmp_path, "--limit", "1", "--append", "--seed", "4")
        messages, images = mpps.messages(), images_of(archive)
    steps = [*first.document["steps"], *second.document["steps"]]
    assert [step["append"] for step in steps] == [False, True, True]
    assert (first.code, second.code) == (0, 0)
    assert [one.problems for one in messages] == [[]] * 6
    assert len({step["study_uid"] for step in steps}) == 1
    assert len({step["mpps_uid"] for step in steps}) == len({step["performed_step_id"] for step in steps}) == 3
    numbers = {str(one.SeriesInstanceUID): int(one.SeriesNumber) for one in images}
    assert [numbers[step["series"][0]["series_uid"]] for step in steps] == [1, 2, 3]
    assert len({one.SOPInstanceUID for one in images}) == len(images) == 12


def test_a_users_table_of_codes_chooses_the_protocol_and_the_code_is_reported_back(
    storescp: Factory, dcmjs_mpps: Factory, wlmscpfs: Factory, tmp_path: Path
) -> None:
    table = tmp_path / "codes.toml"
    table.write_text(
        '[[code]]\nvalue = "HEADPROTO"\nscheme = "99PEER"\nprotocol = "head-ct-routine"\n', encoding="utf-8"
    )
    with storescp() as archive, dcmjs_mpps() as mpps, wlmscpfs(together()) as ris:
        finished = run(ris, archive, mpps, tmp_path, "--limit", "1", "--protocol-codes", str(table))
        without = run(ris, archive, mpps, tmp_path, "--limit", "1")
        begun, ended, *_ = mpps.messages()
        images = images_of(archive)
    (step,), (fallen,) = finished.document["steps"], without.document["steps"]
    assert (step["protocol"], step["notes"]) == ("head-ct-routine", [])
    assert fallen["protocol"] == ""
    (note,) = fallen["notes"]
    assert note.startswith("protocol code HEADPROTO (99PEER) is not known here: the default protocol is performed")
    assert ended.dataset.PerformedSeriesSequence[0].ProtocolName == "head-ct-routine"
    assert begun.dataset.PerformedProtocolCodeSequence[0].CodeValue == "HEADPROTO"
    assert {one.PerformedProtocolCodeSequence[0].CodeValue for one in images} == {"HEADPROTO"}


def test_a_table_that_does_not_fit_is_one_line_before_anything_is_asked(wlmscpfs: Factory, tmp_path: Path) -> None:
    table = tmp_path / "codes.toml"
    table.write_text('[[code]]\nvalue = "X"\nprotocol = "brian"\n', encoding="utf-8")
    with wlmscpfs(together()) as ris:
        finished = modality("perform", "--worklist", ris.address, "--archive", tmp_path, "--protocol-codes", table)
        assert ris.requests() == []
    assert (finished.code, len(finished.lines)) == (2, 1)
    assert "did you mean 'brain'" in finished.lines[0]


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        (("--patient-id", "PEER1"), ["SPS1", "SPS2"]),
        (("--patient-name", "Other*"), ["SPS3"]),
        (("--patient-id", "NOBODY"), []),
    ],
)
def test_the_patient_based_query_chooses_whose_steps_are_performed(
    storescp: Factory,
    dcmjs_mpps: Factory,
    wlmscpfs: Factory,
    tmp_path: Path,
    options: tuple[str, ...],
    steps: list[str],
) -> None:
    with storescp() as archive, dcmjs_mpps() as mpps, wlmscpfs(together()) as ris:
        finished = run(ris, archive, mpps, tmp_path, *options)
    assert finished.code == 0
    assert [step["step_id"] for step in finished.document["steps"]] == steps


def test_a_patient_renamed_in_the_ris_during_the_scan_is_told(
    storescp: Factory, dcmjs_mpps: Factory, wlmscpfs: Factory, tmp_path: Path
) -> None:
    items = together()
    with storescp("--sleep-after", "1") as archive, dcmjs_mpps() as mpps, wlmscpfs(items) as ris:
        process = start(
            "perform", "--worklist", ris.address, "--archive", archive.address, "--mpps", mpps.address, "--aet",
            STATION_AET, "--state", tmp_path / "state", "--json", "--rows", "64", "--columns", "64", "--slices", "6",
            "--limit", "1", "--requery",
        )  # fmt: skip
        wait_until(lambda: bool(archive.files()), "an image is stored")
        items[0].PatientName = "Re^Named"
        dcmtk._write_item(ris.folder / "000.wl", items[0])
        finished = end(process)
        _, ended = mpps.messages()
        names = {str(one.PatientName) for one in images_of(archive)}
    assert (finished.code, len(finished.lines)) == (1, 1)
    assert "Patient's Name was 'One^Patient' and is 'Re^Named'" in finished.lines[0]
    assert ended.dataset.PerformedProcedureStepStatus == "COMPLETED"
    assert names == {"One^Patient"}
