"""`modality send` over DICOMweb: to Orthanc's plugin, and to the archive that `modality serve` has."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from modality.network.address import WebAddress
from modality.network.dicomweb.archive import WebArchive
from modality.network.local import Local
from modality.network.verify import verify_instances
from modality.transfer.encode import prepare
from tests.network.conftest import series
from tests.peers.commandline import SMALL, end, generated, modality, start
from tests.peers.send.odd_instances import NAMES, write_odd_instances
from tests.peers.worklist_items import STATION_AET
from tests.transfer.datasets import image

pytestmark = pytest.mark.peer


@contextlib.contextmanager
def served(*options: str | Path, environment: dict[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """`modality serve archive` with a web service; gives its addresses."""
    process = start("serve", "archive", "--port", "0", "--web-port", "0", "--json", *options, environment=environment)
    try:
        assert process.stdout is not None
        yield dict(json.loads(process.stdout.readline()))
    finally:
        process.send_signal(signal.SIGTERM)
        assert end(process).code == 0


def test_three_hundred_instances_are_in_orthanc_identical(orthanc: Callable) -> None:
    sent = series(300)
    with orthanc() as archive:
        receipt = WebArchive(archive.dicomweb, local=Local()).store(sent)
        assert receipt.complete, (receipt.refused, receipt.failed)
        assert len(archive.instances()) == 300
        report = verify_instances(WebAddress(archive.dicomweb), sent, Local())
    assert (report.checked, report.identical, report.lost) == (300, 300, [])


@pytest.mark.parametrize("syntax", ["ExplicitVRLittleEndian", "RLELossless", "JPEG2000Lossless", "HTJ2KLossless"])
def test_send_and_verify_over_the_web_alone(orthanc: Callable, tmp_path: Path, syntax: str) -> None:
    sent = generated(tmp_path, "ct", "--transfer-syntax", syntax)
    with orthanc() as archive:
        finished = modality("send", *sent, "--to", archive.dicomweb, "--verify", "--json")
    assert (finished.code, finished.lines) == (0, [])
    assert (finished.document["stored"], finished.document["verified"]["identical"]) == (4, 4)


def test_orthanc_keeps_what_archives_like_to_lose(orthanc: Callable, tmp_path: Path) -> None:
    write_odd_instances(tmp_path / "odd")
    with orthanc() as archive:
        finished = modality("send", tmp_path / "odd", "--to", archive.dicomweb, "--verify", "--json")
    assert finished.code == 0, finished.stderr
    assert finished.document["verified"]["identical"] == 2 * len(NAMES)


def test_what_orthanc_cannot_read_or_does_not_keep_costs_that_instance(orthanc: Callable) -> None:
    """It stops at the first part that it cannot read, and says nothing of one that lacks a UID."""
    good = series(3)
    broken, lacking = series(2)
    broken = broken.stamp({"SOPInstanceUID": "1.2.3.1.8"})
    broken.head = b"rubbish" + broken.head[7:]
    lacking = prepare(image(SOPInstanceUID="1.2.3.1.9", StudyInstanceUID=""))
    with orthanc() as archive:
        receipt = WebArchive(archive.dicomweb, local=Local()).store([good[0], broken, good[1], lacking, good[2]])
        kept = len(archive.instances())
    assert receipt.stored == [one.sop_instance_uid for one in good]
    assert set(receipt.failed) == {"1.2.3.1.8", "1.2.3.1.9"}
    assert kept == 3


def test_orthanc_stores_a_study_twice(orthanc: Callable) -> None:
    with orthanc(OverwriteInstances=False) as archive:
        for _ in range(2):
            assert WebArchive(archive.dicomweb, local=Local()).store(series(3)).complete
        assert len(archive.instances()) == 3


def test_orthanc_asks_who_it_is(orthanc: Callable, tmp_path: Path) -> None:
    sent = generated(tmp_path / "sent", "ct")
    passcode = tmp_path / "passcode"
    passcode.write_text("geheim\n")
    with orthanc(AuthenticationEnabled=True, RegisteredUsers={"anna": "geheim"}) as archive:
        denied = modality("send", *sent, "--to", archive.dicomweb)
        options = ("--user", "anna", "--passcode-file", passcode)
        let_in = modality("send", *sent, "--to", archive.dicomweb, *options, "--json")
    assert denied.code == 1
    assert denied.lines == [f"Error: {archive.dicomweb}: STOW-RS refused with 401 Unauthorized"]
    assert let_in.document["stored"] == 4
    assert "geheim" not in let_in.stderr + let_in.stdout


def test_the_served_archive_takes_both_roads_to_one_store(tmp_path: Path) -> None:
    sent = generated(tmp_path / "sent", "ct")
    tokens = tmp_path / "tokens"
    tokens.write_text("t-o-k-e-n\n")
    with served("--web-tokens", tokens, "--storage", tmp_path / "store") as addresses:
        denied = modality("send", *sent, "--to", addresses["web"])
        finished = modality("send", *sent, "--to", addresses["web"], "--jwt-file", tokens, "--verify", "--json")
        over_dimse = modality("verify", *sent, "--at", addresses["address"], "--json")
    assert (denied.code, "401" in denied.stderr) == (1, True)
    assert (finished.code, finished.document["verified"]["identical"]) == (0, 4)
    assert (over_dimse.code, over_dimse.document["identical"]) == (0, 4)
    assert "t-o-k" not in finished.stderr + finished.stdout


def test_options_that_mean_nothing_on_the_web_are_refused(tmp_path: Path) -> None:
    sent = generated(tmp_path, "ct")
    for option in (
        ["--never-transcode"],
        ["--aet", "CT01"],
        ["--propose", "RLELossless"],
        ["--listen", "0", "--verify"],
    ):
        finished = modality("send", *sent, "--to", "http://127.0.0.1:1/dicom-web", *option)
        assert finished.code == 2, option
        assert f"leave out {option[0]}" in finished.stderr
    gone = modality("send", *sent, "--to", "http://127.0.0.1:1/dicom-web")
    assert gone.code == 3


def test_perform_stores_over_the_web(wlmscpfs: Callable) -> None:
    with wlmscpfs() as ris, served() as addresses:
        options = ("--aet", STATION_AET, "--date", "any", "--limit", "1", *SMALL, "--json")
        finished = modality("perform", "--worklist", ris.address, "--archive", addresses["web"], *options)
        assert finished.code == 0, finished.stderr
        (step,) = finished.document["steps"]
        found = httpx.get(f"{addresses['web']}/studies/{step['study_uid']}/instances").json()
    assert len(found) == step["stored"] == 4
