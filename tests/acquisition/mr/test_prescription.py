"""What is asked for becomes a protocol, completed and checked."""

import numpy as np
import pytest

import phantoms
from modality.acquisition.mr import mr
from modality.acquisition.mr.protocol import USUAL
from modality.acquisition.mr.scan import tissue_signal
from modality.errors import UnknownNameError, UsageError
from phantoms.tissues import TISSUES

HEAD = phantoms.head(1)
SMALL = {"seed": 1, "rows": 32, "columns": 32, "slices": 3}


@pytest.mark.parametrize("sequence", USUAL)
def test_each_sequence_has_usual_settings_that_give_images(sequence):
    acquisition = mr(HEAD, sequence=sequence, **SMALL)
    assert acquisition.protocol.sequence == sequence
    frames = [acquisition.frame(index).pixels for index in range(len(acquisition))]
    assert len(frames) == 3 * len(acquisition.protocol.weightings)
    assert all(frame.dtype == np.uint16 and np.ptp(frame) > 300 for frame in frames)


@pytest.mark.parametrize(
    ("options", "sequence", "name"),
    [
        ({}, "SE", "T1"),
        ({"protocol": "T2"}, "SE", "T2"),
        ({"sequence": "SPGR"}, "GRE", "T1 GRE"),
        ({"sequence": "bssfp"}, "bSSFP", "bSSFP"),
        ({"echo_times_ms": (20.0, 40.0)}, "SE", "T2 MAP"),
        ({"echo_times_ms": (20.0,)}, "SE", "T1"),
        ({"sequence": "GRE", "echo_times_ms": (4.0, 8.0)}, "GRE", "T1 GRE"),
        ({"inversion_times_ms": (400.0,)}, "IR", "IR"),
        ({"b_values_s_per_mm2": (0.0, 800.0)}, "DWI", "DWI"),
        ({"protocol": "T2", "sequence": "SE", "echo_times_ms": (50.0, 100.0)}, "SE", "T2"),
    ],
)
def test_times_choose_the_sequence_unless_it_is_named(options, sequence, name):
    protocol = mr(HEAD, **options, **SMALL).protocol
    assert (protocol.sequence, protocol.name) == (sequence, name)


def test_times_are_in_ascending_order_and_slices_come_weighting_by_weighting():
    acquisition = mr(HEAD, inversion_times_ms=(900.0, 100.0), **SMALL)
    assert acquisition.protocol.inversion_times_ms == (100.0, 900.0)
    assert len(acquisition) == 6
    assert [acquisition.slice_of(index) for index in range(6)] == [0, 1, 2, 0, 1, 2]
    assert [acquisition.weighting_of(index) for index in range(6)] == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("field_strength_t", [0.35, 1.5, 7.0])
@pytest.mark.parametrize(("sequence", "tissue"), [("FLAIR", "cerebrospinal fluid"), ("STIR", "adipose")])
def test_flair_nulls_fluid_and_stir_fat_at_any_field(sequence, tissue, field_strength_t):
    acquisition = mr(HEAD, sequence=sequence, field_strength_t=field_strength_t, **SMALL)
    protocol, weighting = acquisition.protocol, acquisition.protocol.weightings[0]
    assert abs(tissue_signal(TISSUES[tissue], protocol, weighting)) < 5e-4
    assert abs(tissue_signal(TISSUES["grey matter"], protocol, weighting)) > 0.05


def test_t1_grows_with_the_field_and_so_does_contrast_of_inversion():
    signals = [
        tissue_signal(TISSUES["white matter"], protocol, protocol.weightings[0])
        for protocol in (
            mr(HEAD, inversion_times_ms=(600.0,), field_strength_t=field, **SMALL).protocol
            for field in (0.35, 1.5, 7.0)
        )
    ]
    assert signals == sorted(signals, reverse=True)


def test_inverted_magnetization_is_shown_as_its_magnitude():
    acquisition = mr(phantoms.water(), seed=1, rows=32, columns=32, slices=1, inversion_times_ms=(50.0, 12000.0))
    early, late = (acquisition.frame(index).pixels[12:20, 12:20].mean() for index in range(2))
    before, after = (signals[-1] for signals in acquisition.all_signals)
    assert before < 0 < after
    assert [early, late] == pytest.approx([-before * acquisition.gain, after * acquisition.gain], rel=0.02)


def test_fat_is_dark_in_diffusion_weighted_images_and_an_infarct_bright():
    acquisition = mr(HEAD, sequence="DWI", **SMALL)
    protocol, weighting = acquisition.protocol, acquisition.protocol.weightings[1]
    assert tissue_signal(TISSUES["adipose"], protocol, weighting) == 0.0
    lesion, normal = (tissue_signal(TISSUES[n], protocol, weighting) for n in ("ischaemic grey matter", "grey matter"))
    assert lesion > 1.2 * normal


