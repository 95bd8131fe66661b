"""Where the beams of a plan come from: IEC 61217 gantry angles about a patient who lies head first and supine."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modality.acquisition.radiotherapy.beam_quality import SIGMA_MM, SOURCE_AXIS_MM, BeamQuality, Values, fluence
from modality.acquisition.radiotherapy.electron_density import relative_densities
from phantoms.phantom import Phantom
from phantoms.solids import Vector

_STEP_MM = 1.0  # along the axis of a beam
WIDEST_MM = 200.0
"""From the axis to a jaw: half of the widest field that is customary, 40 cm."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The axis of a beam.

    Args:
        isocentre_mm: what the gantry turns about, LPS.
        gantry_deg: gantry angle; 0 comes from before the patient, 90 from his left.
    """

    isocentre_mm: Vector
    gantry_deg: float

    @property
    def directions(self) -> tuple[Vector, Vector]:
        """Unit vectors from isocentre to source and along the field's x; its y is the patient's z."""
        # 12 digits: no mathematical library differs there.
        turn = math.radians(self.gantry_deg)
        sine, cosine = round(math.sin(turn), 12) + 0.0, round(math.cos(turn), 12) + 0.0
        return (sine, -cosine, 0.0), (cosine, sine, 0.0)

    @property
    def source_mm(self) -> Vector:
        """Where the source is, LPS."""
        x, y, z = (at + SOURCE_AXIS_MM * along for at, along in zip(self.isocentre_mm, self.directions[0], strict=True))
        return x, y, z

    def seen(self, x: Values, y: Values, z: Values) -> tuple[Values, Values, Values]:
        """Points as the beam sees them.

        Args:
            x: patient coordinates in mm, which broadcast with `y` and `z`.
            y: likewise.
            z: likewise.

        Returns:
            Distance from the source along the axis relative to that of the isocentre, and the place in the plane of the
            isocentre on the line from the source, along the field's x and y in mm.
        """
        (away_x, away_y, _), (across_x, across_y, _) = self.directions
        own_x, own_y, own_z = (at - middle for at, middle in zip((x, y, z), self.isocentre_mm, strict=True))
        share = 1.0 - (own_x * away_x + own_y * away_y) * (1.0 / SOURCE_AXIS_MM)
        return share, (own_x * across_x + own_y * across_y) / share, own_z / share

    def points(self, share: Values, u: Values, v: Values) -> tuple[Values, Values, Values]:
        """Patient coordinates of what the beam sees so: `seen` the other way round."""
        (away_x, away_y, _), (across_x, across_y, _) = self.directions
        back = SOURCE_AXIS_MM * (1.0 - share)
        across = u * share
        x, y, z = self.isocentre_mm
        return x + across * across_x + back * away_x, y + across * across_y + back * away_y, z + v * share


@dataclass(frozen=True, slots=True)
class Beam:
    """A beam.

    Args:
        number: Beam Number, from 1.
        axis: where it comes from.
        quality: of its photons.
        jaws_x_mm: where its field begins and ends along x, in the plane of the isocentre.
        jaws_y_mm: likewise along y.
        depth_mm: water-equivalent, of the isocentre.
        source_surface_mm: from the source to the skin.
        dose_gy: at the isocentre, of all fractions.
    """

    number: int
    axis: Axis
    quality: BeamQuality
    jaws_x_mm: tuple[float, float]
    jaws_y_mm: tuple[float, float]
    depth_mm: float
    source_surface_mm: float
    dose_gy: float

    @property
    def at_isocentre(self) -> float:
        """Dose there relative to that on the axis of a field without edges, in the depth of the maximum."""
        zero = np.zeros(1)
        depth = self.quality.at_depth(np.asarray([self.depth_mm]))
        return float((fluence(zero, zero, self.jaws_x_mm, self.jaws_y_mm) * depth)[0])


def depth_of_isocentre(phantom: Phantom, axis: Axis) -> tuple[float, float]:
    """What lies on the axis before the isocentre.

    Args:
        phantom: what is treated.
        axis: of the beam.

    Returns:
        The water-equivalent depth of the isocentre, and the distance from source to surface, in mm.
    """
    count = round(SOURCE_AXIS_MM / _STEP_MM)
    share = (np.arange(count) + 0.5) / count
    zero = np.zeros(count)
    labels = phantom.labels(*axis.points(share, zero, zero))
    met = np.flatnonzero(labels)
    if not len(met):
        return 0.0, SOURCE_AXIS_MM
    first = int(met[0])
    densities = relative_densities(phantom).take(labels[first:])
    return round(float(np.add.accumulate(densities)[-1]) * _STEP_MM, 4), first * _STEP_MM


def jaws(axis: Axis, surface: tuple[Values, Values, Values], margin_mm: float) -> tuple[tuple[float, float], ...]:
    """Where a rectangular field begins and ends that holds a target with a margin: along its x and its y.

    Args:
        axis: of the beam.
        surface: x, y and z of points of the target.
        margin_mm: to the edge of the field, in the plane of the isocentre.
    """
    _, u, v = axis.seen(*surface)
    return tuple(
        (
            max(-WIDEST_MM, float(math.floor(place.min() - margin_mm))),
            min(WIDEST_MM, float(math.ceil(place.max() + margin_mm))),
        )
        for place in (u, v)
    )


MARGIN_MM = round(2.0 * SIGMA_MM)
"""From target to field edge where a target's border shall have about 95 % (1.64 standard deviations) and more."""
