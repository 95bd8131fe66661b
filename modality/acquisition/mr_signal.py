"""What a pulse sequence makes of proton density, T1 and T2."""

from __future__ import annotations

import math
from typing import Literal

from phantoms.material import Tissue

Sequence = Literal["SE", "GRE"]

GYROMAGNETIC_RATIO_MHZ_PER_T = 42.577478518
"""Of the proton, over 2 pi: CODATA 2018."""

_DEPHASING_PER_S_AND_T = 1.5
"""1/T2' for each tesla. BrainWeb's table (Collins et al. 1998) has T2* of 69 and 61 ms beside T2 of 83 and 70 ms for
grey and white matter at 1.5 T: 2.4 and 2.1 per s."""


def spin_echo(pd: float, t1_ms: float, t2_ms: float, *, repetition_ms: float, echo_ms: float) -> float:
    """Signal of a 90-180 spin echo, relative to fully relaxed water.

    PD (1 - 2 exp(-(TR - TE/2) / T1) + exp(-TR / T1)) exp(-TE / T2): M. A. Bernstein, K. F. King, X. J. Zhou, Handbook
    of MRI Pulse Sequences, 2004, section on radiofrequency spin echo.
    """
    recovered = 1.0 - 2.0 * math.exp(-(repetition_ms - echo_ms / 2) / t1_ms) + math.exp(-repetition_ms / t1_ms)
    return pd * recovered * math.exp(-echo_ms / t2_ms)


def spoiled_gradient_echo(
    pd: float, t1_ms: float, t2_star_ms: float, *, repetition_ms: float, echo_ms: float, flip_deg: float
) -> float:
    """Steady-state signal of a spoiled gradient echo, relative to fully relaxed water.

    PD sin a (1 - E1) / (1 - E1 cos a) exp(-TE / T2*), E1 = exp(-TR / T1): R. R. Ernst, W. A. Anderson, Rev. Sci.
    Instrum. 37:93 (1966); E. M. Haacke et al., Magnetic Resonance Imaging, 2nd ed. 2014, chapter 18.
    """
    flip = math.radians(flip_deg)
    e1 = math.exp(-repetition_ms / t1_ms)
    return pd * math.sin(flip) * (1.0 - e1) / (1.0 - e1 * math.cos(flip)) * math.exp(-echo_ms / t2_star_ms)


def t2_star_ms(t2_ms: float, field_strength_t: float) -> float:
    """T2* of a tissue: 1/T2* = 1/T2 + 1/T2', the second growing with the field."""
    return 1.0 / (1.0 / t2_ms + _DEPHASING_PER_S_AND_T * field_strength_t / 1000.0)


def tissue_signal(
    tissue: Tissue,
    sequence: Sequence,
    *,
    field_strength_t: float,
    repetition_ms: float,
    echo_ms: float,
    flip_deg: float,
) -> float:
    """Signal of a tissue, relative to fully relaxed water, rounded to 1e-6 so that no two libraries differ.

    Args:
        tissue: the material.
        sequence: SE or GRE (spoiled).
        field_strength_t: magnetic field in tesla.
        repetition_ms: TR.
        echo_ms: TE.
        flip_deg: flip angle of a gradient echo.

    Raises:
        PhantomError: the field lies outside the tissues' table.
    """
    relaxation = tissue.relaxation(field_strength_t)
    if sequence == "SE":
        signal = spin_echo(tissue.pd, relaxation.t1_ms, relaxation.t2_ms, repetition_ms=repetition_ms, echo_ms=echo_ms)
    else:
        signal = spoiled_gradient_echo(
            tissue.pd,
            relaxation.t1_ms,
            t2_star_ms(relaxation.t2_ms, field_strength_t),
            repetition_ms=repetition_ms,
            echo_ms=echo_ms,
            flip_deg=flip_deg,
        )
    return round(signal, 6)
