import pytest

import phantoms
from phantoms.errors import PhantomError
from phantoms.objects.iec_body import SPHERE_DIAMETERS_MM


def test_the_cavity_holds_nine_litres_and_a_half():
    truth = {s["name"]: s for s in phantoms.nema_pet().truth(kvp=120.0, field_strength_t=1.5)}
    total = sum(s["volume_mm3"] for s in truth.values()) / 1e6
    assert total == pytest.approx(9.7, rel=0.03)


def test_spheres_carry_their_activity_and_the_insert_none():
    truth = {s["name"]: s["properties"] for s in phantoms.nema_pet(ratio=8.0).truth(kvp=120.0, field_strength_t=1.5)}
    assert [truth[f"sphere {d:g} mm"]["activity_relative"] for d in SPHERE_DIAMETERS_MM] == [8.0] * 6
    assert truth["background"]["activity_relative"] == 1.0
    assert truth["lung insert"]["activity_relative"] == 0.0
    assert truth["lung insert"]["HU"] < -600.0


@pytest.mark.parametrize("ratio", [-1.0, 101.0, float("nan")])
def test_a_ratio_out_of_range_is_refused(ratio):
    with pytest.raises(PhantomError):
        phantoms.nema_pet(ratio=ratio)
