"""Encapsulated files arrive whole: as they are where the peer takes them, else transcoded without loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.peers.commandline import Finished, generated, modality
from tests.peers.fixtures import Factory
from tests.peers.process import HOST
from tests.peers.send.received import by_uid, syntaxes

pytest.importorskip("imagecodecs")
pytestmark = pytest.mark.peer

LOSSLESS = ("HTJ2KLossless", "HTJ2KLosslessRPCL", "JPEG2000Lossless", "JPEGLSLossless", "JPEGLosslessSV1")
LOSSY = ("HTJ2K", "JPEG2000", "JPEGLSNearLossless", "JPEGExtended12Bit")
KNOWN = [one for one in (*LOSSLESS, *LOSSY) if not one.startswith("HTJ2K")]  # to Debian's DCMTK and Orthanc
KINDS = ("ct", "mr")


def sent_to(address: str, folder: Path, *options: str) -> Finished:
    return modality("send", folder, "--to", address, *options, "--json")


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_a_stock_storescp_gets_lossless_files_with_the_same_pixels(
    storescp: Factory, tmp_path: Path, syntax: str
) -> None:
    twin = by_uid([one for kind in KINDS for one in generated(tmp_path / "twin", kind)])
    for kind in KINDS:
        generated(tmp_path / "sent", kind, "--transfer-syntax", syntax)
    with storescp() as archive:
        finished = sent_to(archive.address, tmp_path / "sent")
        assert (finished.code, finished.document["stored"], finished.document["transcoded"]) == (0, 8, 8)
        received = by_uid(archive.files())
    assert syntaxes(received) == {"ExplicitVRLittleEndian"}
    assert received.keys() == twin.keys()
    for uid, dataset in received.items():
        assert np.array_equal(dataset.pixel_array, twin[uid].pixel_array)
        assert dataset == twin[uid]


@pytest.mark.parametrize("syntax", LOSSY)
def test_a_lossy_file_is_decoded_for_a_peer_that_takes_no_lossy_syntax_and_still_says_so(
    storescp: Factory, tmp_path: Path, syntax: str
) -> None:
    sent = generated(tmp_path / "sent", "ct", "--transfer-syntax", syntax)
    with storescp() as archive:
        finished = sent_to(archive.address, tmp_path / "sent")
        assert (finished.code, finished.document["transcoded"]) == (0, len(sent))
        received = by_uid(archive.files())
    for uid, dataset in by_uid(sent).items():
        assert received[uid].LossyImageCompression == "01"
        assert received[uid].LossyImageCompressionMethod == dataset.LossyImageCompressionMethod


@pytest.mark.parametrize("syntax", KNOWN)
def test_a_storescp_that_takes_every_syntax_gets_each_file_as_it_is(
    storescp: Factory, tmp_path: Path, syntax: str
) -> None:
    sent = generated(tmp_path / "sent", "ct", "--transfer-syntax", syntax)
    with storescp("+xa", "-pm") as archive:
        finished = sent_to(archive.address, tmp_path / "sent", "--never-transcode")
        assert (finished.code, finished.document["stored"], finished.lines) == (0, len(sent), [])
        assert by_uid(archive.files()) == by_uid(sent)
        assert syntaxes(by_uid(archive.files())) == {syntax}


@pytest.mark.parametrize("syntax", KNOWN)
def test_orthanc_keeps_each_file_as_it_is(orthanc: Factory, tmp_path: Path, syntax: str) -> None:
    sent = generated(tmp_path / "sent", "ct", "--transfer-syntax", syntax)
    (tmp_path / "kept").mkdir()
    kept = []
    with orthanc({"MODALITY": (HOST, 104)}) as archive:
        finished = sent_to(archive.address, tmp_path / "sent", "--never-transcode", "--verify")
        for number, instance in enumerate(archive.instances()):
            kept.append(tmp_path / "kept" / f"{number}.dcm")
            kept[-1].write_bytes(archive.file(instance))
    assert (finished.code, finished.document["verified"]["identical"]) == (0, len(sent))
    assert by_uid(kept) == by_uid(sent)


def test_peers_that_have_never_heard_of_htj2k_get_the_same_pixels(
    storescp: Factory, orthanc: Factory, tmp_path: Path
) -> None:
    twin = by_uid(generated(tmp_path / "twin", "mr"))
    generated(tmp_path / "sent", "mr", "--transfer-syntax", "HTJ2KLosslessRPCL")
    with storescp("+xa", "-pm") as archive:
        assert sent_to(archive.address, tmp_path / "sent").document["transcoded"] == len(twin)
        assert by_uid(archive.files()) == twin
    with orthanc({"MODALITY": (HOST, 104)}) as archive:
        finished = sent_to(archive.address, tmp_path / "sent", "--verify")
        assert finished.document["verified"]["transcoded"].keys() == twin.keys()
        assert finished.code == 0


def test_never_transcode_to_a_stock_storescp_says_what_it_does_not_take(storescp: Factory, tmp_path: Path) -> None:
    generated(tmp_path / "sent", "ct", "--transfer-syntax", "HTJ2KLossless")
    with storescp() as archive:
        finished = sent_to(archive.address, tmp_path / "sent", "--never-transcode")
        assert archive.files() == []
    assert (finished.code, finished.document["stored"]) == (1, 0)
    (line,) = finished.lines
    assert all(word in line for word in ("CT Image Storage", "HTJ2KLossless", "ExplicitVRLittleEndian"))
