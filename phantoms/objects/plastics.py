"""Materials of test objects: plastics, metals and mixtures, their CT numbers as the object's makers state them.

A stated number holds at 120 kV; at other voltages the composition decides. Formulas and specific gravities of the
sensitometry targets: The Phantom Laboratory, Catphan 503 Manual, 2017, page 15 (the same CTP404 module). With its
gravities these formulas give -186, -98, -43, 118, 345 and 936 HU for PMP, LDPE, polystyrene, acrylic, Delrin and
Teflon at 120 kV, all but Teflon (941 to 1060) inside the ranges it states.
"""

from __future__ import annotations

from collections.abc import Mapping

from phantoms.attenuation import WATER, density_for
from phantoms.material import NO_SIGNAL, Relaxation, Tissue
from phantoms.tissues import TISSUES

ACRYLIC: Mapping[str, float] = {"H": 0.0805, "C": 0.5998, "O": 0.3197}
"""(C5H8O2)n."""
POLYETHYLENE: Mapping[str, float] = {"H": 0.1437, "C": 0.8563}
"""(CH2)n; polymethylpentene too."""
POLYSTYRENE: Mapping[str, float] = {"H": 0.0774, "C": 0.9226}
"""(C8H8)n."""
DELRIN: Mapping[str, float] = {"H": 0.0671, "C": 0.4000, "O": 0.5329}
"""(CH2O)n, polyoxymethylene; the manual calls the formula proprietary."""
TEFLON: Mapping[str, float] = {"C": 0.2402, "F": 0.7598}
"""(CF2)n."""
BONE: Mapping[str, float] = TISSUES["cortical bone"].composition
"""As cortical bone: our choice for the bone-equivalent plastic, whose makers publish no formula."""

AIR = TISSUES["air"]
STEEL = Tissue("steel", 7.87, {"Fe": 1.0}, *NO_SIGNAL, proton_density=0.0)
"""Pure iron for the alignment beads and ramp wires: our choice; the manuals call them high-density."""
ALUMINIUM = Tissue("aluminium", 2.70, {"Al": 1.0}, *NO_SIGNAL, proton_density=0.0)
BEAD = Tissue("bead", 15.6, {}, *NO_SIGNAL, proton_density=0.0, fixed_hu=100_000.0)
"""Of tungsten carbide. The number is our choice: it lets a bead of 0.28 mm stand out by about 2000 HU in a slice of
2.5 mm, as CT images of such beads do, which the linear mean over a voxel would exaggerate with the metal's own."""


def plastic(name: str, composition: Mapping[str, float], hu: float) -> Tissue:
    """A rigid plastic with a stated CT number.

    Args:
        name: what it is called.
        composition: mass fractions by element symbol.
        hu: CT number at 120 kV.
    """
    return Tissue(name, round(density_for(composition, hu), 6), composition, *NO_SIGNAL, proton_density=0.0)


def solid_water(name: str, hu: float = 0.0) -> Tissue:
    """A rigid plastic that attenuates as water does at every voltage, but for its density.

    Args:
        name: what it is called.
        hu: CT number.
    """
    return plastic(name, WATER, hu)


def solution(name: str, hu: float, pd: float, relaxation: tuple[Relaxation, Relaxation]) -> Tissue:
    """A watery solution.

    Args:
        name: what it is called.
        hu: CT number.
        pd: proton density relative to water.
        relaxation: at 1.5 T and at 3 T.
    """
    return Tissue(name, round(density_for(WATER, hu), 6), WATER, *relaxation, proton_density=pd)
