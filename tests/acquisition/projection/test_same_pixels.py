"""What is reconstructed from rays does not depend on the processor's vector units."""

import os
import subprocess
import sys

import numpy as np

CODE = """
import hashlib
import phantoms
from modality.acquisition.ct import ct
for made in (
    ct(phantoms.head(3), seed=7, rows=64, columns=80, slices=1, engine="projection"),
    ct(phantoms.hip_prosthesis(), seed=8, rows=64, columns=64, slices=1, mas=40.0, engine="projection", motion_mm=4.0),
    ct(phantoms.head(2), seed=9, rows=48, columns=40, localizer="lateral"),
):
    digest = hashlib.sha256()
    for frame in made:
        digest.update(frame.pixels.astype("<u2").tobytes())
    print(digest.hexdigest())
"""


def digests(**environment):
    run = subprocess.run(
        [sys.executable, "-c", CODE], check=True, capture_output=True, text=True, env={**os.environ, **environment}
    )
    return run.stdout.split()


def test_pixels_do_not_depend_on_simd():
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    usual = digests()
    assert len(set(usual)) == 3
    assert digests(NPY_DISABLE_CPU_FEATURES=" ".join(found)) == usual
