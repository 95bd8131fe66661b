"""What the operator of an MR scanner sets: the pulse sequence, its times, and how the receiver samples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from modality.acquisition.geometry import Geometry
from modality.acquisition.mr.field import Coil
from modality.acquisition.mr.kspace import Filtering, Matrix
from modality.acquisition.mr.signal import GYROMAGNETIC_RATIO_MHZ_PER_T

Sequence = Literal["SE", "TSE", "GRE", "IR", "FLAIR", "STIR", "bSSFP", "DWI"]

SPIN_ECHOES = frozenset({"SE", "TSE", "IR", "FLAIR", "STIR", "DWI"})
"""Sequences of pulses of 90 and 180 degrees; the others are gradient echoes."""
NULLED: Mapping[Sequence, str] = {"FLAIR": "cerebrospinal fluid", "STIR": "adipose"}
"""The tissue that an inversion recovery leaves dark when no inversion time is given."""
INVERTED = frozenset({"IR", "FLAIR", "STIR"})
"""Sequences that begin with an inversion."""

_REFERENCE_NOISE = 1.0 / 60.0
_REFERENCE_VOXEL_MM3 = 5.0
_REFERENCE_BANDWIDTH_HZ = 130.0
_REFERENCE_PHASE_ENCODINGS = 256
_REFERENCE_FIELD_T = 1.5


@dataclass(frozen=True, slots=True)
class Weighting:
    """What sets one image of a slice apart from the others of its series.

    Args:
        echo_time_ms: TE.
        echo_number: place of the echo in its train, from 1.
        inversion_time_ms: TI; None without an inversion.
        b_s_per_mm2: diffusion weighting; None when the sequence has none.
        after_bolus_s: from the contrast agent's arrival to the middle of the image's acquisition; None without agent.
    """

    echo_time_ms: float
    echo_number: int = 1
    inversion_time_ms: float | None = None
    b_s_per_mm2: float | None = None
    after_bolus_s: float | None = None


@dataclass(frozen=True, slots=True)
class MrProtocol:
    """What the operator sets, and how values are stored.

    Args:
        name: what the series is called.
        sequence: SE, a 90-180 spin echo; TSE, a train of them; GRE, a spoiled gradient echo; IR, an inversion recovery
            with a spin echo; FLAIR and STIR, the same that null cerebrospinal fluid and fat; bSSFP, balanced free
            precession; DWI, a diffusion-weighted echo-planar spin echo with fat saturation.
        repetition_time_ms: TR.
        echo_times_ms: TE, ascending; several give an image for each.
        flip_angle_deg: flip angle.
        inversion_times_ms: TI, ascending; several give an image for each.
        b_values_s_per_mm2: diffusion weightings; several give an image for each.
        echo_train_length: echoes of one excitation that belong to one image; of DWI, all lines of the image.
        echo_spacing_ms: time between the echoes of a train.
        field_strength_t: magnetic field, 0.2 to 7 T.
        slice_thickness_mm: nominal thickness.
        slice_spacing_mm: distance of the slices when the whole phantom is scanned.
        averages: number of signal averages.
        pixel_bandwidth_hz: receiver bandwidth of one pixel as acquired.
        acquired_rows: phase encodings; the image's further rows come from zero filling. None acquires all.
        acquired_columns: readout samples; likewise.
        partial_fourier: share of the phase encodings that are measured, over 0.5 to 1.
        filtering: NONE or HAMMING, a filter of k-space against ringing.
        coil: BODY receives evenly; ARRAY, eight loops around the patient, more near them.
        inhomogeneity_ppm: offset of the field on the axis, 100 mm from the centre; it shifts what lies there along the
            readout, and in echo-planar images along the phase encoding.
        temporal_positions: how often each slice is taken while a contrast agent passes; 1 gives none.
        temporal_resolution_s: time from one of them to the next.
        bolus_arrival_s: when the agent arrives, from the beginning of the series.
        bits_stored: bits of a stored value.
    """

    name: str
    sequence: Sequence
    repetition_time_ms: float
    echo_times_ms: tuple[float, ...]
    flip_angle_deg: float = 90.0
    inversion_times_ms: tuple[float, ...] = ()
    b_values_s_per_mm2: tuple[float, ...] = ()
    echo_train_length: int = 1
    echo_spacing_ms: float = 0.0
    field_strength_t: float = 1.5
    slice_thickness_mm: float = 5.0
    slice_spacing_mm: float = 6.0
    averages: int = 1
    pixel_bandwidth_hz: float = 130.0
    acquired_rows: int | None = None
    acquired_columns: int | None = None
    partial_fourier: float = 1.0
    filtering: Filtering = "NONE"
    coil: Coil = "BODY"
    inhomogeneity_ppm: float = 0.0
    temporal_positions: int = 1
    temporal_resolution_s: float = 0.0
    bolus_arrival_s: float = 0.0
    bits_stored: int = 12

    @property
    def echo_time_ms(self) -> float:
        """TE of the first image."""
        return self.echo_times_ms[0]

    @property
    def imaging_frequency_mhz(self) -> float:
        """Precession frequency of the proton."""
        return round(GYROMAGNETIC_RATIO_MHZ_PER_T * self.field_strength_t, 6)

    @property
    def dynamic(self) -> bool:
        """Whether a contrast agent is followed."""
        return self.temporal_positions > 1

    @property
    def weightings(self) -> tuple[Weighting, ...]:
        """The images of each slice, in the order of the series."""
        if self.dynamic:
            middles = ((number + 0.5) * self.temporal_resolution_s for number in range(self.temporal_positions))
            return tuple(
                Weighting(self.echo_time_ms, after_bolus_s=round(middle - self.bolus_arrival_s, 6))
                for middle in middles
            )
        if self.b_values_s_per_mm2:
            return tuple(Weighting(self.echo_time_ms, b_s_per_mm2=b) for b in self.b_values_s_per_mm2)
        if self.inversion_times_ms:
            return tuple(Weighting(self.echo_time_ms, inversion_time_ms=ti) for ti in self.inversion_times_ms)
        return tuple(Weighting(te, number) for number, te in enumerate(self.echo_times_ms, start=1))

    @property
    def refocusing_ms(self) -> tuple[float, ...]:
        """Times of the pulses of 180 degrees after that of 90, half-way between the echoes of the train."""
        if self.echo_spacing_ms:
            return tuple((echo + 0.5) * self.echo_spacing_ms for echo in range(self.echo_train_length))
        before = (0.0, *self.echo_times_ms)
        return tuple((a + b) / 2 for a, b in zip(before, self.echo_times_ms, strict=False))

    def matrix(self, geometry: Geometry) -> Matrix:
        """How k-space is sampled for these images."""
        return Matrix(
            geometry.rows,
            geometry.columns,
            min(geometry.rows, self.acquired_rows or geometry.rows),
            min(geometry.columns, self.acquired_columns or geometry.columns),
            self.partial_fourier,
            self.filtering,
        )

    def duration_ms(self, geometry: Geometry) -> float:
        """How long one weighting takes, its slices interleaved: TR for each excitation."""
        excitations = -(-self.matrix(geometry).measured_rows // self.echo_train_length) * self.averages
        return self.repetition_time_ms * excitations

    def begun_ms(self, weighting: int, geometry: Geometry) -> float:
        """When the acquisition of a weighting begins, from the beginning of the series."""
        if self.dynamic:
            return round(weighting * self.temporal_resolution_s * 1000.0, 3)
        return 0.0 if len(self.echo_times_ms) > 1 else weighting * self.duration_ms(geometry)

    def shift_pixels(self, chemical_shift_ppm: float) -> float:
        """How far protons of another frequency than water's appear along the readout, in pixels as acquired."""
        return round(chemical_shift_ppm * self.imaging_frequency_mhz / self.pixel_bandwidth_hz, 6)

    def off_resonance_pixels(self, geometry: Geometry) -> float:
        """How far an offset of 1 ppm shifts signal, in pixels of the image.

        Along the readout in general. An echo-planar image is read in one go, so there a line takes as long as the
        readout and the phase encoding has the bandwidth of all lines together: the shift is along it.
        """
        matrix = self.matrix(geometry)
        per_acquired = self.imaging_frequency_mhz / self.pixel_bandwidth_hz
        if self.sequence == "DWI":
            return per_acquired * matrix.rows
        return per_acquired * matrix.columns / matrix.acquired_columns

    def noise(self, geometry: Geometry) -> float:
        """Standard deviation of each channel, relative to the signal of fully relaxed water.

        The signal-to-noise ratio grows with the field, the voxel, and the root of averages times phase encodings over
        bandwidth: W. A. Edelstein et al., Magn. Reson. Med. 3:604 (1986). This scanner has 60 for water in a voxel
        of 5 mm3 at 1.5 T, 130 Hz per pixel, 256 phase encodings and one average.
        """
        matrix = self.matrix(geometry)
        height_mm, width_mm = geometry.field_of_view_mm
        pixel = height_mm / matrix.acquired_rows * width_mm / matrix.acquired_columns
        voxel = pixel * geometry.slice_thickness_mm
        samples = self.averages * matrix.acquired_rows / _REFERENCE_PHASE_ENCODINGS
        time = samples * _REFERENCE_BANDWIDTH_HZ / self.pixel_bandwidth_hz
        ratio = (voxel / _REFERENCE_VOXEL_MM3) * (self.field_strength_t / _REFERENCE_FIELD_T) * math.sqrt(time)
        return round(_REFERENCE_NOISE / ratio, 9)


