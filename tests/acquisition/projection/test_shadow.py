import math

import numpy as np
import pytest

from modality.acquisition.projection.shadow import STEP_MM, lengths
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Ellipsoid
from phantoms.tissues import TISSUES

ELLIPSOID = Phantom(
    "one",
    "PHANTOM",
    (
        Structure("whole", Ellipsoid((5.0, 0.0, 0.0), (60.0, 40.0, 50.0)), TISSUES["water"]),
        Structure("core", Ellipsoid((5.0, 0.0, 0.0), (20.0, 20.0, 50.0)), TISSUES["water"]),
    ),
    (-50.0, 50.0),
    200.0,
)
VALUES = np.asarray([[0.0], [1.0], [3.0]])


@pytest.mark.parametrize(("along", "radius", "across"), [(1, 40.0, 60.0), (0, 60.0, 40.0)])
@pytest.mark.parametrize("z", [0.0, 30.0])
def test_rays_have_the_length_of_their_chords(along, radius, across, z):
    places = np.arange(-80.0, 80.0, 2.0)
    found = lengths(ELLIPSOID, VALUES, z, places, along=along)[0]
    off = places - (5.0 if along == 1 else 0.0)
    shrunk = math.sqrt(1.0 - (z / 50.0) ** 2)

    def chord(half, width):
        return 2.0 * half * np.sqrt(np.maximum(shrunk**2 - (off / width) ** 2, 0.0))

    expected = chord(radius, across) + 2.0 * chord(20.0, 20.0)
    assert np.abs(found - expected).mean() < STEP_MM
    assert found.sum() == pytest.approx(expected.sum(), rel=0.02)
