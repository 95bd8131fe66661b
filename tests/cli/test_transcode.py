from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate

from tests.peers.commandline import generated, modality

pytest.importorskip("imagecodecs")


def test_files_become_another_syntax_and_back_again_the_same(tmp_path: Path) -> None:
    sent = generated(tmp_path / "ct", "ct")
    there = modality("transcode", tmp_path / "ct", "-o", tmp_path / "there", "--to", "HTJ2KLossless", "--json")
    assert (there.code, there.document["transcoded"], there.lines) == (0, len(sent), [])
    back = modality(
        "transcode", tmp_path / "there", "-o", tmp_path / "back", "--to", "ExplicitVRLittleEndian", "--json"
    )
    assert back.code == 0
    found = {one.SOPInstanceUID: one for one in map(dcmread, back.document["files"])}
    for path in sent:
        expected = dcmread(path)
        assert np.array_equal(found[expected.SOPInstanceUID].pixel_array, expected.pixel_array)


def test_pixels_that_the_syntax_cannot_carry_are_refused_with_the_reason(tmp_path: Path) -> None:
    generated(tmp_path / "ct", "ct")
    finished = modality("transcode", tmp_path / "ct", "-o", tmp_path / "out", "--to", "JPEGBaseline8Bit", "--json")
    assert (finished.code, finished.document["transcoded"]) == (2, 0)
    assert all("JPEGBaseline8Bit carries 8 bits, these pixels have 12 bits stored" in line for line in finished.lines)
    assert not (tmp_path / "out").exists()


def test_files_of_one_uid_do_not_overwrite_each_other(tmp_path: Path) -> None:
    first = generated(tmp_path / "ct", "ct")[0]
    dataset = dcmread(first)
    dataset.PatientName = "Another"
    dataset.save_as(tmp_path / "ct" / "z.dcm")
    finished = modality(
        "transcode", first, tmp_path / "ct" / "z.dcm", "-o", tmp_path / "out", "--to", "RLELossless", "--json"
    )
    assert len(set(finished.document["files"])) == 2
    assert {str(dcmread(path).PatientName) for path in finished.document["files"]} == {
        str(dcmread(first).PatientName), "Another",
    }  # fmt: skip
    assert "z.dcm: not the first file of SOP Instance UID" in finished.lines[0]


def test_files_with_damaged_pixels_are_named(tmp_path: Path) -> None:
    sent = generated(tmp_path / "ct", "ct", "--transfer-syntax", "JPEG2000Lossless")
    dataset = dcmread(sent[0])
    dataset.PixelData = encapsulate([b"no code stream!!"])
    dataset.save_as(sent[0])
    finished = modality("transcode", *sent, "-o", tmp_path / "out", "--to", "ExplicitVRLittleEndian", "--json")
    assert (finished.code, finished.document["transcoded"]) == (1, len(sent) - 1)
    assert finished.lines[0].startswith(f"skipped: {sent[0]}: ")


def test_damaged_files_are_skipped_and_a_wrong_quality_is_usage(tmp_path: Path) -> None:
    sent = generated(tmp_path / "ct", "ct")
    (tmp_path / "ct" / "torn.dcm").write_bytes(sent[0].read_bytes()[:-100])
    finished = modality("transcode", tmp_path / "ct", "-o", tmp_path / "out", "--to", "RLELossless", "--json")
    assert (finished.code, finished.document["transcoded"]) == (1, len(sent))
    assert "torn.dcm" in finished.lines[0]
    wrong = modality("transcode", *sent, "-o", tmp_path / "out", "--to", "JPEG2000", "--quality", "1000")
    assert (wrong.code, len(wrong.lines)) == (2, 1)


def test_a_quality_where_there_is_nothing_to_choose_is_usage(tmp_path: Path) -> None:
    sent = generated(tmp_path / "ct", "ct")
    for keyword in ("ExplicitVRLittleEndian", "JPEGLSLossless"):
        finished = modality("transcode", *sent, "-o", tmp_path / "out", "--to", keyword, "--quality", "5")
        assert (finished.code, finished.lines) == (2, [f"Error: {keyword} is lossless and takes no quality"])
