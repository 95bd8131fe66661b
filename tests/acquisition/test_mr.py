import math

import numpy as np
import pytest

import phantoms
from modality.acquisition.mr import PROTOCOLS, mr
from modality.acquisition.mr_signal import spin_echo, spoiled_gradient_echo, t2_star_ms, tissue_signal
from modality.acquisition.truth import truth
from modality.errors import UnknownNameError, UsageError
from phantoms.tissues import TISSUES

HEAD = phantoms.head(1)
WATER = phantoms.water()


def ball_mean(acquisition, structure):
    geometry = acquisition.geometry
    x0, y0, z0 = geometry.position_mm(0)
    cx, cy, cz = structure["center_mm"]
    pixels = acquisition.frame(round((cz - z0) / geometry.slice_spacing_mm)).pixels
    x = x0 + np.arange(geometry.columns) * geometry.column_spacing_mm
    y = (y0 + np.arange(geometry.rows) * geometry.row_spacing_mm).reshape(-1, 1)
    inside = (x - cx) ** 2 + (y - cy) ** 2 < (structure["radius_mm"] - 2.0) ** 2
    return pixels[inside].astype(np.float64).mean()


@pytest.mark.parametrize("protocol", list(PROTOCOLS))
@pytest.mark.parametrize("field_strength_t", [1.5, 3.0])
def test_signal_ratios_are_those_of_the_equation(protocol, field_strength_t):
    acquisition = mr(
        HEAD,
        seed=1,
        slices=300,
        protocol=protocol,
        field_strength_t=field_strength_t,
        slice_thickness_mm=1.0,
        averages=4000,
    )
    chosen = acquisition.protocol
    balls = {s["name"]: s for s in truth(acquisition)["structures"]}
    white = balls["cerebral white matter"]
    for name in ("left thalamus", "left eye", "left atrium of ventricle"):
        expected = []
        for ball in (balls[name], white):
            p = ball["properties"]
            if chosen.sequence == "SE":
                # For TE much shorter than TR the echo is PD (1 - exp(-TR/T1)) exp(-TE/T2) within a few per cent.
                expected.append(
                    p["PD"]
                    * (1 - math.exp(-chosen.repetition_time_ms / p["T1_ms"]))
                    * math.exp(-chosen.echo_time_ms / p["T2_ms"])
                )
            else:
                e1 = math.exp(-chosen.repetition_time_ms / p["T1_ms"])
                flip = math.radians(chosen.flip_angle_deg)
                t2_star = t2_star_ms(p["T2_ms"], field_strength_t)
                expected.append(
                    p["PD"] * (1 - e1) / (1 - e1 * math.cos(flip)) * math.exp(-chosen.echo_time_ms / t2_star)
                )
        measured = ball_mean(acquisition, balls[name]) / ball_mean(acquisition, white)
        assert measured == pytest.approx(expected[0] / expected[1], rel=0.06), name


def test_a_spin_echo_of_long_repetition_is_proton_density_and_t2():
    assert spin_echo(0.8, 500.0, 80.0, repetition_ms=1e5, echo_ms=80.0) == pytest.approx(0.8 / math.e)


def test_a_gradient_echo_is_strongest_at_the_ernst_angle():
    ernst = math.degrees(math.acos(math.exp(-100.0 / 800.0)))
    best = spoiled_gradient_echo(1.0, 800.0, 50.0, repetition_ms=100.0, echo_ms=0.0, flip_deg=ernst)
    for flip in (ernst - 5, ernst + 5):
        assert spoiled_gradient_echo(1.0, 800.0, 50.0, repetition_ms=100.0, echo_ms=0.0, flip_deg=flip) < best


def test_t2_star_is_that_of_the_brain_at_1_5_t():
    # BrainWeb: 69 ms for grey matter (T2 83 ms), 61 ms for white (T2 70 ms).
    assert t2_star_ms(83.0, 1.5) == pytest.approx(69.0, rel=0.05)
    assert t2_star_ms(70.0, 1.5) == pytest.approx(61.0, rel=0.05)


