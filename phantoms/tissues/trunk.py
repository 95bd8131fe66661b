"""Organs of chest and abdomen, and the breast."""

from __future__ import annotations

from phantoms.attenuation import WATER
from phantoms.material import Tissue, both, same
from phantoms.tissues.shared import CONNECTIVE, KIDNEY, MUSCLE_MR

TRUNK = (
    Tissue(
        "lung",
        0.26,
        {"H": 0.103, "C": 0.105, "N": 0.031, "O": 0.749, "Na": 0.002, "P": 0.002, "S": 0.003, "Cl": 0.003, "K": 0.002},
        *both(1199, 2.11, 1199, 0.74),
    ),  # [44], inflated; T1 [St]; T2* [Y] for T2, since diffusion between alveoli dephases spin echoes as well
    Tissue(
        "heart",
        1.05,
        {"H": 0.104, "C": 0.139, "N": 0.029, "O": 0.718, "Na": 0.001, "P": 0.002, "S": 0.002, "Cl": 0.002, "K": 0.003},
        *both(1030, 40, 1471, 47),
    ),  # [46]; [S]
    Tissue(
        "liver",
        1.06,
        {"H": 0.102, "C": 0.139, "N": 0.030, "O": 0.716, "Na": 0.002, "P": 0.003, "S": 0.003, "Cl": 0.002, "K": 0.003},
        *both(576, 46, 812, 42),
    ),  # [46]; [S]
    Tissue(
        "spleen",
        1.06,
        {"H": 0.103, "C": 0.113, "N": 0.032, "O": 0.741, "Na": 0.001, "P": 0.003, "S": 0.002, "Cl": 0.002, "K": 0.003},
        *both(1057, 79, 1328, 61),
    ),  # [Sc]; [B]
    Tissue(
        "pancreas",
        1.04,
        {"H": 0.106, "C": 0.169, "N": 0.022, "O": 0.694, "Na": 0.002, "P": 0.002, "S": 0.001, "Cl": 0.002, "K": 0.002},
        *both(584, 46, 725, 43),
    ),  # [Sc]; [B]
    Tissue(
        "kidney cortex",
        1.05,
        KIDNEY,
        *both(966, 87, 1142, 76),
    ),  # [Sc]; [B]
    Tissue(
        "kidney medulla",
        1.05,
        KIDNEY,
        *both(1412, 85, 1545, 81),
    ),  # [Sc]; [B]
    Tissue(
        "bowel wall",
        1.03,
        {"H": 0.106, "C": 0.115, "N": 0.022, "O": 0.751, "Na": 0.001, "P": 0.001, "S": 0.001, "Cl": 0.002, "K": 0.001},
        *MUSCLE_MR,
    ),  # [Sc], gastrointestinal tract; relaxation as muscle: our choice
    Tissue(
        "bowel content",
        1.02,
        WATER,
        *same(2500, 200),
        proton_density=0.9,
    ),  # our choice
    Tissue(
        "bile",
        1.01,
        WATER,
        *same(2600, 400),
        proton_density=1.0,
    ),  # our choice
    Tissue(
        "metastasis",
        1.045,
        {"H": 0.103, "C": 0.120, "N": 0.030, "O": 0.736, "Na": 0.002, "P": 0.003, "S": 0.002, "Cl": 0.002, "K": 0.002},
        *both(1000, 75, 1200, 70),
        proton_density=0.9,
    ),  # between liver and spleen, with longer relaxation: our choice
    Tissue(
        "mammary gland",
        1.02,
        {"H": 0.106, "C": 0.332, "N": 0.030, "O": 0.527, "Na": 0.001, "P": 0.001, "S": 0.002, "Cl": 0.001},
        *both(1266, 58, 1445, 54),
    ),  # [46]; [RP]
    Tissue("breast stroma", 1.06, CONNECTIVE, *both(1100, 50, 1300, 46)),  # [Sc], connective tissue; our choice
    Tissue(
        "breast tumour",
        1.12,
        {"H": 0.104, "C": 0.185, "N": 0.030, "O": 0.672, "Na": 0.001, "P": 0.003, "S": 0.002, "Cl": 0.002, "K": 0.001},
        *both(1200, 75, 1400, 70),
        proton_density=0.9,
    ),  # our choice: watery and dense, so that it stands out of gland
)
"""Each with the sources of its composition, of its relaxation, and of its proton density where that is not computed."""
