"""The dose of a plan's beams: ray by ray through the patient's water-equivalent depth.

A point's dose is the inverse square of its distance from the source, times the dose in its depth (`beam_quality`),
times the field's fluence there; how it is scattered on the way is not followed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modality.acquisition.radiotherapy.beam_quality import SOURCE_AXIS_MM, fluence
from modality.acquisition.radiotherapy.beams import Axis, Beam
from modality.acquisition.radiotherapy.electron_density import relative_densities
from modality.acquisition.radiotherapy.grid import Grid, Values
from phantoms.phantom import Labels, Phantom

_SHARES = ((-0.25, -0.25, -0.375), (0.25, 0.25, -0.125), (-0.25, 0.25, 0.125), (0.25, -0.25, 0.375))
"""Points of a voxel that its density is the mean of, as those of a slice (`sampling.offsets`)."""

_AT_ONCE = 200_000  # points


def densities(phantom: Phantom, grid: Grid) -> tuple[Values, Labels]:
    """Electron density relative to water about each point of a grid, and the label there."""
    of_label = relative_densities(phantom)
    x, y, heights = grid.axes()
    density, labels = np.empty(grid.shape), np.empty(grid.shape, dtype=np.uint8)

    def seen(across: float, down: float, through: float) -> Labels:
        of_x, of_y = x + across * grid.step[0], y + down * grid.step[1]
        return phantom.labels(of_x.reshape(1, -1), of_y.reshape(-1, 1), np.full((1, 1), through))

    for number, height in enumerate(heights):
        total = np.zeros(grid.shape[1:])
        for across, down, through in _SHARES:
            total += of_label.take(seen(across, down, height + through * grid.step[2]))
        density[number] = total * (1.0 / len(_SHARES))
        labels[number] = seen(0.0, 0.0, height)
    return density, labels


def depths(density: Values, grid: Grid, axis: Axis) -> tuple[Values, Grid]:
    """Water-equivalent depths along the rays of a beam.

    Args:
        density: relative to water, on `grid`.
        grid: that all of the patient lies in; beyond it he goes on as at its border.
        axis: of the beam.

    Returns:
        Depths in mm, and the grid that they are on: places in the plane of the isocentre along the field's x and y, and
        distances from the source along the axis relative to that of the isocentre.
    """
    x, y, z = (np.asarray([places[0], places[-1]]) for places in grid.axes())
    share, u, v = (np.broadcast_to(one, (2, 2, 2)) for one in axis.seen(x, y.reshape(-1, 1), z.reshape(-1, 1, 1)))
    step = min(grid.step)
    along = step / SOURCE_AXIS_MM
    counts = [int((part.max() - part.min()) / by) + 2 for part, by in ((u, step), (v, step), (share, along))]
    fan = Grid((float(u.min()), float(v.min()), float(share.min())), (step, step, along), tuple(counts[::-1]))  # type: ignore[arg-type]
    of_u, of_v, shares = fan.axes()
    of_u, of_v = of_u.reshape(1, -1), of_v.reshape(-1, 1)
    length = step * np.sqrt(1.0 + (of_u * of_u + of_v * of_v) * (1.0 / SOURCE_AXIS_MM**2))
    found, before = np.empty(fan.shape), np.zeros(fan.shape[1:])
    for number, distance in enumerate(shares):
        met = grid.between(density, *axis.points(distance, of_u, of_v)) * length
        found[number] = before + 0.5 * met
        before += met
    return found, fan


def dose_gy(phantom: Phantom, beams: Sequence[Beam], grid: Grid) -> tuple[Values, Labels]:
    """Dose of all beams at the points of a grid, in Gy, and the labels there; nothing outside the patient.

    Args:
        phantom: who is treated.
        beams: each with the dose that it gives the isocentre.
        grid: whose box holds the patient.
    """
    density, labels = densities(phantom, grid)
    total = np.zeros(grid.shape)
    x, y, z = grid.axes()
    planes = max(1, _AT_ONCE // (grid.shape[1] * grid.shape[2]))
    for beam in beams:
        depth, fan = depths(density, grid, beam.axis)
        given = beam.dose_gy / beam.at_isocentre
        for first in range(0, grid.shape[0], planes):
            some = z[first : first + planes].reshape(-1, 1, 1)
            share, u, v = beam.axis.seen(x, y.reshape(-1, 1), some)
            # 1 / r2 = 1 / (share^2 (1 + tan^2)): the distance along the ray and not along the axis
            slant = 1.0 + (u * u + v * v) * (1.0 / SOURCE_AXIS_MM**2)
            at_depth = beam.quality.at_depth(fan.between(depth, u, v, share))
            dose = at_depth * fluence(u, v, beam.jaws_x_mm, beam.jaws_y_mm)
            total[first : first + planes] += given * dose / (share * share * slant)
    total[labels == 0] = 0.0
    return total, labels
