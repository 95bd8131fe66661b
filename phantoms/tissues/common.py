"""What is not of one part of the body."""

from __future__ import annotations

from phantoms.attenuation import WATER
from phantoms.material import NO_SIGNAL, Tissue, both, same
from phantoms.tissues.shared import BLOOD, FAT_MR, MUSCLE_MR, WATERY_MR

COMMON = (
    Tissue("air", 0.0012, {"N": 0.755, "O": 0.232, "Ar": 0.013}, *NO_SIGNAL, proton_density=0.0, fixed_hu=-1000.0),
    Tissue("water", 1.0, WATER, *WATERY_MR, proton_density=1.0, fixed_hu=0.0),
    Tissue("acrylic", 1.19, {"H": 0.0805, "C": 0.5999, "O": 0.3196}, *NO_SIGNAL, proton_density=0.0),  # [44] PMMA
    Tissue(
        "hydroxyapatite", 2.2, {"H": 0.002, "O": 0.414, "P": 0.185, "Ca": 0.399}, *NO_SIGNAL, proton_density=0.0
    ),  # Ca5(PO4)3OH; density of porous grains: our choice
    Tissue(
        "skin",
        1.09,
        {"H": 0.100, "C": 0.204, "N": 0.042, "O": 0.645, "Na": 0.002, "P": 0.001, "S": 0.002, "Cl": 0.003, "K": 0.001},
        *FAT_MR,
    ),  # [46]; relaxation as fat: our choice
    Tissue(
        "adipose",
        0.95,
        {"H": 0.114, "C": 0.598, "N": 0.007, "O": 0.278, "Na": 0.001, "S": 0.001, "Cl": 0.001},
        *FAT_MR,
        proton_density=1.0,
    ),  # [44]; PD [BW]
    Tissue(
        "muscle",
        1.05,
        {"H": 0.102, "C": 0.143, "N": 0.034, "O": 0.710, "Na": 0.001, "P": 0.002, "S": 0.003, "Cl": 0.001, "K": 0.004},
        *MUSCLE_MR,
        proton_density=1.0,
    ),  # [44]; PD [BW]
    Tissue(
        "blood",
        1.06,
        BLOOD,
        *both(1441, 290, 1932, 275),
    ),  # [44]; [S]
    Tissue(
        "cyst",
        1.005,
        WATER,
        *same(3000, 800),
        proton_density=1.0,
    ),  # our choice
)
"""Each with the sources of its composition, of its relaxation, and of its proton density where that is not computed."""