PROTOCOLS: Mapping[str, MrProtocol] = {
    "T1": MrProtocol("T1", "SE", 500.0, (14.0,)),
    "T2": MrProtocol("T2", "SE", 4500.0, (100.0,)),
    "PD": MrProtocol("PD", "SE", 3000.0, (20.0,)),
    "T1 GRE": MrProtocol("T1 GRE", "GRE", 180.0, (4.6,), flip_angle_deg=70.0),
}
"""Protocols by name."""

USUAL: Mapping[Sequence, MrProtocol] = {
    "SE": PROTOCOLS["T1"],
    "TSE": MrProtocol("TSE", "TSE", 4000.0, (100.0,), echo_train_length=16, echo_spacing_ms=10.0),
    "GRE": PROTOCOLS["T1 GRE"],
    "IR": MrProtocol("IR", "IR", 15000.0, (10.0,), inversion_times_ms=(400.0,), averages=8, filtering="HAMMING"),
    "FLAIR": MrProtocol("FLAIR", "FLAIR", 9000.0, (110.0,), echo_train_length=16, echo_spacing_ms=10.0),
    "STIR": MrProtocol("STIR", "STIR", 4500.0, (60.0,), echo_train_length=12, echo_spacing_ms=10.0),
    "bSSFP": MrProtocol("bSSFP", "bSSFP", 5.0, (2.5,), flip_angle_deg=60.0, pixel_bandwidth_hz=500.0),
    "DWI": MrProtocol(
        "DWI", "DWI", 5000.0, (90.0,), b_values_s_per_mm2=(0.0, 1000.0), averages=4, pixel_bandwidth_hz=1500.0
    ),
}
"""What a sequence is set to when nothing else is asked for: customary times, our choice. An inversion recovery waits
15 s, so that magnetization is back before the next inversion; it and the train of spin echoes average eight times and
filter k-space, so that fits of T1 and T2 see little noise and ringing."""

DYNAMIC = MrProtocol("DYNAMIC", "GRE", 40.0, (2.0,), flip_angle_deg=40.0, pixel_bandwidth_hz=260.0)
"""A spoiled gradient echo that follows a contrast agent: our choice, fast and weighted by T1."""

SEVERAL_ECHOES: Mapping[Sequence, MrProtocol] = {
    "SE": MrProtocol(
        "T2 MAP", "SE", 6000.0, (20.0, 40.0, 60.0, 80.0, 100.0, 120.0, 140.0, 160.0), averages=8, filtering="HAMMING"
    ),
    "GRE": PROTOCOLS["T1 GRE"],
}
"""Sequences whose train of echoes gives an image each, and their settings then."""
