"""Computed tomography: CT numbers with partial volume, point spread and noise, in 12 bits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from modality.acquisition import noise, plan, sampling, spread
from modality.acquisition.frames import Pixels, SliceBySlice
from modality.errors import UnknownNameError, UsageError
from phantoms.errors import PhantomError
from phantoms.phantom import Phantom

KERNEL_MTF50_PER_MM: Mapping[str, float] = {"SMOOTH": 0.32, "STANDARD": 0.45, "SHARP": 0.70}
"""Spatial frequency in line pairs per mm at which each of our kernels halves the contrast. Their point spread is a
Gaussian, which describes that of scanners well: E. L. Nickoloff, R. Riley, Med. Phys. 12:437 (1985)."""

_STREAM = 1
_HEAD_NOISE_HU, _BODY_NOISE_HU = 3.5, 5.0
_REFERENCE_MAS = 200.0
_REFERENCE_THICKNESS_MM = 5.0
_REFERENCE_KVP = 120.0
_DOSE_EXPONENT = 2.6


@dataclass(frozen=True, slots=True)
class CtProtocol:
    """What the operator sets, and how values are stored.

    Args:
        kvp: tube voltage in kV, 70 to 150.
        tube_current_ma: tube current.
        exposure_time_ms: time of one rotation.
        slice_thickness_mm: nominal thickness.
        slice_spacing_mm: distance of the slices when the whole phantom is scanned.
        kernel: a name from `KERNEL_MTF50_PER_MM`.
        reconstruction_diameter_mm: field of view; None takes the phantom's.
        head_holder: whether the dose refers to the 16 cm head phantom, not the 32 cm body phantom.
        rescale_intercept: HU of the stored value 0.
        rescale_slope: HU of one step.
        bits_stored: bits of a stored value.
    """

    kvp: float = 120.0
    tube_current_ma: float = 240.0
    exposure_time_ms: float = 500.0
    slice_thickness_mm: float = 2.5
    slice_spacing_mm: float = 2.5
    kernel: str = "STANDARD"
    reconstruction_diameter_mm: float | None = None
    head_holder: bool = False
    rescale_intercept: float = -1024.0
    rescale_slope: float = 1.0
    bits_stored: int = 12

    @property
    def exposure_mas(self) -> float:
        """Tube current times time, in mAs."""
        return self.tube_current_ma * self.exposure_time_ms / 1000.0

    @property
    def ctdi_vol_mgy(self) -> float:
        """CTDIvol at pitch 1.

        Mean of 43 scanners at 120 kV, 0.167 mGy/mAs in the head phantom and 0.078 in the body phantom, growing as
        kV^2.6: I. A. Elojeimy, S. Tipnis, W. Huda, Radiat. Prot. Dosim. 141:43 (2010).
        """
        per_mas = 0.167 if self.head_holder else 0.078
        return round(per_mas * self.exposure_mas * math.pow(self.kvp / _REFERENCE_KVP, _DOSE_EXPONENT), 4)

    @property
    def noise_hu(self) -> float:
        """Standard deviation of a uniform region.

        Falls as the root of dose and slice thickness and grows with resolution to the power 3/2: R. A. Brooks,
        G. Di Chiro, Med. Phys. 3:237 (1976). This scanner has 3.5 HU in the head and 5 HU in the body for 200 mAs,
        120 kV, 5 mm and the standard kernel.
        """
        dose = self.exposure_mas / _REFERENCE_MAS * math.pow(self.kvp / _REFERENCE_KVP, _DOSE_EXPONENT)
        thickness = self.slice_thickness_mm / _REFERENCE_THICKNESS_MM
        sharpness = KERNEL_MTF50_PER_MM[self.kernel] / KERNEL_MTF50_PER_MM["STANDARD"]
        scale = _HEAD_NOISE_HU if self.head_holder else _BODY_NOISE_HU
        return round(scale * math.sqrt(sharpness**3 / (dose * thickness)), 6)

    @property
    def point_spread_mm(self) -> float:
        """Standard deviation of the Gaussian whose transform is one half at the kernel's frequency."""
        return round(math.sqrt(math.log(2.0) / 2.0) / (math.pi * KERNEL_MTF50_PER_MM[self.kernel]), 6)


PROTOCOLS: Mapping[str, CtProtocol] = {
    "HEAD": CtProtocol(
        tube_current_ma=300.0, exposure_time_ms=1000.0, slice_thickness_mm=5.0, slice_spacing_mm=5.0, head_holder=True
    ),
    "CHEST": CtProtocol(),
    "ABDOMEN": CtProtocol(slice_thickness_mm=5.0, slice_spacing_mm=5.0),
    "PHANTOM": CtProtocol(exposure_time_ms=1000.0),
}
"""Default protocols by Body Part Examined."""


