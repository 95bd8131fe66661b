"""A localizer: the tube stands still, the table moves through the fan, and one radiograph shows where to scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from modality.acquisition import orientation
from modality.acquisition.ct.photons import photons_per_mm2
from modality.acquisition.ct.protocol import CtProtocol
from modality.acquisition.ct.scan import CtAcquisition
from modality.acquisition.frames import Pixels
from modality.acquisition.projection.beam import beam
from modality.acquisition.projection.detector import counted, paths
from modality.acquisition.projection.materials import densities
from modality.acquisition.projection.shadow import lengths
from modality.errors import UnknownNameError, UsageError
from phantoms.attenuation import effective_energy_kev
from phantoms.errors import PhantomError
from phantoms.phantom import Phantom

DIRECTIONS: Mapping[str, tuple[str, int]] = {"frontal": ("coronal", 1), "lateral": ("sagittal", 0)}
"""The plane of the image, and the patient's axis along which the rays run."""

ZERO_MM = 200.0
"""Length of water that has the value 0; air has -1000, and values grow evenly with the water equivalent of the ray: our
choice, since scanners agree on no unit. They are no CT numbers."""

_CURRENT_MA, _TABLE_MM_PER_S = 35.0, 100.0  # customary, our choice


class CtLocalizer(CtAcquisition):
    """A radiograph in a plane through the axis of rotation; its rays are parallel, so nothing is magnified."""

    def ctdi_vol_mgy(self, index: int) -> float:
        """CTDIvol of an axial scan that gives each length of the patient as many mAs."""
        share = self._dwell_s * 1000.0 / self.protocol.exposure_time_ms
        return round(self.protocol.ctdi_vol_mgy_at(self.exposure.tube_current_ma(index)) * share, 4)

    @property
    def dlp_mgy_cm(self) -> float:
        """Dose-length product: CTDIvol times the length of the image."""
        return round(self.ctdi_vol_mgy(0) * self.geometry.field_of_view_mm[0] / 10.0, 3)

    @property
    def _dwell_s(self) -> float:
        """How long each height lies in the beam."""
        return self.protocol.collimation_mm / _TABLE_MM_PER_S

    def _pixels(self, index: int) -> Pixels:
        protocol, geometry = self.protocol, self.geometry
        along = DIRECTIONS[protocol.localizer or "frontal"][1]
        across = 1 - along
        x, y, z = geometry.position_mm(index)
        places = (x, y)[across] + np.arange(geometry.columns, dtype=np.float64) * geometry.column_spacing_mm
        heights = [round(z - row * geometry.row_spacing_mm, 6) for row in range(geometry.rows)]
        materials = densities(self.phantom.tissues)
        on_rays = np.stack([lengths(self.phantom, materials, one, places, along=along) for one in heights], axis=1)
        used = beam(protocol.kvp)
        mas = self.exposure.tube_current_ma(index) * self._dwell_s
        area = geometry.row_spacing_mm * geometry.column_spacing_mm
        photons = photons_per_mm2(protocol.kvp) * mas * area
        counts = counted(used.transmission(on_rays) * photons, self.seed, index)
        water_mm = used.water_equivalent_mm(paths(photons, counts))
        values = 1000.0 * (water_mm / ZERO_MM - 1.0)
        stored = np.rint((values - protocol.rescale_intercept) / protocol.rescale_slope)
        pixels: npt.NDArray[np.uint16] = np.clip(stored, 0, (1 << protocol.bits_stored) - 1).astype(np.uint16)
        return pixels


TAKES = ("rows", "columns", "kvp")
"""What can be set for a localizer beside its direction."""


def localizer(
    phantom: Phantom,
    protocol: CtProtocol,
    direction: str,
    *,
    seed: int,
    rows: int,
    columns: int,
    kvp: float | None = None,
    **others: Any,
) -> CtLocalizer:
    """Plan a localizer: a square image that shows the scan range.

    Args:
        phantom: what is scanned.
        protocol: of the body part.
        direction: frontal or lateral.
        seed: of the noise.
        rows: rows of the image.
        columns: columns of the image.
        kvp: tube voltage in kV; None takes the protocol's.
        **others: what else was asked for; all None, or it is no option of a localizer.

    Raises:
        UnknownNameError: no such direction.
        UsageError: an option that a localizer does not have.
    """
    if direction not in DIRECTIONS:
        raise UnknownNameError(f"localizer {direction!r}: one of {', '.join(DIRECTIONS)}")
    voltage = protocol.kvp if kvp is None else kvp
    try:
        effective_energy_kev(voltage)  # asks the table now, not when the image is made
    except PhantomError as error:
        raise UsageError(str(error)) from error
    for name, value in others.items():
        if value is not None:
            raise UsageError(f"{name.replace('_', ' ')}: not of a localizer, which has {', '.join(TAKES)} only")
    geometry = orientation.stack(
        phantom,
        DIRECTIONS[direction][0],
        rows=rows,
        columns=columns,
        slices=1,
        slice_thickness_mm=protocol.detector_row_mm,
        slice_spacing_mm=protocol.detector_row_mm,
    )
    time_ms = round(geometry.field_of_view_mm[0] / _TABLE_MM_PER_S * 1000.0, 3)
    return CtLocalizer(
        phantom,
        replace(
            protocol,
            kvp=voltage,
            localizer=direction,
            tube_current_ma=_CURRENT_MA,
            exposure_time_ms=time_ms,
            slice_thickness_mm=protocol.detector_row_mm,
            pitch=None,
            dose_modulation=False,
        ),
        geometry,
        seed,
    )
