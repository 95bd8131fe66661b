"""A photograph of the back of an eye, as a fundus camera takes it, with the truth of what lies where."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from modality.acquisition import noise
from modality.acquisition.curves import Values
from modality.acquisition.frames import Frame
from modality.acquisition.retina import painting
from modality.acquisition.retina.vessels import Chance, Point, Vessel, grown
from modality.errors import UsageError

FIELD_DEG = 45.0
"""Angle that the round picture covers: that of common fundus cameras."""
MM_PER_DEG = 0.291
"""Length on the retina of a degree, of a schematic eye (A. G. Bennett, R. B. Rabbetts, Clinical Visual Optics)."""

_SMALLEST, _LARGEST = 16, 4096
_MOST_LESIONS = 200
_LESIONS, _PLACE, _GRAIN = 33, 34, 35  # streams of chance
_DRUSEN_MM, _ANEURYSMS_MM = (0.025, 0.065), (0.015, 0.035)  # radii

Eye = Literal["R", "L"]


@dataclass(frozen=True, slots=True)
class FundusProtocol:
    """What was set.

    Args:
        eye: R or L.
        rows: rows of the picture.
        columns: columns.
        cup: vertical diameter of the cup over that of the disc.
        drusen: how many.
        microaneurysms: how many.
    """

    eye: str
    rows: int
    columns: int
    cup: float
    drusen: int
    microaneurysms: int

    @property
    def bits_stored(self) -> int:
        """Bits of a stored value."""
        return 8


@dataclass(frozen=True, slots=True)
class Lesion:
    """A small round lesion.

    Args:
        kind: drusen or microaneurysm.
        at: in mm to the right and down from the fovea.
        radius_mm: its radius.
    """

    kind: str
    at: Point
    radius_mm: float


@dataclass(frozen=True, eq=False)
class Fundus:
    """A photograph: one picture in colour.

    Args:
        protocol: what was set.
        seed: of the eye and of the camera's noise.
    """

    protocol: FundusProtocol
    seed: int
    phantom: None = None

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[Frame]:
        yield self.frame(0)

    @property
    def digested(self) -> Any:
        """What determines the picture besides the seed."""
        return self.protocol

    @property
    def aperture_px(self) -> float:
        """Radius of the round field."""
        return 0.485 * min(self.protocol.rows, self.protocol.columns)

    @property
    def mm_per_px(self) -> float:
        """Size of a pixel on the retina."""
        return FIELD_DEG / 2.0 * MM_PER_DEG / self.aperture_px

    @cached_property
    def fovea_px(self) -> Point:
        """Row and column of the fovea: near the middle, as nobody fixates quite there."""
        chance = Chance(self.seed, 1 << 20)
        off = 0.25 / self.mm_per_px
        rows, columns = self.protocol.rows, self.protocol.columns
        row = (rows - 1) / 2.0 + chance.between(-off, off)
        return row, (columns - 1) / 2.0 + chance.between(-off, off)

    @cached_property
    def disc(self) -> tuple[Point, Point]:
        """The optic disc: its middle in mm to the right and down from the fovea, and half its width and height."""
        chance = Chance(self.seed, (1 << 20) + 1)
        nasal = 1.0 if self.protocol.eye == "R" else -1.0
        at = nasal * chance.between(4.2, 4.8), -chance.between(0.2, 0.7)
        wide = chance.between(0.80, 0.92)
        return at, (wide, wide * chance.between(1.02, 1.14))

    @cached_property
    def vessels(self) -> tuple[Vessel, ...]:
        """All of them."""
        return grown(self.seed, self.disc[0], FIELD_DEG / 2.0 * MM_PER_DEG * 1.08)

    @cached_property
    def lesions(self) -> tuple[Lesion, ...]:
        """Drusen near the macula, microaneurysms farther around; none on the disc."""
        chance = Chance(self.seed, (1 << 20) + 2)
        found = []
        (disc_x, disc_y), (_, disc_high) = self.disc
        for kind, count, reach, radii in (
            ("drusen", self.protocol.drusen, (0.4, 2.4), _DRUSEN_MM),
            ("microaneurysm", self.protocol.microaneurysms, (0.6, 4.5), _ANEURYSMS_MM),
        ):
            for _ in range(count):
                away, angle = chance.between(*reach), chance.between(0.0, 2.0 * math.pi)
                x, y = round(away * math.cos(angle), 4), round(away * math.sin(angle), 4)
                if math.hypot(x - disc_x, y - disc_y) < disc_high + 0.3:
                    x, y = -x, -y
                found.append(Lesion(kind, (x, y), round(chance.between(*radii), 4)))
        return tuple(found)

    def pixel(self, at: Point) -> Point:
        """Row and column of a place on the retina, from the middle of the first pixel."""
        return self.fovea_px[0] + at[1] / self.mm_per_px, self.fovea_px[1] + at[0] / self.mm_per_px

    def frame(self, index: int) -> Frame:
        """The picture: shape (rows, columns, 3).

        Raises:
            IndexError: there is one only.
        """
        if index:
            raise IndexError(index)
        protocol = self.protocol
        down = (np.arange(protocol.rows, dtype=np.float64) - self.fovea_px[0])[:, np.newaxis] * self.mm_per_px
        right = (np.arange(protocol.columns, dtype=np.float64) - self.fovea_px[1])[np.newaxis, :] * self.mm_per_px
        colour = painting.ground(right, down, self._mottle())
        painting.macula(colour, right, down)
        disc_at, disc_half = self.disc
        painting.disc(colour, right, down, disc_at, disc_half, protocol.cup)
        for lesion in self.lesions:
            painting.lesion(colour, right, down, lesion.kind, lesion.at, lesion.radius_mm)
        painting.vessels(colour, self.vessels, self.pixel, self.mm_per_px)
        self._photograph(colour)
        return Frame(0, np.clip(np.rint(colour * 255.0), 0, 255).astype(np.uint8))

    def _mottle(self) -> Values:
        """The choroid's uneven colour: smooth noise of two sizes, about 1."""
        protocol = self.protocol
        mottled = np.ones((protocol.rows, protocol.columns))
        for number, (size_mm, strength) in enumerate(((1.6, 0.030), (0.45, 0.018))):
            cells = math.ceil(FIELD_DEG * MM_PER_DEG * 1.1 * max(protocol.rows, protocol.columns)
                              / min(protocol.rows, protocol.columns) / size_mm) + 2  # fmt: skip
            grid = noise.normal(self.seed, _PLACE, number, (cells, cells)).astype(np.float64)
            down = np.arange(protocol.rows, dtype=np.float64) * (self.mm_per_px / size_mm)
            right = np.arange(protocol.columns, dtype=np.float64) * (self.mm_per_px / size_mm)
            mottled += strength * painting.smooth(grid, down, right)
        return mottled

    def _photograph(self, colour: Values) -> None:
        """What the camera adds: light that falls off, the round aperture, and noise."""
        rows, columns = self.protocol.rows, self.protocol.columns
        down = np.arange(rows)[:, np.newaxis] - (rows - 1) / 2.0
        right = np.arange(columns)[np.newaxis, :] - (columns - 1) / 2.0
        away = (down * down + right * right) / (self.aperture_px * self.aperture_px)
        light = 1.06 - 0.42 * away
        for channel in range(3):
            grain = noise.normal(self.seed, _GRAIN, channel, (rows, columns)).astype(np.float64)
            colour[:, :, channel] = colour[:, :, channel] * light + grain * 0.008
        colour[away > 1.0] = 0.0

    def truth(self) -> dict[str, Any]:
        """What lies where, in pixels from the middle of the first one; rows before columns."""
        (disc_at, (wide, high)), protocol = self.disc, self.protocol

        def place(at: Point) -> list[float]:
            return [round(one, 2) for one in self.pixel(at)]

        return {
            "seed": self.seed,
            "eye": protocol.eye,
            "mm_per_pixel": round(self.mm_per_px, 6),
            "aperture": {
                "center": [(protocol.rows - 1) / 2.0, (protocol.columns - 1) / 2.0],
                "radius": round(self.aperture_px, 2),
            },
            "fovea": place((0.0, 0.0)),
            "disc": {
                "center": place(disc_at),
                "half_height": round(high / self.mm_per_px, 2),
                "half_width": round(wide / self.mm_per_px, 2),
                "cup_to_disc": protocol.cup,
            },
            "lesions": [
                {"kind": one.kind, "center": place(one.at), "radius": round(one.radius_mm / self.mm_per_px, 2)}
                for one in self.lesions
            ],
            "vessels": [
                {
                    "kind": vessel.kind,
                    "width": round(vessel.widths_mm[0] / self.mm_per_px, 2),
                    "points": [place(at) for at in (*vessel.points[:-1:4], vessel.points[-1])],
                }
                for vessel in self.vessels
            ],
        }


