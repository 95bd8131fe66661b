"""A pelvis of plastic with a metal hip on either side, for the streaks that metal makes in computed tomography."""

from __future__ import annotations

from collections.abc import Mapping

from phantoms.errors import PhantomError
from phantoms.material import NO_SIGNAL, Tissue
from phantoms.objects.plastics import STEEL, solid_water
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Cylinder

METALS: Mapping[str, Tissue] = {
    "titanium": Tissue("titanium", 4.51, {"Ti": 1.0}, *NO_SIGNAL, proton_density=0.0),
    "steel": STEEL,
}
"""What the hips may be made of; pure titanium stands for its alloys, and pure iron for steel."""

_RADII_MM, _LENGTH_MM = (170.0, 110.0), 120.0
_APART_MM = 170.0  # of the hips' axes


def hip_prosthesis(*, metal: str = "titanium", diameter_mm: float = 28.0, seed: int = 0) -> Phantom:
    """An elliptic cylinder of solid water along z with two upright metal rods and a bladder: sizes are our choice.

    Args:
        metal: titanium or steel.
        diameter_mm: of each rod, 2 to 60.
        seed: kept with the phantom; every one is alike.

    Raises:
        PhantomError: no such metal, or a diameter out of range.
    """
    if metal not in METALS:
        raise PhantomError(f"hip-prosthesis: metal {metal!r}: one of {', '.join(METALS)}")
    if not 2.0 <= diameter_mm <= 60.0:
        raise PhantomError(f"hip-prosthesis: diameter {diameter_mm:g} mm: 2 to 60")
    center, radius = (0.0, 0.0, 0.0), diameter_mm / 2
    hips = [
        Structure(
            f"{side} hip",
            Cylinder((x, 0.0, 0.0), (radius, radius), _LENGTH_MM),
            METALS[metal],
            ball=((x, 0.0, 0.0), radius),
        )
        for side, x in (("right", -_APART_MM / 2), ("left", _APART_MM / 2))
    ]
    return Phantom(
        name="hip-prosthesis",
        body_part="PHANTOM",
        structures=(
            Structure(
                "pelvis", Cylinder(center, _RADII_MM, _LENGTH_MM), solid_water("pelvis"), ((0.0, 40.0, 0.0), 45.0)
            ),
            Structure(
                "bladder",
                Cylinder((0.0, -55.0, 0.0), (30.0, 25.0), _LENGTH_MM),
                solid_water("bladder", 15.0),
                ball=((0.0, -55.0, 0.0), 25.0),
            ),
            *hips,
        ),
        scan_range_mm=(-50.0, 50.0),
        field_of_view_mm=380.0,
        seed=seed,
    )
