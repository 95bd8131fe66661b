"""Samples as Waveform Data holds them (PS3.3 C.10.9.1.5 to C.10.9.1.7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modality.errors import UnsupportedError
from modality.iods.waveforms.recording import Group

BITS = {"SB": 8, "SS": 16, "SL": 32}
"""Waveform Bits Allocated of a Waveform Sample Interpretation: signed, linear (PS3.3 Table C.10-10)."""


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """The samples of a group, encoded.

    Args:
        interpretation: Waveform Sample Interpretation.
        data: Waveform Data, of an even number of bytes.
        offsets: of each channel: what was taken off its samples.
        padding: Waveform Padding Value, encoded; None where no sample is missing.
    """

    interpretation: str
    data: bytes
    offsets: tuple[int, ...]
    padding: bytes | None

    @property
    def bits(self) -> int:
        """Waveform Bits Allocated."""
        return BITS[self.interpretation]


def stored(group: Group, interpretations: tuple[str, ...]) -> Stored:
    """Encode a group in the narrowest of the sample types that its IOD allows.

    A range that the widest one does not hold as it is, such as unsigned words in signed ones, is moved to its lower
    end; the values are the same once Channel Baseline is added. Missing samples get a value that none of the others
    has.

    Args:
        group: with consistent shapes.
        interpretations: what the IOD allows, narrowest first.

    Raises:
        UnsupportedError: the range of a channel is wider than the widest type.
    """
    samples = np.asarray(group.samples).astype(np.int64)
    lost = np.zeros(len(samples), bool)
    for start, length in group.gaps:
        lost[start : start + length] = True
    ranges = [_range(samples[~lost, column], column, group) for column in range(samples.shape[1])]
    for interpretation in interpretations:
        low, high = _limits(interpretation)
        if all(low <= lowest and highest <= high for lowest, highest in ranges):
            offsets = (0,) * len(ranges)
            break
    else:
        offsets = tuple(lowest - low for lowest, _ in ranges)
    for (lowest, highest), channel in zip(ranges, group.channels, strict=True):
        if highest - lowest > high - low:
            raise UnsupportedError(
                f"channel {channel.name}: samples from {lowest} to {highest} do not fit {interpretation}"
            )
    moved = samples - np.array(offsets, np.int64)
    kind = np.dtype(f"<i{BITS[interpretation] // 8}")
    padding = None
    if lost.any():
        value = _unused(moved[~lost], low, high)
        moved[lost] = value
        padding = np.array([value]).astype(kind).tobytes()
        padding += bytes(len(padding) % 2)
    data = moved.astype(kind).tobytes()
    return Stored(interpretation, data + bytes(len(data) % 2), offsets, padding)


def _limits(interpretation: str) -> tuple[int, int]:
    half = 1 << (BITS[interpretation] - 1)
    return -half, half - 1


def _range(samples: npt.NDArray[np.int64], column: int, group: Group) -> tuple[int, int]:
    """What a channel's samples lie in: what the device can give, and never less than what it gave."""
    channel = group.channels[column]
    found = (int(samples.min()), int(samples.max())) if len(samples) else (0, 0)
    lowest = found[0] if channel.lowest is None else min(channel.lowest, found[0])
    highest = found[1] if channel.highest is None else max(channel.highest, found[1])
    return lowest, highest


def _unused(samples: npt.NDArray[np.int64], low: int, high: int) -> int:
    """The lowest value of the type that no sample has."""
    used = np.unique(samples)
    free = np.flatnonzero(used != low + np.arange(len(used)))
    value = low + int(free[0] if len(free) else len(used))
    if value > high:
        raise UnsupportedError("every value of the sample type is taken, and none is left for missing samples")
    return value
