import itertools
import math

import numpy as np
import pytest

import phantoms
from modality.acquisition.ct import ct
from modality.acquisition.mr import PROTOCOLS, mr
from phantoms.objects.balls import BALLS

PHANTOM = phantoms.spheres()


def test_balls_differ_in_size_are_at_least_8_mm_and_have_room_around_them():
    radii = [radius for _, radius in BALLS]
    assert len(set(radii)) == len(radii) >= 3
    assert min(radii) >= 8.0
    for (a, ra), (b, rb) in itertools.combinations(BALLS, 2):
        assert math.dist(a, b) - ra - rb >= 0.35 * max(ra, rb)
    for (x, y, z), radius in BALLS:
        assert math.hypot(x, y) + 1.35 * radius <= 92.0
        assert abs(z) + 1.35 * radius <= 70.0


@pytest.mark.parametrize("scan", [pytest.param(ct, id="CT"), *(pytest.param(p, id=p) for p in PROTOCOLS)])
def test_balls_stand_out_and_their_centres_are_found_where_the_truth_has_them(scan):
    options = {"seed": 4, "rows": 128, "columns": 128, "slices": 24}
    images = ct(PHANTOM, **options) if scan is ct else mr(PHANTOM, protocol=scan, **options)
    geometry = images.geometry
    volume = np.stack([frame.pixels.astype(float) for frame in images])
    x = geometry.origin_mm[0] + geometry.column_spacing_mm * np.arange(128)
    z = geometry.origin_mm[2] + geometry.slice_spacing_mm * np.arange(24)
    zz, yy, xx = np.meshgrid(z, x, x, indexing="ij")
    voxel = (geometry.column_spacing_mm, geometry.row_spacing_mm, geometry.slice_spacing_mm)
    truth = {s["name"]: s for s in PHANTOM.truth(kvp=120.0, field_strength_t=1.5)}
    around = volume[(xx**2 + yy**2 + zz**2) <= 10.0**2]
    for name in (n for n in truth if n.startswith("ball")):
        (cx, cy, cz), radius = truth[name]["center_mm"], truth[name]["radius_mm"]
        distance = np.sqrt((xx - cx) ** 2 + (yy - cy) ** 2 + (zz - cz) ** 2)
        inside = volume[distance <= 0.6 * radius]
        assert inside.mean() - around.mean() > 3 * around.std()
        near = distance <= 1.3 * radius
        weight = np.clip(volume[near] - (inside.mean() + around.mean()) / 2, 0, None)
        found = [float((weight * axis[near]).sum() / weight.sum()) for axis in (xx, yy, zz)]
        assert all(abs(f - c) < v / 2 for f, c, v in zip(found, (cx, cy, cz), voxel, strict=True))
