"""What MR sees of a material besides its protons' density and relaxation: diffusion and chemical shift.

Where each value stands ("abstract": the abstract was read, not the paper):
    [H]  J. Helenius et al., AJNR 23:194, 2002: normal brain. Abstract.
    [N]  V. Nagesh et al., Stroke 29:1778, 1998: ischaemia within 10 hours, 0.627 beside 0.843 in the other half of the
         brain, so 0.74 of the normal value. Abstract.
    [J]  M. M. Jafar, A. Parsai, M. E. Miquel, World J. Radiol. 8:21, 2016: medians over studies of the abdomen.
         Abstract.
    [D]  "Non-breath-hold high b-value diffusion-weighted MRI with parallel imaging technique", Diagn. Interv. Radiol.,
         2008: kidney cortex and medulla, stomach wall. Abstract.
    [M]  "Abdominal diffusion mapping with use of a whole-body echo-planar system", 1994: muscle, a liver metastasis.
         Abstract.
    [W]  M. Holz, S. R. Heil, A. Sacco, Phys. Chem. Chem. Phys. 2:4740, 2000: water, 16.35 (T / 215.05 K - 1)^2.063, so
         2.02 at 20 and 3.04 at 37 degrees Celsius. By way of a public page that has the formula.
"Our choice" marks what follows no source.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from phantoms.material import Tissue

WATER_AT_ROOM_TEMPERATURE_MM2_PER_S = 2.02e-3  # [W]
_BODY_WATER = 3.0e-3  # [W]
_ISCHAEMIC = 0.74  # [N]
_GREY_MATTER, _WHITE_MATTER = 0.89e-3, 0.70e-3  # [H], cortex; white matter
_MUSCLE = 1.99e-3  # [M]
_BONE = 0.5e-3  # our choice: of marrow, between muscle and fat
_FAT = 0.05e-3  # our choice: molecules far larger than water

ADC_MM2_PER_S: Mapping[str, float] = MappingProxyType(
    {
        "skin": _FAT,
        "adipose": _FAT,
        "muscle": _MUSCLE,
        "grey matter": _GREY_MATTER,
        "white matter": _WHITE_MATTER,
        "ischaemic grey matter": round(_ISCHAEMIC * _GREY_MATTER, 6),
        "ischaemic white matter": round(_ISCHAEMIC * _WHITE_MATTER, 6),
        "oedema": 1.3e-3,  # our choice: more than brain, less than water
        "clotted blood": 0.7e-3,  # our choice, as white matter
        "blood": 1.8e-3,  # our choice
        "cerebrospinal fluid": _BODY_WATER,
        "vitreous humour": _BODY_WATER,
        "eye lens": 1.0e-3,  # our choice
        "cortical bone": _BONE,
        "cranial spongiosa": _BONE,
        "rib spongiosa": _BONE,
        "vertebral spongiosa": _BONE,
        "cartilage": 1.3e-3,  # our choice
        "articular cartilage": 1.5e-3,  # our choice
        "meniscus": 1.0e-3,  # our choice
        "tendon": 0.8e-3,  # our choice
        "annulus fibrosus": 1.2e-3,  # our choice
        "nucleus pulposus": 1.8e-3,  # our choice
        "joint fluid": _BODY_WATER,
        "fatty spongiosa": _FAT,
        "lung": 1.5e-3,  # our choice
        "mammary gland": 1.9e-3,  # our choice, as muscle
        "breast stroma": 1.5e-3,  # our choice
        "breast tumour": 1.1e-3,  # our choice: less than gland, as dense tumours have it
        "heart": _MUSCLE,  # our choice: as muscle
        "kidney cortex": 2.08e-3,  # [D]
        "kidney medulla": 1.94e-3,  # [D]
        "spleen": 0.85e-3,  # [J]
        "pancreas": 1.60e-3,  # [J], body
        "liver": 1.28e-3,  # [J]
        "metastasis": 1.2e-3,  # [M], one patient's
        "bile": 2.73e-3,  # [J]
        "cyst": _BODY_WATER,
        "bowel wall": 1.84e-3,  # [D], stomach
        "bowel content": 2.0e-3,  # our choice
    }
)
"""Apparent diffusion coefficient by the tissue's name, alike in all directions."""

_SHIFT_PPM = MappingProxyType({"adipose": -3.5, "skin": -3.5, "fatty spongiosa": -3.5})


def adc_mm2_per_s(tissue: Tissue) -> float:
    """Apparent diffusion coefficient of a material; that of water at room temperature for what is not of a body."""
    return ADC_MM2_PER_S.get(_plain(tissue), WATER_AT_ROOM_TEMPERATURE_MM2_PER_S)


def chemical_shift_ppm(tissue: Tissue) -> float:
    """How far a material's protons resonate from water's, in parts per million: fat 3.5 below it.

    W. T. Dixon, Radiology 153:189 (1984). Skin has the relaxation times of fat in the table of tissues, and its shift.
    """
    return _SHIFT_PPM.get(_plain(tissue), 0.0)


def _plain(tissue: Tissue) -> str:
    """A tissue's name without the contrast agent that has reached it."""
    return tissue.name.partition(", ")[0]
