"""The lumbar spine: vertebrae that follow a lordosis, discs between them, the canal with cord, roots and fat."""

from __future__ import annotations

import math
from collections.abc import Sequence

from phantoms.combined import Difference, Turned, Union, tube
from phantoms.lofts import Loft, Section
from phantoms.phantom import Structure
from phantoms.solids import Capsule, Ellipsoid, Solid, Vector, rotation, sphere
from phantoms.tissues import TISSUES
from phantoms.variation import Variation

LEVELS = ("T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1", "S2")
"""What lies in the scan, wholly or in part."""

_BODY_MM, _DISC_MM = 27.0, 10.0
_CANAL_BEHIND_MM = 25.0  # from the middle of a body
_TILTS_DEG = (-9.0, -8.0, -6.0, -4.0, 0.0, 6.0, 16.0, 38.0, 52.0)
"""How far each is tipped, its top to the front: a usual lordosis, our choice."""

_EDGE_MM = 1.2


class Column:
    """Where the vertebrae of one individual lie.

    Args:
        variation: of the individual.
    """

    def __init__(self, variation: Variation) -> None:
        curve = variation.around("lordosis", 1.0, 0.2)
        self.tilts_deg = tuple(round(tilt * curve, 4) for tilt in _TILTS_DEG)
        self.narrowed = 4 + int(variation.uniform("narrowed disc", 0.0, 3.0))
        self.worn = variation.uniform("wear", 0.0, 1.0)
        self.discs_mm = tuple(
            _DISC_MM * (1.0 - 0.45 * self.worn if level == self.narrowed else 1.0) for level in range(len(LEVELS) - 1)
        )
        middle = 4
        places: dict[int, Vector] = {middle: (0.0, 34.0, 0.0)}
        for level in range(middle + 1, len(LEVELS)):
            places[level] = self._next(places[level - 1], level - 1, level, -1.0)
        for level in range(middle - 1, -1, -1):
            places[level] = self._next(places[level + 1], level + 1, level, 1.0)
        self.centers_mm = tuple(places[level] for level in range(len(LEVELS)))

    def _next(self, center: Vector, one: int, other: int, up: float) -> Vector:
        """The centre of the neighbouring body: half of each, the disc between them along the mean of their axes."""
        disc = self.discs_mm[min(one, other)]
        y, z = center[1:]
        for tilt, length in (
            (self.tilts_deg[one], _BODY_MM / 2),
            ((self.tilts_deg[one] + self.tilts_deg[other]) / 2, disc),
            (self.tilts_deg[other], _BODY_MM / 2),
        ):
            angle = math.radians(tilt)
            y, z = y - up * length * math.sin(angle), z + up * length * math.cos(angle)
        return (0.0, round(y, 4), round(z, 4))

    def placed(self, level: int, point: Vector) -> Vector:
        """A point of a vertebra's own coordinates in the patient's."""
        axes = rotation((self.tilts_deg[level], 0.0, 0.0))
        x, y, z = (
            c + sum(p * axis[k] for p, axis in zip(point, axes, strict=True))
            for k, c in enumerate(self.centers_mm[level])
        )
        return (round(x, 4), round(y, 4), round(z, 4))

    def body(self, level: int, inset_mm: float) -> Solid:
        """A vertebra's body moved inwards: an hourglass, wider the lower it lies; the sacrum's narrow downwards."""
        wide = 0.9 + 0.03 * level
        half = _BODY_MM / 2 - inset_mm
        sacral = level >= LEVELS.index("S1")
        sections: list[Section] = []
        for share, waist in ((-1.0, 1.0), (-0.7, 0.95), (0.0, 0.88), (0.7, 0.95), (1.0, 1.0)):
            narrow = waist * wide * ((1.0 + 0.16 * share) * (0.95 if level == 8 else 1.05) if sacral else 1.0)
            sections.append(
                (
                    share * half,
                    0.0,
                    0.0,
                    24.0 * narrow - inset_mm,
                    17.5 * narrow - inset_mm,
                    14.0 * narrow - inset_mm,
                )
            )
        return Turned(Loft(tuple(sections), squareness=0.25), self.centers_mm[level], (self.tilts_deg[level], 0.0, 0.0))

    def disc(self, level: int, share: float) -> Solid:
        """The disc below a vertebra, or the inner share of it."""
        below = level + 1
        tilt = (self.tilts_deg[level] + self.tilts_deg[below]) / 2
        upper, lower = (
            self.placed(level, (0.0, 0.0, -_BODY_MM / 2)),
            self.placed(below, (0.0, 0.0, _BODY_MM / 2)),
        )
        center: Vector = (0.0, round((upper[1] + lower[1]) / 2, 4), round((upper[2] + lower[2]) / 2, 4))
        wide = (0.915 + 0.03 * level) * share
        half = self.discs_mm[level] / 2 * (0.62 if share < 1.0 else 1.0) + (0.0 if share < 1.0 else 1.6)
        bulge = 1.5 if level == self.narrowed else 0.4
        sections: tuple[Section, ...] = tuple(
            (z * half, 0.0, 0.0, (24.5 + b) * wide, (18.0 + b) * wide, (14.0 + b * 1.5) * wide)
            for z, b in ((-1.0, -1.5), (-0.5, bulge), (0.5, bulge), (1.0, -1.5))
        )
        return Turned(Loft(sections, squareness=0.2), center, (tilt, 0.0, 0.0))

    def canal(self, first: int, last: int) -> list[Vector]:
        """The middle of the canal from one level to another, at each body and each disc."""
        path = []
        for level in range(first, last + 1):
            for z in (_BODY_MM / 2, -_BODY_MM / 2):
                path.append(self.placed(level, (0.0, _CANAL_BEHIND_MM, z)))  # noqa: PERF401 - two loops read worse as one
        return path


