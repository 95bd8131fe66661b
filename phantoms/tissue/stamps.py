"""The parts that tissue is put together from, each in a few variants: glands, nests, fibre bundles, groups of cells.

A part lies about its own origin, in um. Sizes follow what histology atlases show at large (crypts of 70 to 90 um,
lymphocytes of 6 to 7 um, tumour nuclei up to three times a normal one); the exact numbers are our choice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from phantoms.tissue.glands import crypt, lobule, tumour_gland
from phantoms.tissue.making import Maker
from phantoms.tissue.stamp import Stamp
from phantoms.tissue.stroma import DIRECTIONS, bundle, cells, fat, patch, vessel

# Family: maker and number of variants, the smallest first.
_FAMILIES: Mapping[str, tuple[Callable[[Maker], Stamp], int]] = {
    "patch": (patch, 8),
    "collagen": (bundle, 3 * DIRECTIONS),
    "muscle": (bundle, 3 * DIRECTIONS),
    "vessel": (vessel, 8),
    "sparse": (cells, 12),
    "infiltrate": (cells, 10),
    "fat": (fat, 10),
    "lobule": (lobule, 10),
    "crypt": (crypt, 14),
    "tumour": (tumour_gland, 16),
}
FAMILIES = tuple(_FAMILIES)


@lru_cache(maxsize=32)
def variants(family: str, seed: int) -> tuple[Stamp, ...]:
    """The variants of a part, the smallest first; those of fibres by direction instead."""
    maker, count = _FAMILIES[family]
    return tuple(maker(Maker(family, seed, variant, count)) for variant in range(count))
