"""Compositions and relaxation times that several tissues have in common."""

from __future__ import annotations

from phantoms.material import both, same

_BRAIN_SALTS = {"Na": 0.002, "S": 0.002, "Cl": 0.003, "K": 0.003}
GREY_MATTER = {"H": 0.107, "C": 0.095, "N": 0.018, "O": 0.767, "P": 0.003, **_BRAIN_SALTS}
WHITE_MATTER = {"H": 0.106, "C": 0.194, "N": 0.025, "O": 0.661, "P": 0.004, **_BRAIN_SALTS}
BLOOD = {
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
}
KIDNEY = {
    "H": 0.103,
    "C": 0.132,
    "N": 0.030,
    "O": 0.724,
    "Na": 0.002,
    "P": 0.002,
    "S": 0.002,
    "Cl": 0.002,
    "K": 0.002,
    "Ca": 0.001,
}
CONNECTIVE = {"H": 0.094, "C": 0.207, "N": 0.062, "O": 0.622, "Na": 0.006, "S": 0.006, "Cl": 0.003}  # [Sc]
MUSCLE_MR = both(1008, 44, 1412, 50)  # [S]
MARROW_MR = both(549, 49, 586, 49)  # [B], L4 vertebra
FAT_MR = both(342, 70, 377, 70)  # [G], scalp: A = 0.324, C = 0.137; [B] has 382 and 68 ms at 3 T
# [R] at 1.5 T, T1 within its range; 3 T as it stood here, from a database of the IT'IS Foundation: unchecked.
BONE_MR = both(200, 0.5, 302, 0.25)
WATERY_MR = same(4200, 1990)  # [G], cerebrospinal fluid; hardly depends on the field
