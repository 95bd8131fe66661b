"""Files that cannot be sent are named and skipped, and the rest is stored."""

from __future__ import annotations

import shutil
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file

from tests.peers import dcmtk
from tests.peers.commandline import modality
from tests.peers.fixtures import Factory

pytestmark = pytest.mark.peer

TRAILING_PADDING = 0xFFFCFFFC


def test_truncated_empty_and_other_files_among_good_ones_are_named_and_skipped(
    storescp: Factory, tmp_path: Path, ct: list[Path]
) -> None:
    sent = tmp_path / "sent"
    sent.mkdir()
    for path in ct:
        shutil.copy(path, sent)
    whole = ct[0].read_bytes()
    bad = {
        "truncated-pixels.dcm": whole[:-1],
        "truncated-header.dcm": whole[:700],
        "truncated-meta.dcm": whole[:150],
        "only-preamble.dcm": whole[:132],
        "empty.dcm": b"",
        "notes.txt": b"The patient moved.\n",
        "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(1000),
        "zeros.bin": bytes(100_000),
    }
    for name, content in bad.items():
        (sent / name).write_bytes(content)
    with storescp() as archive:
        finished = modality("send", sent, "--to", archive.address, "--json")
        arrived = {pydicom.dcmread(path).SOPInstanceUID for path in archive.files()}
    assert arrived == {pydicom.dcmread(path).SOPInstanceUID for path in ct}
    assert (finished.code, finished.document["stored"], finished.document["skipped"]) == (1, 4, len(bad))
    assert len(finished.lines) == len(bad)
    for name in bad:
        (line,) = [line for line in finished.lines if name in line]
        assert line.startswith("skipped: ")
    assert {Path(path).name for path in finished.document["problems"]} == set(bad)


def test_a_dicomdir_in_a_folder_is_passed_over_and_one_that_is_named_is_skipped(
    storescp: Factory, tmp_path: Path, ct: list[Path]
) -> None:
    disc = tmp_path / "disc"
    disc.mkdir()
    for number, path in enumerate(ct):
        shutil.copy(path, disc / f"IM{number}")
    dcmtk.run("dcmmkdir", "+m", "-Pgp", *(f"IM{number}" for number in range(len(ct))), folder=disc)
    with storescp() as archive:
        below = modality("send", disc, "--to", archive.address, "--json")
        named = modality("send", disc / "DICOMDIR", disc / "IM0", "--to", archive.address, "--json")
    assert (below.code, below.document["stored"], below.document["skipped"]) == (0, 4, 0)
    assert (named.code, named.document["stored"], named.document["skipped"]) == (1, 1, 1)
    assert "DICOMDIR" in named.lines[0]


def test_files_that_cannot_be_opened_are_named_and_skipped(storescp: Factory, tmp_path: Path, ct: list[Path]) -> None:
    sent = tmp_path / "sent"
    sent.mkdir()
    (sent / "gone.dcm").symlink_to(tmp_path / "nowhere.dcm")
    shutil.copy(ct[0], sent)
    with storescp() as archive:
        finished = modality("send", sent, "--to", archive.address, "--json")
    assert (finished.code, finished.document["stored"], finished.document["skipped"]) == (1, 1, 1)
    (line,) = finished.lines
    assert "gone.dcm" in line


@pytest.mark.parametrize(
    "name",
    ["CT_small.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm", "SC_rgb_rle.dcm", "waveform_ecg.dcm", "reportsi.dcm"],
)
def test_other_peoples_files_arrive_whole(storescp: Factory, tmp_path: Path, name: str) -> None:
    path = get_testdata_file(name, download=False)
    assert isinstance(path, str)
    with storescp("+xa", "-pm") as archive:
        finished = modality("send", path, "--to", archive.address, "--json")
        assert (finished.code, finished.lines) == (0, [])
        (arrived,) = map(pydicom.dcmread, archive.files())
    expected = pydicom.dcmread(path)
    for dataset in (arrived, expected):
        dataset.pop(TRAILING_PADDING, None)  # storescp drops it, as it may (PS3.10 7.2)
    assert arrived == expected


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("send", "nowhere.dcm", "--to", "dicom://A@127.0.0.1:104"), "nowhere.dcm: no such file"),
        (("send", ".", "--to", "dicom://A@127.0.0.1:104"), "no file below"),
        (("send", ".", "--to", "dicom://A@127.0.0.1"), "no port"),
        (("send", ".", "--to", "dicom://A@127.0.0.1:99999"), "port must be a number"),
        (("send", ".", "--to", "dicom://THIS_IS_MUCH_TOO_LONG@127.0.0.1:104"), "AE title"),
        (("send", ".", "--to", "ftp://host"), "unknown scheme"),
        (("send", ".", "--to", "dicom://A@127.0.0.1:104", "--aet", "ÄÖÜ"), "AE title"),
        (("send", ".", "--to", "https://"), "no host"),
    ],
)
def test_a_wrong_path_or_address_is_one_line_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    finished = modality(*arguments)
    assert finished.code == 2
    assert len(finished.lines) == 1
    assert said in finished.lines[0]
