import json

import phantoms
from modality.acquisition.ct import ct
from modality.acquisition.mr import mr
from modality.acquisition.truth import truth

HEAD = phantoms.head(2)


def bone(document):
    (found,) = (s["properties"] for s in document["structures"] if s["name"] == "left petrous bone")
    return found


def test_ct_numbers_are_those_at_the_scans_voltage():
    at_80, at_120 = (truth(ct(HEAD, seed=1, slices=1, kvp=kvp)) for kvp in (80.0, 120.0))
    assert bone(at_80)["HU"] > bone(at_120)["HU"] + 300
    assert json.loads(json.dumps(at_80)) == at_80


def test_relaxation_is_that_at_the_scans_field():
    at_15, at_3 = (truth(mr(HEAD, seed=9, slices=1, field_strength_t=b)) for b in (1.5, 3.0))
    assert (bone(at_15)["T1_ms"], bone(at_3)["T1_ms"]) == (200.0, 302.0)
    assert (at_15["seed"], at_15["phantom"]) == (9, "head")
