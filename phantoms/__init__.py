"""Things to scan, with known truth: geometry in mm (LPS), materials with CT and MR values, no DICOM.

Importing this package loads nothing else; each function loads what it needs when first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phantoms.anatomy.chest import thorax
    from phantoms.anatomy.cranium import head
    from phantoms.errors import PhantomError
    from phantoms.objects.ellipsoids import shepp_logan
    from phantoms.objects.water_cylinder import water
    from phantoms.phantom import Phantom, Structure

__all__ = ["Phantom", "PhantomError", "Structure", "head", "shepp_logan", "thorax", "water"]

_HOMES = {
    "Phantom": "phantoms.phantom",
    "PhantomError": "phantoms.errors",
    "Structure": "phantoms.phantom",
    "head": "phantoms.anatomy.cranium",
    "shepp_logan": "phantoms.objects.ellipsoids",
    "thorax": "phantoms.anatomy.chest",
    "water": "phantoms.objects.water_cylinder",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'phantoms' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