def fundus(
    phantom: None = None,
    *,
    seed: int,
    eye: Eye = "R",
    rows: int = 1024,
    columns: int = 1024,
    cup: float = 0.4,
    drusen: int = 0,
    microaneurysms: int = 0,
) -> Fundus:
    """Photograph the back of an eye.

    Args:
        phantom: none: the eye is drawn from the seed.
        seed: of the eye and of the camera's noise.
        eye: R or L.
        rows: rows of the picture.
        columns: columns.
        cup: diameter of the cup over that of the disc, 0.1 to 0.9.
        drusen: how many, up to 200.
        microaneurysms: how many, up to 200.

    Raises:
        UsageError: no such eye, or a number out of its range.
    """
    del phantom
    if eye not in ("R", "L"):
        raise UsageError(f"eye {eye!r}: R or L")
    for what, value, (least, most) in (
        ("rows", rows, (_SMALLEST, _LARGEST)),
        ("columns", columns, (_SMALLEST, _LARGEST)),
        ("cup", cup, (0.1, 0.9)),
        ("drusen", drusen, (0, _MOST_LESIONS)),
        ("microaneurysms", microaneurysms, (0, _MOST_LESIONS)),
    ):
        if not least <= value <= most:
            raise UsageError(f"{what} {value:g}: between {least:g} and {most:g}")
    return Fundus(FundusProtocol(eye, int(rows), int(columns), float(cup), int(drusen), int(microaneurysms)), seed)
