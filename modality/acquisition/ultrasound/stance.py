"""Where the probe stands on the patient, and where the points of its plane are in him."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modality.acquisition.ultrasound.probe import LINEAR, Probe
from modality.errors import UsageError
from phantoms.phantom import Phantom
from phantoms.solids import Vector

Values = npt.NDArray[np.float64]
Points = tuple[Values, Values, Values]

VIEWS: Mapping[str, tuple[Vector, Vector]] = {
    "sagittal": ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0)),
    "transverse": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "coronal": ((0.0, 0.0, -1.0), (1.0, 0.0, 0.0)),
    "compressed": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
}
"""Directions of increasing columns and rows, the second one that of the beams: from the front with the head or the
patient's right at the left of the picture, as is customary; from his right with the head at the left; and from above
on a breast between plates."""

_APART_MM = 1.0  # of the places on the face that look for the skin
_FINE_MM = 0.25
_GAP_MM, _PRESSED_MM = 3.0, 14.0  # at most between the edge of the face and the skin, and into the skin: our choice


@dataclass(frozen=True, slots=True)
class Stance:
    """How a probe stands.

    Args:
        at_mm: the middle of its face in the patient (LPS).
        across: unit vector along increasing columns.
        down: unit vector along increasing rows, that of the middle beam.
    """

    at_mm: Vector
    across: Vector
    down: Vector

    @property
    def aside(self) -> Vector:
        """Unit vector at right angles to the plane: across times down."""
        (a, b, c), (d, e, f) = self.across, self.down
        return (b * f - c * e + 0.0, c * d - a * f + 0.0, a * e - b * d + 0.0)

    def moved(self, aside_mm: float) -> Stance:
        """The probe moved at right angles to its plane."""
        x, y, z = (round(at + aside_mm * n, 6) for at, n in zip(self.at_mm, self.aside, strict=True))
        return Stance((x, y, z), self.across, self.down)

    def points(self, u: Values, v: Values) -> Points:
        """Where points of the plane are in the patient, in mm; u and v broadcast against each other."""
        x, y, z = (at + u * a + v * d for at, a, d in zip(self.at_mm, self.across, self.down, strict=True))
        return x, y, z

    def seen(self, point: Vector) -> tuple[float, float, float]:
        """A point of the patient as u, v, and how far it lies aside of the plane."""
        away = [p - at for p, at in zip(point, self.at_mm, strict=True)]
        u, v, aside = (
            sum(a * b for a, b in zip(away, axis, strict=True)) for axis in (self.across, self.down, self.aside)
        )
        return u, v, aside


def placed(phantom: Phantom, probe: Probe, view: str, over_mm: Vector) -> Stance:
    """A probe on the skin over a point of the patient.

    It is pressed in until its edges all but touch the skin, as far as that goes.

    Args:
        phantom: the patient.
        probe: what stands on him.
        view: a name from `VIEWS`.
        over_mm: a point on the line of the middle beam.

    Raises:
        UsageError: there is nothing under it.
    """
    across, down = VIEWS[view]
    low, high = phantom.bounds.low_mm, phantom.bounds.high_mm
    # Start before the box of the patient, with the coordinate along the beam taken from there.
    ends = [low[axis] if down[axis] > 0 else high[axis] for axis in range(3)]
    start: Vector = tuple(  # type: ignore[assignment]
        round(end if d else over, 3) for end, d, over in zip(ends, down, over_mm, strict=True)
    )
    half = probe.half_mm or probe.radius_mm * math.sin(math.radians(probe.half_deg))
    count = 2 * math.ceil(half / _APART_MM) + 1
    u = np.linspace(-half, half, count) if half else np.zeros(1)
    deep = sum(abs(d) * (h - lo) for d, h, lo in zip(down, high, low, strict=True)) / 2.0
    v = np.arange(0.0, deep, _FINE_MM)
    x, y, z = Stance(start, across, down).points(u[np.newaxis, :], v[:, np.newaxis])
    shape = (v.size, u.size)
    labels = phantom.labels(*(np.ascontiguousarray(np.broadcast_to(part, shape)) for part in (x, y, z)))
    inside = labels > 0
    touched = np.asarray(inside.any(axis=0))
    if not touched[u.size // 2]:
        where = ", ".join(f"{value:g}" for value in start)
        raise UsageError(f"the probe over ({where}) mm meets no patient: move it by x_mm, y_mm or z_mm")
    skin = v[inside.argmax(axis=0)]
    if probe.shape == LINEAR or not probe.radius_mm:
        face = np.zeros(u.size)
    else:
        face = np.sqrt(probe.radius_mm**2 - u * u) - probe.radius_mm
    far = float((skin - face)[touched].max()) - _GAP_MM
    depth = round(min(max(far, float(skin[touched].min())), float(skin[touched].min()) + _PRESSED_MM), 2)
    x0, y0, z0 = (round(s + depth * d, 3) for s, d in zip(start, down, strict=True))
    return Stance((x0, y0, z0), across, down)
