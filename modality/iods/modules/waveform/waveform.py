"""PS3.3 C.10.9 Waveform."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.coded import unit
from modality.iods.modules.waveform.stored import Stored, stored
from modality.iods.values import decimal, set_known
from modality.iods.waveforms.recording import Channel, Group, Recording

_NO_UNITS = unit("1", "no units")


def waveform(dataset: Dataset, recording: Recording, interpretations: tuple[str, ...]) -> None:
    """The samples and what they mean.

    Args:
        dataset: gets the attribute.
        recording: with consistent shapes.
        interpretations: sample types that the IOD allows, narrowest first.
    """
    dataset.WaveformSequence = [_group(group, recording, interpretations) for group in recording.groups]


def _group(group: Group, recording: Recording, interpretations: tuple[str, ...]) -> Dataset:
    encoded = stored(group, interpretations)
    item = Dataset()
    # Due where the time is synchronized (Type 1C); of use where groups began at other times.
    if recording.synchronized or any(one.offset_s for one in recording.groups):
        item.MultiplexGroupTimeOffset = decimal(group.offset_s * 1e3)  # in ms
    item.WaveformOriginality = "ORIGINAL"
    item.NumberOfWaveformChannels = len(group.channels)
    item.NumberOfWaveformSamples = len(group.samples)
    item.SamplingFrequency = decimal(group.rate_hz)
    set_known(item, MultiplexGroupLabel=group.label)
    item.ChannelDefinitionSequence = [
        _channel(number, channel, encoded) for number, channel in enumerate(group.channels, start=1)
    ]
    item.WaveformBitsAllocated = encoded.bits
    item.WaveformSampleInterpretation = encoded.interpretation
    vr = "OB" if encoded.bits == 8 else "OW"
    if encoded.padding is not None:
        item.add_new("WaveformPaddingValue", vr, encoded.padding)
    item.add_new("WaveformData", vr, encoded.data)
    return item


def _channel(number: int, channel: Channel, encoded: Stored) -> Dataset:
    item = Dataset()
    item.WaveformChannelNumber = str(number)
    set_known(item, ChannelLabel=channel.name)
    item.ChannelSourceSequence = [channel.source.item()]
    set_known(item, ChannelSourceModifiersSequence=[modifier.item() for modifier in channel.modifiers])
    offset = encoded.offsets[number - 1]
    # Samples of no unit need no sensitivity, unless they were moved: what they were is sample + Channel Baseline.
    if channel.unit is not None or offset or channel.baseline:
        item.ChannelSensitivity = decimal(channel.sensitivity)
        item.ChannelSensitivityUnitsSequence = [(channel.unit or _NO_UNITS).item()]
        item.ChannelSensitivityCorrectionFactor = "1"
        item.ChannelBaseline = decimal(channel.baseline + offset * channel.sensitivity)
    item.ChannelTimeSkew = decimal(channel.skew_s)
    item.WaveformBitsStored = encoded.bits
    for keyword, value in (
        ("FilterLowFrequency", channel.low_hz),
        ("FilterHighFrequency", channel.high_hz),
        ("NotchFilterFrequency", channel.notch_hz),
    ):
        if value is not None:
            setattr(item, keyword, decimal(value))
    return item
