"""pylinac, a quality-assurance program that others wrote, measures our test objects in images of `modality generate`.

It needs another pydicom than ours, so it lives in an environment of its own: build/pylinac, made by `make peers`, or
the interpreter that MODALITY_PYLINAC names.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = os.environ.get("MODALITY_PYLINAC", str(ROOT / "build" / "pylinac" / "bin" / "python"))
ANALYSE = """
import json, sys, warnings
warnings.simplefilter("ignore")
import matplotlib
matplotlib.use("Agg")
import pylinac
analysis = getattr(pylinac, sys.argv[1])(sys.argv[2])
analysis.analyze()
print(json.dumps(analysis.results_data(as_dict=True), default=str))
"""

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not os.access(PYTHON, os.X_OK), reason="pylinac is not installed: run `make peers`"),
]


def measured(kind: str, phantom: str, analysis: str, folder: Path) -> dict[str, Any]:
    subprocess.run(
        [sys.executable, "-m", "modality", "generate", kind, "--phantom", phantom, "-o", str(folder), "--seed", "7"],
        check=True,
        capture_output=True,
        cwd=ROOT,
    )
    run = subprocess.run(
        [PYTHON, "-c", ANALYSE, analysis, str(folder)],
        check=True,
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )
    results: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return results


def test_pylinac_finds_the_modules_of_acr_ct_and_reads_them_right(tmp_path: Path) -> None:
    seen = measured("ct", "acr-ct", "ACRCT", tmp_path)
    nominal = {"Air": -1000.0, "Poly": -95.0, "Acrylic": 120.0, "Bone": 955.0, "Water": 0.0}
    assert seen["ct_module"]["rois"] == pytest.approx(nominal, abs=2.0)
    assert max(abs(value) for value in seen["uniformity_module"]["rois"].values()) < 2.0
    assert seen["uniformity_module"]["center_roi_stdev"] < 6.0
    assert seen["uniformity_module"]["bb_distance_mm"] == pytest.approx(100.0, abs=0.5)
    assert abs(seen["phantom_roll_deg"]) < 0.5
    assert seen["low_contrast_module"]["cnr"] > 1.0
    transfer = {float(pair): value for pair, value in seen["spatial_resolution_module"]["lpmm_to_rmtf"].items()}
    visible = [value for pair, value in transfer.items() if pair < 1.0]
    assert visible == sorted(visible, reverse=True)
    assert 0.4 < min(pair for pair, value in transfer.items() if value < 0.5) < 1.2


def test_pylinac_passes_catphan504(tmp_path: Path) -> None:
    seen = measured("ct", "catphan504", "CatPhan504", tmp_path)
    rois = seen["ctp404"]["hu_rois"]
    assert all(abs(roi["difference"]) < 3.0 for roi in rois.values()), rois
    assert seen["ctp404"]["measured_slice_thickness_mm"] == pytest.approx(2.5, abs=0.2)
    assert seen["ctp404"]["thickness_passed"]
    assert seen["ctp404"]["avg_line_distance_mm"] == pytest.approx(50.0, abs=0.2)
    assert seen["ctp404"]["geometry_passed"]
    assert seen["ctp486"]["passed"]
    assert seen["ctp515"]["num_rois_seen"] == 6
    assert 0.25 < seen["ctp528"]["mtf_lp_mm"]["50"] < 0.7


def test_pylinac_passes_acr_mr(tmp_path: Path) -> None:
    seen = measured("mr", "acr-mr", "ACRMRILarge", tmp_path)
    assert seen["slice1"]["measured_slice_thickness_mm"] == pytest.approx(5.0, abs=0.7)
    assert abs(seen["slice1"]["slice_shift_mm"]) < 1.0
    assert abs(seen["slice11"]["slice_shift_mm"]) < 1.0
    assert 87.5 < seen["uniformity_module"]["piu"] < 100.0
    assert seen["uniformity_module"]["psg"] < 3.0
    profiles = seen["geometric_distortion_module"]["profiles"]
    assert all(profile["width (mm)"] == pytest.approx(190.0, abs=2.0) for profile in profiles.values())
    assert seen["low_contrast_multi_slice_module"]["score"] >= 7