def _arch(column: Column, level: int, inset_mm: float) -> list[Solid]:
    """Pedicles, laminae, joints, transverse and spinous processes."""

    def rod(start: Vector, end: Vector, radius: float) -> Capsule:
        return Capsule(column.placed(level, start), column.placed(level, end), radius - inset_mm)

    spinous = Ellipsoid((0.0, 0.0, 0.0), (3.6 - inset_mm, 15.0 - inset_mm, 9.5 - inset_mm), (-12.0, 0.0, 0.0))
    tilt = (column.tilts_deg[level], 0.0, 0.0)
    parts: list[Solid] = [Turned(spinous, column.placed(level, (0.0, 56.0, -8.0)), tilt)]
    for side in (-1.0, 1.0):
        joint = (side * 18.0, 34.0, 0.0)
        parts += [
            rod((side * 15.0, 10.0, 6.0), (side * 16.5, 30.0, 5.0), 5.2),
            rod(joint, (0.0, 44.0, -4.0), 3.8),
            rod((side * 16.0, 35.0, 13.0), (side * 18.0, 37.0, -16.0), 4.8),
        ]
        if level < LEVELS.index("S1"):
            parts.append(rod(joint, (side * 43.0, 35.0, 5.0), 3.8))
    return parts


def _sacrum(column: Column, inset_mm: float) -> list[Solid]:
    """The wings of the sacrum beside its bodies."""
    first = LEVELS.index("S1")
    parts: list[Solid] = []
    for side in (-1.0, 1.0):
        x, y, z = column.placed(first, (side * 34.0, 10.0, -10.0))
        radii = (27.0 - inset_mm, 15.0 - inset_mm, 28.0 - inset_mm)
        parts.append(Ellipsoid((x, y, z), radii, (column.tilts_deg[first], 0.0, side * 14.0)))
    return parts


def _roots(column: Column, first: int, last: int) -> list[Solid]:
    """Roots of the cauda equina, behind the middle of the sac, and those that leave below each pedicle."""
    parts: list[Solid] = []
    for x, behind in (
        (-4.5, 2.0),
        (-2.6, 3.6),
        (-0.8, 4.6),
        (1.2, 4.4),
        (3.0, 3.4),
        (4.7, 1.8),
        (-3.6, -0.6),
        (3.8, -0.4),
    ):
        path = [(px + x, py + behind, pz) for px, py, pz in column.canal(first, last)]
        parts += tube(path, 0.8).parts
    for level in range(len(LEVELS) - 2):
        for side in (-1.0, 1.0):
            inner, outer = (
                column.placed(level, point) for point in ((side * 9.0, 24.0, -4.0), (side * 26.0, 22.0, -15.0))
            )
            parts.append(Capsule(inner, outer, 2.0))
    return parts


def spine(variation: Variation) -> list[Structure]:
    """Bones, discs and the canal, in the order of painting.

    Args:
        variation: of the individual.
    """
    column = Column(variation)
    bone, marrow = TISSUES["cortical bone"], TISSUES["vertebral spongiosa"]
    levels: Sequence[int] = range(len(LEVELS))
    first_sacral = LEVELS.index("S1")
    sac, last = column.canal(0, first_sacral), LEVELS.index("L1")
    cord = column.canal(0, last)
    inside = [part for level in levels for part in _arch(column, level, 1.6)]
    discs: list[Structure] = []
    for level in range(len(LEVELS) - 1):
        name = f"{LEVELS[level]}-{LEVELS[level + 1]}"
        dried = level == column.narrowed and column.worn > 0.3
        core = TISSUES["annulus fibrosus" if dried else "nucleus pulposus"]
        nucleus = column.disc(level, 0.62)
        center = nucleus.center_mm if isinstance(nucleus, Turned) else (0.0, 0.0, 0.0)
        ball = (center, round(0.4 * column.discs_mm[level] * 0.62, 3)) if 2 <= level <= 6 else None
        discs += [
            Structure(f"{name} annulus", column.disc(level, 1.0), TISSUES["annulus fibrosus"]),
            Structure(f"{name} nucleus", nucleus, core, ball),
        ]
    bodies = [
        Structure(f"{LEVELS[level]} marrow", column.body(level, _EDGE_MM), marrow, ball)
        for level in levels
        for ball in [(column.centers_mm[level], 8.5) if 2 <= level <= first_sacral else None]
    ]
    fluid, nerves = TISSUES["cerebrospinal fluid"], TISSUES["white matter"]
    x, y, z = sac[2 * LEVELS.index("L4")]
    calm: Vector = (x, y - 3.6, z)
    return [
        Structure("sacral wings", Union(tuple(_sacrum(column, 0.0))), bone),
        Structure("sacral marrow", Union(tuple(_sacrum(column, 1.5))), marrow),
        *discs,
        Structure("vertebral bodies", Union(tuple(column.body(level, 0.0) for level in levels)), bone),
        *bodies,
        Structure("vertebral arches", Union(tuple(part for n in levels for part in _arch(column, n, 0.0))), bone),
        Structure("marrow of the arches", Difference(Union(tuple(inside)), tube(sac, 11.5)), marrow),
        Structure("epidural fat", tube(sac, 10.5), TISSUES["adipose"]),
        Structure("dural sac", tube(sac, 8.6), fluid),
        Structure("cauda equina", Union(tuple(_roots(column, last, first_sacral - 1)), "tube"), nerves),
        Structure("spinal cord", Union((*tube(cord, 4.6).parts, sphere(cord[-1], 4.0)), "tube"), nerves),
        Structure("spinal fluid sample", sphere(calm, 3.6), fluid, (calm, 3.2)),
    ]
