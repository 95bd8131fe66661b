"""Radiographs: one exposure of a patient before a flat detector (DX) or an imaging plate (CR)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from modality.acquisition import kept
from modality.acquisition.frames import Frame
from modality.acquisition.projection.beam import Beam, beam
from modality.acquisition.projection.materials import densities
from modality.acquisition.radiography import display
from modality.acquisition.radiography.casting import lengths
from modality.acquisition.radiography.chain import Detector, Shadow, detected, shadow
from modality.acquisition.radiography.cone import Cone, seen_structures
from modality.acquisition.radiography.protocol import (
    BUCKY,
    FIRST_VIEW,
    FLAT_PANEL,
    IMAGING_PLATE,
    TECHNIQUES,
    USUAL,
    VIEWS,
    Protocol,
    Tube,
)
from modality.acquisition.radiography.sheets import Sampling
from modality.errors import UnknownNameError, UsageError
from phantoms.phantom import Phantom

PROCESSING, PRESENTATION, BOTH = "PROCESSING", "PRESENTATION", "both"
Presentation = Literal["PRESENTATION", "PROCESSING", "both"]
View = Literal["PA", "AP", "LATERAL"]

LEAST_KVP, MOST_KVP = 40.0, 150.0
"""Tube voltages of general radiography."""
_COARSEST_MM = 0.65  # of samples across the beam in the patient: our choice, finer than vessels and cortices
_LEAST_SIDE, _MOST_SIDE = 8, 4096
_MARGIN_MM = 8.0  # of the field above and below what is scanned of a phantom: its ends stay outside
_PER_MM2_IN_UGYM2 = 1e-6


@dataclass(frozen=True)
class Exposure:
    """An exposure whose rays were cast once, whatever is made of it.

    Args:
        phantom: the patient.
        protocol: what was set.
        cone: the geometry.
        seed: of the noise.
        intents: what is made of it, one image each: PROCESSING, PRESENTATION.
        sampling: how finely the patient is sampled.
    """

    phantom: Phantom
    protocol: Protocol
    cone: Cone
    seed: int
    intents: tuple[str, ...]
    sampling: Sampling

    @property
    def body_part(self) -> str:
        """Body Part Examined."""
        return self.phantom.body_part

    @property
    def digested(self) -> tuple[object, ...]:
        """All that determines the images besides the seed."""
        return (self.protocol, self.cone, self.phantom, self.intents, self.sampling)

    def __len__(self) -> int:
        return len(self.intents)

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(index) for index in range(len(self)))

    def frame(self, index: int) -> Frame:
        """Image `index`: stored values, shape (rows, columns).

        Raises:
            IndexError: there is no such image.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        if self.intents[index] == PROCESSING:
            pixels = display.raw(self._signal, self.protocol.target_ugy / self.kerma_ugy, self.bits_of(index))
        else:
            through = self.protocol.scatter.passing[0]
            pixels = display.presented(self._signal / through, self.protocol.look, self.cone.pitch_mm)
        return Frame(index, pixels)

    def bits_of(self, index: int) -> int:
        """Bits of the values of image `index`."""
        raw = self.intents[index] == PROCESSING
        return self.protocol.detector.bits_stored if raw else self.protocol.bits_stored

    @property
    def used(self) -> Beam:
        """The beam."""
        tube = self.protocol.tube
        return beam(tube.kvp, tube.filter_mm, tube.least_kev)

    @cached_property
    def shadow(self) -> Shadow:
        """What reaches the detector, without noise."""

        def cast() -> npt.NDArray[np.int32]:
            table = densities(self.phantom.tissues).astype(np.float32)
            return lengths(self.phantom, table, self.cone, self.sampling).view(np.int32)

        rays = kept.begun(self.phantom, ("rays", self.cone, self.sampling)).image("rays", cast)
        return shadow(
            rays.view(np.float32).astype(np.float64),
            self.used,
            self.cone,
            self.protocol.scatter,
            self.protocol.tube.focal_spot_mm,
        )

    @cached_property
    def _signal(self) -> npt.NDArray[np.float64]:
        seen = self.shadow
        return detected(seen, self.kerma_ugy, self.protocol.detector, self.cone.pitch_mm, self.seed, 0)

    @cached_property
    def mas(self) -> float:
        """Tube current times time: as set, or as automatic exposure control gave it, to 0.01."""
        protocol = self.protocol
        if protocol.tube.mas is not None:
            return protocol.tube.mas
        per_mas = protocol.tube.kerma_ugy(1.0, self.cone.detector_mm)
        return max(0.01, round(protocol.target_ugy / (self.shadow.middle * per_mas), 2))

    @property
    def exposure_time_ms(self) -> float:
        """How long the tube gave its current."""
        return max(1.0, round(self.mas / self.protocol.tube.current_ma * 1000.0, 1))

    @property
    def kerma_ugy(self) -> float:
        """Air kerma at the detector with nothing in the way."""
        return self.protocol.tube.kerma_ugy(self.mas, self.cone.detector_mm)

    @property
    def exposure_index(self) -> float:
        """Of the detector (IEC 62494-1): 100 times the air kerma in uGy behind the middle of the patient."""
        return round(100.0 * self.kerma_ugy * self.shadow.middle, 1)

    @property
    def deviation_index(self) -> float:
        """How far the exposure index is from its target, in tenths of a power of ten (IEC 62494-1)."""
        return round(10.0 * math.log10(self.exposure_index / (100.0 * self.protocol.target_ugy)), 1)

    @property
    def entrance_mm(self) -> float:
        """Distance of the focal spot from the patient's skin on the central ray."""
        return round(self.cone.source_mm - self.thickness_mm / 2.0, 1)

    @property
    def thickness_mm(self) -> float:
        """Thickness of the patient along the beam: that of the box that holds him."""
        low, high = self.phantom.bounds.low_mm, self.phantom.bounds.high_mm
        along = self.cone.axes[2]
        return round(sum(abs(a) * (b - c) for a, b, c in zip(along, high, low, strict=True)), 1)

    @property
    def dose(self) -> dict[str, float]:
        """Kerma and dose, as truth.json has it: free in air, without backscatter."""
        cone, entrance = self.cone, self.protocol.tube.kerma_ugy(self.mas, self.entrance_mm)
        area_mm2 = cone.rows * cone.columns * cone.pitch_mm**2
        return {
            "kvp": self.protocol.tube.kvp,
            "mas": self.mas,
            "entrance_air_kerma_mgy": round(entrance / 1000.0, 6),
            "kerma_area_product_ugy_m2": round(self.kerma_ugy * area_mm2 * _PER_MM2_IN_UGYM2, 6),
            "detector_air_kerma_ugy": round(self.kerma_ugy * self.shadow.middle, 4),
            "exposure_index": self.exposure_index,
        }

    def truth(self) -> Mapping[str, Any]:
        """Where each structure is seen, how much it is magnified, scatter and dose."""
        return {
            "seed": self.seed,
            "phantom": self.phantom.name,
            "view": self.protocol.view,
            "rows": self.cone.rows,
            "columns": self.cone.columns,
            "imager_pixel_spacing_mm": self.cone.pitch_mm,
            "source_to_detector_mm": self.cone.detector_mm,
            "source_to_patient_mm": self.cone.source_mm,
            "scatter_fraction": self.shadow.scatter_fraction,
            "dose": self.dose,
            "structures": seen_structures(self.phantom, self.cone, self.protocol.tube.kvp),
        }


