import numpy as np
import pytest

import phantoms
from phantoms.errors import PhantomError


def test_the_hips_lie_where_the_truth_says_and_are_metal():
    pelvis = phantoms.hip_prosthesis(diameter_mm=20.0)
    truth = {one["name"]: one for one in pelvis.truth(kvp=120.0, field_strength_t=1.5)}
    assert set(truth) == {"pelvis", "bladder", "right hip", "left hip"}
    assert truth["right hip"]["center_mm"] == [-85.0, 0.0, 0.0]
    assert truth["left hip"]["volume_mm3"] == pytest.approx(np.pi * 100.0 * 120.0, rel=1e-4)
    assert truth["left hip"]["properties"]["HU"] > 5000.0
    assert truth["pelvis"]["properties"]["HU"] == pytest.approx(0.0, abs=0.01)
    assert truth["bladder"]["properties"]["HU"] == pytest.approx(15.0, abs=0.01)


def test_steel_attenuates_more_than_titanium():
    titanium, steel = (phantoms.hip_prosthesis(metal=metal).tissues[-1].hu(120.0) for metal in ("titanium", "steel"))
    assert steel > 2.0 * titanium


@pytest.mark.parametrize("options", [{"metal": "gold"}, {"diameter_mm": 1.0}, {"diameter_mm": 80.0}])
def test_what_it_cannot_be_made_of_is_refused(options):
    with pytest.raises(PhantomError, match="hip-prosthesis"):
        phantoms.hip_prosthesis(**options)
