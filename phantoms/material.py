"""A homogeneous material: what it is made of, and what CT and MR see of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from phantoms.attenuation import WATER, hounsfield
from phantoms.errors import PhantomError

FIELDS_T = (1.5, 3.0)
_GADOLINIUM_MMOL_PER_MG = 0.2  # mmol for each mg of iodine
_RELAXIVITIES = (4.0, 5.0)  # of gadolinium chelates for T1 and T2, per s and mmol/l


@dataclass(frozen=True, slots=True)
class Relaxation:
    """T1 and T2 in ms at one field strength."""

    t1_ms: float
    t2_ms: float


@dataclass(frozen=True, slots=True)
class Tissue:
    """A homogeneous material.

    Args:
        name: what it is called in the table.
        density_g_per_cm3: mass density.
        composition: mass fractions by element symbol.
        at_1_5_t: relaxation at 1.5 T.
        at_3_t: relaxation at 3 T.
        proton_density: density of visible protons relative to water; None takes the hydrogen density of the
            composition relative to that of water.
        fixed_hu: a CT number by definition, whatever the voltage; None computes it.
        activity: concentration of a radioactive tracer relative to the phantom's background; None where none is meant.
    """

    name: str
    density_g_per_cm3: float
    composition: Mapping[str, float]
    at_1_5_t: Relaxation
    at_3_t: Relaxation
    proton_density: float | None = None
    fixed_hu: float | None = None
    activity: float | None = None

    def hu(self, kvp: float) -> float:
        """CT number at a tube voltage in kV.

        Raises:
            PhantomError: the voltage lies outside 70 to 150 kV.
        """
        if self.fixed_hu is not None:
            return self.fixed_hu
        return hounsfield(self.composition, self.density_g_per_cm3, kvp)

    @property
    def pd(self) -> float:
        """Proton density relative to water."""
        if self.proton_density is not None:
            return self.proton_density
        return round(self.composition.get("H", 0.0) * self.density_g_per_cm3 / WATER["H"], 4)

    def relaxation(self, field_strength_t: float) -> Relaxation:
        """T1 and T2 at a field strength: a power law through the two tabulated fields.

        P. A. Bottomley et al., Med. Phys. 11:425, 1984: T1 = A nu^B fits all tissues.

        Args:
            field_strength_t: magnetic field in tesla, 0.2 to 7.

        Raises:
            PhantomError: the field lies outside.
        """
        if not 0.2 <= field_strength_t <= 7.0:
            raise PhantomError(f"field strength {field_strength_t:g} T: between 0.2 and 7 T")
        low, high = self.at_1_5_t, self.at_3_t
        # (B / 1.5)^k with k = log2(T(3) / T(1.5)), written as a power of the ratio of the two values.
        doublings = math.log2(field_strength_t / FIELDS_T[0])
        return Relaxation(
            round(low.t1_ms * math.pow(high.t1_ms / low.t1_ms, doublings), 3),
            round(low.t2_ms * math.pow(high.t2_ms / low.t2_ms, doublings), 3),
        )


def same(t1_ms: float, t2_ms: float) -> tuple[Relaxation, Relaxation]:
    """Relaxation that hardly depends on the field."""
    return Relaxation(t1_ms, t2_ms), Relaxation(t1_ms, t2_ms)


def both(t1_15: float, t2_15: float, t1_3: float, t2_3: float) -> tuple[Relaxation, Relaxation]:
    """Relaxation in ms at 1.5 T and at 3 T."""
    return Relaxation(t1_15, t2_15), Relaxation(t1_3, t2_3)


NO_SIGNAL = same(1000, 0.01)
"""Gas, metal and rigid plastics: no proton that an image would see."""


def enhanced(tissue: Tissue, iodine_mg_per_ml: float) -> Tissue:
    """A tissue that a contrast agent has reached: iodine in CT, and in MR gadolinium where the iodine would be.

    Relaxation rates grow with the concentration. The amount of gadolinium for each mg of iodine, and its relaxivities,
    are our choice.

    Args:
        tissue: without agent.
        iodine_mg_per_ml: concentration; 1 mg/ml adds about 25 HU at 120 kV. 0 changes nothing.
    """
    if not iodine_mg_per_ml:
        return tissue
    added = iodine_mg_per_ml / 1000.0
    density = tissue.density_g_per_cm3 + added
    shares = {element: part * tissue.density_g_per_cm3 / density for element, part in tissue.composition.items()}
    gadolinium_mmol_per_l = _GADOLINIUM_MMOL_PER_MG * iodine_mg_per_ml

    def faster(relaxation: Relaxation) -> Relaxation:
        rates = (1000.0 / relaxation.t1_ms, 1000.0 / relaxation.t2_ms)
        first, second = (r + k * gadolinium_mmol_per_l for r, k in zip(rates, _RELAXIVITIES, strict=True))
        return Relaxation(round(1000.0 / first, 3), round(1000.0 / second, 3))

    return replace(
        tissue,
        name=f"{tissue.name}, {iodine_mg_per_ml:g} mg/ml",
        density_g_per_cm3=density,
        composition={**shares, "I": added / density},
        at_1_5_t=faster(tissue.at_1_5_t),
        at_3_t=faster(tissue.at_3_t),
        proton_density=tissue.pd,
    )
