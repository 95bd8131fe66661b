"""Probes and their beams: where each beam runs in the plane of the image, and how wide it and its pulse are there.

In the plane, u runs along the increasing columns and v along the increasing rows, both in mm from the middle of the
probe's face.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from modality.acquisition.ultrasound.media import SPEED_M_S

Values = npt.NDArray[np.float64]

CURVED, PHASED, LINEAR = "curved", "phased", "linear"
SHAPES = (CURVED, PHASED, LINEAR)

_DIGITS = 12  # cosines rounded so that no two mathematical libraries differ
_HALF_OF_SINC = 1.2067  # width of sin(pi x) / (pi x) between its halves
_HALF_OF_BELL = 0.8825  # width of a Gaussian times that of its spectrum, both between halves: 4 ln 2 / pi
FWHM = 2.354820
"""Width of a Gaussian between its halves, in standard deviations."""


@dataclass(frozen=True)
class Probe:
    """An array of elements, with the beams that it sends and receives.

    Args:
        shape: curved, phased (both make a sector) or linear.
        frequency_mhz: middle of its band.
        bandwidth: width of the band at -6 dB, as a part of the frequency.
        aperture_mm: width of the elements that form a beam, at most.
        focus_mm: depth at which the sent beam is narrowest.
        radius_mm: of the curved face; 0 of the others.
        half_deg: half of the sector's angle; 0 of a linear one.
        half_mm: half of a linear probe's face; 0 of the others.
        beams: how many, at least 2.
        steer_deg: by how much a linear probe's beams lean towards increasing columns; 0 of the others.
    """

    shape: str
    frequency_mhz: float
    bandwidth: float
    aperture_mm: float
    focus_mm: float
    radius_mm: float
    half_deg: float
    half_mm: float
    beams: int
    steer_deg: float = 0.0

    @property
    def wavelength_mm(self) -> float:
        """Of the middle of the band."""
        return SPEED_M_S / self.frequency_mhz * 1e-3

    @property
    def axial_mm(self) -> float:
        """Width between halves of the amplitude of an echo along the beam.

        A Gaussian pulse of bandwidth B lasts 0.8825 / B, and its echo's depth is half of the way.
        """
        return SPEED_M_S * 1e-3 / 2.0 * _HALF_OF_BELL / (self.bandwidth * self.frequency_mhz)

    def lateral_mm(self, depth_mm: float) -> float:
        """Width between halves of the amplitude of an echo across the beam.

        An aperture D makes a spot of 1.21 wavelength depth / D in its focus (the half of a sinc). The received beam is
        focused at every depth, by no more of the aperture than half of the depth (f-number 2); the sent one at its
        focus alone, beside which it widens as the Gaussian beam of the same spot does. Both are taken for Gaussians,
        whose product is the echo's.
        """
        depth = max(depth_mm, 1.0)
        received = _HALF_OF_SINC * self.wavelength_mm * max(2.0, depth / self.aperture_mm)
        spot = _HALF_OF_SINC * self.wavelength_mm * max(2.0, self.focus_mm / self.aperture_mm)
        used = min(self.aperture_mm, self.focus_mm / 2.0)
        cone = _HALF_OF_BELL / _HALF_OF_SINC * used * abs(depth - self.focus_mm) / self.focus_mm
        return 1.0 / math.sqrt(1.0 / received**2 + 1.0 / (spot**2 + cone**2))

    @cached_property
    def places(self) -> Values:
        """Of each beam the angle in radians, or of a linear probe's the place u in mm."""
        half = self.half_mm or math.radians(self.half_deg)
        steps = self.beams - 1
        return np.asarray([round(half * (2 * k - steps) / steps, _DIGITS) for k in range(self.beams)])

    @cached_property
    def starts(self) -> tuple[Values, Values]:
        """Where each beam leaves the face: u and v."""
        if self.shape == LINEAR:
            return self.places, np.zeros(self.beams)
        across, down = self.directions
        return self.radius_mm * across, self.radius_mm * down - self.radius_mm

    @cached_property
    def lean(self) -> tuple[float, float]:
        """Sine and cosine of the angle by which all beams are steered."""
        angle = math.radians(self.steer_deg)
        return round(math.sin(angle), _DIGITS), round(math.cos(angle), _DIGITS)

    @cached_property
    def directions(self) -> tuple[Values, Values]:
        """Unit vectors of the beams: u and v."""
        if self.shape == LINEAR:
            sine, cosine = self.lean
            return np.full(self.beams, sine), np.full(self.beams, cosine)
        angles = self.places.tolist()
        sines = np.asarray([round(math.sin(angle), _DIGITS) for angle in angles])
        cosines = np.asarray([round(math.cos(angle), _DIGITS) for angle in angles])
        return sines, cosines

    def spacing_mm(self, depth_mm: float) -> float:
        """Distance of neighbouring beams."""
        step = float(self.places[1] - self.places[0])
        return step * self.lean[1] if self.shape == LINEAR else step * (self.radius_mm + depth_mm)

    def extent_mm(self, depth_mm: float) -> tuple[float, float, float]:
        """What the picture covers down to a depth: half of the width, and the least and greatest v."""
        if self.shape == LINEAR:
            return self.half_mm, 0.0, depth_mm
        half = math.radians(self.half_deg)
        reach = self.radius_mm + depth_mm
        return reach * math.sin(min(half, math.pi / 2)), self.radius_mm * (math.cos(half) - 1.0), depth_mm

    def located(self, u: Values, v: Values) -> tuple[Values, Values]:
        """The beam, as a number with a fraction, and the depth in mm of points of the plane.

        Points that no beam meets get numbers outside of 0 to `beams` - 1. No library's arc tangent: the tangents of
        the beams are known, and a point's lies between two of them.
        """
        numbers = np.arange(self.beams, dtype=np.float64)
        if self.shape == LINEAR:
            step = float(self.places[1] - self.places[0])
            u, v = np.broadcast_arrays(u, v)
            sine, cosine = self.lean
            return (u - v * (sine / cosine) - self.places[0]) / step, v / cosine
        ahead = v + self.radius_mm
        depth = np.sqrt(u * u + ahead * ahead) - self.radius_mm
        sines, cosines = self.directions
        tangents = sines / cosines
        # Between the last beams and infinity there is nothing to be exact about.
        slope = np.where(ahead > 0, u / np.maximum(ahead, 1e-9), np.where(u < 0, -1e9, 1e9))
        beam = np.interp(slope, tangents, numbers, left=-9.0, right=self.beams + 9.0)
        return beam, depth
