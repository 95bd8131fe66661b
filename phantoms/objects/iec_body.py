"""The NEMA/IEC body phantom of emission tomography: six spheres around a lung insert. A sketch, for later kinds.

Sources:
    [T] topas-spect, docs/qa_phantoms.md, which quotes IEC 61675-1 and NEMA NU 2-2018: cavity of 290 mm by 221 mm by
        193 mm, about 9.7 litres; spheres of 10, 13, 17, 22, 28 and 37 mm, their centres 70 mm from the lid; lung
        insert of 45 mm, 0.3 g/cm3.
Halves of a circle in front and an ellipse behind give the 9.7 litres of [T]. The circle of the spheres and the walls
are our choice; the standards themselves were not read.
"""

from __future__ import annotations

from dataclasses import replace

from phantoms.errors import PhantomError
from phantoms.lofts import Loft
from phantoms.material import NO_SIGNAL, Tissue
from phantoms.objects.plastics import ACRYLIC, POLYSTYRENE, plastic
from phantoms.objects.polar import at
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Cylinder, sphere
from phantoms.tissues import TISSUES

SPHERE_DIAMETERS_MM = (37.0, 28.0, 22.0, 17.0, 13.0, 10.0)
CIRCLE_MM = 57.2
"""Distance of the spheres' centres from the insert's axis: our choice."""
HALF_WIDTH_MM, FRONT_MM, BACK_MM, LENGTH_MM, LID_MM = 145.0, 145.0, 76.0, 193.0, 70.0
INSERT_RADIUS_MM = 22.5
_WALL_MM, _GLASS_MM = 3.0, 1.0


def _body(wall_mm: float) -> Loft:
    def section(z: float) -> tuple[float, float, float, float, float, float]:
        return (z, 0.0, 0.0, HALF_WIDTH_MM + wall_mm, FRONT_MM + wall_mm, BACK_MM + wall_mm)

    return Loft((section(LID_MM - LENGTH_MM - wall_mm), section(LID_MM + wall_mm)), shape="body")


def nema_pet(seed: int = 0, *, ratio: float = 4.0) -> Phantom:
    """The NEMA/IEC body phantom with its six spheres in the plane z = 0; the truth carries the activity.

    Args:
        seed: kept with the phantom; every one is alike.
        ratio: activity concentration of the spheres relative to the background, 0 to 100.

    Raises:
        PhantomError: the ratio is out of range.
    """
    if not 0.0 <= ratio <= 100.0:
        raise PhantomError(f"nema-pet: ratio {ratio:g}: 0 to 100")
    wall = replace(plastic("acrylic", ACRYLIC, 120.0), activity=0.0)
    water = TISSUES["water"]
    hot = replace(water, name="hot water", activity=float(ratio))
    foam = Tissue("foam", 0.3, POLYSTYRENE, *NO_SIGNAL, proton_density=0.0, activity=0.0)
    middle = (0.0, 0.0, LID_MM - LENGTH_MM / 2)
    glass: list[Structure] = []
    for number, diameter in enumerate(SPHERE_DIAMETERS_MM):
        place, radius = at(CIRCLE_MM, 60.0 * number), diameter / 2
        glass += [
            Structure(f"glass {diameter:g} mm", sphere(place, radius + _GLASS_MM), wall),
            Structure(f"sphere {diameter:g} mm", sphere(place, radius), hot, (place, round(0.98 * radius, 3))),
        ]
    return Phantom(
        name="nema-pet",
        body_part="PHANTOM",
        structures=(
            Structure("wall", _body(_WALL_MM), wall),
            Structure("background", _body(0.0), replace(water, activity=1.0), ((0.0, -110.0, 0.0), 25.0)),
            Structure(
                "lung insert",
                Cylinder(middle, (INSERT_RADIUS_MM, INSERT_RADIUS_MM), LENGTH_MM),
                foam,
                ((0.0, 0.0, 0.0), 22.0),
            ),
            *glass,
        ),
        scan_range_mm=(LID_MM - LENGTH_MM - 5.0, LID_MM + 5.0),
        field_of_view_mm=350.0,
        seed=seed,
    )
