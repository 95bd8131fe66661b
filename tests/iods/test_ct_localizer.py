"""A localizer as a CT image."""

import numpy as np
import pytest

import phantoms
from modality.station.study import generate


@pytest.fixture(scope="module")
def scout():
    (instance,) = generate("ct", phantoms.water(), seed=4, localizer="lateral", rows=64, columns=48)
    return instance.dataset()


def test_it_says_that_it_is_a_localizer_and_where_it_lies(scout):
    assert list(scout.ImageType) == ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    assert list(scout.ImageOrientationPatient) == [0, 1, 0, 0, 0, -1]
    spacing = [float(one) for one in scout.PixelSpacing]
    position = [float(one) for one in scout.ImagePositionPatient]
    assert position[0] == 0.0
    assert position[1] == pytest.approx(-47 / 2 * spacing[1], abs=1e-4)
    assert position[2] == pytest.approx(63 / 2 * spacing[0], abs=1e-4)


def test_it_has_no_attributes_of_a_turning_gantry(scout):
    for keyword in ("ConvolutionKernel", "RevolutionTime", "SpiralPitchFactor", "ReconstructionDiameter"):
        assert keyword not in scout
    assert scout.RescaleType == "US"
    assert scout.WindowWidth == 2000
    assert float(scout.CTDIvol) > 0


def test_its_values_are_the_pixels_rescaled(scout):
    values = scout.pixel_array.astype(float) * float(scout.RescaleSlope) + float(scout.RescaleIntercept)
    assert values[0, 0] == pytest.approx(-1000.0, abs=20.0)
    assert values[28:36, 22:26].mean() == pytest.approx(0.0, abs=60.0)  # 200 mm of water and acrylic
    assert np.ptp(values) > 900.0


@pytest.mark.peer
@pytest.mark.parametrize(
    "options", [{"localizer": "frontal"}, {"localizer": "lateral"}, {"engine": "projection", "slices": 1}], ids=str
)
def test_the_validator_finds_no_error(options, tmp_path, dciodvfy):
    for number, one in enumerate(generate("ct", phantoms.water(), seed=4, rows=48, columns=40, **options)):
        one.write(tmp_path / f"{number}.dcm")
        assert dciodvfy(tmp_path / f"{number}.dcm") == []
