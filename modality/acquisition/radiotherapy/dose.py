"""The dose of a plan, on a grid over the patient."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from modality.acquisition.digest import content_digest
from modality.acquisition.frames import Frame
from modality.acquisition.radiotherapy import plan as plans
from modality.acquisition.radiotherapy.engine import dose_gy
from modality.acquisition.radiotherapy.grid import Grid, Values
from modality.acquisition.radiotherapy.histograms import Histogram, histogram
from modality.acquisition.radiotherapy.plan import Plan
from modality.acquisition.radiotherapy.structures import Holes
from modality.acquisition.reported import Origin
from modality.errors import UsageError
from phantoms.phantom import Labels, Phantom

DEPTHS = {16: 2**16 - 1, 32: 2**31 - 1}
"""Greatest stored value by Bits Stored (PS3.3 C.8.8.3.4.4); of 32 bits one is left alone: some take it for a sign."""

_FINEST_MM, _COARSEST_MM = 1.0, 20.0
_MOST_POINTS = 40_000_000  # our choice: some GB while it is computed
_DIGITS = 10  # of Dose Grid Scaling, which has 16 characters


@dataclass(frozen=True, slots=True)
class Stored:
    """How doses are stored.

    Args:
        bits_stored: 16 or 32.
    """

    bits_stored: int


@dataclass(frozen=True, eq=False)
class PlanDose:
    """A plan, and the dose that it gives.

    Args:
        scan: the plan.
        grid_mm: distance of the dose's points.
        protocol: how it is stored.
        origin: the series that the plan is kept as; by default the one that the kind rtplan makes.
    """

    scan: Plan
    grid_mm: float = 3.0
    protocol: Stored = Stored(16)
    origin: Origin | None = None

    @property
    def seed(self) -> int:
        """Of the scan."""
        return self.scan.seed

    @property
    def phantom(self) -> Phantom:
        """What was scanned."""
        return self.scan.phantom

    @property
    def body_part(self) -> str:
        """Body Part Examined of the scan."""
        return self.scan.body_part

    @property
    def digested(self) -> Any:
        """What determines the dose besides the seed."""
        return (self.grid_mm, self.protocol, content_digest(self.scan))

    @cached_property
    def grid(self) -> Grid:
        """Where doses are computed: a box about the body, from the first slice of the scan to the last.

        Raises:
            UsageError: it has too many points.
        """
        geometry, body = self.scan.scan.scan.geometry, self.scan.scan.body
        corners = np.asarray(
            [
                (loop[:, axis].min(), loop[:, axis].max())
                for section in body.sections for loop in section.loops_mm for axis in (0, 1)
            ]
        ).reshape(-1, 2, 2)  # fmt: skip
        first, last = geometry.position_mm(0), geometry.position_mm(geometry.slices - 1)
        # An axial scan: columns run along x, rows along y.
        spans = [
            (
                first[axis] + corners[:, axis, 0].min() - self.grid_mm,
                first[axis] + corners[:, axis, 1].max() + self.grid_mm,
            )
            for axis in (0, 1)
        ]
        # Of a single slice too there are several planes: one offset makes no vector (PS3.6, its multiplicity is 2-n).
        beyond = self.grid_mm if geometry.slices == 1 else 0.0
        spans.append((min(first[2], last[2]) - beyond, max(first[2], last[2]) + beyond))
        counts = [math.ceil(round((high - low) / self.grid_mm, 6)) + 1 for low, high in spans]
        x, y, z = (round(float(low), 3) for low, _ in spans)
        found = Grid((x, y, z), (self.grid_mm,) * 3, (counts[2], counts[1], counts[0]))
        if found.size > _MOST_POINTS:
            raise UsageError(
                f"a dose of {found.size} points is too large: choose a grid coarser than {self.grid_mm:g} mm"
            )
        return found

    def __len__(self) -> int:
        return self.grid.shape[0]

    @cached_property
    def _stored(self) -> tuple[float, npt.NDArray[np.uint32], Labels]:
        """Dose Grid Scaling, the doses in it, and the labels on the grid."""
        dose, labels = dose_gy(self.phantom, self.scan.fields, self.grid)
        most = DEPTHS[self.protocol.bits_stored]
        scaling = float(f"{float(dose.max()) * (1.0 + 1e-9) / most:.{_DIGITS - 1}e}")
        stored = np.floor(dose * (1.0 / scaling) + 0.5)
        return scaling, np.clip(stored, 0, most).astype(np.uint32), labels

    @property
    def scaling_gy(self) -> float:
        """Dose Grid Scaling: Gy of a stored 1."""
        return self._stored[0]

    @property
    def dose_gy(self) -> Values:
        """The dose as it is stored, on the grid."""
        scaling, stored, _ = self._stored
        found: Values = stored.astype(np.float64) * scaling
        return found

    def __iter__(self) -> Iterator[Frame]:
        kind = np.uint16 if self.protocol.bits_stored == 16 else np.uint32
        return (Frame(index, plane.astype(kind)) for index, plane in enumerate(self._stored[1]))

    @cached_property
    def histograms(self) -> tuple[Histogram, ...]:
        """Of each structure that a slice shows."""
        dose, labels, outlined = self.dose_gy, self._stored[2], self.scan.scan
        return tuple(
            histogram(roi, outlined.scan.geometry, dose, labels, self.grid) for roi in outlined.rois if roi.sections
        )


def rtdose(
    phantom: Phantom,
    *,
    seed: int,
    grid_mm: float = 3.0,
    bits: int = 16,
    prescription_gy: float = 60.0,
    fractions: int = 30,
    beams: int = 5,
    energy_mv: int = 6,
    margin_mm: float = 5.0,
    target: str = "",
    holes: Holes = "keyhole",
    rows: int = 512,
    columns: int = 512,
    slices: int | None = None,
    kvp: float | None = None,
    mas: float | None = None,
    pitch: float | None = None,
    slice_thickness_mm: float | None = None,
) -> PlanDose:
    """Plan the dose of a plan; what follows the bits are options of the kind rtplan.

    Args:
        phantom: what is scanned.
        seed: of the scan.
        grid_mm: distance of the dose's points, 1 to 20.
        bits: 16 or 32: Bits Stored.
        prescription_gy: dose of all fractions at the isocentre, in Gy, at most 200.
        fractions: in how many parts it is given, 1 to 100.
        beams: how many, 1 to 36, at even distances about the patient, the first from before him.
        energy_mv: nominal energy of the photons in MV: 6, 10 or 18.
        margin_mm: from the target to the border of what is planned for (PTV), 0 to 30.
        target: name of the structure that is treated, as the truth lists it; the first lesion by default, or else the
            smallest structure.
        holes: keyhole or xor: how a contour of the structure set says what lies not within.
        rows: rows of a slice.
        columns: columns of a slice.
        slices: number of slices, spread over the scan range; None scans it at the slice spacing.
        kvp: tube voltage in kV, 70 to 150.
        mas: tube current times rotation time, in mAs.
        pitch: of a helical scan, at most 2; 0 scans with the table standing.
        slice_thickness_mm: nominal thickness; also the spacing.

    Raises:
        UsageError: a number is out of range, or there is no such structure or form of holes.
    """
    if not _FINEST_MM <= grid_mm <= _COARSEST_MM:
        raise UsageError(f"grid {grid_mm:g} mm: between {_FINEST_MM:g} and {_COARSEST_MM:g} mm")
    if bits not in DEPTHS:
        raise UsageError(f"bits {bits}: one of {', '.join(map(str, DEPTHS))}")
    plan = plans.rtplan(
        phantom, seed=seed, prescription_gy=prescription_gy, fractions=fractions, beams=beams, energy_mv=energy_mv,
        margin_mm=margin_mm, target=target, holes=holes, rows=rows, columns=columns, slices=slices, kvp=kvp, mas=mas,
        pitch=pitch, slice_thickness_mm=slice_thickness_mm,
    )  # fmt: skip
    return PlanDose(plan, float(grid_mm), Stored(int(bits)))
