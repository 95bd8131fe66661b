"""Enhanced images in programs that others wrote: a validator, highdicom's volumes, and dcm2niix."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modality.registry import KINDS
from modality.station.study import generate, load_phantom
from modality.transfer.encode import transcode
from modality.transfer.syntaxes import syntax
from tests.iods.multiframe.test_functional_groups import EVERY, scanned
from tests.iods.test_nifti import nifti
from tests.iods.test_validators import complaints
from tests.peers.process import program


@pytest.mark.peer
@pytest.mark.parametrize(("kind", "options"), EVERY)
def test_dciodvfy_has_no_complaint(kind: str, options: dict[str, Any], tmp_path: Path) -> None:
    (one,) = scanned(f"enhanced-{kind}", **options)
    one.write(tmp_path / "one.dcm")
    assert complaints("/usr/bin/dciodvfy", tmp_path / "one.dcm") == []
    assert complaints("/usr/bin/dcentvfy", tmp_path / "one.dcm") == []


@pytest.mark.peer
@pytest.mark.parametrize("kind", ["enhanced-ct", "enhanced-mr"])
def test_a_copy_compressed_with_loss_names_its_source_in_the_groups_and_is_valid(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("imagecodecs")
    (one,) = scanned(kind)
    copy = transcode(one, syntax("JPEG2000"))
    copy.write(tmp_path / "one.dcm")
    assert complaints("/usr/bin/dciodvfy", tmp_path / "one.dcm") == []
    dataset = copy.dataset()
    (derivation,) = dataset.SharedFunctionalGroupsSequence[0].DerivationImageSequence
    assert derivation.SourceImageSequence[0].ReferencedSOPInstanceUID == one.sop_instance_uid != dataset.SOPInstanceUID
    assert derivation.DerivationCodeSequence[0].CodeValue == "113040"
    (study,) = dataset.SourceImageEvidenceSequence
    assert study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == one.sop_instance_uid
    assert (dataset.LossyImageCompression, int(dataset.NumberOfFrames)) == ("01", 3)


@pytest.mark.peer
@pytest.mark.parametrize("direction", ["frontal", "lateral"])
def test_dciodvfy_has_no_complaint_of_a_localizer(direction: str, tmp_path: Path) -> None:
    phantom = load_phantom("water", seed=2)
    for columns in (40, 32):
        (one,) = generate("enhanced-ct", phantom, seed=3, rows=40, columns=columns, localizer=direction)
        one.write(tmp_path / "one.dcm")
        assert complaints("/usr/bin/dciodvfy", tmp_path / "one.dcm") == []


@pytest.mark.peer
@pytest.mark.parametrize("worklist", ["full", "grouped", "sparse", "unscheduled"])
@pytest.mark.parametrize("kind", ["enhanced-ct", "enhanced-mr"])
def test_dciodvfy_has_no_complaint_of_any_order(make_acquisition, make_context, kind, worklist, tmp_path: Path):
    (dataset,) = KINDS.load(kind).describe(make_acquisition(kind), make_context(worklist, kind=kind))
    path = tmp_path / "one.dcm"
    dataset.save_as(path, implicit_vr=False, little_endian=True, enforce_file_format=False)
    assert complaints("/usr/bin/dciodvfy", path) == []


@pytest.mark.parametrize(
    ("kind", "options"), [("enhanced-ct", {}), ("enhanced-mr", {"orientation": "oblique"})], ids=["ct", "mr"]
)
def test_highdicom_makes_a_volume_of_the_frames(kind: str, options: dict[str, Any]) -> None:
    highdicom = pytest.importorskip("highdicom")
    study = scanned(kind, **options)
    (one,) = study
    volume = highdicom.Image.from_dataset(one.dataset()).get_volume()
    geometry = study.series[0].acquisition.geometry
    images = [frame.pixels for frame in study.series[0].acquisition]
    for index in range(3):
        place = (volume.affine @ [index, 0, 0, 1])[:3]
        number = int(np.argmin([np.linalg.norm(place - geometry.position_mm(n)) for n in range(3)]))
        assert place == pytest.approx(geometry.position_mm(number), abs=1e-3)
        intercept = -1024.0 if kind == "enhanced-ct" else 0.0
        assert np.array_equal(volume.array[index], images[number] + intercept)


@pytest.mark.peer
@pytest.mark.parametrize(
    ("options", "volumes"), [({}, 1), ({"temporal_positions": 4}, 4), ({"echo_times_ms": (10.0, 30.0)}, 2)]
)
def test_dcm2niix_converts_every_frame_to_its_place(options: dict[str, Any], volumes: int, tmp_path: Path) -> None:
    phantom = load_phantom("spheres", seed=1)
    # Of an unknown vendor this version takes the frames of several volumes for time series of a slice.
    scan: dict[str, Any] = {"seed": 3, "rows": 48, "columns": 40, "slices": 5, "orientation": "oblique", **options}
    (one,) = generate("enhanced-mr", phantom, assignments={"Manufacturer": "Philips"}, **scan)
    for name in ("dicom", "nifti"):
        (tmp_path / name).mkdir()
    one.write(tmp_path / "dicom" / "one.dcm")
    run = subprocess.run(
        [program("/usr/bin/dcm2niix"), "-f", "one_%e", "-z", "n", "-o", tmp_path / "nifti", tmp_path / "dicom"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    # Echoes become files of their own.
    found = [nifti(path) for path in sorted((tmp_path / "nifti").glob("*.nii"))]
    assert len(found) == len(options.get("echo_times_ms", (0.0,)))
    voxels = np.concatenate([one.reshape(40, 48, 5, -1) for one, _ in found], axis=3)
    assert voxels.shape[3] == volumes
    # NIfTI has the rows from the bottom, and here perhaps the slices from the other end.
    ours = one.dataset().pixel_array.astype(float).reshape(volumes, 5, 48, 40)
    theirs = voxels.transpose(3, 2, 1, 0)[:, :, ::-1]
    same = [np.array_equal(theirs[:, ::step], ours) for step in (1, -1)]
    assert any(same)
    first = one.dataset().PerFrameFunctionalGroupsSequence[0 if same[0] else 4].PlanePositionSequence[0]
    for _, affine in found:
        assert affine @ [0, 47, 0, 1] == pytest.approx(list(first.ImagePositionPatient), abs=0.01)
