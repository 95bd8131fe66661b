"""A PET scan: activity concentrations, resolved as a ring of detectors does, with the noise of what it counted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from modality.acquisition import plan, spread
from modality.acquisition.emission.counts import counted
from modality.acquisition.emission.layers import Layers
from modality.acquisition.emission.tracers import PET_TRACERS, Tracer
from modality.acquisition.frames import Frame, Pixels, SliceBySlice
from modality.errors import UnknownNameError, UsageError
from phantoms.phantom import Phantom

Real = npt.NDArray[np.float64]
TracerName = Literal["FDG", "methionine", "ammonia", "dotatate"]

FWHM_OF_DEVIATION = 2.0 * math.sqrt(2.0 * math.log(2.0))
"""Full width at half maximum of a Gaussian, in standard deviations."""

LARGEST_STORED = 32767
"""Stored value of a slice's greatest: readers may take 16 bits for signed ones."""

_BED_MM, _BETWEEN_BEDS_S = 216.0, 3.0  # our choice, as common rings and tables have it
_SENSITIVITY = 0.01  # counts of a decay in the air: our choice, as NEMA NU 2 finds it in common scanners
_WATER_PER_MM = 0.0096  # attenuation of water at 511 keV
_GRAM = 1e-3  # kg; a millilitre of tissue, which standardized uptake values take for one
_WIDEST_FWHM_MM = 40.0


@dataclass(frozen=True, slots=True)
class PetProtocol:
    """What is given and set.

    Args:
        tracer: a name from `PET_TRACERS`.
        dose_mbq_per_kg: activity at the time of injection for each kg of the patient.
        uptake_s: from injection to the start of the scan.
        duration_s: of the scan at each position of the bed.
        fwhm_mm: resolution of the images, full width at half maximum in all directions.
        slice_thickness_mm: nominal thickness.
        slice_spacing_mm: distance of the slices when the whole phantom is scanned.
        bits_stored: bits of a stored value (PS3.3 C.8.9.4: 16).
    """

    tracer: str
    dose_mbq_per_kg: float
    uptake_s: float
    duration_s: float
    fwhm_mm: float
    slice_thickness_mm: float
    slice_spacing_mm: float
    bits_stored: int = 16


USUAL: Mapping[str, tuple[float, float]] = {
    "FDG": (4.0, 60.0),
    "methionine": (8.0, 15.0),
    "ammonia": (8.0, 5.0),
    "dotatate": (2.0, 60.0),
}
"""MBq for each kg and minutes of uptake by tracer: of the customary order, our choice."""


@dataclass(frozen=True, eq=False)
class PetAcquisition(SliceBySlice[PetProtocol]):
    """A PET scan; stored values times the slice's slope are Bq/ml at the start of the scan."""

    def __iter__(self) -> Iterator[Frame]:
        try:
            yield from super().__iter__()
        finally:
            self._layers.clear()  # studies may be kept by the hundred

    @property
    def tracer(self) -> Tracer:
        """What was injected."""
        return PET_TRACERS[self.protocol.tracer]

    @cached_property
    def bq_per_ml_of_suv(self) -> float:
        """Activity concentration at the start of the scan of what has a standardized uptake value of 1."""
        left = self.tracer.isotope.left(self.protocol.uptake_s)
        return round(self.protocol.dose_mbq_per_kg * 1e6 * _GRAM * left, 6)

    @cached_property
    def suv(self) -> tuple[float, ...]:
        """Standardized uptake value by body weight of each label."""
        return self.tracer.by_label(self.phantom)

    def properties(self, label: int) -> Mapping[str, float]:
        """Uptake of a structure."""
        suv = self.suv[label]
        return {"SUVbw": suv, "activity_bq_per_ml": round(suv * self.bq_per_ml_of_suv, 4)}

    @property
    def beds(self) -> int:
        """How many positions of the bed cover the slices."""
        return max(1, math.ceil(len(self) * self.geometry.slice_spacing_mm / _BED_MM - 1e-9))

    def start_s(self, index: int) -> float:
        """When the counting of a slice begins, from the start of the scan on."""
        bed = index * self.beds // len(self)
        return round(bed * (self.protocol.duration_s + _BETWEEN_BEDS_S), 3)

    def decay_factor(self, index: int) -> float:
        """By what a slice's mean activity is multiplied to be that at the start of the scan (PS3.3 C.8.9.4)."""
        share = self.tracer.isotope.mean_share(self.start_s(index), self.protocol.duration_s)
        return round(1.0 / share, 9)

    def reference_s(self, index: int) -> float:
        """When a slice's activity was its mean over the frame (PS3.3 C.8.9.4.1.5), from the start of the scan on."""
        return round(math.log(self.decay_factor(index)) / self.tracer.isotope.decay_per_s, 6)

    def slope(self, index: int) -> float:
        """Bq/ml of one step of a slice's stored values."""
        return self._made(index)[1]

    def counts(self, index: int) -> int:
        """True counts of a slice."""
        return self._made(index)[2]

    @property
    def deviation_mm(self) -> float:
        """Standard deviation of the point spread."""
        return round(self.protocol.fwhm_mm / FWHM_OF_DEVIATION, 6)

    @cached_property
    def _layers(self) -> Layers:
        values = np.asarray(self.suv, dtype=np.float64) * self.bq_per_ml_of_suv
        return Layers(self.phantom, self.geometry, values, self.deviation_mm)

    @cached_property
    def _latest(self) -> dict[int, tuple[Pixels, float, int]]:
        """The slice made last: its description asks for its slope."""
        return {}

    def _pixels(self, index: int) -> Pixels:
        return self._made(index)[0]

    def _made(self, index: int) -> tuple[Pixels, float, int]:
        """Stored values, their slope, and what was counted for them."""
        if index not in self._latest:
            made = self._reconstructed(index)
            self._latest.clear()
            self._latest[index] = made
        return self._latest[index]

    def _reconstructed(self, index: int) -> tuple[Pixels, float, int]:
        """Half of the blur lies before the counting, in the detectors, and half behind it, in the reconstruction.

        Each voxel's noise is of its own counts, as in images by iterative reconstruction with time of flight; those
        that leave a body of water are fewer. Noise is alike in a slice, and not kept from one slice to the next: our
        choice.
        """
        geometry, protocol = self.geometry, self.protocol
        half = round(self.deviation_mm * math.sqrt(0.5), 6)
        taps = [spread.taps(half, spacing) for spacing in (geometry.row_spacing_mm, geometry.column_spacing_mm)]
        activity = spread.blur(self._layers.image(index).astype(np.float32), taps[0], taps[1]).astype(np.float64)
        diameter_mm = 2.0 * math.sqrt(self._layers.filled(index) / math.pi)
        voxel_ml = geometry.row_spacing_mm * geometry.column_spacing_mm * geometry.slice_thickness_mm / 1000.0
        positrons = self.tracer.isotope.positron_fraction or 1.0
        per_bq_per_ml = voxel_ml * protocol.duration_s / self.decay_factor(index) * positrons * _SENSITIVITY
        per_bq_per_ml = round(per_bq_per_ml * math.exp(-_WATER_PER_MM * diameter_mm), 12)
        counts = counted(activity * per_bq_per_ml, self.seed, index)
        image = spread.blur((counts / per_bq_per_ml).astype(np.float32), taps[0], taps[1]).astype(np.float64)
        greatest = float(image.max())
        slope = float(f"{greatest / LARGEST_STORED:.9g}") if greatest > 0.0 else 1.0
        stored = np.minimum(np.rint(image / slope), LARGEST_STORED).astype(np.uint16)
        return stored, slope, int(counts.sum())


