import math

import numpy as np
import pytest

import phantoms
from modality.acquisition.mr import PROTOCOLS, mr
from modality.acquisition.mr.scan import tissue_signal
from modality.acquisition.mr.signal import t2_star_ms
from modality.acquisition.truth import truth
from phantoms.phantom import Phantom, Structure
from phantoms.solids import sphere
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


def test_contrast_is_t1_and_t2_weighted():
    def signal(name, protocol):
        chosen = PROTOCOLS[protocol]
        return tissue_signal(TISSUES[name], chosen, chosen.weightings[0])

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


@pytest.mark.parametrize(
    ("options", "pixels"),
    [
        ({"pixel_bandwidth_hz": 130.0}, -3.5 * 63.8662 / 130.0),
        ({"pixel_bandwidth_hz": 65.0}, -3.5 * 63.8662 / 65.0),
        ({"pixel_bandwidth_hz": 130.0, "field_strength_t": 3.0}, -3.5 * 127.7324 / 130.0),
        # Of a zero-filled image half of the samples along the readout make pixels as acquired twice as wide.
        ({"pixel_bandwidth_hz": 130.0, "acquired_columns": 64}, -2 * 3.5 * 63.8662 / 130.0),
    ],
)
def test_fat_appears_shifted_along_the_readout_by_its_frequency_over_the_bandwidth(options, pixels):
    def place(tissue):
        ball = Structure("ball", sphere((5.0, -8.0, 0.0), 30.0), TISSUES[tissue])
        phantom = Phantom("ball", "PHANTOM", (ball,), (-5.0, 5.0), 192.0)
        frame = mr(phantom, seed=1, rows=128, columns=128, slices=1, protocol="PD", averages=400, **options).frame(0)
        bright = frame.pixels > 0.5 * np.median(frame.pixels[frame.pixels > 1500])
        rows, columns = np.nonzero(bright)
        return columns.mean(), rows.mean()

    (fat_column, fat_row), (water_column, water_row) = place("adipose"), place("cerebrospinal fluid")
    assert fat_column - water_column == pytest.approx(pixels, abs=0.15)
    assert fat_row == pytest.approx(water_row, abs=0.05)


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
