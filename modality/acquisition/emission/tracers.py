"""Tracers: what decays, how fast, what it is bound to, and where that goes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from phantoms.material import Tissue
from phantoms.phantom import Phantom

Coded = tuple[str, str, str]

_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Isotope:
    """A radionuclide.

    Half-lives, positron fractions and energies are those that are commonly tabulated; no table was at hand to check.

    Args:
        name: as people write it.
        code: of PS3.16 CID 18 or CID 4020.
        half_life_s: half-life.
        positron_fraction: share of decays that give a positron; None for what gives none.
        energy_kev: of the photons that are counted.
    """

    name: str
    code: Coded
    half_life_s: float
    positron_fraction: float | None
    energy_kev: float

    @property
    def decay_per_s(self) -> float:
        """Decay constant."""
        return math.log(2.0) / self.half_life_s

    def left(self, after_s: float) -> float:
        """Share of the activity that is left after a time, or was more before it, to 1e-9."""
        return round(math.pow(2.0, -after_s / self.half_life_s), _DIGITS)

    def mean_share(self, start_s: float, duration_s: float) -> float:
        """Mean of what is left during a frame, as a share of what there was at 0."""
        turns = self.decay_per_s * duration_s
        return round(math.pow(2.0, -start_s / self.half_life_s) * -math.expm1(-turns) / turns, _DIGITS)


_ANNIHILATION_KEV = 511.0
ISOTOPES: Mapping[str, Isotope] = {
    "F-18": Isotope("F-18", ("77004003", "SCT", "^18^Fluorine"), 6586.2, 0.967, _ANNIHILATION_KEV),
    "C-11": Isotope("C-11", ("40565003", "SCT", "^11^Carbon"), 1223.4, 0.998, _ANNIHILATION_KEV),
    "N-13": Isotope("N-13", ("21576001", "SCT", "^13^Nitrogen"), 597.9, 0.998, _ANNIHILATION_KEV),
    "Ga-68": Isotope("Ga-68", ("35337001", "SCT", "^68^Gallium"), 4062.6, 0.889, _ANNIHILATION_KEV),
    "Tc-99m": Isotope("Tc-99m", ("72454006", "SCT", "^99m^Technetium"), 21624.1, None, 140.5),
}
"""Radionuclides by name."""


@dataclass(frozen=True, slots=True)
class Tracer:
    """A radiopharmaceutical.

    Args:
        code: of PS3.16 CID 25 or CID 4021.
        isotope: what decays.
        uptake: concentration by the name of a structure, or else of its tissue, relative to an even distribution over
            the body; what is not listed has `elsewhere`.
        elsewhere: in all other tissue.
    """

    code: Coded
    isotope: Isotope
    uptake: Mapping[str, float]
    elsewhere: float

    @property
    def name(self) -> str:
        """What it is called."""
        return self.code[2].replace("^", "")

    def of(self, structure: str, tissue: Tissue) -> float:
        """Concentration relative to an even distribution over the body: a standardized uptake value.

        Args:
            structure: its name; a number at its end is left out.
            tissue: what it is made of; what a phantom says of its activity prevails.
        """
        if tissue.activity is not None:
            return tissue.activity
        material = tissue.name.partition(",")[0]
        found = self.uptake.get(structure.rstrip(" 0123456789"))
        return self.uptake.get(material, self.elsewhere) if found is None else found

    def by_label(self, phantom: Phantom) -> tuple[float, ...]:
        """What each label of a phantom has; air has nothing."""
        return (0.0, *(self.of(one.name, one.tissue) for one in phantom.structures))


_NOTHING = dict.fromkeys(("air", "metal"), 0.0)
_GLUCOSE = Tracer(
    ("35321007", "SCT", "Fluorodeoxyglucose F^18^"),
    ISOTOPES["F-18"],
    {
        **_NOTHING,
        "grey matter": 8.0, "white matter": 2.5, "cerebrospinal fluid": 0.4, "heart": 3.5, "liver": 2.1, "spleen": 1.7,
        "blood": 1.7, "muscle": 0.7, "adipose": 0.3, "skin": 0.5, "lung": 0.45, "cortical bone": 0.5, "cartilage": 0.4,
        "rib spongiosa": 1.3, "vertebral spongiosa": 1.5, "cranial spongiosa": 1.0, "kidney cortex": 2.5,
        "kidney medulla": 4.0, "bile": 8.0, "gall bladder": 1.0, "pancreas": 1.4, "bowel wall": 1.6,
        "bowel content": 0.8, "cyst": 0.1, "metastasis": 7.0, "nodule": 7.0, "stomach": 2.0,
        "vitreous humour": 0.2, "eye lens": 0.2,
    },
    0.8,
)  # fmt: skip
PET_TRACERS: Mapping[str, Tracer] = {
    "FDG": _GLUCOSE,
    "methionine": Tracer(
        ("129510001", "SCT", "Methionine C^11^"),
        ISOTOPES["C-11"],
        {**_NOTHING, "liver": 6.0, "pancreas": 5.0, "metastasis": 4.0, "nodule": 4.0, "grey matter": 1.3, "lung": 0.4},
        0.8,
    ),
    "ammonia": Tracer(
        ("129508003", "SCT", "Ammonia N^13^"),
        ISOTOPES["N-13"],
        {**_NOTHING, "heart": 6.0, "liver": 3.0, "grey matter": 2.5, "kidney cortex": 4.0, "blood": 0.6, "lung": 0.5},
        0.8,
    ),
    "dotatate": Tracer(
        ("724025002", "SCT", "Dotatate Ga^68^"),
        ISOTOPES["Ga-68"],
        {**_NOTHING, "spleen": 18.0, "kidney cortex": 13.0, "liver": 5.0, "metastasis": 20.0, "nodule": 12.0},
        0.6,
    ),
}
"""By the word that an operator uses. Uptake is of the usual order some time after injection: our choice."""

BONE = Tracer(
    ("96390006", "SCT", "Technetium Tc^99m^ medronate"),
    ISOTOPES["Tc-99m"],
    {
        **_NOTHING,
        "cortical bone": 5.0, "rib spongiosa": 4.0, "vertebral spongiosa": 5.0, "cranial spongiosa": 3.0,
        "metastasis": 0.4, "kidney cortex": 2.5, "kidney medulla": 2.5, "lung": 0.2,
    },
    0.4,
)  # fmt: skip
"""Of static images and of tomograms: a bone scan."""
BILIARY = Tracer(
    ("4832001", "SCT", "Technetium Tc^99m^ mebrofenin"),
    ISOTOPES["Tc-99m"],
    {**_NOTHING, "liver": 16.0, "heart": 1.5, "blood": 2.5, "lung": 0.5, "cortical bone": 0.3, "spleen": 0.8},
    0.8,
)
"""Of dynamic images: the liver takes it up."""
RENAL = Tracer(
    ("446536001", "SCT", "Technetium^99m Mercaptoacetyl triglycine MAG3"),
    ISOTOPES["Tc-99m"],
    {**_NOTHING, "blood": 4.0, "heart": 3.0, "liver": 2.0, "spleen": 2.0, "adipose": 0.3, "cortical bone": 0.3},
    0.8,
)
"""Of dynamic images: the kidneys take it up and let it go, as a `Renogram` has it; what is listed is all else."""
GLOMERULAR = Tracer(
    ("430276001", "SCT", "Technetium Tc^99m^ pentetate"),
    ISOTOPES["Tc-99m"],
    {**_NOTHING, "blood": 3.0, "heart": 2.0, "liver": 1.2, "spleen": 1.3, "adipose": 0.3, "cortical bone": 0.3},
    0.9,
)
"""Likewise, DTPA: the glomeruli filter it, and all else holds it between its cells."""
CORTICAL = Tracer(
    ("24511001", "SCT", "Technetium Tc^99m^ succimer"),
    ISOTOPES["Tc-99m"],
    {**_NOTHING, "kidney cortex": 90.0, "kidney medulla": 30.0, "liver": 2.0, "spleen": 1.5, "adipose": 0.2},
    0.4,
)
"""Of static images of the kidneys: their cortex holds it, DMSA."""
BLOOD_POOL = Tracer(
    ("89818005", "SCT", "Technetium Tc^99m^ tagged red cells"),
    ISOTOPES["Tc-99m"],
    {**_NOTHING, "blood": 10.0, "heart": 2.5, "liver": 3.0, "spleen": 6.0, "lung": 1.0},
    0.5,
)
"""Of gated images: what is counted over a ventricle is in proportion to its volume."""
