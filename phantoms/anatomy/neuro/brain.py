"""The brain: folded cortex, white matter, deep grey nuclei, ventricles, cerebellum and brain stem."""

from __future__ import annotations

from phantoms.anatomy.symmetry import both, both_tubes, pair
from phantoms.combined import Intersection, Union, tube
from phantoms.lofts import Folded
from phantoms.noise import ValueNoise
from phantoms.phantom import Structure
from phantoms.slices.levels import Levelled
from phantoms.solids import Ellipsoid, Solid, sphere
from phantoms.tissues import TISSUES
from phantoms.variation import Variation


def brain(variation: Variation, cavity: Solid, cerebrum: Levelled, cerebellum: Levelled) -> list[Structure]:
    """What lies in the cranial cavity, in the order of painting; the cavity's fluid is already there.

    Args:
        variation: of the individual.
        cavity: the inside of the skull, which fissures do not leave.
        cerebrum: its smooth outline.
        cerebellum: its smooth outline.
    """
    grey, white, fluid = (TISSUES[n] for n in ("grey matter", "white matter", "cerebrospinal fluid"))
    bone = TISSUES["cortical bone"]
    gyri = ValueNoise(variation.stream("gyri"), spacing_mm=variation.around("gyrus", 12.0, 1.0))
    folia = ValueNoise(variation.stream("folia"), spacing_mm=8.0)
    wide = variation.uniform("ventricles", 0.85, 1.25)
    atrophy = variation.uniform("sulci", 0.12, 0.2)
    body_z = variation.around("ventricle height", 22.0, 1.0)
    horn = (
        (6.0, -31.0, 8.0),
        (10.0, -14.0, body_z - 3.0),
        (13.0, 8.0, body_z),
        (22.0, 28.0, 15.0),
        (23.0, 46.0, 8.0),
    )
    temporal = ((24.0, 30.0, 10.0), (32.0, 18.0, -8.0), (31.0, -4.0, -20.0))
    atrium = (22.0, 29.0, 14.0)
    return [
        Structure("cortex", Folded(cerebrum, gyri, width=atrophy, depth=0.42), grey),
        Structure(
            "cerebral white matter",
            Folded(cerebrum, gyri, width=0.46, depth=0.46, limit=0.87),
            white,
            ball=((25.0, 0.0, 44.0), 5.0),
        ),
        Structure("medial cortex", Intersection(Ellipsoid((0.0, 0.0, 30.0), (5.0, 80.0, 48.0)), cerebrum), grey),
        Structure("cerebellar cortex", Folded(cerebellum, folia, width=0.14, depth=0.22), grey),
        Structure("cerebellar white matter", Folded(cerebellum, folia, width=0.5, depth=0.5, limit=0.72), white),
        Structure("insula", both((40.0, -8.0, 2.0), (9.0, 25.0, 12.0), (0.0, 0.0, 6.0)), grey),
        Structure(
            "Sylvian fissures",
            Intersection(
                Union(
                    (
                        *pair((40.0, -8.0, 3.0), (1.8 * wide, 20.0, 10.0), (0.0, 0.0, 8.0)),
                        *pair((52.0, -22.0, 2.0), (13.0, 1.8 * wide, 8.0), (0.0, 0.0, -20.0)),
                    )
                ),
                cavity,
            ),
            fluid,
        ),
        Structure(
            "interhemispheric fissure",
            Intersection(
                Union(
                    (
                        Ellipsoid((0.0, -58.0, 20.0), (1.3, 30.0, 45.0)),
                        Ellipsoid((0.0, 62.0, 26.0), (1.3, 26.0, 40.0)),
                        Ellipsoid((0.0, 0.0, 62.0), (1.3, 60.0, 24.0)),
                    )
                ),
                cavity,
            ),
            fluid,
        ),
        Structure("central white matter", both((14.0, -6.0, 16.0), (20.0, 38.0, 17.0)), white),
        Structure(
            "corpus callosum",
            Union(
                (
                    *tube(((-20.0, -46.0, 14.0), (0.0, -35.0, 14.0), (20.0, -46.0, 14.0)), 5.5).parts,
                    *tube(((-22.0, 50.0, 16.0), (0.0, 35.0, 16.0), (22.0, 50.0, 16.0)), 6.0).parts,
                    Ellipsoid((0.0, 0.0, 30.0), (15.0, 38.0, 4.5)),
                )
            ),
            white,
        ),
        Structure("caudate nuclei", both((14.0, -22.0, 12.0), (6.5, 11.0, 11.0), (0.0, 0.0, 14.0)), grey),
        Structure("lentiform nuclei", both((26.0, -5.0, 4.0), (7.0, 19.0, 11.0), (0.0, 0.0, 12.0)), grey),
        *(
            Structure(f"{side} thalamus", solid, grey, ball=(solid.center_mm, 5.5))
            for side, solid in zip(
                ("left", "right"), pair((12.5, 11.0, 6.0), (9.0, 15.0, 9.5), (0.0, 0.0, -18.0)), strict=True
            )
        ),
        Structure(
            "ventricles",
            Union(
                (
                    *both_tubes(horn, tuple(wide * r for r in (4.5, 5.0, 6.0, 4.0))).parts,
                    *both_tubes(temporal, (2.6, 1.8)).parts,
                    Ellipsoid((-atrium[0], *atrium[1:]), (7.0 * wide, 8.5 * wide, 7.5)),
                    Ellipsoid((0.0, 6.0, 1.0), (2.2 * wide, 13.0, 9.0)),
                ),
                shape="ventricles",
            ),
            fluid,
        ),
        Structure("left atrium of ventricle", sphere(atrium, 7.6 * wide), fluid, ball=(atrium, 5.0)),
        Structure("septum pellucidum", Ellipsoid((0.0, -14.0, 16.0), (0.9, 20.0, 10.0)), white),
        Structure(
            "brain stem",
            Union(
                (
                    Ellipsoid((0.0, 14.0, -12.0), (15.0, 9.0, 9.0)),
                    Ellipsoid((0.0, 10.0, -26.0), (15.0, 12.0, 13.0)),
                    *tube(((0.0, 16.0, -32.0), (0.0, 22.0, -52.0), (0.0, 26.0, -120.0)), (8.0, 6.0)).parts,
                )
            ),
            white,
            ball=((0.0, 11.0, -25.0), 7.0),
        ),
        Structure(
            "aqueduct and cisterns",
            Union(
                (
                    Ellipsoid((0.0, 30.0, -6.0), (14.0, 4.0, 6.0)),
                    Ellipsoid((0.0, -6.0, -12.0), (12.0, 8.0, 5.0)),
                    sphere((0.0, 19.0, -10.0), 1.2),
                )
            ),
            fluid,
        ),
        Structure("fourth ventricle", Ellipsoid((0.0, 29.0, -28.0), (8.0, 5.0, 9.0)), fluid),
        Structure(
            "calcifications",
            Union(
                (
                    sphere((0.0, 25.0, 4.0), variation.uniform("pineal", 1.0, 2.2)),
                    sphere((-21.0, 38.0, 13.0), variation.uniform("plexus", 1.0, 2.5)),
                )
            ),
            bone,
        ),
    ]
