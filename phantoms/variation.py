"""Numbers that vary from seed to seed: integer hashing, so that every platform draws the same."""

from __future__ import annotations

_MASK = (1 << 64) - 1
_FNV_OFFSET = 0xCBF29CE484222325
_FNV_PRIME = 0x100000001B3


def mix(value: int) -> int:
    """Scramble 64 bits: the output function of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014).

    Args:
        value: any integer; its low 64 bits count.

    Returns:
        An integer of 64 bits.
    """
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def key(seed: int, name: str) -> int:
    """Hash a seed and a name to 64 bits (FNV-1a over the name, mixed with the seed)."""
    state = _FNV_OFFSET
    for byte in name.encode():
        state = ((state ^ byte) * _FNV_PRIME) & _MASK
    return mix(state ^ mix(seed))


class Variation:
    """What one seed makes of a phantom's measures.

    Args:
        seed: the phantom's seed.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def uniform(self, name: str, low: float, high: float) -> float:
        """A number between `low` and `high`, always the same for one seed and name, rounded to 1e-6."""
        share = (key(self.seed, name) >> 11) / (1 << 53)
        return round(low + (high - low) * share, 6)

    def around(self, name: str, value: float, spread: float) -> float:
        """A number at most `spread` away from `value`."""
        return self.uniform(name, value - spread, value + spread)

    def stream(self, name: str) -> int:
        """A seed for something that draws its own numbers."""
        return key(self.seed, name)
