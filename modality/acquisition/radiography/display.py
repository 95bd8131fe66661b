"""What the processing makes of a detector's values: raw ones in proportion to the beam, or a picture for the eye."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modality.acquisition.projection.detector import paths
from modality.acquisition.radiography.blur import narrow, wide

Real = npt.NDArray[np.float64]
Stored = npt.NDArray[np.uint16]

RAW_TARGET = 1024.0
"""Raw value of the exposure that the detector is meant to get; sixteen times as much saturates 14 bits: our choice."""

PRESENTED_BITS = 12
GREATEST = (1 << PRESENTED_BITS) - 1
"""Greatest value of a picture."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture is made: our choice, as multi-scale processing of radiographs does it.

    Args:
        base: share that is kept of the differences between large areas.
        base_mm: standard deviation of what counts as large.
        edges: by how much fine detail is raised.
        edge_mm: standard deviation of what counts as fine.
        shown: shares of the patient's values, counted from the brightest beam on, that become black and white.
        bare: attenuation, in mean free paths, below which nothing was in the beam.
    """

    base: float = 0.7
    base_mm: float = 30.0
    edges: float = 0.8
    edge_mm: float = 1.2
    shown: tuple[float, float] = (0.03, 0.995)
    bare: float = 0.3


def raw(signal: Real, target: float, bits_stored: int) -> Stored:
    """Values in proportion to the beam.

    Args:
        signal: relative to the beam with nothing in its way.
        target: the signal that the detector is meant to get.
        bits_stored: of a value.
    """
    values = np.rint(signal * (RAW_TARGET / target))
    stored: Stored = np.clip(values, 0, (1 << bits_stored) - 1).astype(np.uint16)
    return stored


def presented(signal: Real, look: Look, pitch_mm: float) -> Stored:
    """A picture: what attenuates is bright, large differences are compressed, edges raised, in 12 bits.

    Args:
        signal: relative to the beam with nothing in its way.
        look: how.
        pitch_mm: side of a pixel.
    """
    along = paths(1.0, signal)
    inside = along > look.bare
    base = wide(along, look.base_mm / pitch_mm, lost=False)
    fine = along - narrow(along, look.edge_mm / pitch_mm)
    picture = along + (look.base - 1.0) * base + look.edges * fine
    some = (
        np.sort(picture[inside][:: max(1, int(inside.sum()) // (1 << 16))]) if inside.any() else np.sort(along.ravel())
    )
    black, white = (float(some[min(some.size - 1, int(share * some.size))]) for share in look.shown)
    picture -= black
    picture *= 1.0 / max(white - black, 1e-6)
    # As film has it: steep in the middle, with a toe and a shoulder.
    np.clip(picture, -0.1, 1.1, out=picture)
    picture += 0.1
    picture *= 1.0 / 1.2
    picture *= 0.4 + picture * (1.3 - 0.7 * picture)
    picture *= GREATEST
    # Where nothing was in the beam it is black, by a smooth step.
    step = np.clip(along * (1.0 / look.bare), 0.0, 1.0)
    picture *= step * step * (3.0 - 2.0 * step)
    stored: Stored = np.clip(np.rint(picture), 0, GREATEST).astype(np.uint16)
    return stored
