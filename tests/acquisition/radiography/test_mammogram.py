"""Mammograms: where lesions are seen in both projections, compression, dose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from modality.acquisition.radiography.mammogram import Mammogram, mg
from modality.errors import UsageError
from modality.station.study import load_phantom
from phantoms import breast


def taken(**options: Any) -> Mammogram:
    made = {name: options.pop(name) for name in ("thickness_mm", "microcalcifications") if name in options}
    phantom = breast(3, **{"microcalcifications": 0, "density": "A", "mass_mm": 18.0, **made})
    return mg(phantom, **{"seed": 5, "rows": 120, "columns": 90, **options})


@pytest.mark.parametrize(("view", "side"), [("CC", "L"), ("MLO", "R")])
def test_the_chest_wall_is_at_the_edge_on_the_patients_side_and_the_mass_shines(view: Any, side: Any) -> None:
    mammogram = taken(view=view, laterality=side)
    primary = mammogram.shadow.primary
    wall, air = (0, -1) if side == "L" else (-1, 0)
    assert primary[60, wall] < 0.3 < primary[60, air]
    assert (mammogram.protocol.view, mammogram.phantom.laterality) == (view, side)
    (mass,) = [one for one in mammogram.truth()["structures"] if one["name"] == "mass"]
    row, column = round(mass["row"]), round(mass["column"])
    ring = [primary[row + a, column + b] for a, b in ((-8, 0), (8, 0), (0, 8), (0, -8))]
    assert primary[row, column] < 0.93 * float(np.median(ring))


def test_a_lesion_is_as_far_from_the_chest_wall_in_both_projections() -> None:
    across = []
    for view in ("CC", "MLO"):
        (mass,) = [one for one in taken(view=view).phantom.structures if one.name == "mass"]
        assert mass.ball is not None
        across.append(mass.ball[0][1])
    assert across[0] == across[1] < -10.0


def test_only_the_oblique_projection_shows_the_pectoral_muscle_at_the_top_of_the_chest_wall() -> None:
    places = {}
    for view in ("CC", "MLO"):
        mammogram = taken(view=view)
        balls = {one.name: one.ball for one in mammogram.phantom.structures if one.ball}
        places[view] = {name: mammogram.cone.seen(ball[0]) for name, ball in balls.items()}
    assert "pectoral muscle" not in places["CC"]
    assert places["MLO"]["pectoral muscle"].row < 45


def test_microcalcifications_are_small_bright_and_where_the_truth_has_them() -> None:
    mammogram = taken(microcalcifications=3, rows=768, columns=576)
    primary = mammogram.shadow.primary
    places = [one for one in mammogram.truth()["structures"] if one["name"].startswith("microcalcification")]
    assert len(places) == 3
    for one in places:
        row, column = round(one["row"]), round(one["column"])
        around = primary[row - 6 : row + 7, column - 6 : column + 7]
        assert primary[row - 1 : row + 2, column - 1 : column + 2].min() < 0.97 * float(np.median(around))


def test_a_thicker_breast_takes_more_exposure_and_force() -> None:
    thin, thick = taken(thickness_mm=35.0), taken(thickness_mm=65.0)
    assert (thin.dose["compressed_thickness_mm"], thick.dose["compressed_thickness_mm"]) == (35.0, 65.0)
    assert thick.mas > 1.5 * thin.mas
    assert thick.glandular_dose_mgy > thin.glandular_dose_mgy
    assert thick.compression_n > thin.compression_n
    assert thick.shadow.scatter_fraction > thin.shadow.scatter_fraction
    assert 0.1 < thick.glandular_dose_mgy < 3.0


def test_only_a_breast_is_taken() -> None:
    with pytest.raises(UsageError, match="no breast"):
        mg(load_phantom("spheres"), seed=1)
    with pytest.raises(UsageError, match="kvp 80: from 25 to 40"):
        taken(kvp=80.0)
