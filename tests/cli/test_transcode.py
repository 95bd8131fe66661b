from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate

from modality.errors import InputError
from modality.transfer.destination import Folder
from modality.transfer.encode import transcode
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read
from modality.transfer.syntaxes import RLE, TransferSyntax
from tests.cli.command import ENVIRONMENT, MODALITY, document, invoke
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


def renamed(path: Path, to: Path, name: str) -> None:
    dataset = dcmread(path)
    dataset.PatientName = name
    to.parent.mkdir(exist_ok=True)
    dataset.save_as(to)


def test_in_the_folder_that_is_read_no_file_is_lost_to_another_of_its_uid(tmp_path: Path) -> None:
    """A file named by its UID becomes what it is transcoded to; another file of the UID does not take its place."""
    made = generated(tmp_path / "ct", "ct")[0]
    uid = dcmread(made).SOPInstanceUID
    folder = tmp_path / "folder"
    for stem, name in (("0", "First"), (uid, "Second"), ("z", "Third")):
        renamed(made, folder / f"{stem}.dcm", name)
    finished = modality("transcode", folder, "-o", folder, "--to", "RLELossless", "--json")
    assert (finished.code, finished.document["undone"]) == (0, 0)
    names = {path.name: (str(dcmread(path).PatientName), path.name) for path in folder.iterdir()}
    assert {name for name, _ in names.values()} == {"First", "Second", "Third"}
    assert names[f"{uid}.dcm"][0] == "Second"
    assert names["0.dcm"][0] == "First"
    written = [dcmread(path) for path in finished.document["files"]]
    assert {str(one.PatientName) for one in written} == {"First", "Second", "Third"}
    assert {one.file_meta.TransferSyntaxUID.keyword for one in written} == {"RLELossless"}
    assert any(f"{uid}.dcm is one of the files to read, and is kept" in line for line in finished.lines)


def test_what_cannot_be_written_costs_that_file_and_is_no_usage_error(tmp_path: Path) -> None:
    sent = generated(tmp_path / "ct", "ct")
    (tmp_path / "out" / f"{dcmread(sent[1]).SOPInstanceUID}.dcm" / "in the way").mkdir(parents=True)
    finished = modality("transcode", *sent, "-o", tmp_path / "out", "--to", "RLELossless", "--json")
    assert (finished.code, finished.document["transcoded"]) == (1, len(sent) - 1)
    assert list(finished.document["failed"]) == [str(sent[1])]
    assert finished.lines[0].startswith("failed: ")
    assert "cannot be written" in finished.lines[0]
    first = modality("transcode", sent[1], "-o", tmp_path / "out", "--to", "RLELossless")
    assert (first.code, len(first.lines)) == (2, 1)


def test_an_interruption_tells_what_was_not_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = generated(tmp_path / "ct", "ct")
    calls = []

    def interrupted(instance: PreparedInstance, target: TransferSyntax, *, quality: float | None) -> PreparedInstance:
        calls.append(instance)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return transcode(instance, target, quality=quality)

    monkeypatch.setattr("modality.transfer.encode.transcode", interrupted)
    result = invoke("transcode", *sent, "-o", tmp_path / "out", "--to", "RLELossless", "--json")
    assert result.exit_code == 1
    assert (document(result)["transcoded"], document(result)["undone"]) == (1, len(sent) - 1)
    assert f"interrupted: {len(sent) - 1} of {len(sent)} files not transcoded" in result.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == [Path(document(result)["files"][0]).name]


def test_a_file_name_that_is_no_utf_8_is_told_in_json_that_is(tmp_path: Path) -> None:
    sent = generated(tmp_path / "ct", "ct")
    odd = os.fsencode(tmp_path / "ct") + b"/odd\xff.txt"
    Path(os.fsdecode(odd)).write_text("no DICOM")
    command = [*MODALITY, "transcode", tmp_path / "ct", "-o", tmp_path / "out", "--to", "RLELossless", "--json"]
    done = subprocess.run(
        command, env={**ENVIRONMENT, "PYTHONIOENCODING": "utf-8:strict"}, capture_output=True, check=False
    )
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout.decode("utf-8", "strict"))
    assert (found["transcoded"], list(found["skipped"])) == (len(sent), [os.fsdecode(odd)])


def test_files_with_damaged_pixels_are_named(tmp_path: Path) -> None:
    sent = generated(tmp_path / "ct", "ct", "--transfer-syntax", "JPEG2000Lossless")
    dataset = dcmread(sent[0])
    dataset.PixelData = encapsulate([b"no code stream!!"])
    dataset.save_as(sent[0])
    finished = modality("transcode", *sent, "-o", tmp_path / "out", "--to", "ExplicitVRLittleEndian", "--json")
    assert (finished.code, finished.document["transcoded"]) == (1, len(sent) - 1)
    assert finished.lines[0].startswith(f"skipped: {sent[0]}: ")


def test_what_comes_out_unreadable_costs_that_file_and_not_the_run(tmp_path: Path) -> None:
    """Fragments in an element that holds no pixels have no form in Implicit VR."""
    sent = generated(tmp_path / "ct", "ct")
    fragments = encapsulate([b"1234"]) + bytes.fromhex("feffdde000000000")
    odd = bytes.fromhex("01500110") + b"OB\0\0\xff\xff\xff\xff" + fragments
    pixels = bytes.fromhex("e07f1000") + b"OW"
    (tmp_path / "ct" / "0.dcm").write_bytes(sent[0].read_bytes().replace(pixels, odd + pixels))
    finished = modality(
        "transcode", tmp_path / "ct", "-o", tmp_path / "out", "--to", "ImplicitVRLittleEndian", "--json"
    )
    assert (finished.code, finished.document["transcoded"]) == (1, len(sent))
    assert list(finished.document["skipped"]) == [str(tmp_path / "ct" / "0.dcm")]


def test_a_file_that_is_cut_short_while_it_is_open_is_named(tmp_path: Path) -> None:
    (path,) = generated(tmp_path / "ct", "ct", "--slices", "1", "--rows", "256", "--columns", "256")
    instance = read(path)
    os.truncate(path, 5000)
    with pytest.raises(InputError, match="cut short after it was opened"):
        transcode(instance, RLE)
    with pytest.raises(InputError, match="cut short after it was opened"):
        instance.write(tmp_path / "copy.dcm")
    receipt = Folder(tmp_path / "folder").store([instance])
    assert list(receipt.failed) == [instance.sop_instance_uid]
    assert not [*tmp_path.glob("*.dcm"), *tmp_path.glob("folder/**/*.dcm")]


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
