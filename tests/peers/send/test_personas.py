"""What every persona makes, in Orthanc: stored, shown, given back with each element and the same pixels."""

from __future__ import annotations

import io
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from modality.iods.personas.persona import personas
from modality.station.study import generate, load_phantom
from tests.peers import orthanc as orthanc_peer
from tests.peers.commandline import modality
from tests.peers.orthanc import Orthanc
from tests.peers.process import HOST, free_port

pytestmark = pytest.mark.peer


@pytest.fixture
def archive(peer_folder) -> Iterator[Orthanc]:  # type: ignore[no-untyped-def]
    known = {"MODALITY": (HOST, free_port())}
    with orthanc_peer.orthanc(peer_folder("orthanc"), known) as running:
        yield running


def test_orthanc_keeps_every_element_of_every_persona(archive: Orthanc, tmp_path: Path) -> None:
    phantom, expected = load_phantom("shepp-logan"), {}
    for name in personas():
        for syntax in ("ExplicitVRLittleEndian", "ImplicitVRLittleEndian", "RLELossless"):
            study = generate(
                "ct", phantom, seed=len(expected), persona=name, transfer_syntax=syntax, rows=32, columns=32, slices=1
            )
            (one,) = study
            one.write(tmp_path / "sent" / f"{name}-{syntax}.dcm")
            expected[one.sop_instance_uid] = one
    assert len(expected) == 3 * len(personas())
    sent = modality("send", tmp_path / "sent", "--to", archive.address, "--json")
    assert (sent.code, sent.document["stored"], sent.document["transcoded"]) == (0, len(expected), 0)
    found = modality("verify", tmp_path / "sent", "--at", archive.address, "--json")
    assert (found.code, found.document["identical"], found.lines) == (0, len(expected), [])
    for identifier in archive.instances():
        held = dcmread(io.BytesIO(archive.file(identifier)))
        one = expected.pop(str(held.SOPInstanceUID)).dataset()
        assert np.array_equal(held.pixel_array, one.pixel_array)
        assert held.PatientName == one.PatientName
        decoded = archive.read(f"/instances/{identifier}/frames/0/image-uint16")  # by Orthanc's own decoder, as PNG
        assert decoded[:4] == b"\x89PNG"
    assert expected == {}


def test_orthanc_shows_the_names_that_it_can_convert(archive: Orthanc, tmp_path: Path) -> None:
    phantom, names = load_phantom("shepp-logan"), {}
    for number, name in enumerate(("hangul", "hanzi", "kanji", "multibyte", "veteran")):
        (one,) = generate("ct", phantom, seed=number, persona=name, rows=32, columns=32, slices=1)
        one.write(tmp_path / "sent" / f"{name}.dcm")
        names[name] = str(one.dataset().PatientName)
    assert modality("send", tmp_path / "sent", "--to", archive.address).code == 0
    with urllib.request.urlopen(f"{archive.http}/patients?expand", timeout=100) as answer:
        shown = {one["MainDicomTags"].get("PatientName", "") for one in json.load(answer)}
    assert {names[name] for name in ("hangul", "hanzi", "kanji", "veteran")} <= shown
    assert "" in shown  # of 446 bytes, as multibyte's, none is in its index; the instance has it whole
