"""Things to scan, with known truth: geometry in mm (LPS), materials with CT and MR values, no DICOM.

Importing this package loads nothing else; each function loads what it needs when first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phantoms.anatomy.breast.compressed import breast
    from phantoms.anatomy.limb.joint import knee
    from phantoms.anatomy.neuro.cranium import head
    from phantoms.anatomy.neuro.stroke import head_stroke
    from phantoms.anatomy.torso.abdomen import abdomen
    from phantoms.anatomy.torso.arteries import vessels
    from phantoms.anatomy.torso.chest import thorax
    from phantoms.anatomy.torso.lumbar import spine
    from phantoms.errors import PhantomError
    from phantoms.objects.acr464 import acr_ct
    from phantoms.objects.acr_large_mr import acr_mr
    from phantoms.objects.balls import spheres
    from phantoms.objects.catphan import catphan504
    from phantoms.objects.ellipsoids import shepp_logan
    from phantoms.objects.iec_body import nema_pet
    from phantoms.objects.prostheses import hip_prosthesis
    from phantoms.objects.vials import relaxometry
    from phantoms.objects.water_cylinder import water
    from phantoms.phantom import Phantom, Structure

__all__ = [
    "Phantom",
    "PhantomError",
    "Structure",
    "abdomen",
    "acr_ct",
    "acr_mr",
    "breast",
    "catphan504",
    "head",
    "head_stroke",
    "hip_prosthesis",
    "knee",
    "nema_pet",
    "relaxometry",
    "shepp_logan",
    "spheres",
    "spine",
    "thorax",
    "vessels",
    "water",
]

_HOMES = {
    "Phantom": "phantoms.phantom",
    "PhantomError": "phantoms.errors",
    "Structure": "phantoms.phantom",
    "abdomen": "phantoms.anatomy.torso.abdomen",
    "acr_ct": "phantoms.objects.acr464",
    "acr_mr": "phantoms.objects.acr_large_mr",
    "breast": "phantoms.anatomy.breast.compressed",
    "catphan504": "phantoms.objects.catphan",
    "head": "phantoms.anatomy.neuro.cranium",
    "head_stroke": "phantoms.anatomy.neuro.stroke",
    "hip_prosthesis": "phantoms.objects.prostheses",
    "knee": "phantoms.anatomy.limb.joint",
    "nema_pet": "phantoms.objects.iec_body",
    "relaxometry": "phantoms.objects.vials",
    "shepp_logan": "phantoms.objects.ellipsoids",
    "spheres": "phantoms.objects.balls",
    "spine": "phantoms.anatomy.torso.lumbar",
    "thorax": "phantoms.anatomy.torso.chest",
    "vessels": "phantoms.anatomy.torso.arteries",
    "water": "phantoms.objects.water_cylinder",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'phantoms' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
