"""Vials of known T1, T2 and proton density in water, like the arrays of the ISMRM/NIST system phantom.

Sources:
    [N] The values of the system phantom's plates 4 (spheres 5 to 10) and 5 (spheres 7 and 8) at 1.5 T and 3 T, and of
        the water around them, as the open-source program hazen (relaxometry task) lists them; the phantom itself is
        described in K. F. Stupic et al., Magn. Reson. Med. 86:1194 (2021), whose tables were not read.
Sizes, places, proton densities and the two slowest vials are our choice.
"""

from __future__ import annotations

from phantoms.material import Relaxation, both
from phantoms.objects.plastics import ACRYLIC, plastic, solution
from phantoms.objects.polar import at
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Cylinder

VIALS: tuple[tuple[float, tuple[Relaxation, Relaxation]], ...] = (
    (0.95, both(1237.0, 184.9, 1332.0, 133.27)),  # [N] plate 4
    (0.85, both(1030.0, 140.6, 1044.0, 96.89)),
    (0.75, both(752.2, 91.76, 801.7, 64.07)),
    (0.90, both(550.2, 64.84, 608.6, 46.42)),
    (0.80, both(413.4, 45.28, 458.4, 31.97)),
    (1.00, both(292.9, 30.62, 336.5, 22.56)),
    (0.65, both(260.1, 227.7, 247.13, 180.8)),  # [N] plate 5
    (0.70, both(184.6, 161.9, 175.3, 127.3)),
    (0.60, both(2000.0, 120.0, 2100.0, 110.0)),  # our choice, to reach seconds, as is the next
    (1.00, both(2900.0, 240.0, 2950.0, 220.0)),
)
"""Proton density relative to water, and relaxation times at 1.5 T and 3 T."""
WATER_AROUND = both(2700.0, 2400.0, 2700.0, 2400.0)  # [N]

VIAL_RADIUS_MM, VIAL_LENGTH_MM = 13.0, 100.0
_GLASS_MM = 1.0
_OUTER, _OUTER_PLACE_MM, _INNER_PLACE_MM = 7, 66.0, 27.0
_RADIUS_MM, _LENGTH_MM, _SHELL_MM = 95.0, 130.0, 5.0


def relaxometry(seed: int = 0) -> Phantom:
    """Ten vials along z in a cylinder of water, T1 175 to 2950 ms and T2 23 to 240 ms, for fits of relaxation times.

    Args:
        seed: kept with the phantom; every one is alike.
    """
    center = (0.0, 0.0, 0.0)
    wall = plastic("acrylic", ACRYLIC, 120.0)
    outer = _RADIUS_MM + _SHELL_MM
    parts = [
        Structure("shell", Cylinder(center, (outer, outer), _LENGTH_MM + 2 * _SHELL_MM), wall),
        Structure(
            "water",
            Cylinder(center, (_RADIUS_MM, _RADIUS_MM), _LENGTH_MM),
            solution("water", 0.0, 1.0, WATER_AROUND),
            (center, 11.5),
        ),
    ]
    for number, (pd, relaxation) in enumerate(VIALS, start=1):
        if number <= _OUTER:
            place = at(_OUTER_PLACE_MM, 360.0 / _OUTER * (number - 1) - 90.0)
        else:
            place = at(_INNER_PLACE_MM, 120.0 * (number - _OUTER - 1) - 90.0)
        glass = VIAL_RADIUS_MM + _GLASS_MM
        parts += [
            Structure(f"glass {number}", Cylinder(place, (glass, glass), VIAL_LENGTH_MM + 2 * _GLASS_MM), wall),
            Structure(
                f"vial {number}",
                Cylinder(place, (VIAL_RADIUS_MM, VIAL_RADIUS_MM), VIAL_LENGTH_MM),
                solution(f"solution {number}", 0.0, pd, relaxation),
                (place, 12.0),
            ),
        ]
    return Phantom(
        name="relaxometry",
        body_part="PHANTOM",
        structures=tuple(parts),
        scan_range_mm=(-60.0, 60.0),
        field_of_view_mm=240.0,
        seed=seed,
    )
