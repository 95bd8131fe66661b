"""How a contrast agent arrives, leaks into tissues and is washed out, and what that does to their relaxation.

The agent is gadobutrol, 0.1 mmol for each kg of body weight, which the function of the arteries is for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from phantoms.material import Relaxation, Tissue
from phantoms.tissues import TISSUES

HAEMATOCRIT = 0.42
"""Share of the cells in blood, which the agent does not enter: our choice, customary in pharmacokinetic models."""

_STEP_S = 0.25
_R1_PER_S_AND_MMOL_PER_L = ((1.5, 4.78), (3.0, 4.97), (7.0, 3.83))
"""By field: P. Szomolanyi et al., Invest. Radiol. 54:559 (2019), gadobutrol in human plasma at 37 degrees Celsius."""
_R2_OVER_R1 = 1.25  # our choice; a little above 1, as of all small gadolinium chelates


@dataclass(frozen=True, slots=True)
class Uptake:
    """What a tissue does with the agent: the extended model of Tofts.

    Args:
        ktrans_per_min: transfer constant from plasma to the extravascular, extracellular space.
        ve: share of that space in the tissue; above 0.
        vp: share of plasma in the tissue.
    """

    ktrans_per_min: float
    ve: float
    vp: float


_BLOOD = Uptake(0.0, 1.0, round(1.0 - HAEMATOCRIT, 4))
_BRAIN_BARRIER = 0.0  # the healthy barrier of blood and brain lets no agent through

UPTAKE: Mapping[str, Uptake] = MappingProxyType(
    {
        "blood": _BLOOD,
        "grey matter": Uptake(_BRAIN_BARRIER, 1.0, 0.03),
        "white matter": Uptake(_BRAIN_BARRIER, 1.0, 0.015),
        "ischaemic grey matter": Uptake(_BRAIN_BARRIER, 1.0, 0.01),
        "ischaemic white matter": Uptake(_BRAIN_BARRIER, 1.0, 0.005),
        "skin": Uptake(0.06, 0.15, 0.02),
        "adipose": Uptake(0.02, 0.08, 0.01),
        "muscle": Uptake(0.06, 0.12, 0.02),
        "cranial spongiosa": Uptake(0.03, 0.10, 0.03),
        "rib spongiosa": Uptake(0.05, 0.12, 0.04),
        "vertebral spongiosa": Uptake(0.08, 0.15, 0.05),
        "lung": Uptake(0.05, 0.10, 0.08),
        "heart": Uptake(0.50, 0.25, 0.08),
        "kidney cortex": Uptake(0.60, 0.35, 0.20),
        "kidney medulla": Uptake(0.25, 0.30, 0.10),
        "spleen": Uptake(0.70, 0.25, 0.20),
        "pancreas": Uptake(0.60, 0.30, 0.10),
        "liver": Uptake(0.30, 0.25, 0.03),
        "metastasis": Uptake(0.20, 0.40, 0.04),
        "bowel wall": Uptake(0.20, 0.25, 0.06),
    }
)
"""Uptake by the tissue's name: our choice throughout, of the order and the ranking that a radiologist would expect; a
tissue that is not listed takes none up."""


def uptake(tissue: Tissue) -> Uptake | None:
    """What a tissue does with the agent; None where it takes none up."""
    return UPTAKE.get(_plain(tissue))


def unenhanced(tissue: Tissue) -> Tissue:
    """The tissue without the agent that a phantom's own contrast phase has put into it."""
    return TISSUES.get(_plain(tissue), tissue)


def _plain(tissue: Tissue) -> str:
    return tissue.name.partition(", ")[0]


def blood_mmol_per_l(after_s: float) -> float:
    """Concentration in the blood of an artery: two Gaussians, and an exponential that a sigmoid lets begin.

    G. J. M. Parker et al., Magn. Reson. Med. 56:993 (2006), with its Table 1: the mean of 67 measured in 23 patients.

    Args:
        after_s: since the agent arrived.
    """
    if after_s <= 0.0:
        return 0.0
    minutes = after_s / 60.0
    first = 0.809 / 0.0563 * math.exp(-((minutes - 0.17046) ** 2) / (2.0 * 0.0563**2))
    second = 0.330 / 0.132 * math.exp(-((minutes - 0.365) ** 2) / (2.0 * 0.132**2))
    washout = 1.050 * math.exp(-0.1685 * minutes) / (1.0 + math.exp(-38.078 * (minutes - 0.483)))
    return (first + second) / math.sqrt(2.0 * math.pi) + washout


@lru_cache(maxsize=4096)
def concentration_mmol_per_l(of: Uptake, after_s: float) -> float:
    """Concentration of the agent in a tissue, rounded to 1e-6.

    vp Cp(t) + Ktrans * integral of Cp(s) exp(-Ktrans (t - s) / ve) ds, Cp = Cb / (1 - haematocrit): P. S. Tofts, J.
    Magn. Reson. Imaging 7:91 (1997); P. S. Tofts et al., J. Magn. Reson. Imaging 10:223 (1999). The integral is
    Simpson's, in steps of 0.25 s.

    Args:
        of: the tissue.
        after_s: since the agent arrived.
    """
    if after_s <= 0.0:
        return 0.0
    plasma = 1.0 / (1.0 - HAEMATOCRIT)
    total = of.vp * plasma * blood_mmol_per_l(after_s)
    if of.ktrans_per_min:
        rate = of.ktrans_per_min / 60.0
        steps = 2 * max(1, math.ceil(after_s / (2 * _STEP_S)))
        step = after_s / steps
        leaked = sum(
            (1 if n in (0, steps) else 4 if n % 2 else 2)
            * blood_mmol_per_l(n * step)
            * math.exp(-rate / of.ve * (after_s - n * step))
            for n in range(steps + 1)
        )
        total += rate * plasma * leaked * step / 3.0
    return round(total, 6)


def r1_per_s_and_mmol_per_l(field_strength_t: float) -> float:
    """Relaxivity for T1: between the fields that were measured a straight line, beyond them the nearest."""
    (low_t, low), *others = _R1_PER_S_AND_MMOL_PER_L
    if field_strength_t <= low_t:
        return low
    for high_t, high in others:
        if field_strength_t <= high_t:
            return low + (high - low) * (field_strength_t - low_t) / (high_t - low_t)
        low_t, low = high_t, high
    return low


def faster(relaxation: Relaxation, mmol_per_l: float, field_strength_t: float) -> Relaxation:
    """Relaxation with the agent: rates grow with its concentration, 1/T = 1/T0 + r C.

    Args:
        relaxation: without agent.
        mmol_per_l: concentration.
        field_strength_t: magnetic field.
    """
    r1 = r1_per_s_and_mmol_per_l(field_strength_t)
    first = 1000.0 / relaxation.t1_ms + r1 * mmol_per_l
    second = 1000.0 / relaxation.t2_ms + _R2_OVER_R1 * r1 * mmol_per_l
    return Relaxation(1000.0 / first, 1000.0 / second)
