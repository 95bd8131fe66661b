"""A phantom of one's own: three rods of known material in water, scanned, and found again in the images."""

from __future__ import annotations

import numpy as np

import modality
from phantoms.objects.plastics import DELRIN, TEFLON, plastic, solid_water
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Cylinder

RODS = {
    "delrin": plastic("delrin", DELRIN, 340.0),
    "teflon": plastic("teflon", TEFLON, 990.0),
    "water": solid_water("rod"),
}
RING_MM, ROD_MM, LENGTH_MM = 50.0, 15.0, 60.0


def rods(seed: int = 0) -> Phantom:
    """Rods on a ring in a cylinder of water; all of it in mm, in the patient's coordinates (LPS)."""
    parts = [Structure("body", Cylinder((0.0, 0.0, 0.0), (90.0, 90.0), LENGTH_MM), solid_water("body"))]
    for number, (name, tissue) in enumerate(RODS.items()):
        turn = 2 * np.pi * number / len(RODS)
        center = (RING_MM * float(np.cos(turn)), RING_MM * float(np.sin(turn)), 0.0)
        # The ball says where the truth document may look: wholly inside, under nothing else.
        parts.append(Structure(name, Cylinder(center, (ROD_MM, ROD_MM), LENGTH_MM), tissue, ball=(center, 12.0)))
    return Phantom("rods", "PHANTOM", tuple(parts), scan_range_mm=(-25.0, 25.0), field_of_view_mm=200.0, seed=seed)


def main() -> None:
    """Scan it, and hold the images against the truth."""
    study = modality.ct(rods(), seed=7, slices=5, rows=256, columns=256)
    scan = study.series[0]
    middle = list(study)[2].dataset()
    values = middle.pixel_array * float(middle.RescaleSlope) + float(middle.RescaleIntercept)
    for structure in scan.truth()["structures"]:
        x, y, _ = structure["center_mm"]
        column = round((x - float(middle.ImagePositionPatient[0])) / float(middle.PixelSpacing[1]))
        row = round((y - float(middle.ImagePositionPatient[1])) / float(middle.PixelSpacing[0]))
        found = values[row - 8 : row + 9, column - 8 : column + 9].mean()
        print(f"{structure['name']:8s} true {structure['properties']['HU']:7.1f} HU, found {found:7.1f} HU")
        assert abs(found - structure["properties"]["HU"]) < 5.0


if __name__ == "__main__":
    main()
