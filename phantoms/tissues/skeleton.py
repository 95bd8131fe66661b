"""Bones, joints and discs."""

from __future__ import annotations

from phantoms.attenuation import WATER
from phantoms.material import Tissue, both
from phantoms.tissues.shared import BONE_MR, CONNECTIVE, MARROW_MR

SKELETON = (
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
        *BONE_MR,
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
        *MARROW_MR,
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
        *MARROW_MR,
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
        *MARROW_MR,
    ),  # [110], thoracic spine; [B]
    Tissue(
        "fatty spongiosa",
        1.108,
        {
            "H": 0.097,
            "C": 0.439,
            "N": 0.017,
            "O": 0.381,
            "Na": 0.002,
            "P": 0.021,
            "S": 0.003,
            "Cl": 0.001,
            "Ca": 0.039,
        },
        *both(288, 165, 365, 133),
        proton_density=0.85,
    ),  # [110], lower half of the femur and lower leg; marrow's relaxation [Go]; PD: our choice
    Tissue(
        "cartilage",
        1.10,
        {"H": 0.096, "C": 0.099, "N": 0.022, "O": 0.744, "Na": 0.005, "P": 0.022, "S": 0.009, "Cl": 0.003},
        *both(1024, 30, 1168, 27),
    ),  # [110]; [S], fibres along the field
    Tissue(
        "articular cartilage",
        1.10,
        {"H": 0.096, "C": 0.099, "N": 0.022, "O": 0.744, "Na": 0.005, "P": 0.022, "S": 0.009, "Cl": 0.003},
        *both(1060, 42, 1240, 37),
    ),  # as cartilage; [Go]
    Tissue("meniscus", 1.11, CONNECTIVE, *both(900, 12, 1050, 11)),  # [Sc], connective tissue; relaxation: our choice
    Tissue("tendon", 1.12, CONNECTIVE, *both(600, 5, 650, 4)),  # likewise
    Tissue(
        "joint fluid", 1.012, WATER, *both(2850, 1210, 3620, 767), proton_density=1.0
    ),  # [Go], unchecked; density: our choice
    Tissue("annulus fibrosus", 1.09, CONNECTIVE, *both(950, 55, 1100, 50)),  # likewise
    Tissue(
        "nucleus pulposus",
        1.07,
        {"H": 0.100, "C": 0.090, "N": 0.020, "O": 0.775, "Na": 0.003, "S": 0.007, "Cl": 0.005},
        *both(1300, 130, 1500, 120),
    ),  # our choice: cartilage with more water
)
"""Each with the sources of its composition, of its relaxation, and of its proton density where that is not computed."""
