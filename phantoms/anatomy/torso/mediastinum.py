"""Heart, great vessels, airways and oesophagus."""

from __future__ import annotations

from phantoms.combined import Union, tube
from phantoms.lofts import Loft, Warped
from phantoms.noise import ValueNoise
from phantoms.phantom import Structure
from phantoms.solids import Ellipsoid, Solid, Vector
from phantoms.tissues import TISSUES
from phantoms.variation import Variation

RIGHT_HILUM: Vector = (-44.0, 8.0, 8.0)
LEFT_HILUM: Vector = (48.0, 12.0, 12.0)

_HEART_MM = (24.0, -26.0, -52.0)
_HEART_TURN = (0.0, 25.0, 38.0)


def mediastinal_space() -> Loft:
    """Where the lungs do not reach, from the diaphragm to the neck."""
    return Loft(
        (
            (-200.0, 12.0, -4.0, 62.0, 70.0, 50.0),
            (-100.0, 14.0, -8.0, 66.0, 68.0, 52.0),
            (-50.0, 12.0, -8.0, 52.0, 62.0, 54.0),
            (0.0, 4.0, -4.0, 36.0, 60.0, 54.0),
            (40.0, 2.0, 0.0, 28.0, 56.0, 52.0),
            (80.0, 0.0, 0.0, 30.0, 44.0, 48.0),
            (120.0, 0.0, 2.0, 34.0, 34.0, 44.0),
            (136.0, 0.0, 4.0, 40.0, 34.0, 42.0),
            (190.0, 0.0, 6.0, 44.0, 36.0, 42.0),
        )
    )


def mediastinal_fat(variation: Variation) -> list[Structure]:
    """The fat around heart and vessels, to be painted before the diaphragm.

    Args:
        variation: of the individual.
    """
    beat = _heart_size(variation)
    return [
        Structure("mediastinal fat", mediastinal_space(), TISSUES["adipose"]),
        Structure(
            "epicardial fat",
            Warped(
                Ellipsoid(_HEART_MM, (66.0 * beat, 47.0 * beat, 53.0 * beat), _HEART_TURN), _ripple(variation), 0.04
            ),
            TISSUES["adipose"],
        ),
    ]


def _heart_size(variation: Variation) -> float:
    return variation.around("heart", 1.0, 0.07)


def _ripple(variation: Variation) -> ValueNoise:
    return ValueNoise(variation.stream("heart"), spacing_mm=30.0)


