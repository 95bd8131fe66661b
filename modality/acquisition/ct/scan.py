"""A CT scan: CT numbers with partial volume, point spread and noise, in 12 bits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from modality.acquisition import plan
from modality.acquisition.ct.exposure import Exposure
from modality.acquisition.ct.kernel import KERNEL_MTF50_PER_MM
from modality.acquisition.ct.noise_bank import UNIT, bank, slices_of_a_bank, summed
from modality.acquisition.ct.protocol import PROTOCOLS, CtProtocol
from modality.acquisition.ct.sections import Sections
from modality.acquisition.frames import Frame, Pixels, SliceBySlice
from modality.errors import UnknownNameError, UsageError
from phantoms.errors import PhantomError
from phantoms.phantom import Phantom

_BAND = 64  # rows that are computed at a time: what is in between stays in the processor's cache
_LEAST_MA = 1.0  # X-Ray Tube Current is a whole number of mA (PS3.3 C.8.2.1)
_MOST_PITCH = 2.0  # turns that are interpolated over 180 degrees then just meet
_MOST_TILT_DEG = 30.0  # our choice, as common gantries allow
_MOST_MOTION_MM = 50.0  # our choice

ENGINES = ("fast", "projection")
"""How slices come about; see `CtProtocol.engine`."""


@dataclass(frozen=True, eq=False)
class CtAcquisition(SliceBySlice[CtProtocol]):
    """A CT scan; each slice holds unsigned stored values."""

    def __iter__(self) -> Iterator[Frame]:
        try:
            yield from super().__iter__()
        finally:
            self._sections.clear()  # studies may be kept by the hundred

    @property
    def reformatted(self) -> bool:
        """Whether the images are other planes through the volume than those that were scanned."""
        upright = self.geometry.normal == (0.0, 0.0, 1.0)
        return not upright and self.protocol.localizer is None and self.geometry.step_direction is None

    @cached_property
    def exposure(self) -> Exposure:
        """Tube current and noise of each slice."""
        return Exposure(self.phantom, self.protocol, self.geometry, self._hounsfield)

    @property
    def dlp_mgy_cm(self) -> float:
        """Dose-length product: CTDIvol times the length that each slice stands for (AAPM Report 96, 2008)."""
        per_mm = sum(self.ctdi_vol_mgy(index) for index in range(len(self)))
        return round(per_mm * self.geometry.slice_spacing_mm / 10.0, 3)

    def ctdi_vol_mgy(self, index: int) -> float:
        """CTDIvol of a slice."""
        return self.protocol.ctdi_vol_mgy_at(self.exposure.tube_current_ma(index))

    @cached_property
    def _hounsfield(self) -> npt.NDArray[np.float32]:
        """CT number of each label."""
        return np.asarray([tissue.hu(self.protocol.kvp) for tissue in self.phantom.tissues], dtype=np.float32)

    @cached_property
    def _sections(self) -> Sections:
        """The slices without noise, in stored values; half a step more, so that cutting a fraction off rounds."""
        protocol = self.protocol
        stored = (self._hounsfield - np.float32(protocol.rescale_intercept)) * np.float32(1.0 / protocol.rescale_slope)
        stored += np.float32(0.5)
        ramp_mm = 0.0 if self.reformatted else protocol.profile_ramp_mm
        return Sections(self.phantom, self.geometry, stored, protocol.point_spread_mm, ramp_mm)

    def _pixels(self, index: int) -> Pixels:
        geometry, protocol = self.geometry, self.protocol
        kind = (
            (geometry.rows, geometry.columns),
            (geometry.row_spacing_mm, geometry.column_spacing_mm),
            protocol.point_spread_mm,
        )
        number, of_bank = divmod(index, slices_of_a_bank(*kind))
        crops = bank(self.seed, number, *kind).crops(of_bank)
        scale = np.float32(self.exposure.noise_hu(index) / (UNIT * protocol.rescale_slope))
        image, most = self._sections.image(index), (1 << protocol.bits_stored) - 1
        pixels = np.empty((geometry.rows, geometry.columns), dtype=np.uint16)
        for top in range(0, geometry.rows, _BAND):
            rows = slice(top, top + _BAND)
            band = np.multiply(summed(crop[rows] for crop in crops), scale, dtype=np.float32)
            band += image[rows]
            np.clip(band, 0, most, out=band)
            pixels[rows] = band
        return pixels


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
    pitch: float | None = None,
    dose_modulation: bool | None = None,
    gantry_tilt_deg: float | None = None,
    engine: str = "fast",
    beam_hardening_correction: bool | None = None,
    motion_mm: float | None = None,
    localizer: str | None = None,
    orientation: str = "axial",
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
        pitch: of a helical scan, at most 2; 0 scans with the table standing.
        dose_modulation: whether the tube current follows the patient's diameter.
        gantry_tilt_deg: turn of the gantry about the patient's x axis, up to 30 either way and not in a helical scan;
            positive takes the back of the slices to the head.
        engine: "fast", or "projection" for line integrals, a polychromatic beam, photons and filtered back projection.
        beam_hardening_correction: whether projections are calibrated with water, as they are unless this is False;
            engine "projection" only.
        motion_mm: how far the patient moves to the back while a slice is scanned; engine "projection" only.
        localizer: frontal or lateral for a radiograph of the scan range, which has no other options but rows, columns
            and kvp.
        orientation: axial, or sagittal, coronal or oblique for images reformatted from the scanned volume.

    Raises:
        UsageError: a number is out of range, no such kernel or engine, or an option that does not go with the others.
    """
    if engine not in ENGINES:
        raise UnknownNameError(f"engine {engine!r}: one of {', '.join(ENGINES)}")
    if localizer is not None:
        if orientation != "axial":
            raise UsageError("orientation: not of a localizer, whose direction is that of its rays")
        from modality.acquisition.ct import localizer as radiograph

        return radiograph.localizer(
            phantom,
            _prescribed(phantom),
            localizer,
            seed=seed,
            rows=rows,
            columns=columns,
            kvp=kvp,
            engine=None if engine == "fast" else engine,
            slices=slices,
            mas=mas,
            slice_thickness=slice_thickness_mm,
            slice_spacing=slice_spacing_mm,
            kernel=kernel,
            reconstruction_diameter=reconstruction_diameter_mm,
            pitch=pitch,
            dose_modulation=dose_modulation,
            gantry_tilt=gantry_tilt_deg,
            beam_hardening_correction=beam_hardening_correction,
            motion=motion_mm,
        )
    protocol = _chosen(
        _prescribed(phantom),
        kvp=kvp,
        mas=mas,
        slice_thickness_mm=slice_thickness_mm,
        slice_spacing_mm=slice_spacing_mm,
        kernel=kernel,
        pitch=pitch,
        dose_modulation=dose_modulation,
        gantry_tilt_deg=gantry_tilt_deg,
    )
    protocol = _by_engine(protocol, engine, beam_hardening_correction, motion_mm)
    if orientation == "axial":
        acquisition = _axial(phantom, protocol, seed, rows, columns, slices, reconstruction_diameter_mm)
    else:
        from modality.acquisition.ct.reformatted import reformatted  # a class of this one's

        acquisition = reformatted(
            phantom,
            protocol,
            orientation,
            seed=seed,
            rows=rows,
            columns=columns,
            slices=slices,
            field_of_view_mm=reconstruction_diameter_mm,
        )
    try:
        acquisition._hounsfield  # noqa: B018  (asks the tables now, not at the first slice)
    except PhantomError as error:
        raise UsageError(str(error)) from error
    return acquisition


