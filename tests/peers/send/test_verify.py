"""What became of files in an archive: identical, coerced, lost, transcoded; on Orthanc and on our own."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from tests.peers import orthanc as orthanc_peer
from tests.peers.commandline import generated, modality
from tests.peers.orthanc import Orthanc
from tests.peers.process import HOST, free_port
from tests.peers.send.conftest import served_archive

pytestmark = pytest.mark.peer


def ask(archive: Orthanc, method: str, path: str, body: bytes | None = None) -> bytes:
    """The answer of Orthanc's REST API."""
    request = urllib.request.Request(f"{archive.http}{path}", data=body, method=method)
    with urllib.request.urlopen(request, timeout=100) as response:
        return bytes(response.read())


def identifier(archive: Orthanc, file: Path) -> str:
    """Orthanc's own identifier of an instance."""
    uid = str(pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID)
    (found,) = json.loads(ask(archive, "POST", "/tools/lookup", uid.encode()))
    return str(found["ID"])


@pytest.fixture
def archive(peer_folder) -> Iterator[Orthanc]:  # type: ignore[no-untyped-def]
    known = {"MODALITY": (HOST, free_port())}
    with orthanc_peer.orthanc(peer_folder("orthanc"), known, OverwriteInstances=True) as running:
        yield running


@pytest.mark.parametrize("syntax", ["ExplicitVRLittleEndian", "RLELossless", "DeflatedExplicitVRLittleEndian"])
def test_what_orthanc_was_sent_is_there_identical(archive: Orthanc, tmp_path: Path, syntax: str) -> None:
    for kind in ("ct", "mr"):
        generated(tmp_path / "sent", kind, "--transfer-syntax", syntax)
    assert modality("send", tmp_path / "sent", "--to", archive.address).code == 0
    finished = modality("verify", tmp_path / "sent", "--at", archive.address, "--json")
    assert finished.code == 0
    assert (finished.document["checked"], finished.document["identical"]) == (8, 8)


def test_what_orthanc_keeps_in_its_own_syntax_is_not_called_transcoded(archive: Orthanc, tmp_path: Path) -> None:
    sent = generated(tmp_path / "sent", "ct", "--transfer-syntax", "RLELossless")
    assert modality("send", *sent, "--to", archive.address).code == 0
    finished = modality("verify", *sent, "--at", archive.address, "--json")
    assert (finished.document["transcoded"], finished.lines) == ({}, [])


def test_an_instance_that_orthanc_lost_and_an_attribute_that_it_changed_are_named(
    archive: Orthanc, ct: list[Path]
) -> None:
    assert modality("send", *ct, "--to", archive.address).code == 0
    lost, changed = (str(pydicom.dcmread(path).SOPInstanceUID) for path in ct[:2])
    ask(archive, "DELETE", f"/instances/{identifier(archive, ct[0])}")
    body = {
        "Replace": {"PatientName": "Somebody^Else", "SOPInstanceUID": changed},
        "Keep": ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"],
        "Remove": ["StationName"],
        "Force": True,
    }
    path = f"/instances/{identifier(archive, ct[1])}/modify"
    ask(archive, "POST", "/instances", ask(archive, "POST", path, json.dumps(body).encode()))
    finished = modality("verify", *ct, "--at", archive.address, "--json")
    document = finished.document
    assert finished.code == 1
    assert document["lost"] == [lost]
    assert (document["checked"], document["identical"]) == (4, 2)
    differences = {one["attribute"]: (one["sent"], one["held"]) for one in document["coerced"]}
    assert {one["uid"] for one in document["coerced"]} == {changed}
    sent = pydicom.dcmread(ct[1])
    assert differences["PatientName"] == (str(sent.PatientName), "Somebody^Else")
    assert differences["StationName"] == (sent.StationName, None)
    assert any(line == f"lost: {lost}" for line in finished.lines)
    assert any(changed in line and "PatientName" in line for line in finished.lines)


def test_pixels_that_changed_are_named(archive: Orthanc, tmp_path: Path, ct: list[Path]) -> None:
    dataset = pydicom.dcmread(ct[0])
    dataset.PixelData = bytes(len(dataset.PixelData))
    dataset.save_as(tmp_path / "black.dcm")
    assert modality("send", tmp_path / "black.dcm", *ct[1:], "--to", archive.address).code == 0
    finished = modality("verify", *ct, "--at", archive.address, "--json")
    assert finished.code == 1
    assert finished.document["differing"] == [dataset.SOPInstanceUID]
    assert finished.document["identical"] == 3


def test_a_study_that_the_archive_never_had_is_lost_whole(archive: Orthanc, ct: list[Path]) -> None:
    finished = modality("verify", *ct, "--at", archive.address, "--json")
    assert finished.code == 1
    assert len(finished.document["lost"]) == len(finished.lines) == 4


def test_what_an_archive_holds_in_another_syntax_is_named_and_compared_by_its_pixels(tmp_path: Path) -> None:
    sent = generated(tmp_path / "sent", "ct", "--transfer-syntax", "RLELossless")
    with served_archive("refuse=RLELossless", storage=tmp_path / "archive") as address:
        assert modality("send", *sent, "--to", address, "--json").document["transcoded"] == 4
        finished = modality("verify", *sent, "--at", address, "--json")
    assert finished.code == 0
    assert (finished.document["identical"], finished.document["coerced"]) == (4, [])
    assert list(finished.document["transcoded"].values()) == [["RLELossless", "ExplicitVRLittleEndian"]] * 4
    assert len(finished.lines) == 4


def test_a_coercion_that_was_answered_with_a_warning_is_named(ct: list[Path]) -> None:
    with served_archive("on=store,coerce=PatientID:OTHER,every=4") as address:
        sent = modality("send", *ct, "--to", address, "--verify", "--json")
        finished = modality("verify", *ct, "--at", address, "--json")
    assert sent.document["warnings"] == {"B000": 1}
    (difference,) = finished.document["coerced"]
    assert (difference["attribute"], difference["held"]) == ("PatientID", "OTHER")
    assert sent.document["verified"]["coerced"] == [difference]
    assert any("PatientID" in line for line in sent.lines)
    assert (finished.document["identical"], finished.code, sent.code) == (
        3,
        1,
        0,
    )  # `send` was told by B000H


def test_an_instance_that_was_answered_with_success_and_not_kept_is_lost(ct: list[Path]) -> None:
    with served_archive("on=store,lose,every=3") as address:
        sent = modality("send", *ct, "--to", address, "--verify", "--json")
    assert sent.code == 1
    assert (sent.document["stored"], len(sent.document["verified"]["lost"])) == (4, 1)
    assert sent.lines == [f"lost: {sent.document['verified']['lost'][0]}"]


def test_an_archive_that_is_not_there_is_one_line(ct: list[Path]) -> None:
    finished = modality("verify", *ct, "--at", f"dicom://NOBODY@{HOST}:{free_port()}")
    assert (finished.code, len(finished.lines)) == (3, 1)
