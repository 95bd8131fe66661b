"""Normal random numbers that every processor makes alike.

Raw bits come from Philox4x64 (J. K. Salmon et al., SC11), keyed by seed, stream and slice, so that a slice can be made
alone. Sixteen bits each choose a quantile of the normal distribution from a table: no logarithm touches an array.
"""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]

_LEVELS = 1 << 16
_GRID = 1 << 12  # quantiles are rounded to 1/4096, far coarser than mathematical libraries differ
_WORDS_OF_A_DRAW = 4  # 16-bit words in 64 bits


@lru_cache(maxsize=1)
def _quantiles() -> Values:
    """Quantiles of the standard normal distribution at the middles of 65536 equal shares."""
    normal = NormalDist()
    upper = [round(normal.inv_cdf((i + 0.5) / _LEVELS) * _GRID) / _GRID for i in range(_LEVELS // 2, _LEVELS)]
    table = np.asarray([-value for value in reversed(upper)] + upper, dtype=np.float32)
    table.setflags(write=False)
    return table


def bits(seed: int, stream: int, index: int, count: int) -> npt.NDArray[np.uint16]:
    """Random 16-bit words.

    Args:
        seed: the acquisition's seed, any integer; its low 64 bits count.
        stream: which of the acquisition's sources of chance.
        index: the slice.
        count: how many words.
    """
    mask = (1 << 64) - 1
    generator = np.random.Philox(key=np.asarray([seed & mask, stream & mask], dtype=np.uint64), counter=index << 128)
    raw = generator.random_raw((count + _WORDS_OF_A_DRAW - 1) // _WORDS_OF_A_DRAW)
    return np.asarray(raw, dtype="<u8").view("<u2")[:count].astype(np.uint16, copy=False)


def normal(seed: int, stream: int, index: int, shape: tuple[int, int]) -> Values:
    """Independent standard normal deviates.

    Args:
        seed: the acquisition's seed.
        stream: which of the acquisition's sources of chance.
        index: the slice.
        shape: rows and columns.

    Returns:
        float32 of that shape, multiples of 1/4096 within 4.33.
    """
    return _quantiles()[bits(seed, stream, index, shape[0] * shape[1])].reshape(shape)
