import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

CODE = """
import hashlib
import os
import numpy
import phantoms
from modality.acquisition.ct import ct
from modality.acquisition.mr import mr
found = numpy.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
assert not (found and os.environ.get("NPY_DISABLE_CPU_FEATURES")), found
digest = hashlib.sha256()
for made in (
    ct(phantoms.thorax(3), seed=7, rows=96, columns=80, slices=3, kvp=110.0),
    ct(phantoms.head(4), seed=8, rows=96, columns=80, slices=3, reconstruction_diameter_mm=60.0, kernel="SMOOTH"),
    mr(phantoms.head(3), seed=7, rows=72, columns=64, slices=3, protocol="T1 GRE", field_strength_t=2.0),
):
    for frame in made:
        digest.update(frame.pixels.astype("<u2").tobytes())
print(digest.hexdigest())
"""


def dispatched() -> str:
    """The processor features beyond numpy's baseline that this machine has."""
    return " ".join(np.show_config(mode="dicts")["SIMD Extensions"].get("found", []))


def pixels_digest(**environment: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", CODE], check=True, capture_output=True, text=True, env={**os.environ, **environment}
    )
    return run.stdout.strip()


@pytest.fixture(scope="module")
def usual() -> str:
    return pixels_digest()


def test_pixels_do_not_depend_on_simd_hash_seed_time_zone_or_locale(usual):
    other = pixels_digest(NPY_DISABLE_CPU_FEATURES=dispatched(), PYTHONHASHSEED="77", TZ="Asia/Tokyo", LANG="tr_TR")
    assert len(usual) == hashlib.sha256().digest_size * 2
    assert other == usual


def test_pixels_are_those_of_the_release(usual):
    # Change this only when pixels are meant to change, and say so in the changelog.
    assert usual == PIXELS


PIXELS = "7c9671ed9b10346f003e7adad10b2cd23abb6a696f108142aa9f6c4fdb8a63c0"
