"""Samples come back as the device gave them, and what was lost is padded and said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydicom.waveforms import multiplex_array

from modality.errors import UnsupportedError
from modality.iods.modules.waveform.annotation import LOST, UNCHECKED
from modality.iods.modules.waveform.stored import stored
from modality.iods.waveforms import ambulatory_ecg, arterial_pulse, scalp_eeg
from modality.iods.waveforms.recording import Channel, Event, Group, split_at_gaps
from tests.iods.captured_samples import STARTED, TAKEN, ecg, electrodes, pleth, wave

SOURCE = arterial_pulse.SOURCE


def with_group(**changes):
    recording = pleth()
    return replace(recording, groups=(replace(recording.groups[0], **changes),))


def annotations(dataset):
    return list(dataset.get("WaveformAnnotationSequence") or ())


def test_unsigned_words_are_moved_into_signed_ones_and_the_baseline_brings_them_back(make_context):
    samples = np.array([[0], [1], [32767], [32768], [65535]])
    dataset = arterial_pulse.describe(with_group(samples=samples), make_context())
    (group,) = dataset.WaveformSequence
    (channel,) = group.ChannelDefinitionSequence
    assert (group.WaveformBitsAllocated, group.WaveformSampleInterpretation) == (16, "SS")
    assert np.frombuffer(group.WaveformData, "<i2").tolist() == [-32768, -32767, -1, 0, 32767]
    assert (channel.ChannelBaseline, channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor) == (
        32768,
        1,
        1,
    )
    assert channel.ChannelSensitivityUnitsSequence[0].CodeValue == "1"
    assert multiplex_array(dataset, 0, as_raw=False).tolist() == samples.tolist()


def test_the_offset_follows_from_the_device_s_range_and_not_from_the_samples_at_hand(make_context):
    quiet = with_group(samples=np.full((9, 1), 12))
    channel = arterial_pulse.describe(quiet, make_context()).WaveformSequence[0].ChannelDefinitionSequence[0]
    assert channel.ChannelBaseline == 32768


@pytest.mark.parametrize(
    ("lowest", "highest", "interpretation", "bits"),
    [(0, 127, "SB", 8), (-128, 127, "SB", 8), (0, 255, "SS", 16), (-129, 0, "SS", 16), (0, 65535, "SS", 16)],
)
def test_the_narrowest_type_that_holds_the_range_is_taken(lowest, highest, interpretation, bits, make_context):
    samples = np.array([[lowest], [highest], [lowest]])
    channel = Channel("pleth", SOURCE)
    dataset = arterial_pulse.describe(with_group(samples=samples, channels=(channel,)), make_context())
    (group,) = dataset.WaveformSequence
    assert (group.WaveformSampleInterpretation, group.WaveformBitsAllocated) == (interpretation, bits)
    assert group.ChannelDefinitionSequence[0].WaveformBitsStored == bits
    assert len(group.WaveformData) % 2 == 0
    assert ("OB" if bits == 8 else "OW") == group["WaveformData"].VR
    assert multiplex_array(dataset, 0, as_raw=False).tolist() == samples.tolist()
    assert ("ChannelSensitivity" in group.ChannelDefinitionSequence[0]) == (highest > 32767)


def test_sensitivity_and_baseline_give_the_value_in_its_unit(make_context):
    channel = replace(electrodes({"x": SOURCE, "y": SOURCE}, 1)[0], sensitivity=0.5, baseline=-3.0)
    recording = replace(ecg(1), groups=(Group(200, np.array([[4], [-6]]), (channel,)),))
    dataset = ambulatory_ecg.describe(recording, make_context())
    assert multiplex_array(dataset, 0, as_raw=False).ravel().tolist() == [4 * 0.5 - 3, -6 * 0.5 - 3]
    item = dataset.WaveformSequence[0].ChannelDefinitionSequence[0]
    assert item.ChannelSensitivityUnitsSequence[0].CodeValue == "uV"
    assert (item.FilterLowFrequency, item.FilterHighFrequency, item.NotchFilterFrequency) == (0.05, 100, 50)


def test_channels_are_interleaved_in_their_order(make_context):
    recording = ecg(3, 250)
    dataset = ambulatory_ecg.describe(recording, make_context())
    (group,) = dataset.WaveformSequence
    assert (group.NumberOfWaveformChannels, group.NumberOfWaveformSamples, group.SamplingFrequency) == (3, 200, 250)
    assert np.array_equal(multiplex_array(dataset, 0), recording.groups[0].samples)
    assert [item.ChannelLabel for item in group.ChannelDefinitionSequence] == ["I", "II", "III"]
    assert [item.ChannelSourceSequence[0].CodeValue for item in group.ChannelDefinitionSequence] == [
        "2:1",
        "2:2",
        "2:61",
    ]


def test_what_was_lost_is_padded_with_a_value_that_no_sample_has_and_annotated(make_context):
    samples = np.arange(20).reshape(-1, 1)
    samples[0] = 65535
    recording = with_group(samples=samples, gaps=((12, 1), (3, 4)))
    dataset = arterial_pulse.describe(recording, make_context())
    (group,) = dataset.WaveformSequence
    values = np.frombuffer(group.WaveformData, "<i2")
    (padding,) = np.frombuffer(group.WaveformPaddingValue, "<i2")
    assert np.flatnonzero(values == padding).tolist() == [3, 4, 5, 6, 12]
    kept = values != padding
    assert (values[kept].astype(int) + 32768).tolist() == samples[kept].ravel().tolist()
    lost = annotations(dataset)[0]
    assert (lost.UnformattedTextValue, lost.TemporalRangeType) == (LOST, "MULTISEGMENT")
    assert list(lost.ReferencedSamplePositions) == [4, 7, 13, 13]
    assert list(lost.ReferencedWaveformChannels) == [1, 0]


def test_one_gap_is_a_segment_and_none_leaves_no_padding_value(make_context):
    (lost,) = annotations(arterial_pulse.describe(replace(with_group(gaps=((10, 5),)), readings=()), make_context()))
    assert (lost.TemporalRangeType, list(lost.ReferencedSamplePositions)) == ("SEGMENT", [11, 15])
    whole = arterial_pulse.describe(replace(pleth(), readings=()), make_context())
    assert "WaveformPaddingValue" not in whole.WaveformSequence[0]
    assert "WaveformAnnotationSequence" not in whole


def test_readings_and_events_stand_at_their_sample_or_else_at_their_second(make_context):
    recording = pleth()
    late = replace(recording.readings[0], at_s=7.5, value=88.25)
    events = (Event("Motion", 0.5, 1.5), Event("Probe off", 3.0))
    dataset = arterial_pulse.describe(
        replace(recording, readings=(recording.readings[0], late), events=events), make_context()
    )
    first, second, motion, off = annotations(dataset)
    assert first.NumericValue == 97
    assert (first.TemporalRangeType, first.ReferencedSamplePositions) == ("POINT", 76)
    assert first.ConceptNameCodeSequence[0].CodeValue == "59408-5"
    assert first.MeasurementUnitsCodeSequence[0].CodeValue == "%"
    assert (second.NumericValue, second.ReferencedTimeOffsets) == (88.25, 7.5)
    assert "ReferencedSamplePositions" not in second
    assert (motion.TemporalRangeType, list(motion.ReferencedSamplePositions)) == ("SEGMENT", [39, 113])
    assert (off.UnformattedTextValue, off.ReferencedSamplePositions) == ("Probe off", 226)


def test_values_without_a_checksum_are_said_to_be_so_once(make_context):
    recording = pleth()
    unchecked = tuple(replace(reading, checked=False) for reading in recording.readings)
    texts = [
        item.get("UnformattedTextValue")
        for item in annotations(arterial_pulse.describe(replace(recording, readings=unchecked), make_context()))
    ]
    assert texts == [None, None, UNCHECKED]


@pytest.mark.parametrize(
    ("started", "synchronized", "flag", "utc"),
    [(STARTED, True, "Y", True), (STARTED, False, "N", False), (TAKEN, True, "Y", False), (TAKEN, False, "N", False)],
)
def test_the_time_is_that_of_utc_only_with_a_clock_that_follows_it(started, synchronized, flag, utc, make_context):
    dataset = arterial_pulse.describe(pleth(started=started, synchronized=synchronized), make_context())
    assert dataset.AcquisitionTimeSynchronized == flag
    assert (dataset.SynchronizationFrameOfReferenceUID == "1.2.840.10008.15.1.1") == utc
    zone = "+0200" if started.tzinfo else ""
    assert dataset.AcquisitionDateTime == "20240517093102.500000" + zone
    assert ("MultiplexGroupTimeOffset" in dataset.WaveformSequence[0]) == synchronized


def test_groups_that_began_one_after_the_other_say_when(make_context):
    from modality.iods.waveforms import twelve_lead_ecg

    groups = tuple(replace(ecg(3).groups[0], offset_s=2.5 * index) for index in range(4))
    dataset = twelve_lead_ecg.describe(replace(ecg(3), groups=groups, events=()), make_context())
    assert [item.MultiplexGroupTimeOffset for item in dataset.WaveformSequence] == [0, 2500, 5000, 7500]


def test_an_interruption_of_an_eeg_starts_a_new_instance(make_context):
    from modality.iods.waveforms.leads import EEG_LEADS
    from modality.iods.waveforms.recording import Recording

    group = replace(wave(electrodes(EEG_LEADS, 2), 250), gaps=((100, 10), (120, 80)))
    recording = Recording(TAKEN, (group,), events=(Event("Eyes closed", 0.45, 0.5), Event("Start", -0.1)), number=4)
    with pytest.raises(UnsupportedError, match="an interruption starts a new instance"):
        scalp_eeg.describe(recording, make_context())
    parts = split_at_gaps(recording)
    assert [(part.number, len(part.groups[0].samples), part.groups[0].gaps) for part in parts] == [
        (4, 100, ()),
        (5, 10, ()),
    ]
    assert np.array_equal(parts[1].groups[0].samples, group.samples[110:120])
    assert (parts[1].started - TAKEN).total_seconds() == pytest.approx(110 / 250)
    assert [[event.text for event in part.events] for part in parts] == [["Start"], ["Eyes closed"]]
    assert parts[1].events[0].at_s == pytest.approx(0.45 - 110 / 250)
    assert parts[1].events[0].until_s == pytest.approx(0.5 - 110 / 250)
    datasets = [scalp_eeg.describe(part, make_context()) for part in parts]
    assert len({dataset.SOPInstanceUID for dataset in datasets}) == 2
    whole = pleth()
    assert split_at_gaps(whole) == (whole,)


@given(
    samples=arrays(np.int32, st.tuples(st.integers(1, 30), st.integers(1, 2)), elements=st.integers(-40000, 40000)),
    gaps=st.lists(st.tuples(st.integers(0, 29), st.integers(1, 5)), max_size=3),
    allowed=st.sampled_from([("SB", "SS"), ("SS",), ("SS", "SL")]),
)
def test_any_samples_come_back_or_are_refused(samples, gaps, allowed):
    channels = tuple(Channel(f"c{index}", SOURCE) for index in range(samples.shape[1]))
    inside = tuple((start, length) for start, length in gaps if start + length <= len(samples))
    group = Group(50, samples, channels, inside)
    lost = np.zeros(len(samples), bool)
    for start, length in inside:
        lost[start : start + length] = True
    try:
        found = stored(group, allowed)
    except UnsupportedError:
        kept = samples[~lost]
        assert "SL" not in allowed
        assert (np.ptp(kept, axis=0) > 65535).any()
        return
    kind = np.dtype(f"<i{found.bits // 8}")
    values = np.frombuffer(found.data, kind, samples.size).reshape(samples.shape)
    back = values.astype(np.int64) + np.array(found.offsets)
    assert np.array_equal(back[~lost], samples[~lost])
    if lost.any():
        (padding,) = np.frombuffer(found.padding, kind, 1)
        assert (values[lost] == padding).all()
        assert not (values[~lost] == padding).any()
    else:
        assert found.padding is None