def sized(rows: int, columns: int, height_mm: float) -> float:
    """Side of the pixels of a detector whose field has a height.

    Raises:
        UsageError: too few or too many pixels.
    """
    if not all(_LEAST_SIDE <= side <= _MOST_SIDE for side in (rows, columns)):
        raise UsageError(f"{rows} x {columns} pixels: {_LEAST_SIDE} to {_MOST_SIDE} rows and columns")
    return round(height_mm / rows, 4)


def intents_of(presentation: str) -> tuple[str, ...]:
    """What is made of an exposure.

    Raises:
        UnknownNameError: no such intent.
    """
    known = {PRESENTATION: (PRESENTATION,), PROCESSING: (PROCESSING,), BOTH: (PROCESSING, PRESENTATION)}
    if presentation not in known:
        raise UnknownNameError(f"presentation {presentation!r}: one of {', '.join(known)}")
    return known[presentation]


def checked(name: str, value: float, low: float, high: float) -> float:
    """A number within limits.

    Raises:
        UsageError: it is not.
    """
    if not low <= value <= high:
        raise UsageError(f"{name} {value:g}: from {low:g} to {high:g}")
    return value


def _planned(
    phantom: Phantom,
    detector: Detector,
    seed: int,
    view: str | None,
    rows: int,
    columns: int,
    kvp: float | None,
    mas: float | None,
    grid: bool,
    focal_spot_mm: float,
    intents: tuple[str, ...],
) -> Exposure:
    view = view or FIRST_VIEW.get(phantom.body_part, "AP")
    if view not in VIEWS:
        raise UnknownNameError(f"view {view!r}: one of {', '.join(VIEWS)}")
    usual = TECHNIQUES.get((phantom.body_part, view), USUAL)
    voltage = checked("kvp", usual.kvp if kvp is None else kvp, LEAST_KVP, MOST_KVP)
    if mas is not None:
        checked("mas", mas, 0.01, 1000.0)
    checked("focal_spot_mm", focal_spot_mm, 0.0, 3.0)
    turn, mirrored = VIEWS[view]
    low, high = phantom.bounds.low_mm, phantom.bounds.high_mm
    center = tuple(round((a + b) / 2.0, 3) for a, b in zip(low, high, strict=True))
    lowest, highest = phantom.scan_range_mm
    scale = usual.detector_mm / usual.source_mm
    pitch = sized(rows, columns, (min(high[2] - low[2], highest - lowest) + 2.0 * _MARGIN_MM) * scale)
    middle = round(min(max((lowest + highest) / 2.0, low[2]), high[2]), 3)
    cone = Cone(
        (center[0], center[1], middle), usual.source_mm, usual.detector_mm, rows, columns, pitch, turn,
        mirrored=mirrored,
    )  # fmt: skip
    tube = Tube(voltage, mas, 250.0, focal_spot_mm)
    protocol = Protocol(
        view, tube, usual.source_mm, usual.detector_mm, usual.target_ugy, detector, replace(BUCKY, grid=grid),
        display.Look(),
    )  # fmt: skip
    sampling = Sampling(max(_COARSEST_MM, round(pitch / scale, 4)))
    return Exposure(phantom, protocol, cone, seed, intents, sampling)


