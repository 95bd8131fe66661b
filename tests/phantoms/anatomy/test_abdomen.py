import pytest

import phantoms
from modality.errors import UsageError
from modality.station.study import load_phantom
from phantoms.anatomy.torso.contrast import PHASES
from phantoms.errors import PhantomError


def hounsfield(phase):
    return {s.name: s.tissue.hu(120.0) for s in phantoms.abdomen(1, phase=phase).structures if s.ball}


def test_phases_follow_each_other_as_in_the_clinic():
    none, arterial, portal, delayed = (hounsfield(phase) for phase in ("none", "arterial", "portal", "delayed"))
    assert none["aorta"] == pytest.approx(56.0, abs=1.0)
    assert arterial["aorta"] > 300 > portal["aorta"] > delayed["aorta"] > none["aorta"] + 50
    assert portal["liver sample"] > delayed["liver sample"] > arterial["liver sample"] > none["liver sample"]
    assert portal["portal vein"] > arterial["portal vein"] + 80
    # Washed around by bright liver, a metastasis shows; a cyst takes up nothing.
    assert portal["liver sample"] - portal["metastasis 1"] > 35
    assert {phase["cyst 1"] for phase in (none, arterial, portal, delayed)} == {none["cyst 1"]}


def test_contrast_shortens_t1():
    none, portal = (
        {s.name: s.tissue.relaxation(1.5).t1_ms for s in phantoms.abdomen(1, phase=p).structures if s.ball}
        for p in ("none", "portal")
    )
    assert portal["aorta"] < 0.3 * none["aorta"]
    assert portal["liver sample"] < none["liver sample"]


@pytest.mark.parametrize(("count", "diameter_mm"), [(0, 14.0), (1, 30.0), (6, 10.0), (12, 4.0)])
def test_a_liver_has_the_lesions_asked_for(count, diameter_mm):
    phantom = phantoms.abdomen(2, lesions=count, lesion_mm=diameter_mm)
    found = [s for s in phantom.structures if s.name.startswith(("metastasis", "cyst"))]
    assert len(found) == count
    assert all(s.solid.volume_mm3 == pytest.approx(3.14159 / 6 * diameter_mm**3, rel=1e-4) for s in found)


@pytest.mark.parametrize(
    "options",
    [{"phase": "early"}, {"lesions": -1}, {"lesion_mm": 1.0}, {"lesions": 21}, {"lesions": 20, "lesion_mm": 40.0}],
)
def test_options_out_of_range_are_refused(options):
    with pytest.raises(PhantomError):
        phantoms.abdomen(0, **options)


def test_an_unknown_option_is_the_users_mistake():
    with pytest.raises(UsageError, match="lesion_cm"):
        load_phantom("abdomen", seed=1, lesion_cm=2)
    assert set(PHASES) == {"none", "arterial", "portal", "delayed"}
