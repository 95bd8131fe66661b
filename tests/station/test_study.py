import pytest

from modality.station.study import generate, load_phantom
from modality.transfer.encode import prepare
from modality.transfer.syntaxes import TABLE


@pytest.mark.parametrize("one", [one for one in TABLE if not one.encapsulated], ids=lambda s: s.keyword)
@pytest.mark.parametrize("assignments", [{}, {"SliceLocation": "7", "StudyDescription": "Schädel"}])
def test_a_series_described_once_is_the_one_described_image_by_image(one, assignments):
    # A modulated, off-centre scan: each image has its own tube current, position and number.
    phantom = load_phantom("thorax", seed=2)
    study = generate("ct", phantom, seed=3, slices=4, rows=31, columns=27, transfer_syntax=one, assignments=assignments)
    (scan,) = study.series
    alone = (prepare(scan._assigned(made), one) for made in scan.kind.describe(scan.acquisition, scan.context))
    currents = set()
    for made, expected in zip(scan, alone, strict=True):
        assert b"".join(made.part10()) == b"".join(expected.part10())
        currents.add(str(made.dataset().XRayTubeCurrent))
    assert len(currents) > 1


@pytest.mark.parametrize("one", [one for one in TABLE if not one.encapsulated], ids=lambda s: s.keyword)
@pytest.mark.parametrize(
    "options",
    [
        {"orientation": "oblique"},
        {"echo_times_ms": (10.0, 30.0)},
        {"inversion_times_ms": (100.0, 900.0)},
        {"b_values_s_per_mm2": (0.0, 1000.0)},
        {"temporal_positions": 3},
        {"orientation": "three-plane"},
    ],
    ids=str,
)
def test_an_mr_series_described_once_is_the_one_described_image_by_image(one, options):
    phantom = load_phantom("water", seed=2)
    (scan,) = generate("mr", phantom, seed=3, slices=2, rows=15, columns=17, transfer_syntax=one, **options).series
    alone = [prepare(made, one) for made in scan.kind.describe(scan.acquisition, scan.context)]
    assert scan.kind.iod.frame_values is not None
    assert [b"".join(made.part10()) for made in scan] == [b"".join(expected.part10()) for expected in alone]
    assert len({made.sop_instance_uid for made in scan}) == len(scan) == len(alone)
