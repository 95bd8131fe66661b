"""The signal equations, against Bloch's equation and their own limits."""

import math

import numpy as np
import pytest

from modality.acquisition.mr.signal import (
    balanced_gradient_echo,
    diffusion_loss,
    inversion_recovery,
    null_ms,
    recovered,
    spin_echo,
    spoiled_gradient_echo,
    t2_star_ms,
)


def relaxed(magnetization, time_ms, t1_ms):
    return 1.0 - (1.0 - magnetization) * math.exp(-time_ms / t1_ms)


@pytest.mark.parametrize("t1_ms", [150.0, 800.0, 4000.0])
def test_one_echo_has_the_textbooks_recovery(t1_ms):
    textbook = 1.0 - 2.0 * math.exp(-(500.0 - 7.0) / t1_ms) + math.exp(-500.0 / t1_ms)
    signal = spin_echo(0.8, t1_ms, 80.0, repetition_ms=500.0, echo_ms=14.0)
    assert signal == pytest.approx(0.8 * textbook * math.exp(-14.0 / 80.0))


def test_a_train_recovers_as_its_pulses_turn_magnetization_over():
    pulses, magnetization, time_ms = (5.0, 15.0, 25.0), 0.0, 0.0
    for pulse_ms in pulses:
        magnetization = -relaxed(magnetization, pulse_ms - time_ms, 700.0)
        time_ms = pulse_ms
    assert recovered(700.0, 900.0, pulses) == pytest.approx(relaxed(magnetization, 900.0 - time_ms, 700.0))
    # The train holds magnetization near zero, so recovery starts at its end.
    assert recovered(700.0, 900.0, pulses) == pytest.approx(1.0 - math.exp(-870.0 / 700.0), abs=0.01)


@pytest.mark.parametrize("t1_ms", [260.0, 900.0, 4200.0])
@pytest.mark.parametrize("refocusing_ms", [(10.0,), (5.0, 15.0, 25.0)])
def test_inversion_recovery_is_the_steady_state_of_its_pulses(t1_ms, refocusing_ms):
    repetition_ms, inversion_ms, magnetization = 2500.0, 400.0, 1.0
    for _ in range(4):
        magnetization = relaxed(-magnetization, inversion_ms, t1_ms)
        read, time_ms, magnetization = magnetization, 0.0, 0.0
        for pulse_ms in refocusing_ms:
            magnetization = -relaxed(magnetization, pulse_ms - time_ms, t1_ms)
            time_ms = pulse_ms
        magnetization = relaxed(magnetization, repetition_ms - inversion_ms - time_ms, t1_ms)
    signal = inversion_recovery(
        1.0,
        t1_ms,
        100.0,
        repetition_ms=repetition_ms,
        inversion_ms=inversion_ms,
        echo_ms=20.0,
        refocusing_ms=refocusing_ms,
    )
    assert signal == pytest.approx(read * math.exp(-0.2), abs=1e-9)


def test_the_null_is_where_inversion_recovery_is_zero():
    pulses = tuple(10.0 * (k + 0.5) for k in range(16))
    inversion_ms = null_ms(4200.0, repetition_ms=9000.0, refocusing_ms=pulses)
    assert 2000.0 < inversion_ms < 4200.0 * math.log(2.0)
    signal = inversion_recovery(
        1.0, 4200.0, 2000.0, repetition_ms=9000.0, inversion_ms=inversion_ms, echo_ms=100.0, refocusing_ms=pulses
    )
    assert signal == pytest.approx(0.0, abs=1e-12)


def test_a_spin_echo_of_long_repetition_is_proton_density_and_t2():
    assert spin_echo(0.8, 500.0, 80.0, repetition_ms=1e5, echo_ms=80.0) == pytest.approx(0.8 / math.e)


def test_a_gradient_echo_is_strongest_at_the_ernst_angle():
    ernst = math.degrees(math.acos(math.exp(-100.0 / 800.0)))
    best = spoiled_gradient_echo(1.0, 800.0, 50.0, repetition_ms=100.0, echo_ms=0.0, flip_deg=ernst)
    for flip in (ernst - 5, ernst + 5):
        assert spoiled_gradient_echo(1.0, 800.0, 50.0, repetition_ms=100.0, echo_ms=0.0, flip_deg=flip) < best


def test_balanced_precession_is_the_steady_state_of_alternating_pulses():
    t1_ms, t2_ms, repetition_ms, flip = 900.0, 90.0, 5.0, math.radians(50.0)
    along, across = 1.0, 0.0
    for pulse in range(2000):
        sign = 1.0 if pulse % 2 == 0 else -1.0
        angle = sign * flip
        across, along = (
            across * math.cos(angle) + along * math.sin(angle),
            along * math.cos(angle) - across * math.sin(angle),
        )
        read = abs(across) * math.exp(-2.5 / t2_ms)
        across *= math.exp(-repetition_ms / t2_ms)
        along = relaxed(along, repetition_ms, t1_ms)
    signal = balanced_gradient_echo(1.0, t1_ms, t2_ms, repetition_ms=repetition_ms, echo_ms=2.5, flip_deg=50.0)
    assert signal == pytest.approx(read, rel=1e-6)


def test_diffusion_takes_away_exponentially():
    losses = [diffusion_loss(0.8e-3, b) for b in (0.0, 500.0, 1000.0)]
    assert losses[0] == 1.0
    assert -np.polyfit([0.0, 500.0, 1000.0], np.log(losses), 1)[0] == pytest.approx(0.8e-3)


def test_t2_star_is_that_of_the_brain_at_1_5_t():
    # BrainWeb: 69 ms for grey matter (T2 83 ms), 61 ms for white (T2 70 ms).
    assert t2_star_ms(83.0, 1.5) == pytest.approx(69.0, rel=0.05)
    assert t2_star_ms(70.0, 1.5) == pytest.approx(61.0, rel=0.05)