def test_fat_appears_where_its_frequency_over_the_bandwidth_puts_it():
    shifts = {}
    for bandwidth in (65.0, 130.0, 520.0):
        protocol = mr(HEAD, pixel_bandwidth_hz=bandwidth, **SMALL).protocol
        shifts[bandwidth] = protocol.shift_pixels(-3.5)
        assert shifts[bandwidth] == pytest.approx(-3.5 * 42.5775 * 1.5 / bandwidth, rel=1e-4)
    assert shifts[65.0] == pytest.approx(-3.44, abs=0.01)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"protocol": "FLAIR"}, UnknownNameError),
        ({"sequence": "FLASH"}, UnknownNameError),
        ({"protocol": "T1", "sequence": "GRE"}, UsageError),
        ({"orientation": "transverse"}, UnknownNameError),
        ({"filtering": "FERMI"}, UnknownNameError),
        ({"echo_time_ms": 600.0}, UsageError),
        ({"echo_time_ms": 10.0, "echo_times_ms": (10.0,)}, UsageError),
        ({"echo_times_ms": ()}, UsageError),
        ({"echo_times_ms": (10.0, 10.0)}, UsageError),
        ({"echo_times_ms": (10.0, float("nan"))}, UsageError),
        ({"sequence": "TSE", "echo_times_ms": (50.0, 100.0)}, UsageError),
        ({"sequence": "TSE", "echo_times_ms": (500.0,)}, UsageError),
        ({"sequence": "TSE", "echo_times_ms": (9.0,)}, UsageError),
        ({"sequence": "TSE", "repetition_time_ms": 150.0}, UsageError),
        ({"sequence": "SE", "inversion_times_ms": (100.0,)}, UsageError),
        ({"inversion_times_ms": (0.0,)}, UsageError),
        ({"inversion_times_ms": (20000.0,)}, UsageError),
        ({"inversion_times_ms": (100.0,), "b_values_s_per_mm2": (0.0,)}, UsageError),
        ({"b_values_s_per_mm2": (-1.0,)}, UsageError),
        ({"b_values_s_per_mm2": (float("inf"),)}, UsageError),
        ({"b_values_s_per_mm2": tuple(map(float, range(1000)))}, UsageError),
        ({"flip_angle_deg": 30.0}, UsageError),
        ({"protocol": "T1 GRE", "flip_angle_deg": 200.0}, UsageError),
        ({"field_strength_t": 12.0}, UsageError),
        ({"averages": 0}, UsageError),
        ({"repetition_time_ms": 1e300}, UsageError),
        ({"repetition_time_ms": float("inf")}, UsageError),
        ({"acquired_rows": 64}, UsageError),
        ({"partial_fourier": 0.5}, UsageError),
        ({"columns": 70000}, UsageError),
    ],
)
def test_a_setting_out_of_range_is_a_usage_error_before_any_slice(wrong, error):
    with pytest.raises(error):
        mr(HEAD, **{**SMALL, **wrong})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sequence": "TSE", "echo_times_ms": (9.0,)}, "echo time 9 ms: must lie in the echo train of 10 to 160 ms"),
        ({"sequence": "TSE", "repetition_time_ms": 150.0}, "echo train 160 ms: must be below TR 150 ms"),
        (
            # The echo itself would still come in time, at 60 + 110 ms.
            {"sequence": "FLAIR", "inversion_times_ms": (60.0,), "repetition_time_ms": 200.0},
            "echo train 160 ms after the inversion time 60 ms: must be below TR 200 ms",
        ),
        (
            {"inversion_times_ms": (100.0, 20000.0)},
            "echo time 10 ms after the inversion time 20000 ms: must be below TR 15000 ms",
        ),
        ({"echo_time_ms": 600.0}, "echo time 600 ms: must be below TR 500 ms"),
        ({"rows": 4097, "columns": 4096}, "an MR image of 4097 x 4096 pixels: at most 16777216"),
    ],
)
def test_what_does_not_fit_is_told_with_its_numbers(options, said):
    with pytest.raises(UsageError, match=said):
        mr(HEAD, **{**SMALL, **options})


def test_the_first_echo_of_a_train_that_just_fits_is_taken():
    acquisition = mr(HEAD, sequence="TSE", echo_times_ms=(10.0,), repetition_time_ms=160.5, **SMALL)
    assert acquisition.protocol.echo_times_ms == (10.0,)
