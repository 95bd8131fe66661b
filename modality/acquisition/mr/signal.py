"""What a pulse sequence makes of proton density, T1, T2 and diffusion. Signals are relative to fully relaxed water."""

from __future__ import annotations

import math
from collections.abc import Sequence

GYROMAGNETIC_RATIO_MHZ_PER_T = 42.577478518
"""Of the proton, over 2 pi: CODATA 2018."""

_DEPHASING_PER_S_AND_T = 1.5
"""1/T2' for each tesla. BrainWeb's table (Collins et al. 1998) has T2* of 69 and 61 ms beside T2 of 83 and 70 ms for
grey and white matter at 1.5 T: 2.4 and 2.1 per s."""


def recovered(t1_ms: float, until_ms: float, refocusing_ms: Sequence[float] = ()) -> float:
    """Longitudinal magnetization some time after a pulse of 90 degrees, as a share of equilibrium.

    Bloch's equation for ideal pulses: it grows towards 1 with T1, and each refocusing pulse turns it over.

    Args:
        t1_ms: T1.
        until_ms: time since the pulse of 90 degrees.
        refocusing_ms: times of the pulses of 180 degrees, ascending and not after `until_ms`.
    """
    magnetization, time_ms = 0.0, 0.0
    for pulse_ms in refocusing_ms:
        magnetization = (1.0 - magnetization) * math.exp(-(pulse_ms - time_ms) / t1_ms) - 1.0
        time_ms = pulse_ms
    return 1.0 - (1.0 - magnetization) * math.exp(-(until_ms - time_ms) / t1_ms)


def spin_echo(
    pd: float,
    t1_ms: float,
    t2_ms: float,
    *,
    repetition_ms: float,
    echo_ms: float,
    refocusing_ms: Sequence[float] | None = None,
) -> float:
    """Signal of a spin echo, of one pulse of 180 degrees or of a train of them.

    For one echo this is PD (1 - 2 exp(-(TR - TE/2) / T1) + exp(-TR / T1)) exp(-TE / T2): M. A. Bernstein, K. F. King,
    X. J. Zhou, Handbook of MRI Pulse Sequences, 2004, section on radiofrequency spin echo. A train (J. Hennig et al.,
    Magn. Reson. Med. 3:823, 1986) takes more of the recovery.

    Args:
        pd: proton density relative to water.
        t1_ms: T1.
        t2_ms: T2.
        repetition_ms: TR.
        echo_ms: TE; of a turbo spin echo the effective one.
        refocusing_ms: times of the pulses of 180 degrees; None has one at TE/2.
    """
    pulses = (echo_ms / 2,) if refocusing_ms is None else refocusing_ms
    return pd * recovered(t1_ms, repetition_ms, pulses) * math.exp(-echo_ms / t2_ms)


def inversion_recovery(
    pd: float,
    t1_ms: float,
    t2_ms: float,
    *,
    repetition_ms: float,
    inversion_ms: float,
    echo_ms: float,
    refocusing_ms: Sequence[float] | None = None,
) -> float:
    """Signal of a spin echo after an inversion, negative before the tissue has passed its null.

    For one echo this is PD (1 - 2 exp(-TI / T1) + 2 exp(-(TR - TE/2) / T1) - exp(-TR / T1)) exp(-TE / T2): Bernstein,
    King and Zhou, section on inversion recovery.

    Args:
        pd: proton density relative to water.
        t1_ms: T1.
        t2_ms: T2.
        repetition_ms: TR, from inversion to inversion.
        inversion_ms: TI, from the inversion to the pulse of 90 degrees.
        echo_ms: TE.
        refocusing_ms: times of the pulses of 180 degrees after that of 90; None has one at TE/2.
    """
    pulses = (echo_ms / 2,) if refocusing_ms is None else refocusing_ms
    missing = 1.0 - recovered(t1_ms, repetition_ms, pulses)
    return pd * (1.0 - 2.0 * math.exp(-inversion_ms / t1_ms) + missing) * math.exp(-echo_ms / t2_ms)


def null_ms(t1_ms: float, *, repetition_ms: float, refocusing_ms: Sequence[float]) -> float:
    """The inversion time at which a tissue gives no signal: where `inversion_recovery` is zero."""
    return t1_ms * math.log(2.0 / (2.0 - recovered(t1_ms, repetition_ms, refocusing_ms)))


def spoiled_gradient_echo(
    pd: float, t1_ms: float, t2_star_ms: float, *, repetition_ms: float, echo_ms: float, flip_deg: float
) -> float:
    """Steady-state signal of a spoiled gradient echo.

    PD sin a (1 - E1) / (1 - E1 cos a) exp(-TE / T2*), E1 = exp(-TR / T1): R. R. Ernst, W. A. Anderson, Rev. Sci.
    Instrum. 37:93 (1966); E. M. Haacke et al., Magnetic Resonance Imaging, 2nd ed. 2014, chapter 18.
    """
    flip = math.radians(flip_deg)
    e1 = math.exp(-repetition_ms / t1_ms)
    return pd * math.sin(flip) * (1.0 - e1) / (1.0 - e1 * math.cos(flip)) * math.exp(-echo_ms / t2_star_ms)


def balanced_gradient_echo(
    pd: float, t1_ms: float, t2_ms: float, *, repetition_ms: float, echo_ms: float, flip_deg: float
) -> float:
    """Steady-state signal of balanced free precession, on resonance and with alternating pulses.

    PD sin a (1 - E1) / (1 - (E1 - E2) cos a - E1 E2) exp(-TE / T2), E = exp(-TR / T): R. Freeman, H. D. W. Hill,
    J. Magn. Reson. 4:366 (1971); at TE = TR/2 it refocuses like a spin echo, so T2 rules: K. Scheffler, J. Hennig,
    Magn. Reson. Med. 49:395 (2003).
    """
    flip = math.radians(flip_deg)
    e1, e2 = math.exp(-repetition_ms / t1_ms), math.exp(-repetition_ms / t2_ms)
    steady = math.sin(flip) * (1.0 - e1) / (1.0 - (e1 - e2) * math.cos(flip) - e1 * e2)
    return pd * steady * math.exp(-echo_ms / t2_ms)


def diffusion_loss(adc_mm2_per_s: float, b_s_per_mm2: float) -> float:
    """What diffusion leaves of a signal: exp(-b ADC), D. Le Bihan et al., Radiology 161:401 (1986)."""
    return math.exp(-b_s_per_mm2 * adc_mm2_per_s)


def t2_star_ms(t2_ms: float, field_strength_t: float) -> float:
    """T2* of a tissue: 1/T2* = 1/T2 + 1/T2', the second growing with the field."""
    return 1.0 / (1.0 / t2_ms + _DEPHASING_PER_S_AND_T * field_strength_t / 1000.0)
