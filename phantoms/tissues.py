"""Materials: what they are made of, and what CT and MR see of them. Every value has its source.

Sources:
    [44]  ICRU Report 44, Tissue Substitutes in Radiation Dosimetry and Measurement, 1989; also NIST XAAMDI, table 2.
    [46]  ICRU Report 46, Photon, Electron, Proton and Neutron Interaction Data for Body Tissues, 1992.
    [110] ICRP Publication 110, Adult Reference Computational Phantoms, 2009, table B.1 (male).
    [W]   H. Q. Woodard, D. R. White, Br. J. Radiol. 59:1209, 1986.
    [S]   G. J. Stanisz et al., Magn. Reson. Med. 54:507, 2005 (T1, T2 at 1.5 T and 3 T).
    [B]   C. M. J. de Bazelaire et al., Radiology 230:652, 2004 (1.5 T and 3 T).
    [St]  A. Stadler et al., J. Magn. Reson. Imaging 21:759, 2005 (lung T1 in inspiration, 1.5 T).
    [Y]   J. Yu, Y. Xue, H. K. Song, Magn. Reson. Med. 66:248, 2011 (lung T2* at 1.5 T and 3 T).
    [G]   H. M. Gach, C. Tanase, F. Boada, Int. Conf. Systems Engineering, 2008 (T1 = A B0^C; T2).
    [P]   S. Patz et al., J. Magn. Reson. Imaging 26:510, 2007 (eye, 1.5 T).
    [R]   I. L. H. Reichert et al., Magn. Reson. Imaging 23:611, 2005 (cortical bone, T2*).
    [BW]  D. L. Collins et al., IEEE Trans. Med. Imaging 17:463, 1998: BrainWeb's table of tissue parameters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from phantoms.attenuation import WATER, hounsfield
from phantoms.errors import PhantomError

FIELDS_T = (1.5, 3.0)


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
        fixed_hu: a CT number by definition, whatever the voltage (test objects); None computes it.
    """

    name: str
    density_g_per_cm3: float
    composition: Mapping[str, float]
    at_1_5_t: Relaxation
    at_3_t: Relaxation
    proton_density: float | None = None
    fixed_hu: float | None = None

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


def _same(t1_ms: float, t2_ms: float) -> tuple[Relaxation, Relaxation]:
    return Relaxation(t1_ms, t2_ms), Relaxation(t1_ms, t2_ms)


def _both(t1_15: float, t2_15: float, t1_3: float, t2_3: float) -> tuple[Relaxation, Relaxation]:
    return Relaxation(t1_15, t2_15), Relaxation(t1_3, t2_3)


_BRAIN_SALTS = {"Na": 0.002, "S": 0.002, "Cl": 0.003, "K": 0.003}
_MUSCLE_MR = _both(1008, 44, 1412, 50)  # [S]
_MARROW_MR = _both(549, 49, 586, 49)  # [B], L4 vertebra
_FAT_MR = _both(342, 70, 377, 70)  # [G], scalp: A = 0.324, C = 0.137; [B] has 382 and 68 ms at 3 T
_BONE_MR = _both(200, 0.5, 302, 0.25)  # [R] at 1.5 T; 3 T as the IT'IS tissue database, 2018, lists it
_WATERY_MR = _same(4200, 1990)  # [G], cerebrospinal fluid; hardly depends on the field
_NONE = _same(1000, 0.01)  # gas and rigid plastics: no proton that an image would see

