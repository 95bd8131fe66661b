"""A CT scan by its projections: what a scanner's detector measures, reconstructed by filtered back projection."""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np
import numpy.typing as npt

from modality.acquisition.ct.photons import photons_per_mm2
from modality.acquisition.ct.scan import CtAcquisition
from modality.acquisition.frames import Pixels
from modality.acquisition.projection.beam import Beam, beam
from modality.acquisition.projection.boundaries import Plane, boundaries
from modality.acquisition.projection.detector import counted, paths
from modality.acquisition.projection.materials import densities
from modality.acquisition.projection.reconstruction import back_projected
from modality.acquisition.projection.sinogram import Cells, Projector, View

Real = npt.NDArray[np.float64]

VIEWS = 720
"""Views of a half turn of parallel rays, to which scanners sort those of their fan: our choice."""
CELL_MM = 0.3
"""Width of a detector's cell at the axis of rotation: our choice, fine enough for the sharp kernel."""

_FINER = 2  # rays of a cell, which are averaged: not their logarithms, so that steep edges streak as in a scanner
_CHUNK = 60  # views that stand in memory with all their materials
_CALIBRATION_MM = 200.0  # of water, where the beam-hardening correction is off


class ProjectionCt(CtAcquisition):
    """A CT scan of engine "projection".

    Every slice is scanned in half a turn with the table standing still: of a helix only the slice sensitivity profile
    and the dose remain, the noise is that of each ray's photons, and beam hardening, streaks from metal and from
    starvation, and motion are what the rays make of them. Water has 0 HU along every path, for which projections are
    calibrated; all else has the number of the beam that is left behind the patient, not that of the tube's effective
    energy as in the truth: in 200 mm of water polyethylene and acrylic lie some 10 HU lower, bone some 40 HU higher.
    """

    @cached_property
    def _densities(self) -> Real:
        """Partial densities of the basis materials for each label."""
        return densities(self.phantom.tissues)

    def _pixels(self, index: int) -> Pixels:
        protocol, geometry = self.protocol, self.geometry
        used = beam(protocol.kvp)
        views = self._views()
        transmission, cells = self._transmission(index, used, views)
        current = self.exposure.tube_current_ma(index)
        per_mm2 = photons_per_mm2(protocol.kvp) * protocol.exposure_mas_at(current) / (protocol.pitch or 1.0)
        photons = per_mm2 * CELL_MM * protocol.slice_thickness_mm / VIEWS
        counts = counted(transmission * photons, self.seed, index)
        along = paths(photons, counts)
        if protocol.beam_hardening_correction:
            water_mm = used.water_equivalent_mm(along)
        else:
            water_mm = along * (_CALIBRATION_MM / used.water_path(_CALIBRATION_MM))
        image = back_projected(water_mm, views, cells, geometry, protocol.point_spread_mm)
        image -= 1.0
        image *= 1000.0
        image -= protocol.rescale_intercept
        image /= protocol.rescale_slope
        np.rint(image, out=image)
        np.clip(image, 0, (1 << protocol.bits_stored) - 1, out=image)
        pixels: npt.NDArray[np.uint16] = image.astype(np.uint16)
        return pixels

    def _views(self) -> list[View]:
        """The directions, from rays across the patient on.

        A patient who moves does so steadily, from half the way before the middle of the scan to half the way after it:
        walls that are seen first and last, the front and the back, are then seen at two places.
        """
        motion = self.protocol.motion_mm
        return [
            View.at(90.0 + 180.0 * number / VIEWS, (0.0, round(motion * ((number + 0.5) / VIEWS - 0.5), 6)))
            for number in range(VIEWS)
        ]

    def _transmission(self, index: int, used: Beam, views: list[View]) -> tuple[Real, Cells]:
        """The share of the photons that reaches each cell, shape (views, cells)."""
        found = boundaries(self.phantom, self._plane(index))
        reach = found.radius_mm + abs(self.protocol.motion_mm) / 2.0
        cells = Cells(2 * (math.ceil(reach / CELL_MM) + 2), CELL_MM)
        projector = Projector(found, self._densities, Cells(cells.count * _FINER, CELL_MM / _FINER))
        parts = []
        for first in range(0, len(views), _CHUNK):
            lengths = np.stack([projector.lengths(view) for view in views[first : first + _CHUNK]], axis=1)
            rays = used.transmission(lengths)
            parts.append((rays[:, ::_FINER] + rays[:, 1::_FINER]) / _FINER)
        return np.concatenate(parts), cells

    def _plane(self, index: int) -> Plane:
        """The plane of a slice; the axis of rotation goes through its middle."""
        geometry = self.geometry
        across = (geometry.columns - 1) / 2.0 * geometry.column_spacing_mm
        down = (geometry.rows - 1) / 2.0 * geometry.row_spacing_mm
        x, y, z = (
            round(p + across * a + down * d, 6)
            for p, a, d in zip(
                geometry.position_mm(index), geometry.row_direction, geometry.column_direction, strict=True
            )
        )
        return Plane(
            (x, y, z),
            geometry.row_direction,
            geometry.column_direction,
            geometry.normal,
            geometry.slice_thickness_mm,
            self.protocol.profile_ramp_mm,
        )
