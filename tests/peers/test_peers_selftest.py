"""The peers are up, answer, keep what they are given, and leave nothing behind."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import Dataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from modality.network.upper_layer.reactor import Entity
from tests.peers import dcmtk, process
from tests.peers.fixtures import Factory
from tests.peers.messages import COMMITMENT, Reports, ask_commitment, commitment_of
from tests.peers.process import HOST, free_port, is_open
from tests.peers.worklist_items import HEAD_CT, STATION_AET, sparse, today

pytestmark = pytest.mark.peer

CT_SMALL = Path(pydicom.__file__).parent / "data" / "test_files" / "CT_small.dcm"


def test_storescp_answers_an_echo_and_keeps_what_is_stored(storescp: Factory) -> None:
    with storescp(aet="ARCHIVE") as archive:
        dcmtk.run("echoscu", "-aec", "ARCHIVE", HOST, str(archive.port))
        dcmtk.run("storescu", "-aec", "ARCHIVE", HOST, str(archive.port), CT_SMALL)
        assert archive.address == f"dicom://ARCHIVE@127.0.0.1:{archive.port}"
        assert [pydicom.dcmread(path).SOPClassUID for path in archive.files()] == [CTImageStorage]


def test_a_stopped_peer_leaves_no_process_and_no_open_port(storescp: Factory) -> None:
    with pytest.raises(ZeroDivisionError), storescp("--fork") as archive:
        raise ZeroDivisionError
    assert not is_open(archive.port)


def test_a_peer_that_cannot_start_says_why(storescp: Factory) -> None:
    with pytest.raises(pytest.fail.Exception, match="Unknown option"), storescp("--no-such-option"):
        pass


def test_a_missing_peer_skips_on_a_laptop_and_fails_where_peers_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODALITY_REQUIRE_PEERS", "0")
    with pytest.raises(pytest.skip.Exception, match="make peers"):
        process.program("/usr/bin/no-such-peer")
    monkeypatch.setenv("MODALITY_REQUIRE_PEERS", "1")
    with pytest.raises(pytest.fail.Exception, match="make peers"):
        process.program("/usr/bin/no-such-peer")


def test_a_peer_runs_in_a_group_of_its_own(tmp_path: Path) -> None:
    with process.running(["/bin/sleep", "60"], log=tmp_path / "sleep.log", ready=lambda: True) as peer:
        assert os.getpgid(peer.pid) == peer.pid != os.getpgid(0)
    assert peer.returncode is not None


def test_orthanc_answers_an_echo_and_shows_what_it_stored(orthanc: Factory) -> None:
    with orthanc() as archive:
        dcmtk.run("echoscu", "-aec", "ORTHANC", HOST, str(archive.port))
        assert archive.instances() == []
        dcmtk.run("storescu", "-aec", "ORTHANC", HOST, str(archive.port), CT_SMALL)
        (instance,) = archive.instances()
        assert archive.tags(instance)["PatientName"] == "CompressedSamples^CT1"
        assert archive.datasets()[0].PixelData == pydicom.dcmread(CT_SMALL).PixelData
        assert archive.read("/dicom-web/studies").startswith(b"[")


def test_orthanc_takes_overrides_and_rejects_another_called_ae_title(orthanc: Factory) -> None:
    with orthanc(Name="mine") as archive:
        assert b'"mine"' in archive.read("/system")
        association = Entity("SIM")
        association.add_requested_context("1.2.840.10008.1.1")
        assert association.associate(HOST, archive.port, ae_title="OTHER").is_rejected


def test_orthanc_reports_a_storage_commitment_on_an_association_of_its_own(orthanc: Factory) -> None:
    reports = Reports()
    stored = pydicom.dcmread(CT_SMALL, stop_before_pixels=True).SOPInstanceUID
    request = commitment_of([stored, "1.2.3.4"])
    modality = Entity(STATION_AET)
    modality.add_requested_context(COMMITMENT)
    with reports.listening() as where, orthanc(modalities=where) as archive:
        dcmtk.run("storescu", "-aec", "ORTHANC", HOST, str(archive.port), CT_SMALL)
        association = modality.associate(HOST, archive.port, ae_title="ORTHANC")
        assert ask_commitment(association, request) == 0x0000
        association.release()
        assert reports.arrived.wait(30)
    ((event_type, report),) = reports.received
    assert event_type == 2
    assert reports.ways == ["other"]
    assert report.TransactionUID == request.TransactionUID
    assert [item.ReferencedSOPInstanceUID for item in report.ReferencedSOPSequence] == [stored]
    assert [item.ReferencedSOPInstanceUID for item in report.FailedSOPSequence] == ["1.2.3.4"]


def find(ris: dcmtk.WorklistSCP, folder: Path, *keys: str) -> list[Dataset]:
    step = [f"(0040,0100)[0].{tag}" for tag in ("ScheduledProcedureStepID", "ScheduledProtocolCodeSequence")]
    wanted = ["SpecificCharacterSet", "PatientName", "PatientID", "AccessionNumber", *step]
    return dcmtk.find_worklist(ris.port, ris.aet, folder, *wanted, *keys)


def test_wlmscpfs_returns_the_default_items_in_their_character_sets(wlmscpfs: Factory, tmp_path: Path) -> None:
    with wlmscpfs() as ris:
        station = [
            f"(0040,0100)[0].ScheduledStationAETitle={STATION_AET}",
            f"(0040,0100)[0].ScheduledProcedureStepStartDate={today()}",
        ]
        items = {str(item.PatientID): item for item in find(ris, tmp_path / "found", *station)}
    assert sorted(items) == ["PEER1", "PEER2", "PEER3", "PEER4"]
    assert items["PEER2"].SpecificCharacterSet == "ISO_IR 192"
    assert items["PEER2"].PatientName == "Łukasiewicz^Żaneta=山田^太郎=やまだ^たろう"
    assert items["PEER3"].SpecificCharacterSet == "ISO_IR 100"
    assert items["PEER3"].PatientName == "Müller^Jörg"
    assert items["PEER1"].ScheduledProcedureStepSequence[0].ScheduledProtocolCodeSequence[0].CodeValue == HEAD_CT.value
    assert items["PEER1"].AccessionNumber == "ACC1"
    assert not items["PEER4"].get("AccessionNumber")
    assert len(ris.requests()) == 1
    assert STATION_AET in ris.requests()[0]


def test_wlmscpfs_matches_the_modality_and_takes_dumps(wlmscpfs: Factory, tmp_path: Path) -> None:
    dump = "\n".join(
        [
            "(0010,0010) PN [Dump^Item]",
            "(0010,0020) LO [DUMP1]",
            "(0020,000d) UI [1.2.3.4]",
            "(0032,1060) LO [Procedure]",
            "(0040,1001) SH [RP]",
            "(0040,0100) SQ",
            "(fffe,e000) na",
            "(0008,0060) CS [US]",
            f"(0040,0001) AE [{STATION_AET}]",
            f"(0040,0002) DA [{today()}]",
            "(0040,0003) TM [100000]",
            "(0040,0007) LO [Step]",
            "(0040,0009) SH [SPS]",
            "(fffe,e00d) na",
            "(fffe,e0dd) na",
        ]
    )
    with wlmscpfs([dump, sparse(9, "Other^One", "CT")]) as ris:
        found = find(ris, tmp_path / "found", "(0040,0100)[0].Modality=US")
    assert [item.PatientID for item in found] == ["DUMP1"]


@pytest.mark.parametrize("left_out", ["PatientID", "StudyInstanceUID", "RequestedProcedureID"])
def test_a_sparse_item_has_nothing_that_wlmscpfs_does_not_demand(
    wlmscpfs: Factory, tmp_path: Path, left_out: str
) -> None:
    item = sparse(5, "Sparser^Still", "CT")
    del item[left_out]
    with wlmscpfs([item]) as ris:
        assert find(ris, tmp_path / "found") == []


def test_dciodvfy_finds_a_missing_attribute(dciodvfy: Any, tmp_path: Path) -> None:
    broken = pydicom.dcmread(CT_SMALL)
    del broken.SeriesInstanceUID
    broken.save_as(tmp_path / "broken.dcm")
    errors = dciodvfy(tmp_path / "broken.dcm")
    assert any("SeriesInstanceUID" in error for error in errors)


def test_dcentvfy_finds_one_patient_with_two_names(dcentvfy: Any, tmp_path: Path) -> None:
    twin = pydicom.dcmread(CT_SMALL)
    twin.PatientName = "Somebody^Else"
    twin.SOPInstanceUID = twin.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3.4.5")
    assert twin.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    twin.save_as(tmp_path / "twin.dcm")
    assert dcentvfy([CT_SMALL]) == []
    assert dcentvfy([CT_SMALL, tmp_path / "twin.dcm"]) != []


def test_free_ports_are_free() -> None:
    assert not is_open(free_port())