def dx(
    phantom: Phantom,
    *,
    seed: int,
    rows: int = 1024,
    columns: int = 1024,
    view: View | None = None,
    kvp: float | None = None,
    mas: float | None = None,
    grid: bool = True,
    focal_spot_mm: float = 1.0,
    presentation: Presentation = "PRESENTATION",
) -> Exposure:
    """Plan a digital radiograph.

    Args:
        phantom: the patient.
        seed: of the noise.
        rows: rows of the detector; the height of the field stays.
        columns: columns of the detector, whose pixels are square.
        view: PA, AP or LATERAL; PA of the chest and AP of all else by default.
        kvp: tube voltage in kV, 40 to 150; customary for the view by default.
        mas: tube current times time; automatic exposure control by default.
        grid: whether an anti-scatter grid stands before the detector.
        focal_spot_mm: width of the focal spot, 0 to 3.
        presentation: PRESENTATION, PROCESSING (raw values), or both, which refer to each other.

    Raises:
        UsageError: an option is out of range.
    """
    intents = intents_of(presentation)
    return _planned(phantom, FLAT_PANEL, seed, view, rows, columns, kvp, mas, grid, focal_spot_mm, intents)


def cr(
    phantom: Phantom,
    *,
    seed: int,
    rows: int = 1024,
    columns: int = 1024,
    view: View | None = None,
    kvp: float | None = None,
    mas: float | None = None,
    grid: bool = True,
    focal_spot_mm: float = 1.0,
) -> Exposure:
    """Plan a computed radiograph, on an imaging plate.

    Args:
        phantom: the patient.
        seed: of the noise.
        rows: rows of the image; the height of the field stays.
        columns: columns of the image, whose pixels are square.
        view: PA, AP or LATERAL; PA of the chest and AP of all else by default.
        kvp: tube voltage in kV, 40 to 150; customary for the view by default.
        mas: tube current times time; automatic exposure control by default.
        grid: whether an anti-scatter grid stands before the plate.
        focal_spot_mm: width of the focal spot, 0 to 3.

    Raises:
        UsageError: an option is out of range.
    """
    return _planned(phantom, IMAGING_PLATE, seed, view, rows, columns, kvp, mas, grid, focal_spot_mm, (PRESENTATION,))
