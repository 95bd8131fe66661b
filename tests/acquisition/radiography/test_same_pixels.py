"""Radiographs do not depend on the processor's vector units."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np

CODE = """
import hashlib
import phantoms
from modality.acquisition.radiography.mammogram import mg
from modality.acquisition.radiography.radiograph import dx
from modality.acquisition.radiography.runs import rf, xa
spheres = phantoms.spheres()
for made in (
    dx(phantoms.knee(3), seed=7, rows=96, columns=80, presentation="both"),
    mg(phantoms.breast(2, microcalcifications=2), seed=8, rows=64, columns=48),
    xa(spheres, seed=9, rows=48, columns=40, frames=2, primary_deg=25.0, secondary_deg=-10.0),
    rf(phantoms.vessels(1), seed=9, rows=32, columns=32, frames=3),
):
    digest = hashlib.sha256()
    for frame in made:
        digest.update(frame.pixels.astype("<u2").tobytes())
    print(digest.hexdigest())
"""


def digests(**environment: str) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-c", CODE], check=True, capture_output=True, text=True, env={**os.environ, **environment}
    )
    return run.stdout.split()


def test_pixels_do_not_depend_on_simd() -> None:
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])  # type: ignore[index]
    usual = digests()
    assert len(set(usual)) == 4
    assert digests(NPY_DISABLE_CPU_FEATURES=" ".join(found)) == usual
