"""Tissues: what they are made of, and what CT and MR see of them.

Where each value stands, and how far we could check it ("by way of X": the source itself was not open to us):
    [44]  ICRU Report 44, 1989. Adipose tissue, muscle and cortical bone by way of a public listing of NIST XAAMDI
          table 2; all of [44] by way of [Sc].
    [Sc]  U. Schneider, E. Pedroni, A. Lomax, Phys. Med. Biol. 41:111, 1996: the table of tissues, by way of a program
          that holds its numbers.
    [46]  ICRU Report 46, 1992. Not open; skin and liver agree with [Sc], heart stands as cited by others.
    [110] ICRP Publication 110, 2009, table B.1 (male). Not open: unchecked.
    [W]   H. Q. Woodard, D. R. White, Br. J. Radiol. 59:1209, 1986. Not open; the mean of its grey and white matter
          agrees with the brain of [Sc] within 0.001 in every element.
    [S]   G. J. Stanisz et al., Magn. Reson. Med. 54:507, 2005 (1.5 T and 3 T). Not open: unchecked.
    [B]   C. M. J. de Bazelaire et al., Radiology 230:652, 2004. 3 T: its abstract, read; 1.5 T: unchecked.
    [St]  A. Stadler et al., J. Magn. Reson. Imaging 21:759, 2005 (lung T1 in inspiration, 1.5 T). Unchecked.
    [Y]   J. Yu, Y. Xue, H. K. Song, Magn. Reson. Med. 66:248, 2011 (lung T2* at 1.5 T and 3 T). Unchecked.
    [G]   H. M. Gach, C. Tanase, F. Boada, Int. Conf. Systems Engineering, 2008 (T1 = A B0^C; T2). By way of two
          independent programs, which agree on all that is used here.
    [P]   S. Patz et al., J. Magn. Reson. Imaging 26:510, 2007 (eye, 1.5 T). Unchecked.
    [R]   I. L. H. Reichert et al., Magn. Reson. Imaging 23:611, 2005 (cortical bone, T2*). Unchecked.
    [Go]  G. E. Gold et al., AJR Am. J. Roentgenol. 183:343, 2004: the knee at 1.5 T and 3 T. Not open: unchecked.
    [BW]  D. L. Collins et al., IEEE Trans. Med. Imaging 17:463, 1998: BrainWeb's table of tissue parameters. By way
          of several programs that hold it.
"Our choice" marks what follows no source.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from phantoms.attenuation import WATER
from phantoms.material import NO_SIGNAL, Tissue, both, same

_BRAIN_SALTS = {"Na": 0.002, "S": 0.002, "Cl": 0.003, "K": 0.003}
_GREY_MATTER = {"H": 0.107, "C": 0.095, "N": 0.018, "O": 0.767, "P": 0.003, **_BRAIN_SALTS}
_WHITE_MATTER = {"H": 0.106, "C": 0.194, "N": 0.025, "O": 0.661, "P": 0.004, **_BRAIN_SALTS}
_BLOOD = {
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
_KIDNEY = {
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
_CONNECTIVE = {"H": 0.094, "C": 0.207, "N": 0.062, "O": 0.622, "Na": 0.006, "S": 0.006, "Cl": 0.003}  # [Sc]
_MUSCLE_MR = both(1008, 44, 1412, 50)  # [S]
_MARROW_MR = both(549, 49, 586, 49)  # [B], L4 vertebra
_FAT_MR = both(342, 70, 377, 70)  # [G], scalp: A = 0.324, C = 0.137; [B] has 382 and 68 ms at 3 T
_BONE_MR = both(
    200, 0.5, 302, 0.25
)  # [R] at 1.5 T; 3 T as it stood here, from a database of the IT'IS Foundation: unchecked
_WATERY_MR = same(4200, 1990)  # [G], cerebrospinal fluid; hardly depends on the field

_TABLE = (
    Tissue("air", 0.0012, {"N": 0.755, "O": 0.232, "Ar": 0.013}, *NO_SIGNAL, proton_density=0.0, fixed_hu=-1000.0),
    Tissue("water", 1.0, WATER, *_WATERY_MR, proton_density=1.0, fixed_hu=0.0),
    Tissue("acrylic", 1.19, {"H": 0.0805, "C": 0.5999, "O": 0.3196}, *NO_SIGNAL, proton_density=0.0),  # [44] PMMA
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
        _GREY_MATTER,
        *both(998, 100, 1295, 100),
        proton_density=0.86,
    ),  # [W]; [G], A = 0.857, C = 0.376; PD [BW]
    Tissue(
        "white matter",
        1.04,
        _WHITE_MATTER,
        *both(681, 80, 887, 80),
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
        _BLOOD,
        *both(1441, 290, 1932, 275),
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
        *both(1024, 30, 1168, 27),
    ),  # [46]; [S]
    Tissue(
        "articular cartilage",
        1.10,
        {"H": 0.096, "C": 0.099, "N": 0.022, "O": 0.744, "Na": 0.005, "P": 0.022, "S": 0.009, "Cl": 0.003},
        *both(1060, 42, 1240, 37),
    ),  # [46]; [Go]
    Tissue("meniscus", 1.11, _CONNECTIVE, *both(900, 12, 1050, 11)),  # [Sc], connective tissue; relaxation: our choice
    Tissue("tendon", 1.12, _CONNECTIVE, *both(600, 5, 650, 4)),  # likewise
    Tissue("annulus fibrosus", 1.09, _CONNECTIVE, *both(950, 55, 1100, 50)),  # likewise
    Tissue(
        "nucleus pulposus",
        1.07,
        {"H": 0.100, "C": 0.090, "N": 0.020, "O": 0.775, "Na": 0.003, "S": 0.007, "Cl": 0.005},
        *both(1300, 130, 1500, 120),
    ),  # our choice: cartilage with more water
    Tissue("joint fluid", 1.012, WATER, *both(2850, 1210, 3620, 767), proton_density=1.0),  # [Go]; density: our choice
    Tissue(
        "fatty spongiosa",
        1.13,
        {"H": 0.096, "C": 0.527, "N": 0.015, "O": 0.276, "Na": 0.001, "P": 0.025, "S": 0.002, "Ca": 0.058},
        *both(288, 165, 365, 133),
        proton_density=0.85,
    ),  # our choice: yellow marrow [46] with a quarter of its mass of bone [44]; marrow's relaxation [Go]
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
        "kidney cortex",
        1.05,
        _KIDNEY,
        *both(966, 87, 1142, 76),
    ),  # [Sc]; [B]
    Tissue(
        "kidney medulla",
        1.05,
        _KIDNEY,
        *both(1412, 85, 1545, 81),
    ),  # [Sc]; [B]
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
        "bowel wall",
        1.03,
        {"H": 0.106, "C": 0.115, "N": 0.022, "O": 0.751, "Na": 0.001, "P": 0.001, "S": 0.001, "Cl": 0.002, "K": 0.001},
        *_MUSCLE_MR,
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
        "cyst",
        1.005,
        WATER,
        *same(3000, 800),
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
        "clotted blood",
        1.078,
        _BLOOD,
        *both(1100, 80, 1400, 60),
        proton_density=0.9,
    ),  # composition of blood, [44]; density (about 74 HU) and relaxation of an early clot: our choice
    Tissue(
        "oedema",
        1.026,
        _WHITE_MATTER,
        *both(1200, 130, 1500, 120),
        proton_density=0.9,
    ),  # composition of white matter, [W]; density (about 20 HU) and relaxation: our choice
    Tissue(
        "ischaemic grey matter",
        1.032,
        _GREY_MATTER,
        *both(1150, 120, 1450, 118),
        proton_density=0.89,
    ),  # composition of grey matter, [W]; 8 HU less and longer relaxation, as early infarcts take up water: our choice
    Tissue(
        "ischaemic white matter",
        1.034,
        _WHITE_MATTER,
        *both(800, 98, 1020, 96),
        proton_density=0.80,
    ),  # likewise
    Tissue(
        "liver",
        1.06,
        {"H": 0.102, "C": 0.139, "N": 0.030, "O": 0.716, "Na": 0.002, "P": 0.003, "S": 0.003, "Cl": 0.002, "K": 0.003},
        *both(576, 46, 812, 42),
    ),  # [46]; [S]
    Tissue(
        "mammary gland",
        1.02,
        {"H": 0.106, "C": 0.332, "N": 0.030, "O": 0.527, "Na": 0.001, "P": 0.001, "S": 0.002, "Cl": 0.001},
        *both(1266, 58, 1445, 54),
    ),  # [44]; relaxation: R. Rakow-Penner et al., J. Magn. Reson. Imaging 23:87, 2006. Both unchecked
    Tissue("breast stroma", 1.06, _CONNECTIVE, *both(1100, 50, 1300, 46)),  # [Sc], connective tissue; our choice
    Tissue(
        "breast tumour",
        1.12,
        {"H": 0.104, "C": 0.185, "N": 0.030, "O": 0.672, "Na": 0.001, "P": 0.003, "S": 0.002, "Cl": 0.002, "K": 0.001},
        *both(1200, 75, 1400, 70),
        proton_density=0.9,
    ),  # our choice: watery and dense, so that it stands out of gland
    Tissue(
        "hydroxyapatite", 2.2, {"H": 0.002, "O": 0.414, "P": 0.185, "Ca": 0.399}, *NO_SIGNAL, proton_density=0.0
    ),  # Ca5(PO4)3OH; density of porous grains: our choice
)

TISSUES: Mapping[str, Tissue] = MappingProxyType({tissue.name: tissue for tissue in _TABLE})
"""Every material by its name."""
