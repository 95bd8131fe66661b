"""The images of an MR scan: one for each slice and weighting, magnitudes in 12 bits with Rician noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from modality.acquisition import noise, sampling
from modality.acquisition.frames import Pixels, SliceBySlice
from modality.acquisition.geometry import Geometry
from modality.acquisition.mr import field, kspace, signal
from modality.acquisition.mr.protocol import MrProtocol, Weighting
from phantoms.material import Tissue
from phantoms.resonance import adc_mm2_per_s, chemical_shift_ppm

_REAL_STREAM, _IMAGINARY_STREAM = 2, 3
_BRIGHTEST = 3000.0  # stored value of the phantom's strongest tissue: the receiver gain leaves room for noise
_LEAST_SIGNAL = 0.05  # no receiver amplifies without end: of a phantom without signal one sees its noise


def tissue_signal(tissue: Tissue, protocol: MrProtocol, weighting: Weighting) -> float:
    """Signal of a tissue, relative to fully relaxed water, rounded to 1e-6 so that no two libraries differ.

    Args:
        tissue: the material.
        protocol: the sequence and its times.
        weighting: which of its images.

    Returns:
        Negative where an inverted magnetization has not passed its null.

    Raises:
        PhantomError: the field lies outside the tissues' table.
    """
    relaxation = tissue.relaxation(protocol.field_strength_t)
    t1_ms, t2_ms = relaxation.t1_ms, relaxation.t2_ms
    repetition_ms, echo_ms = protocol.repetition_time_ms, weighting.echo_time_ms
    if protocol.sequence == "GRE":
        value = signal.spoiled_gradient_echo(
            tissue.pd,
            t1_ms,
            signal.t2_star_ms(t2_ms, protocol.field_strength_t),
            repetition_ms=repetition_ms,
            echo_ms=echo_ms,
            flip_deg=protocol.flip_angle_deg,
        )
    elif protocol.sequence == "bSSFP":
        value = signal.balanced_gradient_echo(
            tissue.pd, t1_ms, t2_ms, repetition_ms=repetition_ms, echo_ms=echo_ms, flip_deg=protocol.flip_angle_deg
        )
    elif weighting.inversion_time_ms is not None:
        value = signal.inversion_recovery(
            tissue.pd,
            t1_ms,
            t2_ms,
            repetition_ms=repetition_ms,
            inversion_ms=weighting.inversion_time_ms,
            echo_ms=echo_ms,
            refocusing_ms=protocol.refocusing_ms,
        )
    else:
        value = signal.spin_echo(
            tissue.pd, t1_ms, t2_ms, repetition_ms=repetition_ms, echo_ms=echo_ms, refocusing_ms=protocol.refocusing_ms
        )
    if weighting.b_s_per_mm2 is not None:
        # Echo-planar images are taken with fat saturation, here a perfect one: its shift would spoil them.
        fat = chemical_shift_ppm(tissue) != 0.0
        value *= 0.0 if fat else signal.diffusion_loss(adc_mm2_per_s(tissue), weighting.b_s_per_mm2)
    return round(value, 6)


@dataclass(frozen=True, eq=False)
class MrAcquisition(SliceBySlice[MrProtocol]):
    """An MR scan; each image holds unsigned magnitudes. All slices of one weighting come before those of the next."""

    def __len__(self) -> int:
        return self.geometry.slices * len(self.protocol.weightings)

    def slice_of(self, index: int) -> int:
        """Which slice an image shows."""
        return index % self.geometry.slices

    def weighting_of(self, index: int) -> int:
        """Which of the protocol's weightings an image has."""
        return index // self.geometry.slices

    @cached_property
    def all_signals(self) -> tuple[tuple[float, ...], ...]:
        """Signal of each label for each weighting, relative to fully relaxed water."""
        return tuple(
            tuple(tissue_signal(tissue, self.protocol, weighting) for tissue in self.phantom.tissues)
            for weighting in self.protocol.weightings
        )

    @property
    def signals(self) -> tuple[float, ...]:
        """Signal of each label in the first images."""
        return self.all_signals[0]

    @property
    def brightest(self) -> float:
        """Magnitude of the strongest tissue in any image."""
        return max(abs(value) for signals in self.all_signals for value in signals)

    @cached_property
    def gain(self) -> float:
        """Stored value of a signal of 1 in the middle of the coil, the same in all images of the series."""
        return round(_BRIGHTEST / max(self.brightest, _LEAST_SIGNAL) / self._loudest, 6)

    @property
    def _loudest(self) -> float:
        """How much more than from the middle the coil receives from somewhere in the middle slice's tissue."""
        if self.protocol.coil == "BODY":
            return 1.0
        points = sampling.coordinates(self.geometry, self.geometry.slices // 2, (0.0, 0.0, 0.0))
        visible = np.asarray([any(signals[k] for signals in self.all_signals) for k in range(len(self.signals))])
        seen = visible[self.phantom.labels(*points)] * self._sensitivity(*points)
        return max(1.0, round(float(seen.max()), 4))

    def _sensitivity(self, x: field.Coordinates, y: field.Coordinates, z: field.Coordinates) -> field.Real:
        phantom = self.phantom
        radius_mm, middle_mm = phantom.field_of_view_mm / 2, sum(phantom.scan_range_mm) / 2
        return field.sensitivity(x, y, z, radius_mm=radius_mm, middle_mm=middle_mm)

    def _pixels(self, index: int) -> Pixels:
        protocol, matrix = self.protocol, self.protocol.matrix(self.geometry)
        samples = self._samples(index)
        sigma = round(kspace.noise_per_sample(protocol.noise(self.geometry) * self.gain, matrix), 4)
        samples.real += noise.normal(self.seed, _REAL_STREAM, index, samples.shape) * sigma
        samples.imag += noise.normal(self.seed, _IMAGINARY_STREAM, index, samples.shape) * sigma
        values = kspace.image(samples, matrix)
        np.rint(values, out=values)
        np.minimum(values, (1 << protocol.bits_stored) - 1, out=values)
        return values.astype(np.uint16)

    def _samples(self, index: int) -> kspace.Complex:
        """K-space of one image without noise; what resonates elsewhere than water lies shifted along the readout."""
        signals = [round(s * self.gain, 4) for s in self.all_signals[self.weighting_of(index)]]
        shifts = [self.protocol.shift_pixels(chemical_shift_ppm(tissue)) for tissue in self.phantom.tissues]
        present = sorted({shift for shift, value in zip(shifts, signals, strict=True) if value} | {0.0})
        values = np.asarray(
            [[s if mine == shift else 0.0 for shift in present] for s, mine in zip(signals, shifts, strict=True)],
            dtype=np.float32,
        )
        fine = self._seen(sampling.averaged(self.phantom, self._fine_geometry, self.slice_of(index), values), index)
        matrix = self.protocol.matrix(self.geometry)
        parts = [kspace.spectrum(fine[..., place], matrix, shift_pixels=shift) for place, shift in enumerate(present)]
        return sum(parts[1:], start=parts[0])

    def _seen(self, fine: npt.NDArray[np.float32], index: int) -> npt.NDArray[np.float32]:
        """The object as the coil receives it and as the field's offsets displace it."""
        protocol, grid = self.protocol, self._fine_geometry
        if protocol.coil == "BODY" and not protocol.inhomogeneity_ppm:
            return fine
        x, y, z = sampling.coordinates(grid, self.slice_of(index), (0.0, 0.0, 0.0))
        if protocol.coil == "ARRAY":
            weights = np.broadcast_to(self._sensitivity(x, y, z), fine.shape[:2])
            fine = fine * weights[..., None].astype(np.float32)
        if protocol.inhomogeneity_ppm:
            offsets = np.broadcast_to(field.offset_ppm(x, y, z, protocol.inhomogeneity_ppm), fine.shape[:2])
            pixels = offsets * (kspace.FINER * protocol.off_resonance_pixels(self.geometry))
            parts = [fine[..., place] for place in range(fine.shape[2])]
            if protocol.sequence == "DWI":
                parts = [field.displaced(part, pixels) for part in parts]
            else:
                parts = [field.displaced(part.T, pixels.T).T for part in parts]
            fine = np.stack(parts, axis=2)
        return fine

    @cached_property
    def _fine_geometry(self) -> Geometry:
        """The grid on which the object is seen: each pixel parted into squares."""
        geometry, finer = self.geometry, kspace.FINER
        row_mm, column_mm = geometry.row_spacing_mm / finer, geometry.column_spacing_mm / finer
        back = (finer - 1) / 2
        x, y, z = (
            o - back * (column_mm * r + row_mm * c)
            for o, r, c in zip(geometry.origin_mm, geometry.row_direction, geometry.column_direction, strict=True)
        )
        return replace(
            geometry,
            rows=finer * geometry.rows,
            columns=finer * geometry.columns,
            row_spacing_mm=row_mm,
            column_spacing_mm=column_mm,
            origin_mm=(x, y, z),
        )
