"""dcm2niix, a converter that others wrote, reads our CT and MR series: places, times and diffusion weightings."""

from __future__ import annotations

import gzip
import json
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modality.acquisition.orientation import ORIENTATIONS
from modality.station.study import generate, load_phantom
from tests.peers.process import program

pytestmark = pytest.mark.peer

_TYPES = {4: "<i2", 16: "<f4", 512: "<u2"}  # datatype codes of the NIfTI-1 header


def nifti(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Voxels of shape (columns, rows, slices[, volumes]) and the affine from their indices to LPS in mm."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    assert struct.unpack_from("<i", content, 0) == (348,)
    count, *sizes = struct.unpack_from("<8h", content, 40)
    (datatype,) = struct.unpack_from("<h", content, 70)
    (offset,) = struct.unpack_from("<f", content, 108)
    affine = np.array(struct.unpack_from("<12f", content, 280)).reshape(3, 4)
    affine[:2] *= -1.0  # NIfTI counts to the right and front (RAS)
    shape = sizes[:count]
    voxels = np.frombuffer(content, _TYPES[datatype], int(np.prod(shape)), int(offset)).reshape(shape, order="F")
    return voxels.astype(np.float64), affine


def converted(folder: Path, kind: str = "mr", **options: Any) -> list[Path]:
    """The NIfTI files that dcm2niix makes of a series, by name."""
    study = generate(kind, load_phantom(options.pop("phantom"), seed=1), seed=3, **options)
    source, target = folder / "dicom", folder / "nifti"
    source.mkdir()
    target.mkdir()
    for number, instance in enumerate(study):
        instance.write(source / f"{number:04d}.dcm")
    run = subprocess.run(
        [program("/usr/bin/dcm2niix"), "-f", "series_%e", "-z", "n", "-o", target, source],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return sorted(target.glob("*.nii"))


def sidecar(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("kind", ["ct", "mr"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_balls_are_where_the_truth_has_them_after_conversion(orientation: str, kind: str, tmp_path: Path) -> None:
    (path,) = converted(tmp_path, kind, phantom="spheres", rows=96, columns=96, slices=30, orientation=orientation)
    voxels, affine = nifti(path)
    index = np.indices(voxels.shape).reshape(3, -1)
    places = (affine @ np.vstack([index, np.ones(index.shape[1])])).T
    values = voxels.ravel()
    size_mm = np.linalg.norm(affine[:, :3], axis=0)
    balls = load_phantom("spheres", seed=1).truth(kvp=120.0, field_strength_t=1.5)
    for ball in (one for one in balls if one["name"].startswith("ball")):
        away = np.linalg.norm(places - ball["center_mm"], axis=1)
        radius = ball["radius_mm"]
        bright = values[away < 0.6 * radius].mean()
        dark = values[(away > 1.15 * radius) & (away < 1.3 * radius)].mean()
        weights = np.clip((values - dark) / (bright - dark), 0.0, 1.0) * (away < 1.3 * radius)
        weights[weights < 0.3] = 0.0
        off_mm = np.average(places, axis=0, weights=weights) - ball["center_mm"]
        off_voxels = np.abs(off_mm @ (affine[:, :3] / size_mm)) / size_mm
        assert off_voxels.max() < 0.5, ball["name"]


def test_each_echo_is_a_volume_with_its_echo_time(tmp_path: Path) -> None:
    echoes = (15.0, 40.0, 90.0)
    paths = converted(tmp_path, phantom="relaxometry", rows=48, columns=48, slices=3, echo_times_ms=echoes)
    assert [sidecar(path)["EchoTime"] for path in paths] == pytest.approx([0.015, 0.04, 0.09])
    means = [nifti(path)[0].mean() for path in paths]
    assert [nifti(path)[0].shape for path in paths] == [(48, 48, 3)] * 3
    assert means == sorted(means, reverse=True)


def test_inversion_times_and_b_values_are_volumes_in_order(tmp_path: Path) -> None:
    common: dict[str, Any] = {"phantom": "relaxometry", "rows": 48, "columns": 48, "slices": 3}
    for name in ("inversion", "diffusion"):
        (tmp_path / name).mkdir()
    (inverted,) = converted(tmp_path / "inversion", **common, inversion_times_ms=(5000.0, 100.0))
    volumes = nifti(inverted)[0]
    assert volumes.shape == (48, 48, 3, 2)
    assert sidecar(inverted)["InversionTime"] in (0.1, 5.0)
    (weighted,) = converted(tmp_path / "diffusion", **common, b_values_s_per_mm2=(0.0, 400.0, 1000.0))
    assert weighted.with_suffix(".bval").read_text(encoding="utf-8").split() == ["0", "400", "1000"]
    volumes = nifti(weighted)[0]
    brightest = [volumes[..., number].max() for number in range(3)]
    assert brightest == sorted(brightest, reverse=True)