def test_contrast_is_t1_and_t2_weighted():
    def signal(name, protocol):
        p = PROTOCOLS[protocol]
        return tissue_signal(
            TISSUES[name],
            p.sequence,
            field_strength_t=1.5,
            repetition_ms=p.repetition_time_ms,
            echo_ms=p.echo_time_ms,
            flip_deg=p.flip_angle_deg,
        )

    white, grey, fluid = "white matter", "grey matter", "cerebrospinal fluid"
    assert signal(white, "T1") > 1.1 * signal(grey, "T1") > 1.1 * signal(fluid, "T1")
    assert signal(fluid, "T2") > 1.1 * signal(grey, "T2") > 1.1 * signal(white, "T2")


@pytest.mark.parametrize(
    ("change", "factor"),
    [
        ({"averages": 4}, 2.0),
        ({"slice_thickness_mm": 10.0}, 2.0),
        ({"pixel_bandwidth_hz": 32.5}, 2.0),
        ({"field_strength_t": 3.0}, 2.0),
        ({"rows": 128}, 2.0 / math.sqrt(2.0)),
    ],
)
def test_signal_to_noise_follows_voxel_averages_bandwidth_and_field(change, factor):
    def ratio(**options):
        acquisition = mr(WATER, seed=1, slices=1, protocol="PD", **options)
        pixels = acquisition.frame(0).pixels.astype(np.float64)
        rows, columns = pixels.shape
        return pixels[rows * 2 // 5 : rows * 3 // 5, columns * 2 // 5 : columns * 3 // 5]

    usual, changed = ratio(), ratio(**change)
    assert (changed.mean() / changed.std()) / (usual.mean() / usual.std()) == pytest.approx(factor, rel=0.06)


def test_air_is_rayleigh_noise():
    acquisition = mr(WATER, seed=1, slices=1, field_of_view_mm=400.0)
    air = acquisition.frame(0).pixels[:60, :60].astype(np.float64)
    sigma = acquisition.protocol.noise(acquisition.geometry) * acquisition.gain
    # The magnitude of complex normal noise has mean sqrt(pi/2) sigma and deviation sqrt(2 - pi/2) sigma.
    assert air.mean() == pytest.approx(math.sqrt(math.pi / 2) * sigma, rel=0.03)
    assert air.std() == pytest.approx(math.sqrt(2 - math.pi / 2) * sigma, rel=0.04)


def test_stored_values_fit_into_twelve_bits_unsigned():
    frame = mr(HEAD, seed=1, slices=4, protocol="T2").frame(1)
    assert frame.pixels.dtype == np.uint16
    assert frame.pixels.shape == (256, 256)
    assert 2500 < frame.pixels.max() <= 4095


def test_a_slice_is_the_same_alone_and_in_order_and_seeds_differ():
    in_order = [f.pixels for f in mr(HEAD, seed=1, rows=64, columns=48, slices=4)]
    acquisition = mr(HEAD, seed=1, rows=64, columns=48, slices=4)
    for index in (2, 0, 3, 1):
        assert np.array_equal(acquisition.frame(index).pixels, in_order[index])
    assert not np.array_equal(mr(HEAD, seed=2, rows=64, columns=48, slices=4).frame(2).pixels, in_order[2])


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"protocol": "FLAIR"}, UnknownNameError),
        ({"echo_time_ms": 600.0}, UsageError),
        ({"flip_angle_deg": 30.0}, UsageError),
        ({"protocol": "T1 GRE", "flip_angle_deg": 200.0}, UsageError),
        ({"field_strength_t": 12.0}, UsageError),
        ({"averages": 0}, UsageError),
        ({"columns": 70000}, UsageError),
    ],
)
def test_a_setting_out_of_range_is_a_usage_error_before_any_slice(wrong, error):
    with pytest.raises(error):
        mr(HEAD, seed=1, **wrong)
