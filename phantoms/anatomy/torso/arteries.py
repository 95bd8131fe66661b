"""The abdominal aorta with its branches, one of them narrowed, in an abdomen: what an angiogram shows.

Courses and calibres are customary ones of adults, our choice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from phantoms.anatomy.torso.contrast import Enhancement
from phantoms.anatomy.torso.loin import bones, lung_bases, wall
from phantoms.anatomy.torso.lying import lying
from phantoms.anatomy.torso.viscera import bowel, in_liver, liver, solid_organs
from phantoms.anatomy.trees import grown, strewn
from phantoms.combined import tube
from phantoms.errors import PhantomError
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Coordinates, Ellipsoid, Mask, Vector
from phantoms.tissues import TISSUES
from phantoms.variation import Variation

Stenosed = Literal["left renal artery", "right renal artery", "left common iliac artery", "right common iliac artery"]
STENOSED: tuple[Stenosed, ...] = (
    "left renal artery", "right renal artery", "left common iliac artery", "right common iliac artery",
)  # fmt: skip

_PIECE_MM = 4.0  # length of a piece of a vessel
_NARROW_MM = 9.0  # half length of a stenosis
_MOST_STENOSIS = 95.0
_SEEN_MM = (-140.0, 120.0)  # heights that the scan of any individual holds


@dataclass(frozen=True, slots=True)
class Branch:
    """Where in the stream a structure lies.

    Args:
        label: of the structure.
        way_mm: length of the way from where the agent is injected to its middle.
        delay_s: time that blood takes beside that way: through capillaries; 0 of a vessel.
        share: concentration in it relative to that in the vessels.
    """

    label: int
    way_mm: float
    delay_s: float = 0.0
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Vessels(Phantom):
    """An abdomen whose arteries an agent can be followed through.

    Args:
        branches: what the agent reaches.
        stenosis_percent: by how much the diameter of one artery is reduced.
        stenosed: which.
    """

    branches: tuple[Branch, ...] = ()
    stenosis_percent: float = 0.0
    stenosed: str = ""

    @property
    def stream(self) -> Phantom:
        """The arteries alone, in air, under the same labels; what blushes is not among them."""
        first = min(branch.label for branch in self.branches if not branch.delay_s)
        return Phantom(
            self.name,
            self.body_part,
            self.structures[first - 1 :],
            self.scan_range_mm,
            self.field_of_view_mm,
            self.seed,
            self.placement,
        )

    @property
    def first_of_stream(self) -> int:
        """The label here of what has the label 1 in `stream`."""
        return min(branch.label for branch in self.branches if not branch.delay_s)


def _curve(points: list[Vector]) -> list[Vector]:
    """A smooth curve through points (Catmull and Rom's), in pieces of about `_PIECE_MM`."""
    found = [points[0]]
    for k in range(len(points) - 1):
        a, b, c, d = points[max(0, k - 1)], points[k], points[k + 1], points[min(len(points) - 1, k + 2)]
        count = max(1, math.ceil(math.dist(b, c) / _PIECE_MM))
        for step in range(1, count + 1):
            t = step / count
            x, y, z = (
                round(
                    0.5 * (2 * q + (r - p) * t + (2 * p - 5 * q + 4 * r - s) * t**2 + (3 * q - p - 3 * r + s) * t**3), 4
                )
                for p, q, r, s in zip(a, b, c, d, strict=True)
            )
            found.append((x, y, z))
    return found


def _length(path: list[Vector]) -> float:
    return sum(math.dist(a, b) for a, b in pairwise(path))


class _Tree:
    """Arteries as they are drawn: structures, and how far along the stream they lie.

    Args:
        stenosed: name of the artery that is narrowed.
        narrowed: by which share of its diameter.
    """

    def __init__(self, stenosed: str, narrowed: float) -> None:
        self._arteries: list[tuple[Structure, float]] = []
        self._twigs: list[tuple[Structure, float]] = []
        self._stenosed, self._narrowed = stenosed, narrowed

    def artery(self, name: str, points: list[Vector], radii_mm: tuple[float, float], way_mm: float) -> float:
        """An artery that tapers from one radius to another, from a place of the stream on; where its end lies in it."""
        path = _curve(points)
        whole, gone = _length(path), 0.0
        radii = []
        at = min(24.0, 0.45 * whole)
        ball: tuple[Vector, float] | None = None
        for a, b in pairwise(path):
            middle = gone + math.dist(a, b) / 2.0
            gone += math.dist(a, b)
            radius = radii_mm[0] + (radii_mm[1] - radii_mm[0]) * middle / whole
            if name == self._stenosed and abs(middle - at) < _NARROW_MM:
                radius *= 1.0 - self._narrowed * math.cos(0.5 * math.pi * (middle - at) / _NARROW_MM) ** 2
            radii.append(round(radius, 4))
        if name == self._stenosed and self._narrowed:
            index = min(range(len(radii)), key=radii.__getitem__)
        else:
            index = len(radii) // 2
        center: Vector = tuple(round((a + b) / 2.0, 4) for a, b in zip(path[index], path[index + 1], strict=True))  # type: ignore[assignment]
        if _SEEN_MM[0] < center[2] < _SEEN_MM[1]:  # else it lies outside of what is scanned
            ball = (center, round(0.85 * radii[index], 3))
        thin = min(1.0, 0.6 * min(radii))
        structure = Structure(name, tube(path, radii), TISSUES["blood"], ball, (thin, thin, thin))
        self._arteries.append((structure, round(way_mm + whole / 2.0, 2)))
        return way_mm + whole

    def twigs(self, name: str, root: Vector, leaves: list[Vector], way_mm: float) -> None:
        """Branches from the end of an artery to points of an organ."""
        thin = (0.6, 0.6, 0.6)
        far = sum(math.dist(root, leaf) for leaf in leaves) / len(leaves)
        structure = Structure(name, grown(root, leaves), TISSUES["blood"], None, thin)
        self._twigs.append((structure, round(way_mm + 0.6 * far, 2)))

    @property
    def drawn(self) -> list[tuple[Structure, float]]:
        """What was drawn and how far along the stream it lies, in the order of painting: the smallest first."""
        return [*self._twigs, *self._arteries]


def _within(variation: Variation, name: str, count: int, body: Ellipsoid) -> list[Vector]:
    """Points of an ellipsoid."""

    def accepted(x: Coordinates, y: Coordinates, z: Coordinates) -> Mask:
        return body.contains(x, y, z)

    return strewn(variation, name, count, body.bounds.low_mm, body.bounds.high_mm, accepted)


def _grown_tree(variation: Variation, stenosed: str, narrowed: float) -> _Tree:
    """All arteries, the larger ones last: they are painted over those that leave them."""
    tree = _Tree(stenosed, narrowed)
    wide = variation.around("aorta", 1.0, 0.1)
    bend = variation.uniform("bend", -3.0, 3.0)
    course: list[Vector] = [
        (6.0, 28.0, 170.0), (6.0, 25.0, 110.0), (6.0, 22.0, 60.0), (5.0 + bend, 17.0, 14.0), (5.0, 14.0, -30.0),
        (4.0, 12.0, -70.0), (4.0, 12.0, -96.0),
    ]  # fmt: skip
    ways = [0.0]
    for a, b in pairwise(course):
        ways.append(ways[-1] + math.dist(a, b))

    def way_at(z: float) -> float:
        return ways[-1] * (170.0 - z) / 266.0

    # Kidneys, liver, spleen and bowel.
    for side, sign, hilum, z in (("left", 1.0, (44.0, 34.0, 11.0), 9.0), ("right", -1.0, (-44.0, 36.0, -6.0), 3.0)):
        over = variation.around(f"{side} renal bow", 0.0, 3.0)
        path: list[Vector] = [(5.0, 16.0, z), (5.0 + sign * 20.0, 22.0, z - 3.0 + over), hilum]
        end = tree.artery(f"{side} renal artery", path, (3.0, 2.5), way_at(z))
        body = Ellipsoid((sign * 61.0, 45.0, hilum[2] + 1.0), (22.0, 18.0, 44.0), (8.0, sign * 12.0, sign * -28.0))
        tree.twigs(f"{side} renal branches", hilum, _within(variation, f"{side} kidney", 90, body), end)
    celiac: Vector = (3.0, 2.0, 42.0)
    start = tree.artery("celiac trunk", [(6.0, 20.0, 40.0), (5.0, 10.0, 41.0), celiac], (3.4, 3.2), way_at(40.0))
    porta: Vector = (-28.0, -8.0, 36.0)
    end = tree.artery("hepatic artery", [celiac, (-10.0, -6.0, 38.0), porta], (2.4, 2.0), start)
    tree.twigs("hepatic branches", porta, in_liver(variation, "hepatic artery", 60, 6.0, ()), end)
    spleen: Vector = (80.0, 34.0, 60.0)
    wave: list[Vector] = [celiac, (22.0, 6.0, 52.0), (40.0, 14.0, 44.0), (60.0, 26.0, 58.0), spleen]
    end = tree.artery("splenic artery", wave, (2.6, 2.2), start)
    room = Ellipsoid((96.0, 42.0, 66.0), (17.0, 32.0, 36.0), (0.0, 10.0, 24.0))
    tree.twigs("splenic branches", spleen, _within(variation, "spleen", 40, room), end)
    lower: Vector = (2.0, -22.0, -62.0)
    mesentery: list[Vector] = [(6.0, 19.0, 24.0), (7.0, 2.0, 14.0), (8.0, -14.0, -12.0), lower]
    end = tree.artery("superior mesenteric artery", mesentery, (3.4, 2.0), way_at(24.0))
    gut = Ellipsoid((6.0, -26.0, -70.0), (72.0, 26.0, 62.0))
    tree.twigs("mesenteric branches", (8.0, -14.0, -14.0), _within(variation, "bowel", 90, gut), end - 50.0)
    for number, z in enumerate((52.0, 9.0, -34.0, -74.0), start=1):
        for side, sign in (("left", 1.0), ("right", -1.0)):
            path = [(5.0, 18.0, z), (5.0 + sign * 24.0, 34.0, z - 4.0), (5.0 + sign * 44.0, 66.0, z - 14.0)]
            tree.artery(f"{side} lumbar artery {number}", path, (1.1, 0.8), way_at(z))
    fork, total = course[-1], ways[-1]
    for side, sign in (("left", 1.0), ("right", -1.0)):
        split: Vector = (sign * 36.0, 16.0, -146.0)
        path = [fork, (sign * 14.0 + 2.0, 12.0, -116.0), split]
        end = tree.artery(f"{side} common iliac artery", path, (5.2 * wide, 4.6 * wide), total)
        away: list[Vector] = [split, (sign * 44.0, 8.0, -166.0), (sign * 54.0, -6.0, -190.0)]
        tree.artery(f"{side} external iliac artery", away, (3.9, 3.6), end)
        deep: list[Vector] = [split, (sign * 36.0, 32.0, -164.0), (sign * 34.0, 44.0, -190.0)]
        tree.artery(f"{side} internal iliac artery", deep, (2.8, 2.4), end)
    path_of_aorta = _curve(course)
    pieces = 6
    share = len(path_of_aorta) / pieces
    for number in range(pieces):
        first, last = int(number * share), min(len(path_of_aorta) - 1, int((number + 1) * share))
        part = path_of_aorta[first : last + 1]
        radius = (10.0 - 0.5 * number) * wide
        tree.artery(f"aorta {number + 1}", part, (radius, radius - 0.5 * wide), total * first / len(path_of_aorta))
    return tree


def vessels(seed: int = 0, *, stenosis_percent: float = 70.0, stenosed: Stenosed = "left renal artery") -> Vessels:
    """The arteries of an abdomen, one of them narrowed, for angiograms; no two seeds alike.

    Args:
        seed: of the individual.
        stenosis_percent: by how much the diameter of one artery is reduced, 0 to 95.
        stenosed: which: left or right renal artery, left or right common iliac artery.

    Raises:
        PhantomError: no such artery, or out of range.
    """
    if stenosed not in STENOSED:
        raise PhantomError(f"vessels: stenosis of the {stenosed}: one of {', '.join(STENOSED)}")
    if not 0.0 <= stenosis_percent <= _MOST_STENOSIS:
        raise PhantomError(f"vessels: stenosis of {stenosis_percent:g} %: 0 to {_MOST_STENOSIS:g}")
    variation, seen = Variation(seed), Enhancement("none")
    tree = _grown_tree(variation, stenosed, stenosis_percent / 100.0)
    organs = [
        *wall(variation, variation.uniform("fat", 6.0, 16.0), seen["muscle"]),
        lung_bases(variation),
        *bones(),
        *bowel(variation, seen),
        *(part for part in liver(variation, seen) if part.name not in ("portal branches", "hepatic veins")),
        *solid_organs(variation, seen),
    ]
    # What lies under a vessel now may have no room for its ball: only the vessels are listed in the truth.
    plain = [Structure(one.name, one.solid, one.tissue, None, one.fine_mm) for one in organs]
    structures = (*plain, *(structure for structure, _ in tree.drawn))
    ways = {structure.name: way for structure, way in tree.drawn}
    branches = [Branch(len(plain) + 1 + k, way) for k, (_, way) in enumerate(tree.drawn)]
    for side in ("left", "right"):  # the kidneys blush
        label = 1 + [structure.name for structure in plain].index(f"{side} renal cortex")
        branches.append(Branch(label, ways[f"{side} renal branches"], 1.0, 0.06))
    placement = lying(variation, breadth=0.04, pitch=0.02)
    size = placement.scale[2]
    return Vessels(
        name="vessels",
        body_part="ABDOMEN",
        structures=structures,
        scan_range_mm=(round(-150.0 * size, 1), round(130.0 * size, 1)),
        field_of_view_mm=420.0,
        seed=seed,
        placement=placement,
        branches=tuple(branches),
        stenosis_percent=stenosis_percent,
        stenosed=stenosed if stenosis_percent else "",
    )
