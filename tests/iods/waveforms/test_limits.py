"""What a waveform class cannot carry is refused in one line."""

from __future__ import annotations

import importlib
import math
from dataclasses import replace

import numpy as np
import pytest

from modality.errors import InputError, UnsupportedError
from modality.iods.waveforms import arterial_pulse
from modality.iods.waveforms.leads import ECG_LEADS, EEG_LEADS
from modality.iods.waveforms.recording import Channel, Event, Group, Reading, Recording
from tests.iods.captured_samples import SPO2, TAKEN, ecg, electrodes, pleth, wave


def recording(groups: int, channels: int, rate_hz: float, count: int = 20) -> Recording:
    chosen = electrodes(EEG_LEADS if channels > 24 else ECG_LEADS, channels)
    return Recording(TAKEN, (wave(chosen, rate_hz, count),) * groups)


# Module, then for each limit what still fits and what does not: groups, channels of each, rate.
LIMITS = [
    ("arterial_pulse", (1, 1, 600), (2, 1, 75)),
    ("arterial_pulse", (1, 1, 0.5), (1, 2, 75)),
    ("arterial_pulse", (1, 1, 75), (1, 1, 600.5)),
    ("respiratory", (1, 1, 100), (1, 1, 101)),
    ("respiratory", (1, 1, 25), (1, 2, 25)),
    ("twelve_lead_ecg", (5, 2, 200), (6, 2, 200)),
    ("twelve_lead_ecg", (1, 13, 1000), (1, 14, 1000)),
    ("twelve_lead_ecg", (4, 3, 500), (2, 7, 500)),
    ("twelve_lead_ecg", (1, 12, 500), (1, 12, 199)),
    ("general_ecg", (4, 24, 1000), (5, 1, 500)),
    ("general_ecg", (1, 1, 200), (1, 1, 1001)),
    ("ambulatory_ecg", (1, 12, 50), (1, 13, 50)),
    ("ambulatory_ecg", (1, 1, 1000), (2, 1, 250)),
    ("ambulatory_ecg", (1, 1, 50), (1, 1, 49)),
    ("general_32_bit_ecg", (4, 24, 16000), (5, 24, 250)),
    ("scalp_eeg", (1, 64, 5000), (1, 65, 250)),
    ("scalp_eeg", (1, 1, 1), (2, 1, 250)),
]


@pytest.mark.parametrize(("name", "fits", "too_much"), LIMITS)
def test_the_content_constraints_hold_to_the_edge(name, fits, too_much, make_context):
    describe = importlib.import_module(f"modality.iods.waveforms.{name}").describe
    dataset = describe(recording(*fits), make_context())
    assert len(dataset.WaveformSequence) == fits[0]
    with pytest.raises(UnsupportedError) as refused:
        describe(recording(*too_much), make_context())
    assert "\n" not in str(refused.value)


def test_a_12_lead_ecg_holds_16384_samples(make_context):
    from modality.iods.waveforms.twelve_lead_ecg import describe

    assert describe(recording(1, 1, 500, 16384), make_context()).WaveformSequence[0].NumberOfWaveformSamples == 16384
    with pytest.raises(UnsupportedError, match="16384 samples fit, not 16385: record shorter pieces"):
        describe(recording(1, 1, 500, 16385), make_context())


def test_a_range_wider_than_the_type_is_refused(make_context):
    group = Group(75, np.array([[0], [65536]]), (Channel("pleth", arterial_pulse.SOURCE),))
    with pytest.raises(UnsupportedError, match="samples from 0 to 65536 do not fit SS"):
        arterial_pulse.describe(pleth(groups=(group,)), make_context())


def test_when_every_value_is_taken_none_is_left_for_what_is_missing(make_context):
    samples = np.append(np.arange(65536), 0).reshape(-1, 1)
    group = Group(75, samples, (Channel("pleth", arterial_pulse.SOURCE),), gaps=((65536, 1),))
    with pytest.raises(UnsupportedError, match="none is left for missing samples"):
        arterial_pulse.describe(pleth(groups=(group,)), make_context())


CHANNEL = Channel("pleth", arterial_pulse.SOURCE)
BROKEN = [
    {"samples": np.zeros((0, 1), int)},
    {"samples": np.zeros(5, int)},
    {"samples": np.zeros((5, 1))},
    {"samples": np.zeros((5, 2), int)},
    {"samples": np.zeros((5, 0), np.uint64)},
    {"rate_hz": 0.0},
    {"rate_hz": math.nan},
    {"rate_hz": 10**400},
    {"gaps": ((299, 2),)},
    {"gaps": ((-1, 2),)},
    {"gaps": ((0, 0),)},
    {"offset_s": math.inf},
    {"channels": (replace(CHANNEL, sensitivity=0.0),)},
    {"channels": (replace(CHANNEL, baseline=math.nan),)},
    {"channels": (replace(CHANNEL, name="plethysmogram of the left hand"),)},
    {"channels": (replace(CHANNEL, name="a\\b"),)},
    {"channels": (replace(CHANNEL, notch_hz=math.nan),)},
    {"label": "left\nhand"},
    {"channels": (replace(CHANNEL, source=SPO2._replace(value="")),)},
    {"channels": (replace(CHANNEL, source=SPO2._replace(value="a\\b")),)},
]


@pytest.mark.parametrize("change", BROKEN, ids=lambda change: str(change)[:40])
def test_what_does_not_fit_together_is_refused_in_one_line(change, make_context):
    group = replace(pleth().groups[0], **change)
    with pytest.raises(InputError) as refused:
        arterial_pulse.describe(pleth(groups=(group,)), make_context())
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "change",
    [
        {"readings": (Reading(SPO2, math.nan, SPO2, 1.0),)},
        {"readings": (Reading(SPO2, 97, SPO2, math.inf),)},
        {"readings": (Reading(SPO2, 97, SPO2, 1.0, group=2),)},
        {"events": (Event("", 1.0),)},
        {"events": (Event("x" * 1025, 1.0),)},
        {"events": (Event("Motion", 2.0, 1.0),)},
        {"events": (Event("Motion", 2.0, group=0),)},
    ],
    ids=lambda change: str(change)[:40],
)
def test_an_annotation_that_has_no_place_is_refused(change, make_context):
    with pytest.raises(InputError):
        arterial_pulse.describe(pleth(**change), make_context())


def test_ecg_needs_no_enhanced_equipment_and_the_newer_classes_do(make_context):
    from modality.iods.waveforms import general_32_bit_ecg, general_ecg

    assert "SoftwareVersions" not in general_ecg.describe(ecg(2), make_context())
    assert general_32_bit_ecg.describe(ecg(2), make_context()).SoftwareVersions
