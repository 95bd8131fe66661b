"""The truth about a section as plain data: regions, nuclei, and how many there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

import numpy as np

from phantoms.tissue.stamp import NUCLEUS_CLASSES, Records

NUCLEUS_TRUTH = np.dtype([("x_mm", "f8"), ("y_mm", "f8"), ("kind", "u1"), ("positive", "?"), ("region", "u1")])
REGIONS = ("normal", "inflamed", "tumour")


class RegionTruth(TypedDict):
    """A region as a truth document lists it: `tissue`, `hole`, `fold`, `inflamed` or `tumour`, and its vertices.

    What lies in the tissue, in no hole and in neither inflamed nor tumour is normal; the rest of the slide is glass.
    """

    region: str
    polygon_mm: list[tuple[float, float]]


class SectionTruth(TypedDict):
    """What lies in a window."""

    seed: int
    kind: str
    stain: str
    window_mm: tuple[float, float, float, float]
    regions: list[RegionTruth]
    nuclei: list[dict[str, Any]]
    counts: dict[str, int]


def no_counts() -> dict[str, int]:
    """A count of 0 for each class of nucleus in each region, and for what Ki-67 marks."""
    return {**{f"{name}_{region}": 0 for name in NUCLEUS_CLASSES.values() for region in REGIONS}, "ki67_positive": 0}


def counts_of(nuclei: Iterator[Records]) -> Mapping[str, int]:
    """How many nuclei of each class lie in each region, and how many Ki-67 marks."""
    counts = no_counts()
    for found in nuclei:
        count(found, counts)
    return counts


def count(found: Records, counts: dict[str, int]) -> None:
    """Add some nuclei to counts, in place."""
    pairs = np.bincount(found["kind"].astype(np.int64) * 3 + found["region"], minlength=3 * (len(NUCLEUS_CLASSES) + 1))
    for kind, name in NUCLEUS_CLASSES.items():
        for number, region in enumerate(REGIONS):
            counts[f"{name}_{region}"] += int(pairs[kind * 3 + number])
    counts["ki67_positive"] += int(found["positive"].sum())
