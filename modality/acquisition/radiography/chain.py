"""From what lies on the rays to what the detector counts: primary photons, scatter, grid, blur and noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modality.acquisition.projection.beam import Beam
from modality.acquisition.projection.detector import counted, paths
from modality.acquisition.radiography.blur import narrow, wide
from modality.acquisition.radiography.cone import Cone

Real = npt.NDArray[np.float64]

_LEAST = 2.0**-32
_FULL_WIDTH = 2.0 * math.sqrt(2.0 * math.log(2.0))
_STEPS = float(1 << 24)  # of relative signals, whose means are then sums of whole numbers
_MIDDLE = 0.5  # share of rows and columns that automatic exposure control looks at: our choice
_BEHIND = 0.4  # of the primary beam at most is left behind a patient


@dataclass(frozen=True, slots=True)
class Detector:
    """What measures the beam.

    Args:
        efficiency: share of the photons that count: the detective quantum efficiency at low frequencies.
        photons_per_mm2_ugy: that reach it for each uGy of air kerma.
        blur_mm: standard deviation of its point spread.
        electronics: standard deviation of the electronics' noise, in photons a pixel.
        bits_stored: of a raw value.
    """

    efficiency: float
    photons_per_mm2_ugy: float
    blur_mm: float
    electronics: float = 5.0
    bits_stored: int = 14


@dataclass(frozen=True, slots=True)
class Scatter:
    """Photons that the patient scatters onto the detector.

    Their sum over a wide field grows about evenly with thickness, and their place forgets where they came from: a
    convolution of the primary image with a wide kernel, after J. M. Boone, J. A. Seibert, Med. Phys. 15:721 (1988).

    Args:
        per_mm: ratio of scattered to primary photons for each mm of water that the ray crosses.
        spread_mm: standard deviation of the kernel at the detector.
        grid: whether an anti-scatter grid stands before the detector.
        primary: share of the primary photons that it lets through.
        scattered: share of the scattered ones.
    """

    per_mm: float
    spread_mm: float
    grid: bool
    primary: float
    scattered: float

    @property
    def passing(self) -> tuple[float, float]:
        """Shares of the primary and of the scattered photons that reach the detector."""
        return (self.primary, self.scattered) if self.grid else (1.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Shadow:
    """What reaches the detector of a beam, without noise; the signal with nothing in its way is 1.

    Args:
        primary: shape (rows, columns).
        scattered: likewise.
    """

    primary: Real
    scattered: Real

    @property
    def middle(self) -> float:
        """Mean signal behind the patient in the middle of the image, where automatic exposure control measures."""
        return self._middle(self.primary) + self._middle(self.scattered)

    @property
    def scatter_fraction(self) -> float:
        """Share of scattered photons there."""
        return round(self._middle(self.scattered) / self.middle, 4)

    def _middle(self, image: Real) -> float:
        rows, columns = (
            slice(int(size * (1 - _MIDDLE) / 2), max(1, int(size * (1 + _MIDDLE) / 2))) for size in image.shape
        )
        inside = image[rows, columns]
        behind = self.primary[rows, columns] < _BEHIND
        if behind.any():
            inside = inside[behind]
        return int(np.rint(inside * _STEPS).astype(np.int64).sum()) / (_STEPS * inside.size)


def shadow(lengths: Real, used: Beam, cone: Cone, scatter: Scatter, focal_spot_mm: float) -> Shadow:
    """What reaches the detector.

    Args:
        lengths: density times length of each basis material in mm g/cm3, shape (basis, rows, columns).
        used: the beam.
        cone: its geometry.
        scatter: what the patient scatters, and the grid.
        focal_spot_mm: width of the focal spot, whose image blurs what lies at the isocentre by SID / SOD - 1 times it.
    """
    primary = np.maximum(used.transmission(lengths), _LEAST)
    thick = np.maximum(used.water_equivalent_mm(paths(1.0, primary)), 0.0)
    through, around = scatter.passing
    scattered = wide(primary * thick * (scatter.per_mm * around), scatter.spread_mm / cone.pitch_mm, lost=True)
    # A uniform spot of width f has a standard deviation of f / sqrt(12).
    spot_mm = focal_spot_mm / math.sqrt(12.0) * (cone.magnification - 1.0)
    return Shadow(narrow(primary * through, spot_mm / cone.pitch_mm), scattered)


def detected(seen: Shadow, kerma_ugy: float, detector: Detector, pitch_mm: float, seed: int, index: int) -> Real:
    """What the detector counts: photons, in the unit of those that it would count with nothing in the way.

    Args:
        seen: what reaches it.
        kerma_ugy: air kerma at the detector with nothing in the way.
        detector: its efficiency, blur and electronics.
        pitch_mm: side of a pixel.
        seed: the acquisition's.
        index: the frame.

    Returns:
        Signals relative to the beam with nothing in its way, shape (rows, columns), positive.
    """
    photons = photons_of(kerma_ugy, detector, pitch_mm)
    counts = counted((seen.primary + seen.scattered) * photons, seed, index, detector.electronics)
    counts = narrow(counts, detector.blur_mm / pitch_mm)
    counts *= 1.0 / photons
    return counts


def photons_of(kerma_ugy: float, detector: Detector, pitch_mm: float) -> float:
    """Photons that count in a pixel with nothing in the way."""
    return kerma_ugy * detector.photons_per_mm2_ugy * detector.efficiency * pitch_mm * pitch_mm


def full_width_mm(deviation_mm: float) -> float:
    """Full width at half maximum of a Gaussian."""
    return deviation_mm * _FULL_WIDTH
