"""Blood that flows in a phantom's vessels, and what a colour Doppler makes of it.

Vessels are the tubes that phantoms are built with: their axes give the direction, their radii a parabolic profile, and
a narrowed place is passed faster in proportion to its area. Speeds are customary peak ones of adults, our choice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from modality.acquisition.curves import sine
from modality.acquisition.spread import blur, taps
from modality.acquisition.ultrasound.decibels import turns
from modality.acquisition.ultrasound.media import SPEED_M_S
from modality.acquisition.ultrasound.stance import Points
from phantoms.combined import Difference, Union
from phantoms.phantom import Phantom
from phantoms.placement import Placement
from phantoms.solids import Capsule, Solid, Vector

Values = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Course:
    """How blood flows in a vessel.

    Args:
        peak_m_s: greatest speed on the axis, at the height of the beat in an artery.
        onward: along the tube from its first point on (an artery), or back to it (a vein).
        pulsatile: with the beat.
    """

    peak_m_s: float
    onward: bool = True
    pulsatile: bool = True


_COURSES: Mapping[str, Course] = {
    "aorta": Course(0.9),
    "arteries": Course(0.7),
    "renal artery": Course(0.9),
    "iliac artery": Course(0.9),
    "celiac trunk": Course(1.0),
    "mesenteric artery": Course(1.0),
    "hepatic artery": Course(0.6),
    "splenic artery": Course(0.7),
    "lumbar artery 1": Course(0.3),
    "lumbar artery 2": Course(0.3),
    "lumbar artery 3": Course(0.3),
    "lumbar artery 4": Course(0.3),
    "inferior vena cava": Course(0.25, onward=False, pulsatile=False),
    "portal vein": Course(0.25, onward=False, pulsatile=False),
    "portal branches": Course(0.15, pulsatile=False),
    "hepatic veins": Course(0.2, onward=False, pulsatile=False),
    "renal veins": Course(0.2, onward=False, pulsatile=False),
    "iliac veins": Course(0.2, onward=False, pulsatile=False),
    "renal branches": Course(0.4),
    "splenic branches": Course(0.3),
    "hepatic branches": Course(0.3),
    "mesenteric branches": Course(0.3),
    "flow": Course(0.5, pulsatile=False),
}
"""By the end of a structure's name; a tube of the name "flow" is a test object's."""

_DIASTOLE, _SYSTOLE_SHARE = 0.25, 0.38  # of the peak speed, and of the beat: our choice
_WIDENED = 0.06  # of an artery's radius at the height of the beat: our choice
_STREAM_MM = 5.0  # least radius of an artery whose beat is seen


def pulse(phase: float) -> float:
    """Speed in an artery relative to its peak, at a part of the beat from 0 to 1."""
    phase %= 1.0
    if phase >= _SYSTOLE_SHARE:
        return _DIASTOLE
    return round(_DIASTOLE + (1.0 - _DIASTOLE) * math.sin(math.pi * phase / _SYSTOLE_SHARE) ** 2, 9)


@dataclass(frozen=True, slots=True)
class Vessel:
    """A structure with blood in it.

    Args:
        label: of the structure.
        name: of the structure.
        course: how it flows.
        pieces: start, end and radius of each piece in the patient, in mm, in the direction of the tube.
        wide_mm: radius at which the speed is that of the course.
    """

    label: int
    name: str
    course: Course
    pieces: tuple[tuple[Vector, Vector, float], ...]
    wide_mm: float

    def speed_m_s(self, radius_mm: float) -> float:
        """Peak speed on the axis of a piece: what flows is the same all along."""
        return self.course.peak_m_s * (self.wide_mm / radius_mm) ** 2 if self._one_stream else self.course.peak_m_s

    @property
    def _one_stream(self) -> bool:
        """Whether the pieces follow each other; a tree's do not."""
        return all(a[1] == b[0] for a, b in zip(self.pieces, self.pieces[1:], strict=False))