def pt(
    phantom: Phantom,
    *,
    seed: int,
    rows: int = 128,
    columns: int = 128,
    slices: int | None = None,
    slice_thickness_mm: float = 4.0,
    slice_spacing_mm: float | None = None,
    reconstruction_diameter_mm: float | None = None,
    tracer: TracerName = "FDG",
    dose_mbq_per_kg: float | None = None,
    uptake_min: float | None = None,
    frame_s: float = 180.0,
    fwhm_mm: float = 6.0,
) -> PetAcquisition:
    """Plan a PET scan of a phantom.

    Args:
        phantom: what is scanned; where it says nothing of its activity the tracer goes where it usually does.
        seed: of the noise.
        rows: rows of a slice.
        columns: columns of a slice.
        slices: number of slices, spread over the scan range; None scans it at the slice spacing.
        slice_thickness_mm: nominal thickness; also the spacing unless that is given.
        slice_spacing_mm: distance of the slices.
        reconstruction_diameter_mm: field of view.
        tracer: FDG, methionine, ammonia or dotatate.
        dose_mbq_per_kg: activity that is injected for each kg of the patient, 0.01 to 100; usual ones by default.
        uptake_min: minutes from injection to scan, 0 to 240; usual ones by default.
        frame_s: duration at each position of the bed in s, 1 to 3600.
        fwhm_mm: resolution, full width at half maximum, 1 to 40.

    Raises:
        UsageError: a number is out of range, or no such tracer.
    """
    if tracer not in PET_TRACERS:
        raise UnknownNameError(f"tracer {tracer!r}: one of {', '.join(PET_TRACERS)}")
    usual_dose, usual_uptake = USUAL[tracer]
    dose = usual_dose if dose_mbq_per_kg is None else dose_mbq_per_kg
    uptake = usual_uptake if uptake_min is None else uptake_min
    for name, value, low, high in (
        ("dose_mbq_per_kg", dose, 0.01, 100.0),
        ("uptake_min", uptake, 0.0, 240.0),
        ("frame_s", frame_s, 1.0, 3600.0),
        ("fwhm_mm", fwhm_mm, 1.0, _WIDEST_FWHM_MM),
    ):
        within(name, value, low, high)
    spacing = slice_thickness_mm if slice_spacing_mm is None else slice_spacing_mm
    geometry = plan.axial(
        phantom,
        rows=rows,
        columns=columns,
        slices=slices,
        slice_thickness_mm=slice_thickness_mm,
        slice_spacing_mm=spacing,
        field_of_view_mm=reconstruction_diameter_mm,
    )
    protocol = PetProtocol(
        tracer,
        float(dose),
        round(uptake * 60.0, 3),
        float(frame_s),
        float(fwhm_mm),
        geometry.slice_thickness_mm,
        geometry.slice_spacing_mm,
    )
    return PetAcquisition(phantom, protocol, geometry, seed)


def within(name: str, value: float, low: float, high: float) -> float:
    """A number within limits.

    Raises:
        UsageError: it is not.
    """
    if not low <= value <= high:
        raise UsageError(f"{name} {value:g}: from {low:g} to {high:g}")
    return value