@dataclass(frozen=True, eq=False)
class CtAcquisition(SliceBySlice[CtProtocol]):
    """A CT scan; each slice holds unsigned stored values."""

    @cached_property
    def _hounsfield(self) -> npt.NDArray[np.float32]:
        """CT number of each label."""
        return np.asarray([tissue.hu(self.protocol.kvp) for tissue in self.phantom.tissues], dtype=np.float32)

    def _pixels(self, index: int) -> Pixels:
        geometry, protocol = self.geometry, self.protocol
        down = spread.taps(protocol.point_spread_mm, geometry.row_spacing_mm)
        across = spread.taps(protocol.point_spread_mm, geometry.column_spacing_mm)
        image = sampling.averaged(self.phantom, geometry, index, self._hounsfield)
        chance = noise.normal(self.seed, _STREAM, index, image.shape)
        # The noise passes the same kernel as the object, so it is added first, raised by what the kernel takes away.
        gain = protocol.noise_hu / (spread.noise_gain(down) * spread.noise_gain(across))
        image += chance * np.float32(round(gain, 6))
        image = spread.blur(image, down, across)
        image -= np.float32(protocol.rescale_intercept)
        image *= np.float32(1.0 / protocol.rescale_slope)
        np.rint(image, out=image)
        np.clip(image, 0, (1 << protocol.bits_stored) - 1, out=image)
        return image.astype(np.uint16)


def ct(
    phantom: Phantom,
    *,
    seed: int,
    rows: int = 512,
    columns: int = 512,
    slices: int | None = None,
    kvp: float | None = None,
    mas: float | None = None,
    slice_thickness_mm: float | None = None,
    slice_spacing_mm: float | None = None,
    kernel: str | None = None,
    reconstruction_diameter_mm: float | None = None,
) -> CtAcquisition:
    """Plan a CT scan of a phantom; whatever is None comes from the body part's protocol.

    Args:
        phantom: what is scanned.
        seed: of the noise.
        rows: rows of a slice.
        columns: columns of a slice.
        slices: number of slices, spread over the scan range; None scans it at the slice spacing.
        kvp: tube voltage in kV, 70 to 150.
        mas: tube current times rotation time, in mAs.
        slice_thickness_mm: nominal thickness; also the spacing unless that is given.
        slice_spacing_mm: distance of the slices.
        kernel: SMOOTH, STANDARD or SHARP.
        reconstruction_diameter_mm: field of view.

    Raises:
        UsageError: a number is out of range, or no such kernel.
    """
    protocol = PROTOCOLS.get(phantom.body_part, PROTOCOLS["PHANTOM"])
    if phantom.slices_mm is not None:
        asked, apart = phantom.slices_mm
        protocol = replace(protocol, slice_thickness_mm=asked, slice_spacing_mm=apart)
    if slice_thickness_mm is not None:
        thickness = plan.positive("slice thickness", slice_thickness_mm)
        protocol = replace(protocol, slice_thickness_mm=thickness, slice_spacing_mm=thickness)
    if slice_spacing_mm is not None:
        protocol = replace(protocol, slice_spacing_mm=plan.positive("slice spacing", slice_spacing_mm))
    if kvp is not None:
        protocol = replace(protocol, kvp=plan.positive("kvp", kvp))
    if mas is not None:
        current = plan.positive("mas", mas) * 1000.0 / protocol.exposure_time_ms
        protocol = replace(protocol, tube_current_ma=current)
    if kernel is not None:
        if kernel not in KERNEL_MTF50_PER_MM:
            raise UnknownNameError(f"kernel {kernel!r}: one of {', '.join(KERNEL_MTF50_PER_MM)}")
        protocol = replace(protocol, kernel=kernel)
    geometry = plan.axial(
        phantom,
        rows=rows,
        columns=columns,
        slices=slices,
        slice_thickness_mm=protocol.slice_thickness_mm,
        slice_spacing_mm=protocol.slice_spacing_mm,
        field_of_view_mm=reconstruction_diameter_mm,
    )
    diameter = max(geometry.field_of_view_mm)
    acquisition = CtAcquisition(
        phantom, replace(protocol, reconstruction_diameter_mm=round(diameter, 3)), geometry, seed
    )
    try:
        acquisition._hounsfield  # noqa: B018  (asks the tables now, not at the first slice)
    except PhantomError as error:
        raise UsageError(str(error)) from error
    return acquisition