def _axial(
    phantom: Phantom,
    protocol: CtProtocol,
    seed: int,
    rows: int,
    columns: int,
    slices: int | None,
    field_of_view_mm: float | None,
) -> CtAcquisition:
    """The slices as they are scanned."""
    geometry = plan.axial(
        phantom,
        rows=rows,
        columns=columns,
        slices=slices,
        slice_thickness_mm=protocol.slice_thickness_mm,
        slice_spacing_mm=protocol.slice_spacing_mm,
        field_of_view_mm=field_of_view_mm,
    )
    if protocol.gantry_tilt_deg:
        geometry = plan.tilted(geometry, protocol.gantry_tilt_deg)
    diameter = round(max(geometry.field_of_view_mm), 3)
    return _engine_class(protocol.engine)(
        phantom, replace(protocol, reconstruction_diameter_mm=diameter), geometry, seed
    )


def _engine_class(engine: str) -> type[CtAcquisition]:
    if engine == "fast":
        return CtAcquisition
    from modality.acquisition.ct.projected import ProjectionCt  # a class of this one's

    return ProjectionCt


def _by_engine(
    protocol: CtProtocol, engine: str, beam_hardening_correction: bool | None, motion_mm: float | None
) -> CtProtocol:
    """A protocol with its engine, and with what only projections have."""
    if engine == "fast":
        for name, value in (("beam hardening correction", beam_hardening_correction), ("motion", motion_mm)):
            if value is not None:
                raise UsageError(f"{name}: the fast engine has no projections; choose engine projection")
        return protocol
    motion = 0.0 if motion_mm is None else float(motion_mm)
    if not 0.0 <= motion <= _MOST_MOTION_MM:
        raise UsageError(f"motion {motion:g}: between 0 and {_MOST_MOTION_MM:g} mm")
    corrected = beam_hardening_correction is not False
    return replace(protocol, engine=engine, beam_hardening_correction=corrected, motion_mm=motion)


