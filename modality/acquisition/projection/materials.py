"""Every material as a mixture of a few, so that one ray needs few exponentials' arguments whatever it crosses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from phantoms.attenuation import ENERGIES_KEV, MASS_ATTENUATION_CM2_PER_G, WATER
from phantoms.material import Tissue

BASIS = ("H", "O", "Al", "Fe", "I")
"""Elements that stand for all: photoelectric absorption and scatter depend on the energy alike in all elements without
an edge in the beam's range (R. E. Alvarez, A. Macovski, Phys. Med. Biol. 21:733, 1976), so that the first four give
every other one of the table within 0.12 % from 30 to 150 keV. Iodine has its K edge there, and stands for itself."""

_LEAST_KEV = 30.0
_DIGITS = 9


@lru_cache(maxsize=64)
def _as_basis(element: str) -> tuple[float, ...]:
    """How much of each basis element attenuates as 1 g of an element: least squares of the relative error."""
    if element in BASIS:
        return tuple(float(element == one) for one in BASIS)
    wanted = MASS_ATTENUATION_CM2_PER_G[element]
    used = [place for place, energy in enumerate(ENERGIES_KEV) if energy >= _LEAST_KEV]
    columns = [[Fraction(MASS_ATTENUATION_CM2_PER_G[one][k]) / Fraction(wanted[k]) for k in used] for one in BASIS[:-1]]
    normal = [
        [sum((a * b for a, b in zip(one, other, strict=True)), Fraction()) for other in columns] for one in columns
    ]
    parts = _solved(normal, [sum(one, Fraction()) for one in columns])
    return (*(round(float(part), _DIGITS) for part in parts), 0.0)


def _solved(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction]:
    """The solution of a small system with a positive definite matrix: Gauss's, in fractions, exact everywhere."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    count = len(rows)
    for k in range(count):
        pivot = rows[k][k]
        rows[k] = [value / pivot for value in rows[k]]
        for i in range(count):
            if i != k:
                factor = rows[i][k]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    return [row[-1] for row in rows]


def as_basis(composition: Mapping[str, float], density_g_per_cm3: float) -> tuple[float, ...]:
    """Partial densities in g/cm3 of the basis elements that attenuate as a mixture does.

    Args:
        composition: mass fractions by element symbol.
        density_g_per_cm3: of the mixture.
    """
    totals = [0.0] * len(BASIS)
    for element, fraction in composition.items():
        for place, part in enumerate(_as_basis(element)):
            totals[place] += fraction * density_g_per_cm3 * part
    return tuple(round(total, _DIGITS) for total in totals)


def densities(tissues: Sequence[Tissue]) -> npt.NDArray[np.float64]:
    """Partial densities of the basis elements for each label of a phantom.

    A tissue with a CT number by definition is water of the density that gives it: it hardens no beam otherwise than
    water does.

    Args:
        tissues: of each label.

    Returns:
        g/cm3, shape (labels, basis).
    """
    return np.asarray(
        [
            as_basis(tissue.composition, tissue.density_g_per_cm3)
            if tissue.fixed_hu is None
            else as_basis(WATER, 1.0 + tissue.fixed_hu / 1000.0)
            for tissue in tissues
        ],
        dtype=np.float64,
    )
