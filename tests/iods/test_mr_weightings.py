"""MR series with several images of each slice: their attributes say which is which."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

import phantoms
from modality.acquisition.mr import mr
from modality.acquisition.mr.protocol import USUAL
from modality.iods.images.mr import MR
from tests.iods.test_validators import UNFOUNDED
from tests.peers.process import program

SMALL: dict[str, Any] = {"seed": 1, "rows": 24, "columns": 32, "slices": 2}
EXTENDED = "this is a Standard Extended SOP Class"
ABSENT_IN_STANDARD = "Attribute is not present in standard DICOM IOD"


@pytest.fixture
def described(make_context):
    def make(**options: Any) -> list[Dataset]:
        acquisition = mr(phantoms.water(), **{**SMALL, **options})
        return list(MR.describe(acquisition, make_context(kind="mr")))

    return make


def values(datasets: list[Dataset], keyword: str) -> list[Any]:
    return [dataset.get(keyword) for dataset in datasets]


def test_echoes_of_a_train_are_numbered_and_one_acquisition(described):
    datasets = described(echo_times_ms=(15.0, 30.0, 60.0))
    assert [int(number) for number in values(datasets, "InstanceNumber")] == [1, 2, 3, 4, 5, 6]
    assert [float(time) for time in values(datasets, "EchoTime")] == [15.0, 15.0, 30.0, 30.0, 60.0, 60.0]
    assert [int(number) for number in values(datasets, "EchoNumbers")] == [1, 1, 2, 2, 3, 3]
    assert len(set(values(datasets, "AcquisitionNumber"))) == 1
    assert values(datasets, "TemporalPositionIdentifier") == [None] * 6
    heights = [dataset.ImagePositionPatient[2] for dataset in datasets]
    assert heights[:2] == heights[2:4] == heights[4:]
    assert heights[0] != heights[1]
    assert len(set(values(datasets, "SOPInstanceUID"))) == 6
    assert len(set(values(datasets, "SeriesInstanceUID"))) == 1


@pytest.mark.parametrize(
    ("options", "keyword", "expected"),
    [
        ({"inversion_times_ms": (100.0, 900.0)}, "InversionTime", [100.0, 100.0, 900.0, 900.0]),
        ({"b_values_s_per_mm2": (0.0, 1000.0)}, "DiffusionBValue", [0.0, 0.0, 1000.0, 1000.0]),
    ],
)
def test_inversions_and_diffusion_weightings_are_acquisitions_one_after_the_other(
    described, options, keyword, expected
):
    datasets = described(**options)
    assert [float(value) for value in values(datasets, keyword)] == expected
    assert [int(number) for number in values(datasets, "TemporalPositionIdentifier")] == [1, 1, 2, 2]
    assert [int(number) for number in values(datasets, "NumberOfTemporalPositions")] == [2] * 4
    assert [int(number) for number in values(datasets, "AcquisitionNumber")] == [1, 1, 2, 2]
    assert [int(number) for number in values(datasets, "ImagesInAcquisition")] == [2] * 4
    moments = [dataset.AcquisitionDate + dataset.AcquisitionTime for dataset in datasets]
    assert moments[0] == moments[1] < moments[2] == moments[3]


def test_diffusion_is_isotropic_and_none_at_zero(described):
    datasets = described(b_values_s_per_mm2=(0.0, 1000.0))
    assert values(datasets, "DiffusionDirectionality") == ["NONE", "NONE", "ISOTROPIC", "ISOTROPIC"]
    assert all(dataset["DiffusionBValue"].VR == "FD" for dataset in datasets)


@pytest.mark.parametrize(
    ("sequence", "scanning", "variant", "options", "train"),
    [
        ("SE", "SE", "NONE", "", 1),
        ("TSE", "SE", "SK", "", 16),
        ("GRE", "GR", "SP", "", 1),
        ("IR", ["SE", "IR"], "NONE", "", 1),
        ("FLAIR", ["SE", "IR"], "SK", "", 16),
        ("STIR", ["SE", "IR"], "SK", "", 12),
        ("bSSFP", "GR", "SS", "", 1),
        ("DWI", ["SE", "EP"], "NONE", "FS", 24),
    ],
)
def test_the_terms_of_each_sequence(described, sequence, scanning, variant, options, train):
    dataset = described(sequence=sequence)[0]
    assert dataset.ScanningSequence == scanning
    assert dataset.SequenceVariant == variant
    assert (dataset.ScanOptions or "") == options
    assert int(dataset.EchoTrainLength) == train
    assert ("InversionTime" in dataset) == (sequence in ("IR", "FLAIR", "STIR"))  # Type 2C
    assert ("DiffusionBValue" in dataset) == (sequence == "DWI")


def test_the_sampling_of_k_space_is_written(described):
    dataset = described(acquired_rows=16, acquired_columns=20, partial_fourier=0.75, coil="ARRAY")[0]
    assert list(dataset.AcquisitionMatrix) == [0, 20, 16, 0]
    assert int(dataset.NumberOfPhaseEncodingSteps) == 12
    assert float(dataset.PercentSampling) == 50.0
    assert dataset.ScanOptions == "PFP"
    assert dataset.ReceiveCoilName == "ARRAY"


@pytest.mark.peer
@pytest.mark.parametrize("sequence", USUAL)
def test_the_validator_has_no_complaint_but_that_diffusion_extends_the_standard(described, sequence, tmp_path: Path):
    for number, dataset in enumerate(described(sequence=sequence, partial_fourier=0.75, orientation="oblique")):
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = tmp_path / f"{number}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        run = subprocess.run(
            [program("/usr/bin/dciodvfy"), path], capture_output=True, text=True, check=False, timeout=100
        )
        said = [line for line in (run.stdout + run.stderr).splitlines() if line.startswith(("Error", "Warning"))]
        known = (*UNFOUNDED, EXTENDED, ABSENT_IN_STANDARD)
        assert [line for line in said if not any(text in line for text in known)] == []
        assert any(EXTENDED in line for line in said) == (sequence == "DWI")
