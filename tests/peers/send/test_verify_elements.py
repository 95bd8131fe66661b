"""What archives like to lose survives sending, and `verify` shows it; what a peer did lose is named, each element."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.peers.commandline import generated, modality
from tests.peers.process import HOST, free_port
from tests.peers.send.conftest import served_archive
from tests.peers.send.odd_instances import NAMES, PRIVATE_CREATOR, write_odd_instances

pytestmark = pytest.mark.peer

COUNT = 2 * len(NAMES)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    assert len(write_odd_instances(folder)) == COUNT
    return folder


def whole(report: dict[str, Any]) -> bool:
    return (report["checked"], report["identical"], report["transcoded"]) == (COUNT, COUNT, {})


def test_orthanc_keeps_every_element_and_gives_it_back_by_c_get_and_wado_rs(odd: Path, orthanc: Callable) -> None:
    with orthanc({"MODALITY": (HOST, free_port())}) as archive:
        sent = modality("send", odd, "--to", archive.address, "--verify", "--json")
        assert whole(sent.document["verified"])
        finished = modality("verify", odd, "--at", archive.dicomweb, "--json")
    assert whole(finished.document)
    assert (sent.code, sent.lines, finished.code, finished.lines) == (0, [], 0, [])


def test_orthanc_that_allows_no_c_get_moves_every_element_to_us(odd: Path, orthanc: Callable) -> None:
    port = free_port()
    known = {"MODALITY": {"AET": "MODALITY", "Host": HOST, "Port": port, "AllowGet": False}}
    with orthanc(DicomModalities=known, DicomAlwaysAllowGet=False) as archive:
        sent = modality("send", odd, "--to", archive.address, "--verify", "--listen", str(port), "--json")
        assert whole(sent.document["verified"])
        finished = modality("verify", odd, "--at", archive.address, "--json")
    assert (finished.code, len(finished.lines)) == (1, 1)
    assert "aborted the association during C-GET" in finished.lines[0]


@pytest.mark.parametrize("syntax", ["RLELossless", "DeflatedExplicitVRLittleEndian"])
def test_orthanc_gives_instances_back_by_wado_rs_in_their_own_syntax(
    orthanc: Callable, tmp_path: Path, syntax: str
) -> None:
    sent = generated(tmp_path / "sent", "ct", "--transfer-syntax", syntax)
    with orthanc() as archive:
        assert modality("send", *sent, "--to", archive.address).code == 0
        finished = modality("verify", *sent, "--at", archive.dicomweb, "--json")
    document = finished.document
    assert (finished.code, document["identical"], document["transcoded"]) == (0, 4, {})


def test_orthanc_that_lost_an_instance_and_a_service_that_is_none_are_told_apart(odd: Path, orthanc: Callable) -> None:
    files = sorted(odd.iterdir())
    with orthanc() as archive:
        assert modality("send", *files[1:], "--to", archive.address).code == 0
        finished = modality("verify", odd, "--at", archive.dicomweb, "--json")
        assert (finished.code, len(finished.document["lost"]), finished.document["identical"]) == (1, 1, COUNT - 1)
        finished = modality("verify", odd, "--at", f"{archive.http}/none")
    assert finished.code == 1
    assert finished.lines == [f"Error: {archive.http}/none: QIDO-RS refused with 404 Not Found"]


@pytest.mark.parametrize("options", [(), ("+xa", "-pm")], ids=["stock", "all syntaxes"])
def test_storescp_writes_every_element(odd: Path, storescp: Callable, options: tuple[str, ...]) -> None:
    with storescp(*options) as archive:
        assert modality("send", odd, "--to", archive.address).code == 0
        finished = modality("verify", odd, "--at", archive.folder, "--json")
    assert whole(finished.document)
    assert (finished.code, finished.lines) == (0, [])


def test_what_was_transcoded_to_implicit_vr_is_there_whole(odd: Path, storescp: Callable) -> None:
    with storescp("+xi") as archive:
        assert modality("send", odd, "--to", archive.address).code == 0
        finished = modality("verify", odd, "--at", archive.folder, "--json")
    assert (finished.code, finished.document["identical"], finished.document["coerced"]) == (0, COUNT, [])
    assert len(finished.document["transcoded"]) == COUNT // 2


def test_each_element_that_a_peer_dropped_is_named(odd: Path) -> None:
    with served_archive("drop=private+ReferencedImageSequence+PatientComments") as address:
        finished = modality("send", odd, "--to", address, "--verify", "--json")
    assert (finished.code, finished.document["stored"], finished.document["warnings"]) == (1, COUNT, {})
    names = ["(0009,0010)", *(f"(0009,100{number}) {PRIVATE_CREATOR}" for number in range(1, 6))]
    names = sorted([*names, "PatientComments", "ReferencedImageSequence"])
    by_uid: dict[str, list[str]] = {}
    for one in finished.document["verified"]["coerced"]:
        assert one["held"] is None
        by_uid.setdefault(one["uid"], []).append(one["attribute"])
    assert len(by_uid) == COUNT
    assert all(sorted(lost) == names for lost in by_uid.values())
    assert len(finished.lines) == COUNT * len(names)
    assert any(
        line.startswith("element lost: ") and f"(0009,1005) {PRIVATE_CREATOR}: '2 items'" in line
        for line in finished.lines
    )


def test_a_name_coerced_in_every_character_set_is_named_with_both_values(odd: Path) -> None:
    with served_archive("coerce=PatientName:Somebody^Else") as address:
        finished = modality("send", odd, "--to", address, "--verify", "--json")
    assert (finished.code, finished.document["warnings"]) == (0, {"B000": COUNT})
    found = [(one["attribute"], one["sent"], one["held"]) for one in finished.document["verified"]["coerced"]]
    assert sorted(found) == sorted(("PatientName", name, "Somebody^Else") for name in NAMES.values() for _ in range(2))