def _prescribed(phantom: Phantom) -> CtProtocol:
    """The protocol of the body part, with the slices that a test object's manual asks for."""
    protocol = PROTOCOLS.get(phantom.body_part, PROTOCOLS["PHANTOM"])
    if phantom.slices_mm is None:
        return protocol
    thickness, spacing = phantom.slices_mm
    return replace(protocol, slice_thickness_mm=thickness, slice_spacing_mm=spacing)


def _chosen(
    protocol: CtProtocol,
    *,
    kvp: float | None,
    mas: float | None,
    slice_thickness_mm: float | None,
    slice_spacing_mm: float | None,
    kernel: str | None,
    pitch: float | None,
    dose_modulation: bool | None,
    gantry_tilt_deg: float | None,
) -> CtProtocol:
    """A protocol with what the operator changed."""
    if slice_spacing_mm is None:
        slice_spacing_mm = slice_thickness_mm
    for name, value in (("kvp", kvp), ("mas", mas), ("slice thickness", slice_thickness_mm)):
        if value is not None:
            plan.positive(name, value)
    if slice_spacing_mm is not None:
        plan.positive("slice spacing", slice_spacing_mm)
    if kernel is not None and kernel not in KERNEL_MTF50_PER_MM:
        raise UnknownNameError(f"kernel {kernel!r}: one of {', '.join(KERNEL_MTF50_PER_MM)}")
    changes = {
        "kvp": kvp,
        "tube_current_ma": None if mas is None else mas * 1000.0 / protocol.exposure_time_ms,
        "slice_thickness_mm": slice_thickness_mm,
        "slice_spacing_mm": slice_spacing_mm,
        "kernel": kernel,
        "dose_modulation": dose_modulation,
        "gantry_tilt_deg": gantry_tilt_deg,
    }
    if mas is not None and mas * 1000.0 / protocol.exposure_time_ms < _LEAST_MA:
        least = _LEAST_MA * protocol.exposure_time_ms / 1000.0
        raise UsageError(f"mas {mas:g}: at least {least:g}, which is a tube current of {_LEAST_MA:g} mA")
    changed = replace(protocol, **{name: value for name, value in changes.items() if value is not None})  # type: ignore[arg-type]
    if pitch is not None:
        if pitch and plan.positive("pitch", pitch) > _MOST_PITCH:
            raise UsageError(f"pitch {pitch:g}: at most {_MOST_PITCH:g}, or the helix leaves gaps")
        changed = replace(changed, pitch=pitch or None)
    if not abs(changed.gantry_tilt_deg) <= _MOST_TILT_DEG:
        raise UsageError(f"gantry tilt {changed.gantry_tilt_deg:g}: at most {_MOST_TILT_DEG:g} degrees either way")
    if changed.gantry_tilt_deg and changed.pitch is not None:
        raise UsageError("a tilted gantry scans no helix: set the pitch to 0")
    return changed
