"""What the leads of an ECG see of the heart's dipole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from modality.acquisition.cardiac.waves import Vector
from modality.acquisition.curves import Values

DOWER: Mapping[str, Vector] = {
    "I": (0.632, -0.235, 0.059),
    "II": (0.235, 1.066, -0.132),
    "V1": (-0.515, 0.157, -0.917),
    "V2": (0.044, 0.164, -1.387),
    "V3": (0.882, 0.098, -1.277),
    "V4": (1.213, 0.127, -0.601),
    "V5": (1.125, 0.127, -0.086),
    "V6": (0.831, 0.076, 0.230),
}
"""Independent leads from Frank's X, Y and Z: G. E. Dower, H. B. Machado, J. A. Osborne, Clin. Cardiol. 3:87 (1980)."""

FRANK: Mapping[str, Vector] = {"X": (1.0, 0.0, 0.0), "Y": (0.0, 1.0, 0.0), "Z": (0.0, 0.0, 1.0)}

TWELVE = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
"""The leads of a standard ECG in their usual order."""

# From I and II by Einthoven's law and Goldberger's terminals: twice the lead is a I + b II.
_LIMBS = {"III": (-2, 2), "aVR": (-1, -1), "aVL": (2, -1), "aVF": (-1, 2)}

Stored = npt.NDArray[np.int32]


def measured(names: Sequence[str]) -> tuple[str, ...]:
    """The leads that an amplifier measures so that these can be had."""
    wanted = [name for name in names if name not in _LIMBS]
    if len(wanted) < len(names):
        wanted = ["I", "II", *wanted]
    return tuple(dict.fromkeys(wanted))


def seen(dipole: Values, name: str) -> Values:
    """A measured lead, in mV.

    Args:
        dipole: shape (3, samples), in mV.
        name: of `DOWER` or `FRANK`.
    """
    left, foot, back = {**DOWER, **FRANK}[name]
    found: Values = dipole[0] * left + dipole[1] * foot + dipole[2] * back
    return found


def complete(sampled: Mapping[str, Stored], names: Sequence[str]) -> Stored:
    """Leads in their order, those of the limbs computed from the samples of I and II as an electrocardiograph does.

    Args:
        sampled: the measured leads.
        names: what is wanted.

    Returns:
        shape (samples, leads).
    """

    def one(name: str) -> Stored:
        if name not in _LIMBS:
            return sampled[name]
        of_one, of_two = _LIMBS[name]
        return (of_one * sampled["I"] + of_two * sampled["II"]) // 2

    return np.stack([one(name) for name in names], axis=1)
