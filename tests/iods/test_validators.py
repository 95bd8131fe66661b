"""The IOD validators of dicom3tools find nothing wrong."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from modality.registry import KINDS
from tests.peers.process import program

pytestmark = pytest.mark.peer

# What the validator warns of without being right: PS3.16 Table L-1 has had PHANTOM since the validator was made (2022),
# PS3.16 section 8 leaves designators that begin with 99 to everyone, and a patient whom nobody knows has no ID.
UNFOUNDED = (
    "Unrecognized defined term <PHANTOM>",
    "Unrecognized defined term <99LAB>",
    "would be needed to build DICOMDIR",
)


def complaints(tool: str, *files: Path) -> list[str]:
    run = subprocess.run([program(tool), *map(str, files)], capture_output=True, text=True, check=False, timeout=100)
    said = [line for line in (run.stdout + run.stderr).splitlines() if line.startswith(("Error", "Warning"))]
    return [line for line in said if not any(unfounded in line for unfounded in UNFOUNDED)]


@pytest.fixture
def series(make_acquisition, make_context, tmp_path):
    def write(kind: str, worklist: str, body_part: str) -> list[Path]:
        acquisition = make_acquisition(kind, body_part=body_part)
        files = []
        for number, dataset in enumerate(KINDS.load(kind).describe(acquisition, make_context(worklist, kind=kind))):
            dataset.file_meta = FileMetaDataset()
            dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            files.append(tmp_path / f"{kind}{number}.dcm")
            dataset.save_as(files[-1], enforce_file_format=True)
        return files

    return write


@pytest.mark.parametrize("body_part", ["HEAD", "CHEST", "PHANTOM"])
@pytest.mark.parametrize("worklist", ["full", "grouped", "sparse", "unscheduled"])
@pytest.mark.parametrize("kind", ["ct", "mr"])
def test_dciodvfy_and_dcentvfy_have_no_complaint(series, kind, worklist, body_part):
    files = series(kind, worklist, body_part)
    assert complaints("/usr/bin/dciodvfy", files[0]) == []
    assert complaints("/usr/bin/dcentvfy", *files) == []


def test_ct_and_mr_of_one_patient_are_consistent(series):
    assert complaints("/usr/bin/dcentvfy", *series("ct", "full", "HEAD"), *series("mr", "full", "HEAD")) == []