def mediastinum(variation: Variation) -> list[Structure]:
    """What lies between the lungs, in the order of painting.

    Args:
        variation: of the individual.
    """
    blood, muscle, air = TISSUES["blood"], TISSUES["muscle"], TISSUES["air"]
    cartilage, myocardium = TISSUES["cartilage"], TISSUES["heart"]
    beat = _heart_size(variation)
    aorta = variation.around("aorta", 1.0, 0.1)
    trachea = ((0.0, 6.0, 190.0), (0.0, 8.0, 100.0), (0.0, 10.0, 44.0))
    right = ((0.0, 10.0, 44.0), (-26.0, 13.0, 20.0), (-44.0, 16.0, 2.0))
    left = ((0.0, 10.0, 44.0), (32.0, 18.0, 16.0), (50.0, 20.0, 4.0))
    gullet = ((0.0, 26.0, 190.0), (4.0, 28.0, 60.0), (2.0, 30.0, -50.0), (16.0, 22.0, -120.0), (26.0, 8.0, -150.0))
    descending = ((24.0, 22.0, 50.0), (24.0, 40.0, 30.0), (20.0, 44.0, -60.0), (8.0, 40.0, -130.0), (4.0, 34.0, -200.0))
    parts: list[Solid] = [
        *tube(((8.0, -26.0, -12.0), (-4.0, -30.0, 22.0), (0.0, -24.0, 46.0)), 15.0 * aorta).parts,
        *tube(((0.0, -24.0, 46.0), (12.0, -6.0, 58.0), (24.0, 22.0, 50.0)), 13.0 * aorta).parts,
    ]
    return [
        Structure(
            "heart",
            Warped(
                Ellipsoid(_HEART_MM, (60.0 * beat, 43.0 * beat, 48.0 * beat), _HEART_TURN), _ripple(variation), 0.05
            ),
            myocardium,
        ),
        Structure(
            "left ventricle",
            Ellipsoid((38.0, -16.0, -60.0), (32.0, 20.0, 22.0), _HEART_TURN),
            blood,
            ball=((42.0, -11.0, -60.0), 10.0),
        ),
        Structure(
            "other chambers",
            Union(
                (
                    Ellipsoid((12.0, -42.0, -62.0), (32.0, 14.0, 24.0), (0.0, 20.0, 30.0)),
                    Ellipsoid((-20.0, -18.0, -48.0), (17.0, 22.0, 26.0)),
                    Ellipsoid((6.0, 10.0, -26.0), (30.0, 15.0, 20.0)),
                )
            ),
            blood,
        ),
        Structure(
            "pulmonary arteries",
            Union(
                (
                    *tube(((22.0, -40.0, -14.0), (22.0, -28.0, 18.0)), 14.0).parts,
                    *tube(((22.0, -26.0, 18.0), (-10.0, -10.0, 16.0), (-40.0, 2.0, 10.0)), (11.5, 9.5)).parts,
                    *tube(((22.0, -22.0, 20.0), (44.0, 6.0, 22.0), LEFT_HILUM), (11.0, 9.0)).parts,
                    *tube(((-10.0, 12.0, -22.0), (-46.0, 10.0, -14.0)), 7.0).parts,
                    *tube(((20.0, 14.0, -22.0), (52.0, 16.0, -12.0)), 7.0).parts,
                )
            ),
            blood,
        ),
        Structure(
            "venae cavae",
            Union(
                (
                    *tube(((-24.0, -14.0, -30.0), (-24.0, -18.0, 30.0), (-20.0, -22.0, 84.0)), 9.5).parts,
                    *tube(((-20.0, -22.0, 84.0), (-34.0, -30.0, 130.0)), 8.0).parts,
                    *tube(((-20.0, -22.0, 84.0), (14.0, -34.0, 92.0), (36.0, -30.0, 130.0)), 7.0).parts,
                    *tube(((-22.0, 2.0, -62.0), (-24.0, 8.0, -200.0)), 12.0).parts,
                )
            ),
            blood,
        ),
        Structure(
            "arteries of the arch",
            Union(
                (
                    *tube(((4.0, -16.0, 56.0), (-14.0, -14.0, 100.0), (-30.0, -10.0, 190.0)), 6.0).parts,
                    *tube(((14.0, -2.0, 60.0), (20.0, -2.0, 100.0), (28.0, -6.0, 190.0)), 4.5).parts,
                    *tube(((20.0, 10.0, 58.0), (28.0, 12.0, 100.0), (46.0, 4.0, 140.0)), 5.0).parts,
                )
            ),
            blood,
        ),
        Structure("ascending aorta and arch", Union(tuple(parts), "tube"), blood),
        Structure("descending aorta", tube(descending, 11.5 * aorta), blood, ball=((21.6, 42.4, -24.0), 7.0)),
        Structure("oesophagus", tube(gullet, 7.0), muscle),
        Structure("oesophageal lumen", tube(tuple((x + 1.0, y - 1.0, z) for x, y, z in gullet[:4]), 1.8), air),
        Structure(
            "airway walls",
            Union((*tube(trachea, 10.5).parts, *tube(right, (8.2, 6.8)).parts, *tube(left, (7.4, 6.2)).parts)),
            cartilage,
        ),
        Structure("bronchi", Union((*tube(right, (6.6, 5.4)).parts, *tube(left, (5.8, 4.8)).parts)), air),
        Structure("trachea", tube(trachea, 8.8), air, ball=((0.0, 8.2, 92.0), 6.0)),
    ]
