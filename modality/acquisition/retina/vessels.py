"""The vessels of a retina: trees that grow from the disc.

The temporal arcades bend around the macula as parabolas with their vertex at the disc; other vessels wander. Where one
branches, the cubes of the widths add up (C. D. Murray, Proc. Natl. Acad. Sci. USA 12:207, 1926). Numbers are our
choice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from modality.acquisition import noise

ARTERY, VEIN = "artery", "vein"

_CHANCE = 31  # stream
_STEP_MM = 0.08
_WIDTHS_MM = {ARTERY: 0.105, VEIN: 0.140}  # at the disc
_THINNEST_MM = 0.020
_TAPER, _TAPER_ASIDE = 0.9945, 0.987  # of the width, by step
_FREE_MM = 0.35  # radius around the fovea without vessels
_BEND = 0.27  # of the arcades' parabolas, in 1/mm
_EVERY_MM = (0.7, 1.8)  # between branches
_SHARE = (0.16, 0.42)  # of the width's cube that a branch takes
_MOST = 400  # vessels

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Vessel:
    """A stretch of vessel without branches of its own.

    Args:
        kind: artery or vein.
        points: its middle in mm to the right and down from the fovea.
        widths_mm: at each point.
    """

    kind: str
    points: tuple[Point, ...]
    widths_mm: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Tip:
    """The growing end of a vessel.

    Args:
        kind: artery or vein.
        at: where it is.
        heading: its direction, in radians from right to down.
        width_mm: there.
        arcade: the side (up -1, down 1) whose parabola it follows; 0 for what wanders.
        number: of the vessel, which chooses its chances.
    """

    kind: str
    at: Point
    heading: float
    width_mm: float
    arcade: int
    number: int


class Chance:
    """Uniform numbers of one vessel, in order.

    Args:
        seed: of the eye.
        number: of the vessel.
    """

    def __init__(self, seed: int, number: int) -> None:
        self._words: Iterator[int] = iter(noise.bits(seed, _CHANCE, number, 4096).tolist())

    def between(self, low: float, high: float) -> float:
        """The next one, in a range."""
        return low + (high - low) * next(self._words) / 65536.0


def grown(seed: int, disc: Point, reach_mm: float) -> tuple[Vessel, ...]:
    """All vessels of a retina whose macula is the origin.

    Args:
        seed: of the eye.
        disc: its middle, in mm to the right and down.
        reach_mm: radius around the origin beyond which nothing grows.
    """
    nasal = 1.0 if disc[0] > 0 else -1.0
    chance = Chance(seed, 0)
    tips: list[_Tip] = []
    for kind, off in ((VEIN, 0.0), (ARTERY, 0.22)):
        for side in (-1, 1):
            for arcade in (side, 0):
                # Arcades leave upright and bend; nasal vessels leave aslant and wander on.
                turn = chance.between(0.85, 1.25) if arcade else chance.between(0.45, 0.95)
                heading = side * turn if nasal > 0 else math.pi - side * turn
                width = _WIDTHS_MM[kind] * chance.between(0.9, 1.1) * (1.0 if arcade else 0.75)
                start = (disc[0] + nasal * (off - 0.1), disc[1] + side * 0.08)
                tips.append(_Tip(kind, start, heading, width, arcade, len(tips) + 1))
    found: list[Vessel] = []
    last = len(tips)
    while tips and len(found) < _MOST:
        tip = tips.pop(0)
        vessel, branches = _grow(tip, Chance(seed, tip.number), disc, nasal, reach_mm)
        tips += [replace(branch, number=last + number) for number, branch in enumerate(branches, start=1)]
        last += len(branches)
        if len(vessel.points) > 2:
            found.append(vessel)
    return tuple(found)


def _grow(tip: _Tip, chance: Chance, disc: Point, nasal: float, reach_mm: float) -> tuple[Vessel, list[_Tip]]:
    """One vessel to its end, and the tips of its branches."""
    points, widths, branches = [tip.at], [tip.width_mm], []
    (x, y), heading, width, swing = tip.at, tip.heading, tip.width_mm, 0.0
    until_branch, side = chance.between(*_EVERY_MM), 1.0
    for _ in range(400):
        swing = 0.82 * swing + chance.between(-0.09, 0.09)
        if tip.arcade:
            heading = _along_arcade((x, y), disc, nasal, tip) + swing
        else:
            heading += 0.35 * swing + _away_from_fovea((x, y), heading)
        x = round(x + _STEP_MM * math.cos(heading), 6)
        y = round(y + _STEP_MM * math.sin(heading), 6)
        width *= _TAPER if tip.arcade else _TAPER_ASIDE
        if width < _THINNEST_MM or x * x + y * y > reach_mm * reach_mm or x * x + y * y < _FREE_MM * _FREE_MM:
            break
        points.append((x, y))
        widths.append(round(width, 5))
        until_branch -= _STEP_MM
        if until_branch <= 0 and width > 1.5 * _THINNEST_MM:
            share = chance.between(*_SHARE)
            # At two thirds of a power of one third, as the cubes have it.
            thin = round(width * math.pow(share, 1.0 / 3.0), 6)
            width = round(width * math.pow(1.0 - share, 1.0 / 3.0), 6)
            side = -side if chance.between(0.0, 1.0) < 0.75 else side
            aside = heading + side * chance.between(0.5, 1.05)
            branches.append(_Tip(tip.kind, (x, y), aside, thin, 0, 0))
            until_branch = chance.between(*_EVERY_MM)
    return Vessel(tip.kind, tuple(points), tuple(widths)), branches


def _along_arcade(at: Point, disc: Point, nasal: float, tip: _Tip) -> float:
    """The direction of the parabola x = disc - bend y^2 at a height; arteries lie a little inside of veins."""
    bend = _BEND * (1.18 if tip.kind == ARTERY else 1.0)
    below = at[1] - disc[1]
    wanted_x = disc[0] - nasal * bend * below * below
    slope = -nasal * 2.0 * bend * abs(below) + 0.8 * (wanted_x - at[0])
    return math.atan2(float(tip.arcade), slope)


def _away_from_fovea(at: Point, heading: float) -> float:
    """A turn that leads around the fovea, the more the nearer it is."""
    x, y = at
    away = math.hypot(x, y)
    if away > 1.6:
        return 0.0
    ahead = math.atan2(-y, -x) - heading
    ahead = math.atan2(math.sin(ahead), math.cos(ahead))
    return -0.10 * (1.6 - away) * (1.0 if ahead >= 0 else -1.0) if abs(ahead) < 1.2 else 0.0
