import numpy as np
import pytest

import phantoms
from modality.acquisition.mr import mr

PHANTOM = phantoms.relaxometry()


@pytest.mark.parametrize("field_strength_t", [1.5, 3.0])
def test_ten_vials_span_relaxation_times_that_a_fit_can_reach(field_strength_t):
    vials = [
        s["properties"]
        for s in PHANTOM.truth(kvp=120.0, field_strength_t=field_strength_t)
        if s["name"].startswith("vial")
    ]
    assert len(vials) == 10
    t1, t2, pd = (np.array([v[key] for v in vials]) for key in ("T1_ms", "T2_ms", "PD"))
    assert 150 <= t1.min() < 200
    assert 2500 < t1.max() <= 3000
    assert 20 <= t2.min() < 35
    assert 180 < t2.max() <= 250
    assert (t2 < t1).all()
    assert len(set(pd.tolist())) >= 8


def test_two_echoes_give_a_vials_t2():
    echoes = (20.0, 60.0)
    images = [
        mr(PHANTOM, seed=1, rows=128, columns=128, slices=1, protocol="PD", repetition_time_ms=6000.0, echo_time_ms=t)
        for t in echoes
    ]
    geometry = images[0].geometry
    x = (geometry.origin_mm[0] + geometry.column_spacing_mm * np.arange(128)).reshape(1, -1)
    for vial in (s for s in PHANTOM.truth(kvp=120.0, field_strength_t=1.5) if s["name"] in ("vial 1", "vial 4")):
        cx, cy, _ = vial["center_mm"]
        inside = (x - cx) ** 2 + (x.T - cy) ** 2 <= 8.0**2
        first, second = (one.frame(0).pixels[inside].mean() / one.gain for one in images)
        t1, t2 = vial["properties"]["T1_ms"], vial["properties"]["T2_ms"]
        # The 180 degree pulse at TE/2 takes a little of the recovery.
        recovered = [1 - 2 * np.exp(-(6000.0 - t / 2) / t1) + np.exp(-6000.0 / t1) for t in echoes]
        measured = (echoes[1] - echoes[0]) / np.log(first / recovered[0] / (second / recovered[1]))
        assert measured == pytest.approx(t2, rel=0.05)
