"""Files arrive whole in other people's archives, in the syntax they are in or transcoded where the peer needs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from tests.peers import dcmtk
from tests.peers.commandline import generated, modality
from tests.peers.fixtures import Factory
from tests.peers.process import HOST

pytestmark = pytest.mark.peer

UNCOMPRESSED = ("ExplicitVRLittleEndian", "ImplicitVRLittleEndian", "ExplicitVRBigEndian")


def plain(path: Path) -> Dataset:
    """A file as DCMTK decodes it: no compression, explicit VR."""
    syntax = pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID
    tool = "dcmdrle" if syntax == "1.2.840.10008.1.2.5" else "dcmconv"
    decoded = path.with_name(f"{path.name}.plain")
    dcmtk.run(tool, *(("+te",) if tool == "dcmconv" else ()), path, decoded)
    dataset = pydicom.dcmread(decoded)
    decoded.unlink()
    return dataset


def by_uid(paths: list[Path]) -> dict[str, Dataset]:
    return {str(dataset.SOPInstanceUID): dataset for dataset in map(plain, paths)}


def assert_same(sent: list[Path], received: list[Path]) -> None:
    """Every file sent is there, and has the same attributes and the same pixels."""
    mine, theirs = by_uid(sent), by_uid(received)
    assert mine.keys() == theirs.keys()
    for uid, dataset in mine.items():
        assert np.array_equal(dataset.pixel_array, theirs[uid].pixel_array)
        assert dataset == theirs[uid]


def syntaxes(paths: list[Path]) -> set[str]:
    return {pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID.keyword for path in paths}


@pytest.mark.parametrize("syntax", UNCOMPRESSED)
def test_a_stock_storescp_gets_uncompressed_files_as_they_are(storescp: Factory, tmp_path: Path, syntax: str) -> None:
    sent = generated(tmp_path / "sent", "ct", "--transfer-syntax", syntax)
    with storescp() as archive:
        finished = modality("send", tmp_path / "sent", "--to", archive.address, "--json")
        assert (finished.code, finished.lines) == (0, [])
        assert (finished.document["stored"], finished.document["transcoded"]) == (4, 0)
        assert syntaxes(archive.files()) == {syntax}
        assert_same(sent, archive.files())


@pytest.mark.parametrize("syntax", ["RLELossless", "DeflatedExplicitVRLittleEndian"])
def test_a_stock_storescp_gets_what_it_does_not_take_transcoded(storescp: Factory, tmp_path: Path, syntax: str) -> None:
    sent = generated(tmp_path / "sent", "mr", "--transfer-syntax", syntax)
    with storescp() as archive:
        finished = modality("send", *sent, "--to", archive.address, "--json")
        assert (finished.code, finished.document["stored"], finished.document["transcoded"]) == (0, 4, 4)
        assert syntaxes(archive.files()) == {"ExplicitVRLittleEndian"}
        assert_same(sent, archive.files())


@pytest.mark.parametrize("syntax", [*UNCOMPRESSED, "RLELossless", "DeflatedExplicitVRLittleEndian"])
def test_a_storescp_that_takes_every_syntax_gets_all_files_as_they_are(
    storescp: Factory, tmp_path: Path, syntax: str
) -> None:
    sent = generated(tmp_path / "sent", "ct", "--transfer-syntax", syntax)
    with storescp("+xa", "-pm") as archive:
        finished = modality("send", tmp_path / "sent", "--to", archive.address, "--never-transcode", "--json")
        assert (finished.code, finished.document["stored"], finished.document["transcoded"]) == (0, 4, 0)
        assert syntaxes(archive.files()) == {syntax}
        assert_same(sent, archive.files())


@pytest.mark.parametrize("syntax", ["RLELossless", "DeflatedExplicitVRLittleEndian", "ExplicitVRLittleEndian"])
def test_a_peer_that_takes_implicit_vr_only_gets_the_same_images_in_it(
    storescp: Factory, tmp_path: Path, syntax: str
) -> None:
    sent = generated(tmp_path / "sent", "ct", "--transfer-syntax", syntax, "--set", "PatientName=Müller^Jörg")
    with storescp("+xi") as archive:
        finished = modality("send", *sent, "--to", archive.address, "--json")
        assert (finished.code, finished.document["transcoded"]) == (0, 4)
        assert {pydicom.dcmread(one).file_meta.TransferSyntaxUID for one in archive.files()} == {ImplicitVRLittleEndian}
        assert_same(sent, archive.files())


def test_never_transcode_says_which_syntax_is_not_taken_and_sends_the_others(storescp: Factory, tmp_path: Path) -> None:
    generated(tmp_path / "sent", "ct", "--transfer-syntax", "RLELossless")
    generated(tmp_path / "sent", "mr", "--transfer-syntax", "ExplicitVRLittleEndian")
    with storescp() as archive:
        finished = modality("send", tmp_path / "sent", "--to", archive.address, "--never-transcode", "--json")
        assert len(archive.files()) == 4
    assert (finished.code, finished.document["stored"], finished.document["failed"]) == (1, 4, 4)
    (line,) = finished.lines
    assert "CT Image Storage in RLELossless" in line
    assert "4 instances" in line


def test_a_storescp_that_may_choose_within_one_context_gets_what_it_prefers(storescp: Factory, tmp_path: Path) -> None:
    sent = generated(tmp_path / "sent", "ct")
    propose = ("--propose", "own,ImplicitVRLittleEndian,RLELossless")
    with storescp("+xr") as archive:
        finished = modality("send", *sent, "--to", archive.address, *propose, "--json")
        assert (finished.code, finished.document["transcoded"]) == (0, 4)
        assert syntaxes(archive.files()) == {"RLELossless"}
        assert_same(sent, archive.files())


def test_a_storescp_gets_a_lossy_image_only_if_that_is_allowed(storescp: Factory, tmp_path: Path) -> None:
    pytest.importorskip("imagecodecs")
    (sent,) = generated(tmp_path / "sent", "ct", "--slices", "1")
    propose = ("--propose", "JPEGExtended12Bit", "--json")
    with storescp("+xx") as archive:
        refused = modality("send", sent, "--to", archive.address, *propose)
        assert archive.files() == []
        lossy = modality("send", sent, "--to", archive.address, *propose, "--allow-lossy", "--quality", "95")
        (arrived,) = archive.files()
    assert refused.code == 1
    assert "in ExplicitVRLittleEndian; it accepted JPEGExtended12Bit" in refused.lines[0]
    assert (lossy.code, lossy.document["stored"]) == (0, 1)
    decoded = tmp_path / "decoded.dcm"
    dcmtk.run("dcmdjpeg", arrived, decoded)
    mine, theirs = pydicom.dcmread(sent), pydicom.dcmread(decoded)
    assert theirs.LossyImageCompression == "01"
    assert theirs.SOPInstanceUID != mine.SOPInstanceUID
    assert np.abs(mine.pixel_array.astype(int) - theirs.pixel_array.astype(int)).mean() < 10


@pytest.mark.parametrize("syntax", ["ExplicitVRLittleEndian", "RLELossless", "DeflatedExplicitVRLittleEndian"])
def test_orthanc_keeps_the_files_as_they_were_sent(orthanc: Factory, tmp_path: Path, syntax: str) -> None:
    sent = generated(tmp_path / "sent", "ct", "--transfer-syntax", syntax)
    (tmp_path / "kept").mkdir()
    with orthanc({"MODALITY": (HOST, 104)}) as archive:  # Orthanc answers queries of those it knows only
        finished = modality("send", tmp_path / "sent", "--to", archive.address, "--verify", "--json")
        kept = []
        for number, instance in enumerate(archive.instances()):
            kept.append(tmp_path / "kept" / f"{number}.dcm")
            kept[-1].write_bytes(archive.file(instance))
    assert (finished.code, finished.document["stored"]) == (0, 4)
    assert finished.document["verified"]["identical"] == 4
    assert syntaxes(kept) == {syntax}
    assert_same(sent, kept)


def test_a_folder_is_a_destination_too(tmp_path: Path, ct: list[Path]) -> None:
    finished = modality("send", *ct, "--to", tmp_path / "copy", "--json")
    assert (finished.code, finished.document["stored"]) == (0, 4)
    assert_same(ct, sorted((tmp_path / "copy").rglob("*.dcm")))


def test_what_was_stored_is_told_even_when_it_cannot_be_verified(orthanc: Factory, ct: list[Path]) -> None:
    with orthanc() as archive:
        finished = modality("send", *ct, "--to", archive.address, "--verify", "--json")
    assert (finished.code, finished.document["stored"], finished.document["verified"]) == (1, 4, None)
    (line,) = finished.lines
    assert line.startswith("not verified: ")


def test_a_folder_is_verified_too(tmp_path: Path, ct: list[Path]) -> None:
    finished = modality("send", *ct, "--to", tmp_path / "copy", "--verify", "--json")
    assert (finished.code, finished.document["stored"]) == (0, 4)
    assert finished.document["verified"]["identical"] == 4
