"""Magnetic resonance imaging: spin and gradient echoes, point spread and Rician noise, in 12 bits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from modality.acquisition import noise, plan, sampling, spread
from modality.acquisition.frames import Pixels, SliceBySlice
from modality.acquisition.geometry import Geometry
from modality.acquisition.mr_signal import GYROMAGNETIC_RATIO_MHZ_PER_T, Sequence, tissue_signal
from modality.errors import UnknownNameError, UsageError
from phantoms.errors import PhantomError
from phantoms.phantom import Phantom

_REAL_STREAM, _IMAGINARY_STREAM = 2, 3
_BRIGHTEST = 3000.0  # stored value of the phantom's strongest tissue: the receiver gain leaves room for noise
_LEAST_SIGNAL = 0.05  # no receiver amplifies without end: of a phantom without signal one sees its noise
_POINT_SPREAD_PIXELS = 0.514
"""Standard deviation of a Gaussian as wide at half height as the point spread of a fully sampled k-space, 1.21 pixels
(E. M. Haacke et al., Magnetic Resonance Imaging, 2nd ed. 2014, chapter 13)."""

_REFERENCE_NOISE = 1.0 / 60.0
_REFERENCE_VOXEL_MM3 = 5.0
_REFERENCE_BANDWIDTH_HZ = 130.0
_REFERENCE_PHASE_ENCODINGS = 256
_REFERENCE_FIELD_T = 1.5


@dataclass(frozen=True, slots=True)
class MrProtocol:
    """What the operator sets, and how values are stored.

    Args:
        name: what the series is called.
        sequence: SE, a 90-180 spin echo, or GRE, a spoiled gradient echo.
        repetition_time_ms: TR.
        echo_time_ms: TE.
        flip_angle_deg: flip angle.
        field_strength_t: magnetic field, 0.2 to 7 T.
        slice_thickness_mm: nominal thickness.
        slice_spacing_mm: distance of the slices when the whole phantom is scanned.
        averages: number of signal averages.
        pixel_bandwidth_hz: receiver bandwidth of one pixel.
        bits_stored: bits of a stored value.
    """

    name: str
    sequence: Sequence
    repetition_time_ms: float
    echo_time_ms: float
    flip_angle_deg: float = 90.0
    field_strength_t: float = 1.5
    slice_thickness_mm: float = 5.0
    slice_spacing_mm: float = 6.0
    averages: int = 1
    pixel_bandwidth_hz: float = 130.0
    bits_stored: int = 12

    @property
    def imaging_frequency_mhz(self) -> float:
        """Precession frequency of the proton."""
        return round(GYROMAGNETIC_RATIO_MHZ_PER_T * self.field_strength_t, 6)

    def noise(self, geometry: Geometry) -> float:
        """Standard deviation of each channel, relative to the signal of fully relaxed water.

        The signal-to-noise ratio grows with the field, the voxel, and the root of averages times phase encodings over
        bandwidth: W. A. Edelstein et al., Magn. Reson. Med. 3:604 (1986). This scanner has 60 for water in a voxel
        of 5 mm3 at 1.5 T, 130 Hz per pixel, 256 phase encodings and one average.
        """
        voxel = geometry.row_spacing_mm * geometry.column_spacing_mm * geometry.slice_thickness_mm
        samples = self.averages * geometry.rows / _REFERENCE_PHASE_ENCODINGS
        time = samples * _REFERENCE_BANDWIDTH_HZ / self.pixel_bandwidth_hz
        ratio = (voxel / _REFERENCE_VOXEL_MM3) * (self.field_strength_t / _REFERENCE_FIELD_T) * math.sqrt(time)
        return round(_REFERENCE_NOISE / ratio, 9)


PROTOCOLS: Mapping[str, MrProtocol] = {
    "T1": MrProtocol("T1", "SE", repetition_time_ms=500.0, echo_time_ms=14.0),
    "T2": MrProtocol("T2", "SE", repetition_time_ms=4500.0, echo_time_ms=100.0),
    "PD": MrProtocol("PD", "SE", repetition_time_ms=3000.0, echo_time_ms=20.0),
    "T1 GRE": MrProtocol("T1 GRE", "GRE", repetition_time_ms=180.0, echo_time_ms=4.6, flip_angle_deg=70.0),
}
"""Protocols by name."""


@dataclass(frozen=True, eq=False)
class MrAcquisition(SliceBySlice[MrProtocol]):
    """An MR scan; each slice holds unsigned magnitudes."""

    @cached_property
    def signals(self) -> tuple[float, ...]:
        """Signal of each label, relative to fully relaxed water."""
        protocol = self.protocol
        return tuple(
            tissue_signal(
                tissue,
                protocol.sequence,
                field_strength_t=protocol.field_strength_t,
                repetition_ms=protocol.repetition_time_ms,
                echo_ms=protocol.echo_time_ms,
                flip_deg=protocol.flip_angle_deg,
            )
            for tissue in self.phantom.tissues
        )

    @cached_property
    def gain(self) -> float:
        """Stored value of a signal of 1."""
        return round(_BRIGHTEST / max(*self.signals, _LEAST_SIGNAL), 6)

    def _pixels(self, index: int) -> Pixels:
        values = np.asarray([round(s * self.gain, 4) for s in self.signals], dtype=np.float32)
        kernel = spread.taps(_POINT_SPREAD_PIXELS, 1.0)
        real = spread.blur(sampling.averaged(self.phantom, self.geometry, index, values), kernel, kernel)
        sigma = np.float32(round(self.protocol.noise(self.geometry) * self.gain, 4))
        real += noise.normal(self.seed, _REAL_STREAM, index, real.shape) * sigma
        imaginary = noise.normal(self.seed, _IMAGINARY_STREAM, index, real.shape) * sigma
        real *= real
        imaginary *= imaginary
        real += imaginary
        np.sqrt(real, out=real)
        np.rint(real, out=real)
        np.minimum(real, (1 << self.protocol.bits_stored) - 1, out=real)
        return real.astype(np.uint16)


def mr(
    phantom: Phantom,
    *,
    seed: int,
    rows: int = 256,
    columns: int = 256,
    slices: int | None = None,
    protocol: str = "T1",
    repetition_time_ms: float | None = None,
    echo_time_ms: float | None = None,
    flip_angle_deg: float | None = None,
    field_strength_t: float | None = None,
    slice_thickness_mm: float | None = None,
    slice_spacing_mm: float | None = None,
    averages: int | None = None,
    pixel_bandwidth_hz: float | None = None,
    field_of_view_mm: float | None = None,
) -> MrAcquisition:
    """Plan an MR scan of a phantom; whatever is None comes from the protocol.

    Args:
        phantom: what is scanned.
        seed: of the noise.
        rows: rows of a slice.
        columns: columns of a slice.
        slices: number of slices, spread over the scan range; None scans it at the slice spacing.
        protocol: a name from `PROTOCOLS`: T1, T2 and PD are spin echoes, T1 GRE a spoiled gradient echo.
        repetition_time_ms: TR.
        echo_time_ms: TE, below TR.
        flip_angle_deg: flip angle, above 0 up to 180; a spin echo has 90.
        field_strength_t: magnetic field, 0.2 to 7 T.
        slice_thickness_mm: nominal thickness.
        slice_spacing_mm: distance of the slices.
        averages: number of signal averages, at least 1.
        pixel_bandwidth_hz: receiver bandwidth of one pixel.
        field_of_view_mm: width and height of an image.

    Raises:
        UsageError: a number is out of range, or no such protocol.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError(f"MR protocol {protocol!r}: one of {', '.join(PROTOCOLS)}")
    given = {
        "repetition_time_ms": repetition_time_ms,
        "echo_time_ms": echo_time_ms,
        "flip_angle_deg": flip_angle_deg,
        "field_strength_t": field_strength_t,
        "slice_thickness_mm": slice_thickness_mm,
        "slice_spacing_mm": slice_spacing_mm,
        "averages": averages,
        "pixel_bandwidth_hz": pixel_bandwidth_hz,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    for name, value in changes.items():
        plan.positive(name.replace("_", " "), value)
    prescribed = PROTOCOLS[protocol]
    if phantom.slices_mm is not None:
        asked, apart = phantom.slices_mm
        prescribed = replace(prescribed, slice_thickness_mm=asked, slice_spacing_mm=apart)
    chosen = replace(prescribed, **changes)  # type: ignore[arg-type]
    if chosen.echo_time_ms >= chosen.repetition_time_ms:
        raise UsageError(f"echo time {chosen.echo_time_ms:g} ms: must be below TR {chosen.repetition_time_ms:g} ms")
    if chosen.flip_angle_deg > 180.0 or (chosen.sequence == "SE" and chosen.flip_angle_deg != 90.0):
        raise UsageError(f"flip angle {chosen.flip_angle_deg:g}: at most 180, and 90 for a spin echo")
    geometry = plan.axial(
        phantom,
        rows=rows,
        columns=columns,
        slices=slices,
        slice_thickness_mm=chosen.slice_thickness_mm,
        slice_spacing_mm=chosen.slice_spacing_mm,
        field_of_view_mm=field_of_view_mm,
    )
    acquisition = MrAcquisition(phantom, chosen, geometry, seed)
    try:
        acquisition.signals  # noqa: B018  (asks the tables now, not at the first slice)
    except PhantomError as error:
        raise UsageError(str(error)) from error
    return acquisition
