"""Brain and eyes, and what a stroke leaves."""

from __future__ import annotations

from phantoms.material import Tissue, both, same
from phantoms.tissues.shared import BLOOD, GREY_MATTER, WATERY_MR, WHITE_MATTER

HEAD = (
    Tissue(
        "grey matter",
        1.04,
        GREY_MATTER,
        *both(998, 100, 1295, 100),
        proton_density=0.86,
    ),  # [W]; [G], A = 0.857, C = 0.376; PD [BW]
    Tissue(
        "white matter",
        1.04,
        WHITE_MATTER,
        *both(681, 80, 887, 80),
        proton_density=0.77,
    ),  # [W]; [G], A = 0.583, C = 0.382; PD [BW]
    Tissue(
        "cerebrospinal fluid",
        1.01,
        {"H": 0.111, "O": 0.880, "Na": 0.005, "Cl": 0.004},
        *WATERY_MR,
        proton_density=1.0,
    ),  # [W]; PD [BW]
    Tissue(
        "eye lens",
        1.07,
        {"H": 0.096, "C": 0.195, "N": 0.057, "O": 0.646, "Na": 0.001, "P": 0.001, "S": 0.003, "Cl": 0.001},
        *same(1413, 100),
    ),  # [44]; [P], lens cortex
    Tissue(
        "vitreous humour",
        1.01,
        {"H": 0.111, "O": 0.880, "Na": 0.005, "Cl": 0.004},
        *same(5053, 450),
        proton_density=1.0,
    ),  # as cerebrospinal fluid [W]; [P], anterior chamber
    Tissue(
        "clotted blood",
        1.078,
        BLOOD,
        *both(1100, 80, 1400, 60),
        proton_density=0.9,
    ),  # composition of blood, [44]; density (about 74 HU) and relaxation of an early clot: our choice
    Tissue(
        "oedema",
        1.026,
        WHITE_MATTER,
        *both(1200, 130, 1500, 120),
        proton_density=0.9,
    ),  # composition of white matter, [W]; density (about 20 HU) and relaxation: our choice
    Tissue(
        "ischaemic grey matter",
        1.032,
        GREY_MATTER,
        *both(1150, 120, 1450, 118),
        proton_density=0.89,
    ),  # composition of grey matter, [W]; 8 HU less and longer relaxation, as early infarcts take up water: our choice
    Tissue(
        "ischaemic white matter",
        1.034,
        WHITE_MATTER,
        *both(800, 98, 1020, 96),
        proton_density=0.80,
    ),  # likewise
)
"""Each with the sources of its composition, of its relaxation, and of its proton density where that is not computed."""
