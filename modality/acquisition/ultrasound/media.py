"""What ultrasound meets in a tissue: speed of sound, attenuation, and how much it scatters.

Where each value stands:
    [D] Diagnostics 13:855, 2023 (PMC10001275), table 4: attenuation in dB/cm at 1 MHz. Read.
    [B] Bioengineering 12:946, 2025, appendix A.2: speed of sound measured in tissues. Read.
    [S] Sensors 23:5942, 2023 (PMC10346919), table A2: speed and attenuation in water, fat, muscle and bone. Read.
Attenuation is taken to grow in proportion to the frequency. Echogenicity (relative to liver, as an amplitude) and
texture are our choice, in the order that is customary: renal sinus, pancreas, spleen, liver, renal cortex, medulla,
fluid. "Our choice" marks what else follows no source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from phantoms.material import Tissue
from phantoms.phantom import Phantom

SPEED_M_S = 1540.0
"""What every scanner assumes of soft tissue; echoes are drawn by it, and no tissue's own speed displaces them."""

_SPECK_DB, _SILENT_DB = 0.0, -60.0
_GAS_DENSITY, _HARD_DENSITY = 0.5, 1.4  # g/cm3, of what has no row


@dataclass(frozen=True, slots=True)
class Medium:
    """A tissue as ultrasound meets it.

    Args:
        speed_m_s: of sound.
        attenuation_db_cm_mhz: one way.
        echo_db: backscatter relative to that of liver.
        texture_db: by how much that goes up and down over a few mm.
        layered: the texture lies in sheets along the skin, as of muscle and fat.
        gas: nearly all is thrown back at its surface.
    """

    speed_m_s: float
    attenuation_db_cm_mhz: float
    echo_db: float
    texture_db: float = 1.0
    layered: bool = False
    gas: bool = False


COUPLING = Medium(SPEED_M_S, 0.0, -70.0, 0.0)
"""Gel between the probe and the skin; its impedance is that of skin, so that nothing comes back from there."""

_FLUID = Medium(1500.0, 0.0022, -50.0, 0.0)  # [D], water
_BLOOD = Medium(1570.0, 0.15, -38.0, 0.0)  # [D]; speed: our choice
_BONE = Medium(3194.0, 15.0, 6.0, 0.0)  # [D]; [B], cortical
_SPONGIOSA = Medium(2325.0, 15.0, -2.0, 0.0)  # [D]; [B], trabecular
_BRAIN = Medium(1550.0, 0.6, -8.0, 1.0)  # our choice
_GAS = Medium(330.0, 7.5, -10.0, 0.0, gas=True)  # [D]

