from __future__ import annotations

import numpy as np
import pytest

from phantoms.errors import PhantomError
from phantoms.tissue import tissue_section
from phantoms.tissue.outline import INSIDE, MIXED, OUTSIDE
from phantoms.tissue.section import KINDS
from phantoms.tissue.stamp import EPITHELIAL, LYMPHOCYTE, TUMOUR
from phantoms.tissue.truth import counts_of

SIZE = (4.0, 3.0)


def around(center: tuple[float, float], half: float) -> tuple[float, float, float, float]:
    return center[0] - half, center[1] - half, center[0] + half, center[1] + half


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_repeats_and_another_seed_differs(kind: str) -> None:
    box = around(tissue_section(3, kind=kind, size_mm=SIZE).layout.tumours[0].center_um, 150.0)
    one = tissue_section(3, kind=kind, size_mm=SIZE).nuclei(box)
    other = tissue_section(4, kind=kind, size_mm=SIZE).nuclei(box)
    assert len(one) > 20
    assert one.tobytes() == tissue_section(3, kind=kind, size_mm=SIZE).nuclei(box).tobytes()
    assert one.tobytes() != other.tobytes()


def test_a_seed_beyond_32_bits_is_not_cut_off() -> None:
    box = around((2000.0, 800.0), 300.0)
    small, large = (tissue_section(seed, size_mm=SIZE).nuclei(box) for seed in (3, 3 + (1 << 40)))
    assert small.tobytes() != large.tobytes()


def test_windows_that_tile_a_box_share_out_its_nuclei() -> None:
    section = tissue_section(3, size_mm=SIZE)
    x0, y0, x1, y1 = around(section.layout.tumours[0].center_um, 260.0)
    whole = section.nuclei((x0, y0, x1, y1))
    xs, ys = (x0, x0 + 133.7, x1), (y0, y0 + 300.25, y1)
    parts = [section.nuclei((xs[i], ys[j], xs[i + 1], ys[j + 1])) for i in range(2) for j in range(2)]
    assert len(whole) > 300
    assert np.array_equal(
        np.sort(np.concatenate(parts), order=["x_mm", "y_mm"]), np.sort(whole, order=["x_mm", "y_mm"])
    )


def test_tumour_nuclei_lie_in_tumour_and_glands_outside_it() -> None:
    section = tissue_section(3, size_mm=SIZE)
    found = np.concatenate(list(section.nuclei_by_cell()))
    tumour = section.layout.tumours[0]
    malignant = found[found["kind"] == TUMOUR]
    inside = tumour.contains(malignant["x_mm"] * 1000.0, malignant["y_mm"] * 1000.0)
    assert len(malignant) > 500
    assert inside.mean() > 0.99  # a rim between the eight points that a gland is tested at may lie outside
    normal = found[found["kind"] == EPITHELIAL]
    assert tumour.contains(normal["x_mm"] * 1000.0, normal["y_mm"] * 1000.0).mean() < 0.05


def test_inflamed_tissue_holds_many_more_lymphocytes() -> None:
    section = tissue_section(3, kind="tumour", size_mm=(8.0, 6.0))
    inflamed = section.layout.inflamed[0].center_um
    normal = (section.layout.outline.center_um[0], section.layout.outline.center_um[1])
    many = section.nuclei(around(inflamed, 150.0))
    few = section.nuclei(around(normal, 150.0))
    assert (many["kind"] == LYMPHOCYTE).sum() > 4 * (few["kind"] == LYMPHOCYTE).sum()
    assert (many["kind"] == LYMPHOCYTE).sum() > 150


def test_no_nucleus_lies_on_glass() -> None:
    section = tissue_section(4, size_mm=SIZE)
    hole = section.layout.holes[0]
    found = section.nuclei(around(hole.center_um, hole.reach_um + 100.0))
    x, y = found["x_mm"] * 1000.0, found["y_mm"] * 1000.0
    assert len(found) > 0
    assert section.is_tissue(x, y).all()
    assert not hole.contains(x, y).any()


def test_polygons_are_the_outlines_that_points_are_tested_by() -> None:
    section = tissue_section(3, size_mm=SIZE)
    for region, outline in zip(section.regions(), [section.layout.outline, *section.layout.holes], strict=False):
        assert region["region"] in ("tissue", "hole")
        vertices = np.asarray(region["polygon_mm"]) * 1000.0
        depth = outline.depth(vertices[:, 0], vertices[:, 1])
        assert np.abs(depth - 1.0).max() < 0.02
    assert {region["region"] for region in section.regions()} == {"tissue", "hole", "fold", "inflamed", "tumour"}


def test_cover_never_contradicts_the_points_of_a_box() -> None:
    section = tissue_section(3, size_mm=SIZE)
    seen = set()
    for j in range(0, 3000, 150):
        for i in range(0, 4000, 150):
            box = (float(i), float(j), i + 150.0, j + 150.0)
            x = np.linspace(box[0], box[2], 31).reshape(1, -1)
            y = np.linspace(box[1], box[3], 31).reshape(-1, 1)
            inside = section.is_tissue(x, y)
            cover = section.cover(box)
            seen.add(cover)
            if cover != MIXED:
                assert inside.all() if cover == INSIDE else not inside.any()
    assert seen == {INSIDE, OUTSIDE, MIXED}


def test_the_ground_is_the_same_from_any_window() -> None:
    section = tissue_section(3, kind="breast", size_mm=SIZE)
    whole = section.grounds(900, 700, 1700, 1400)
    assert len(np.unique(whole)) > 3
    assert np.array_equal(section.grounds(1111, 903, 1333, 1177), whole[203:477, 211:433])
    held = {code for j in range(2, 5) for i in range(2, 6) for code in section.ground_codes(j, i).tolist()}
    assert set(np.unique(whole).tolist()) <= held


def test_truth_lists_what_it_counts() -> None:
    section = tissue_section(3, stain="DAB", kind="tumour", size_mm=SIZE)
    window = (1.5, 1.0, 1.9, 1.3)
    truth = section.truth(window)
    assert len(truth["nuclei"]) == sum(n for name, n in truth["counts"].items() if name != "ki67_positive") > 100
    assert truth["counts"]["ki67_positive"] == sum(one["positive"] for one in truth["nuclei"])
    assert truth["counts"] == counts_of(section.nuclei_by_cell(window))
    assert all(1.5 <= one["x_mm"] <= 1.9 and 1.0 <= one["y_mm"] <= 1.3 for one in truth["nuclei"])
    share = truth["counts"]["ki67_positive"] / max(1, len(truth["nuclei"]))
    assert 0.1 < share < 0.5


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kind": "liver"}, "unknown kind 'liver': there is colon"),
        ({"stain": "PAS"}, "unknown stain 'PAS': there is HE, DAB"),
        ({"size_mm": (0.0, 3.0)}, "each side from"),
        ({"size_mm": (float("nan"), 3.0)}, "each side from"),
        ({"size_mm": (1e6, 3.0)}, "each side from"),
    ],
)
def test_what_cannot_be_is_refused_by_name(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(PhantomError, match=message):
        tissue_section(1, **wrong)  # type: ignore[arg-type]
