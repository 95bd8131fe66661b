"""Contours, plan, dose and histograms do not depend on the processor's vector units."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np

CODE = """
import hashlib
import phantoms
from modality.station.study import generate
for kind, phantom, more in (
    ("rtstruct", phantoms.thorax(3), {"target": "nodule 1", "slices": 12}),
    ("rtplan", phantoms.spheres(), {"beams": 7, "energy_mv": 10, "slices": 4}),
    ("rtdose", phantoms.spheres(), {"beams": 7, "grid_mm": 5.0, "bits": 32, "slices": 12, "target": "ball 2"}),
):
    digest = hashlib.sha256()
    for made in generate(kind, phantom, seed=7, rows=64, columns=64, **more):
        digest.update(b"".join(bytes(part) for part in made.part10()))
    print(digest.hexdigest())
"""


def digests(**environment: str) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-c", CODE], check=True, capture_output=True, text=True, env={**os.environ, **environment}
    )
    return run.stdout.split()


def test_bytes_do_not_depend_on_simd() -> None:
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])  # type: ignore[index]
    usual = digests()
    assert len(set(usual)) == 3
    assert digests(NPY_DISABLE_CPU_FEATURES=" ".join(found)) == usual
