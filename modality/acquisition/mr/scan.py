"""The images of an MR scan: one for each slice and weighting, magnitudes in 12 bits with Rician noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from modality.acquisition import noise, sampling
from modality.acquisition.frames import Frame, Pixels, SliceBySlice
from modality.acquisition.geometry import Geometry
from modality.acquisition.mr import contrast, field, kspace, signal
from modality.acquisition.mr.protocol import MrProtocol, Weighting
from modality.acquisition.mr.section import Sections
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
    if weighting.after_bolus_s is None:
        relaxation = tissue.relaxation(protocol.field_strength_t)
    else:
        tissue = contrast.unenhanced(tissue)
        relaxation = tissue.relaxation(protocol.field_strength_t)
        taken_up = contrast.uptake(tissue)
        if taken_up is not None:
            concentration = contrast.concentration_mmol_per_l(taken_up, weighting.after_bolus_s)
            relaxation = contrast.faster(relaxation, concentration, protocol.field_strength_t)
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
    """An MR scan; each image holds unsigned magnitudes. All slices of one weighting come before those of the next.

    Args:
        further: stacks beside `geometry`, of the same matrix and field of view, as a localizer of three planes has.
    """

    further: tuple[Geometry, ...] = ()

    def __iter__(self) -> Iterator[Frame]:
        try:
            yield from super().__iter__()
        finally:
            self.forget()

    def forget(self) -> None:
        """Let go of what was kept of the slices between images of different weightings."""
        self._sections.clear()

    @cached_property
    def _sections(self) -> Sections:
        return Sections(self.phantom, len(self.weightings) > 1)

    def __len__(self) -> int:
        return self._slices * len(self.weightings)

    @property
    def stacks(self) -> tuple[Geometry, ...]:
        """The stacks of slices; those of one weighting follow each other."""
        return (self.geometry, *self.further)

    @property
    def _slices(self) -> int:
        return sum(stack.slices for stack in self.stacks)

    def stack_of(self, index: int) -> int:
        """Which stack an image belongs to."""
        return self._place(index)[0]

    def slice_of(self, index: int) -> int:
        """Which slice of its stack an image shows."""
        return self._place(index)[1]

    def _place(self, index: int) -> tuple[int, int]:
        left = index % self._slices
        for number, stack in enumerate(self.stacks):
            if left < stack.slices:
                return number, left
            left -= stack.slices
        raise IndexError(index)

    def weighting_of(self, index: int) -> int:
        """Which of the protocol's weightings an image has."""
        return index // self._slices

    @cached_property
    def weightings(self) -> tuple[Weighting, ...]:
        """The images of each slice, in the order of the series."""
        return self.protocol.weightings

    @cached_property
    def all_signals(self) -> tuple[tuple[float, ...], ...]:
        """Signal of each label for each weighting, relative to fully relaxed water."""
        return tuple(
            tuple(tissue_signal(tissue, self.protocol, weighting) for tissue in self.phantom.tissues)
            for weighting in self.weightings
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

    @property
    def noise_stored(self) -> float:
        """Standard deviation of the noise of each channel in stored values, as in the middle of the coil."""
        return round(self.protocol.noise(self.geometry) * self.gain, 4)

    def properties(self, label: int) -> Mapping[str, float]:
        """What a structure does with the contrast agent that is followed."""
        taken_up = contrast.uptake(self.phantom.tissues[label]) if self.protocol.dynamic else None
        if taken_up is None:
            return {}
        return {"Ktrans_per_min": taken_up.ktrans_per_min, "ve": taken_up.ve, "vp": taken_up.vp}

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
        stack, of_stack = self._place(index)
        fine = self._seen(self._sections.averaged(stack, self._fine_stacks[stack], of_stack, values), index)
        matrix = self.protocol.matrix(self.geometry)
        parts = [kspace.spectrum(fine[..., place], matrix, shift_pixels=shift) for place, shift in enumerate(present)]
        return sum(parts[1:], start=parts[0])

    def _seen(self, fine: npt.NDArray[np.float32], index: int) -> npt.NDArray[np.float32]:
        """The object as the coil receives it and as the field's offsets displace it."""
        protocol = self.protocol
        if protocol.coil == "BODY" and not protocol.inhomogeneity_ppm:
            return fine
        stack, of_stack = self._place(index)
        x, y, z = sampling.coordinates(self._fine_stacks[stack], of_stack, (0.0, 0.0, 0.0))
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
    def _fine_stacks(self) -> tuple[Geometry, ...]:
        """The grids on which the object is seen."""
        return tuple(map(_finer, self.stacks))


def _finer(geometry: Geometry) -> Geometry:
    """A stack's grid with each pixel parted into squares."""
    finer = kspace.FINER
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
