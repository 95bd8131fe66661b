"""Face and neck: muscles, jaws, orbits, nose and sinuses, the top of the spine."""

from __future__ import annotations

from phantoms.anatomy.symmetry import both, both_tubes, pair
from phantoms.combined import Intersection, Union, tube
from phantoms.phantom import Structure
from phantoms.solids import Box, Capsule, Cylinder, Ellipsoid, Solid
from phantoms.tissues import TISSUES
from phantoms.variation import Variation


def face(variation: Variation, surface: Solid) -> list[Structure]:
    """What lies below and before the brain case, in the order of painting.

    Args:
        variation: of the individual.
        surface: the inside of the skin, which the orbits do not leave.
    """
    muscle, fat, bone, air = (TISSUES[n] for n in ("muscle", "adipose", "cortical bone", "air"))
    spongiosa, skin = TISSUES["cranial spongiosa"], TISSUES["skin"]
    eye_y = variation.around("eye depth", -65.0, 2.0)
    eyes = pair((31.0, eye_y, -30.0), (12.0, 12.0, 12.0))
    sinus = variation.around("sinus", 1.0, 0.15)
    antra = pair((27.0, -52.0, -52.0), (14.0 * sinus, 17.0 * sinus, 15.0))
    jaw = ((0.0, -70.0, -96.0), (22.0, -62.0, -92.0), (44.0, -22.0, -84.0), (48.0, -6.0, -56.0))
    return [
        Structure("nose", Ellipsoid((0.0, -92.0, -50.0), (12.0, 13.0, 18.0)), skin),
        Structure("ears", both((74.0, 14.0, -26.0), (5.0, 15.0, 28.0), (0.0, 0.0, -25.0)), skin),
        Structure("buccal fat", both((45.0, -38.0, -66.0), (10.0, 22.0, 18.0)), fat),
        Structure("parapharyngeal fat", both((26.0, 2.0, -60.0), (7.0, 12.0, 16.0)), fat),
        Structure(
            "zygoma", both_tubes(((38.0, -66.0, -42.0), (60.0, -46.0, -36.0), (68.0, -10.0, -32.0)), (5.0, 3.0)), bone
        ),
        Structure(
            "facial bones",
            Union(
                (
                    Ellipsoid((0.0, -54.0, -48.0), (46.0, 33.0, 22.0)),
                    Ellipsoid((0.0, -60.0, -72.0), (30.0, 26.0, 10.0)),
                    Ellipsoid((0.0, -76.0, -20.0), (50.0, 14.0, 22.0)),
                    Ellipsoid((0.0, -10.0, -44.0), (22.0, 30.0, 12.0)),
                )
            ),
            bone,
        ),
        Structure(
            "facial marrow",
            Union(
                (
                    Ellipsoid((0.0, -54.0, -48.0), (43.0, 30.0, 19.0)),
                    Ellipsoid((0.0, -10.0, -45.0), (16.0, 24.0, 9.0)),
                )
            ),
            spongiosa,
        ),
        Structure("mandible", both_tubes(jaw, (7.0, 6.0, 5.0)), bone),
        Structure("mandibular marrow", both_tubes(jaw[:3], (4.0, 3.0)), spongiosa),
        Structure(
            "teeth", both_tubes(((0.0, -78.0, -84.0), (18.0, -70.0, -84.0), (27.0, -46.0, -84.0)), (4.0, 4.5)), bone
        ),
        Structure(
            "orbital walls",
            Intersection(both((29.0, -50.0, -30.0), (20.0, 32.0, 18.0), (0.0, 0.0, 20.0)), surface),
            bone,
        ),
        Structure(
            "orbital fat", Intersection(both((30.0, -53.0, -30.0), (18.0, 31.0, 16.0), (0.0, 0.0, 20.0)), surface), fat
        ),
        Structure("eye muscles", both_tubes(((41.0, eye_y + 2.0, -30.0), (18.0, -30.0, -30.0)), (2.2,)), muscle),
        Structure(
            "optic nerves",
            both_tubes(((30.0, eye_y + 10.0, -29.0), (10.0, -22.0, -24.0)), (2.4,)),
            TISSUES["white matter"],
        ),
        Structure("sclera", Union(pair(eyes[0].center_mm, (13.0, 13.0, 13.0))), muscle),
        *(
            Structure(f"{side} eye", eye, TISSUES["vitreous humour"], ball=(eye.center_mm, 5.5))
            for side, eye in zip(("left", "right"), eyes, strict=True)
        ),
        Structure("lenses", both((31.0, eye_y - 8.5, -30.0), (4.5, 2.2, 4.5)), TISSUES["eye lens"]),
        Structure(
            "nasal cavity",
            Union(
                (
                    Ellipsoid((0.0, -58.0, -48.0), (13.0, 34.0, 20.0)),
                    Ellipsoid((0.0, -26.0, -56.0), (12.0, 14.0, 14.0)),
                    Ellipsoid((0.0, -90.0, -56.0), (7.0, 10.0, 6.0)),
                )
            ),
            air,
        ),
        *(
            Structure(f"{side} maxillary sinus", antrum, air, ball=(antrum.center_mm, 9.0))
            for side, antrum in zip(("left", "right"), antra, strict=True)
        ),
        Structure(
            "ethmoid cells",
            Union(
                tuple(
                    Ellipsoid((side * 7.5, y, -28.0), (4.6, 4.6, 10.0))
                    for side in (-1, 1)
                    for y in (-70.0, -60.0, -50.0, -40.0)
                )
            ),
            air,
        ),
        Structure("sphenoid sinus", Union(pair((8.0, -20.0, -36.0), (7.0, 10.0, 8.0))), air),
        Structure("frontal sinus", both((11.0, -84.0, -6.0), (9.0 * sinus, 4.0, 9.0)), air),
        Structure(
            "turbinates",
            Union(
                (
                    *both_tubes(((7.0, -72.0, -52.0), (7.0, -36.0, -52.0)), (3.0,)).parts,
                    *both_tubes(((6.0, -64.0, -40.0), (6.0, -40.0, -40.0)), (2.2,)).parts,
                    Box((0.0, -56.0, -48.0), (1.6, 50.0, 34.0)),
                )
            ),
            muscle,
        ),
        Structure("tongue", Ellipsoid((0.0, -46.0, -96.0), (24.0, 26.0, 14.0)), muscle),
        Structure(
            "pharynx",
            Union(
                (
                    Ellipsoid((0.0, -10.0, -66.0), (11.0, 6.0, 16.0)),
                    Capsule((0.0, -8.0, -80.0), (0.0, -6.0, -122.0), 7.0),
                )
            ),
            air,
        ),
        Structure(
            "cervical spine",
            Union(
                (
                    Ellipsoid((0.0, 10.0, -66.0), (25.0, 12.0, 10.0)),
                    Cylinder((0.0, 12.0, -100.0), (12.0, 10.0), 50.0),
                    *both_tubes(((8.0, 20.0, -98.0), (16.0, 30.0, -98.0), (0.0, 46.0, -98.0)), (6.0, 4.0)).parts,
                    *both_tubes(((30.0, 16.0, -66.0), (26.0, 34.0, -66.0), (0.0, 42.0, -66.0)), (6.0, 4.0)).parts,
                )
            ),
            bone,
        ),
        Structure("spinal marrow", Cylinder((0.0, 12.0, -102.0), (9.5, 7.5), 40.0), spongiosa),
        Structure("spinal canal", tube(((0.0, 26.0, -52.0), (0.0, 27.0, -122.0)), 9.5), TISSUES["cerebrospinal fluid"]),
    ]
