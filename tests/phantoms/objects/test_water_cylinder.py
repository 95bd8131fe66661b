import pytest

import phantoms
from phantoms.errors import PhantomError


@pytest.mark.parametrize("options", [{"diameter_mm": 5.0}, {"length_mm": 0.0}, {"diameter_mm": 900.0}])
def test_a_water_cylinder_out_of_range_is_refused(options):
    with pytest.raises(PhantomError):
        phantoms.water(**options)


def test_the_shell_surrounds_the_water():
    (water,) = phantoms.water(diameter_mm=160.0, length_mm=120.0).truth(kvp=120.0, field_strength_t=1.5)
    assert water["properties"]["HU"] == 0.0
    assert water["volume_mm3"] == pytest.approx(3.14159 * 75.0**2 * 110.0, rel=1e-4)