_TABLE = (
    Tissue("air", 0.0012, {"N": 0.755, "O": 0.232, "Ar": 0.013}, *_NONE, proton_density=0.0, fixed_hu=-1000.0),
    Tissue("water", 1.0, WATER, *_WATERY_MR, proton_density=1.0, fixed_hu=0.0),
    Tissue("acrylic", 1.19, {"H": 0.0805, "C": 0.5999, "O": 0.3196}, *_NONE, proton_density=0.0),  # [44] PMMA
    Tissue(
        "skin",
        1.09,
        {"H": 0.100, "C": 0.204, "N": 0.042, "O": 0.645, "Na": 0.002, "P": 0.001, "S": 0.002, "Cl": 0.003, "K": 0.001},
        *_FAT_MR,
    ),  # [46]
    Tissue(
        "adipose",
        0.95,
        {"H": 0.114, "C": 0.598, "N": 0.007, "O": 0.278, "Na": 0.001, "S": 0.001, "Cl": 0.001},
        *_FAT_MR,
        proton_density=1.0,
    ),  # [44]; PD [BW]
    Tissue(
        "muscle",
        1.05,
        {"H": 0.102, "C": 0.143, "N": 0.034, "O": 0.710, "Na": 0.001, "P": 0.002, "S": 0.003, "Cl": 0.001, "K": 0.004},
        *_MUSCLE_MR,
        proton_density=1.0,
    ),  # [44]; PD [BW]
    Tissue(
        "grey matter",
        1.04,
        {"H": 0.107, "C": 0.095, "N": 0.018, "O": 0.767, "P": 0.003, **_BRAIN_SALTS},
        *_both(998, 100, 1295, 100),
        proton_density=0.86,
    ),  # [W]; [G], A = 0.857, C = 0.376; PD [BW]
    Tissue(
        "white matter",
        1.04,
        {"H": 0.106, "C": 0.194, "N": 0.025, "O": 0.661, "P": 0.004, **_BRAIN_SALTS},
        *_both(681, 80, 887, 80),
        proton_density=0.77,
    ),  # [W]; [G], A = 0.583, C = 0.382; PD [BW]
    Tissue(
        "cerebrospinal fluid",
        1.01,
        {"H": 0.111, "O": 0.880, "Na": 0.005, "Cl": 0.004},
        *_WATERY_MR,
        proton_density=1.0,
    ),  # [W]; PD [BW]
    Tissue(
        "blood",
        1.06,
        {
            "H": 0.102,
            "C": 0.110,
            "N": 0.033,
            "O": 0.745,
            "Na": 0.001,
            "P": 0.001,
            "S": 0.002,
            "Cl": 0.003,
            "K": 0.002,
            "Fe": 0.001,
        },
        *_both(1441, 290, 1932, 275),
    ),  # [44]; [S]
    Tissue(
        "cortical bone",
        1.92,
        {
            "H": 0.034,
            "C": 0.155,
            "N": 0.042,
            "O": 0.435,
            "Na": 0.001,
            "Mg": 0.002,
            "P": 0.103,
            "S": 0.003,
            "Ca": 0.225,
        },
        *_BONE_MR,
    ),  # [44]
    Tissue(
        "cranial spongiosa",
        1.157,
        {
            "H": 0.090,
            "C": 0.335,
            "N": 0.025,
            "O": 0.467,
            "Na": 0.002,
            "P": 0.026,
            "S": 0.003,
            "Cl": 0.002,
            "K": 0.001,
            "Ca": 0.049,
        },
        *_MARROW_MR,
    ),  # [110]; [B]
    Tissue(
        "rib spongiosa",
        1.165,
        {
            "H": 0.089,
            "C": 0.292,
            "N": 0.029,
            "O": 0.507,
            "Na": 0.002,
            "P": 0.026,
            "S": 0.004,
            "Cl": 0.002,
            "K": 0.001,
            "Ca": 0.048,
        },
        *_MARROW_MR,
    ),  # [110]; [B]
    Tissue(
        "vertebral spongiosa",
        1.074,
        {
            "H": 0.099,
            "C": 0.376,
            "N": 0.027,
            "O": 0.459,
            "Na": 0.001,
            "P": 0.012,
            "S": 0.002,
            "Cl": 0.002,
            "K": 0.001,
            "Ca": 0.020,
            "Fe": 0.001,
        },
        *_MARROW_MR,
    ),  # [110], thoracic spine; [B]
    Tissue(
        "cartilage",
        1.10,
        {"H": 0.096, "C": 0.099, "N": 0.022, "O": 0.744, "Na": 0.005, "P": 0.022, "S": 0.009, "Cl": 0.003},
        *_both(1024, 30, 1168, 27),
    ),  # [46]; [S]
    Tissue(
        "eye lens",
        1.07,
        {"H": 0.096, "C": 0.195, "N": 0.057, "O": 0.646, "Na": 0.001, "P": 0.001, "S": 0.003, "Cl": 0.001},
        *_same(1413, 100),
    ),  # [44]; [P], lens cortex
    Tissue(
        "vitreous humour",
        1.01,
        {"H": 0.111, "O": 0.880, "Na": 0.005, "Cl": 0.004},
        *_same(5053, 450),
        proton_density=1.0,
    ),  # as cerebrospinal fluid [W]; [P], anterior chamber
    Tissue(
        "lung",
        0.26,
        {"H": 0.103, "C": 0.105, "N": 0.031, "O": 0.749, "Na": 0.002, "P": 0.002, "S": 0.003, "Cl": 0.003, "K": 0.002},
        *_both(1199, 2.11, 1199, 0.74),
    ),  # [44], inflated; T1 [St]; T2* [Y] for T2, since diffusion between alveoli dephases spin echoes as well
    Tissue(
        "heart",
        1.05,
        {"H": 0.104, "C": 0.139, "N": 0.029, "O": 0.718, "Na": 0.001, "P": 0.002, "S": 0.002, "Cl": 0.002, "K": 0.003},
        *_both(1030, 40, 1471, 47),
    ),  # [46]; [S]
    Tissue(
        "liver",
        1.06,
        {"H": 0.102, "C": 0.139, "N": 0.030, "O": 0.716, "Na": 0.002, "P": 0.003, "S": 0.003, "Cl": 0.002, "K": 0.003},
        *_both(576, 46, 812, 42),
    ),  # [46]; [S]
)

TISSUES: Mapping[str, Tissue] = MappingProxyType({tissue.name: tissue for tissue in _TABLE})
"""Every material by its name."""
