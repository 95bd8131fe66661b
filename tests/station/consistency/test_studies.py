"""Studies that we generate, of every kind and of protocols with several stacks and phases, break no rule."""

from __future__ import annotations

from inspect import signature
from pathlib import Path

import pytest

from modality.registry import KINDS
from modality.station.consistency.case import Case
from modality.station.consistency.evidence import read_image
from modality.station.consistency.table import check
from modality.station.examination import examine
from modality.station.study import generate

SMALL = {"rows": 64, "columns": 64, "slices": 3}


def broken(instances, folder: Path) -> dict[str, list[str]]:
    images = []
    for number, instance in enumerate(instances):
        instance.write(folder / f"{number}.dcm")
        images.append(read_image(folder / f"{number}.dcm"))
    assert images
    return {one.rule.id: list(map(str, one.deviations)) for one in check(Case(images)) if one.deviations}


@pytest.mark.parametrize("kind", [name for name in KINDS.entries if KINDS.load(name).slides is None])
def test_a_series_of_any_kind_breaks_no_rule(tmp_path: Path, kind: str) -> None:
    if kind == "sr":
        pytest.importorskip("highdicom")
    takes = signature(KINDS.load(kind).acquire).parameters
    small = {**SMALL, "grid_mm": 12.0}  # of a dose
    small |= {"slices": 40} if KINDS.load(kind).reports else {}  # a report is of a scan that shows something
    small |= {"frames": 3} if kind in ("us", "xa", "rf") else {}
    options = {name: value for name, value in small.items() if name in takes}
    assert broken(generate(kind, seed=4, **options), tmp_path) == {}


@pytest.mark.parametrize(
    ("kind", "protocol"), [("mr", "knee"), ("mr", "abdomen"), ("enhanced-mr", "spine"), ("ct", "head-ct")]
)
def test_an_examination_breaks_no_rule(tmp_path: Path, kind: str, protocol: str) -> None:
    """A localizer of three planes, each with its own spacing; phases acquired one after the other."""
    assert broken(examine(kind, protocol, seed=4, **SMALL), tmp_path) == {}