MEDIA: Mapping[str, Medium] = {
    "air": _GAS,
    "water": replace(_FLUID, speed_m_s=1480.0),
    "acrylic": Medium(2700.0, 2.0, -6.0, 0.0),  # our choice
    "thin gel": Medium(SPEED_M_S, 0.1, -30.0, 0.0),  # our choice, as "gel"
    "gel": Medium(SPEED_M_S, 0.5, 0.0, 0.5),
    "skin": Medium(1655.0, 0.35, 5.0, 1.0, layered=True),  # [D]; [B]
    "adipose": Medium(1462.0, 0.63, -6.0, 3.5, layered=True),  # [D]; [B]
    "muscle": Medium(1562.0, 0.96, -6.0, 3.5, layered=True),  # [D], across the fibres; [B]
    "grey matter": _BRAIN,
    "white matter": replace(_BRAIN, echo_db=-5.0),
    "cerebrospinal fluid": _FLUID,
    "blood": _BLOOD,
    "clotted blood": Medium(1600.0, 0.3, -2.0),  # our choice
    "cortical bone": _BONE,
    "cranial spongiosa": _SPONGIOSA,
    "rib spongiosa": _SPONGIOSA,
    "vertebral spongiosa": _SPONGIOSA,
    "fatty spongiosa": _SPONGIOSA,
    "hydroxyapatite": Medium(3500.0, 15.0, 30.0, 0.0),  # grains: brighter than all about them; our choice
    "cartilage": Medium(1650.0, 1.57, -14.0, 0.5),  # [D], connective tissue; speed: our choice
    "articular cartilage": Medium(1650.0, 1.57, -20.0, 0.5),  # likewise
    "meniscus": Medium(1664.0, 1.57, 4.0),  # [D], connective tissue; [B], ligament
    "tendon": Medium(1827.0, 1.57, 6.0, 3.0, layered=True),  # likewise; [B]
    "annulus fibrosus": Medium(1664.0, 1.57, 0.0),  # likewise
    "nucleus pulposus": Medium(1550.0, 0.5, -14.0),  # our choice
    "joint fluid": _FLUID,
    "vitreous humour": _FLUID,
    "eye lens": Medium(1640.0, 0.7, -25.0, 0.0),  # our choice
    "lung": Medium(650.0, 40.0, -8.0, 0.0, gas=True),  # [D]; speed: our choice
    "heart": Medium(1586.0, 0.52, -3.0, 1.5),  # [D]; [B]
    "kidney cortex": Medium(1557.0, 1.0, -4.0, 0.8),  # [D]; [B]
    "kidney medulla": Medium(1557.0, 1.0, -10.0, 0.8),  # likewise
    "spleen": Medium(1565.0, 0.4, 1.5, 0.8),  # [D]; speed: our choice
    "pancreas": Medium(1575.0, 0.7, 4.0, 2.0),  # our choice
    "bowel wall": Medium(1562.0, 0.96, -3.0, 1.0),  # as muscle
    "bowel content": Medium(1540.0, 0.4, -5.0, 4.0),  # our choice
    "bile": _FLUID,
    "urine": _FLUID,
    "cyst": _FLUID,
    "metastasis": Medium(1560.0, 0.6, -7.0, 1.5),  # our choice
    "liver": Medium(1540.0, 0.5, _SPECK_DB, 0.8),  # [D]; [B]
    "mammary gland": Medium(1520.0, 0.75, 1.0, 2.0, layered=True),  # [D], breast; speed: our choice
    "breast stroma": Medium(1560.0, 1.57, 7.0, 1.5),  # [D], connective tissue; speed: our choice
    "breast tumour": Medium(1550.0, 1.57, -13.0, 1.5),  # likewise
}

# What the tissue alone does not tell; by the end of a structure's name.
_BY_NAME: Mapping[str, Mapping[str, float | bool]] = {
    "renal sinus": {"echo_db": 9.0, "texture_db": 2.0, "layered": False},
    "subcutaneous fat": {"echo_db": -6.0},
    "abdominal fat": {"echo_db": 0.0, "texture_db": 3.0, "layered": False},
    "gall bladder wall": {"echo_db": 4.0},
}


@dataclass(frozen=True, slots=True)
class Met:
    """A structure as ultrasound meets it.

    Args:
        medium: its tissue, with what its name tells.
        impedance: density times speed, in 10^6 kg/(m2 s).
    """

    medium: Medium
    impedance: float


def medium_of(tissue: Tissue, structure: str = "") -> Medium:
    """A tissue as ultrasound meets it; what has no row is gas, soft or hard by its density.

    Args:
        tissue: with a contrast agent or without, which ultrasound does not see.
        structure: name of what it makes up.
    """
    name = tissue.name.partition(",")[0]
    found = MEDIA.get(name)
    if found is None:
        density = tissue.density_g_per_cm3
        if density < _GAS_DENSITY:
            found = _GAS
        else:
            found = _BONE if density > _HARD_DENSITY else Medium(SPEED_M_S, 0.5, _SPECK_DB)
    own = next((own for end, own in _BY_NAME.items() if structure.endswith(end)), {})
    return replace(found, **own)  # type: ignore[arg-type]


def met_in(phantom: Phantom) -> tuple[Met, ...]:
    """What each label of a phantom is to ultrasound, air the first, and the gel last, before the skin."""
    names = ("", *(structure.name for structure in phantom.structures))
    met = [
        Met(medium, round(tissue.density_g_per_cm3 * medium.speed_m_s * 1e-3, 6))
        for name, tissue in zip(names, phantom.tissues, strict=True)
        for medium in (medium_of(tissue, name),)
    ]
    skin = MEDIA["skin"]
    return (*met, Met(COUPLING, round(1.09 * skin.speed_m_s * 1e-3, 6)))