def _tubes(solid: Solid) -> Iterator[Capsule]:
    if isinstance(solid, Capsule):
        yield solid
    elif isinstance(solid, Union):
        for part in solid.parts:
            yield from _tubes(part)
    elif isinstance(solid, Difference):
        yield from _tubes(solid.whole)


def _in_patient(placement: Placement, point: Vector) -> Vector:
    z = point[2] * placement.scale[2] + placement.shift_mm[2]
    x, y = (point[k] * placement.scale[k] + placement.lean[k] * z + placement.shift_mm[k] for k in (0, 1))
    return (round(x, 4), round(y, 4), round(z, 4))


def vessels_of(phantom: Phantom) -> tuple[Vessel, ...]:
    """The vessels of a phantom in which the blood is known to flow."""
    found = []
    placement = phantom.placement
    across = (placement.scale[0] + placement.scale[1]) / 2.0
    for label, structure in enumerate(phantom.structures, start=1):
        course = next((one for end, one in _COURSES.items() if structure.name.endswith(end)), None)
        pieces = tuple(
            (
                _in_patient(placement, tube.start_mm),
                _in_patient(placement, tube.end_mm),
                round(tube.radius_mm * across, 4),
            )
            for tube in _tubes(structure.solid)
        )
        if course and pieces:
            radii = sorted(radius for _, _, radius in pieces)
            found.append(Vessel(label, structure.name, course, pieces, radii[len(radii) // 2]))
    return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class Moving:
    """How blood moves at places along the beams.

    Args:
        inside: which places are in a vessel.
        steady_m_s: speed towards the probe of what does not beat; shape (places, beams).
        beating_m_s: of what beats, at the height of the beat.
        cosine: of the angle between the flow and the way to the probe.
    """

    inside: npt.NDArray[np.bool_]
    steady_m_s: Single
    beating_m_s: Single
    cosine: Single


def moving(
    vessels: tuple[Vessel, ...], labels: npt.NDArray[np.uint8], points: Points, beams: tuple[Values, Values, Values]
) -> Moving:
    """How blood moves at places.

    Args:
        vessels: of the phantom.
        labels: at the places, shape (places, beams).
        points: the places in the patient.
        beams: unit vectors of the beams in the patient, each of shape (beams,).
    """
    inside = np.zeros(labels.shape, np.bool_)
    steady, beating, cosine = (np.zeros(labels.shape, np.float32) for _ in range(3))
    for vessel in vessels:
        mine = labels == vessel.label
        if not mine.any():
            continue
        inside |= mine
        place = tuple(part[mine] for part in points)
        beam = tuple(np.broadcast_to(part, labels.shape)[mine] for part in beams)
        into = beating if vessel.course.pulsatile else steady
        into[mine], cosine[mine] = _towards(vessel, place, beam)
    return Moving(inside, steady, beating, cosine)


def _towards(vessel: Vessel, place: Points, beam: Points) -> tuple[Single, Single]:
    """Speed towards the probe at points of a vessel, and the cosine of the angle that it owes to."""
    near = np.full(place[0].shape, np.inf)
    found, angled = np.zeros(place[0].shape), np.zeros(place[0].shape)
    sign = -1.0 if vessel.course.onward else 1.0  # a beam runs away from the probe
    low = [float(part.min()) for part in place]
    high = [float(part.max()) for part in place]
    for start, end, radius in vessel.pieces:
        if any(
            max(a, b) + radius < lo or min(a, b) - radius > hi
            for a, b, lo, hi in zip(start, end, low, high, strict=True)
        ):
            continue
        axis = [e - s for s, e in zip(start, end, strict=True)]
        length = math.sqrt(sum(a * a for a in axis))
        unit = [a / length for a in axis]
        away = [part - s for part, s in zip(place, start, strict=True)]
        along = np.clip(away[0] * unit[0] + away[1] * unit[1] + away[2] * unit[2], 0.0, length)
        off = [part - along * u for part, u in zip(away, unit, strict=True)]
        share = (off[0] * off[0] + off[1] * off[1] + off[2] * off[2]) / (radius * radius)
        cosine = sign * (beam[0] * unit[0] + beam[1] * unit[1] + beam[2] * unit[2])
        closer = share < near
        speed = vessel.speed_m_s(radius) * np.maximum(0.0, 1.0 - share) * cosine
        found[closer], angled[closer] = speed[closer], cosine[closer]
        near = np.minimum(near, share)
    return found.astype(np.float32), angled.astype(np.float32)


def at_rest(vessels: tuple[Vessel, ...], points: Points, widened: float) -> Points:
    """Where the tissue at some points is between the beats: large arteries push aside what is around them.

    Around an axis an artery of radius R that grows by d displaces what is at r by d R / r, and inside by d r / R: an
    incompressible flow.

    Args:
        vessels: of the phantom.
        points: in mm.
        widened: 0 at rest to 1 at the height of the beat.
    """
    pushed = list(points)
    for vessel in vessels:
        if not widened or not vessel.course.pulsatile or vessel.wide_mm < _STREAM_MM:
            continue
        nearest = np.full(points[0].shape, np.inf)
        shift = [np.zeros(points[0].shape) for _ in range(3)]
        for start, end, radius in vessel.pieces:
            axis = [e - s for s, e in zip(start, end, strict=True)]
            square = sum(a * a for a in axis)
            away = [part - s for part, s in zip(points, start, strict=True)]
            along = np.clip((away[0] * axis[0] + away[1] * axis[1] + away[2] * axis[2]) / square, 0.0, 1.0)
            off = [part - along * a for part, a in zip(away, axis, strict=True)]
            distance = off[0] * off[0] + off[1] * off[1] + off[2] * off[2]
            closer = distance < nearest
            grown = _WIDENED * widened * radius
            factor = grown * radius / np.maximum(distance, radius * radius)
            for part, one in zip(shift, off, strict=True):
                part[closer] = (factor * one)[closer]
            nearest = np.minimum(nearest, distance)
        pushed = [part - one for part, one in zip(pushed, shift, strict=True)]
    x, y, z = pushed
    return x, y, z


def nyquist_m_s(frequency_mhz: float, prf_hz: float) -> float:
    """The speed that a pulsed Doppler can just tell: a quarter of the speed of sound times rate over frequency."""
    return SPEED_M_S * prf_hz / (4.0 * frequency_mhz * 1e6)


@dataclass(frozen=True)
class Doppler:
    """A colour Doppler: the mean phase from pulse to pulse.

    C. Kasai et al., IEEE Trans. Sonics Ultrason. 32:458, 1985.

    Args:
        nyquist_m_s: the speed at which the phase turns by half.
        step_mm: distance of the places along a beam.
        wide: by how many beams an estimate is smeared, as a standard deviation.
        long_mm: by how much along the beam.
    """

    nyquist_m_s: float
    step_mm: float
    wide: float = 0.8
    long_mm: float = 0.5

    def correlation(self, speed_m_s: Single, power: Single) -> tuple[Single, Single]:
        """What the estimator averages: real and imaginary part of the correlation from pulse to pulse.

        Args:
            speed_m_s: towards the probe.
            power: of the blood's echo; 0 where there is none.
        """
        phase = speed_m_s.astype(np.float64) / (2.0 * self.nyquist_m_s)
        parts = ((sine(phase + 0.25) * power).astype(np.float32), (sine(phase) * power).astype(np.float32))
        real, imaginary = (blur(part, self._along, self._across) for part in parts)
        return real, imaginary

    @cached_property
    def _along(self) -> tuple[float, ...]:
        return taps(self.long_mm, self.step_mm)

    @cached_property
    def _across(self) -> tuple[float, ...]:
        return taps(self.wide, 1.0)

    def speed(self, real: Single, imaginary: Single) -> Single:
        """The speed relative to the Nyquist speed, -1 to 1: what is faster comes round from the other side."""
        found: Single = turns(real, imaginary) * np.float32(2.0)
        return found
