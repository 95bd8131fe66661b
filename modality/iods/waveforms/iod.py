"""A waveform IOD: what it allows, and its modules (PS3.3 A.34)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from modality.errors import InputError, UnsupportedError, counted
from modality.iods.captured import context_modules
from modality.iods.coded import finite, words
from modality.iods.context import Context
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.multiframe.enhanced_equipment import enhanced_general_equipment
from modality.iods.modules.waveform.annotation import waveform_annotation
from modality.iods.modules.waveform.identification import waveform_identification
from modality.iods.modules.waveform.synchronization import synchronization
from modality.iods.modules.waveform.waveform import waveform
from modality.iods.waveforms.recording import Event, Group, Mark, Reading, Recording

_LONGEST_LABEL = 16  # of VR SH
_LONGEST_TEXT = 1024  # of VR ST


@dataclass(frozen=True, slots=True)
class WaveformIod:
    """A waveform IOD by its content constraints.

    Args:
        title: what it is, for messages.
        sop_class_uid: SOP Class UID.
        modality: Modality.
        interpretations: sample types that it allows, narrowest first.
        groups: multiplex groups at most.
        channels: of a group at most.
        all_channels: of all groups together at most; None sets no limit of its own.
        samples: of a channel at most; None sets no limit.
        rates_hz: slowest and fastest Sampling Frequency; None sets no limit.
        gaps: a missing stretch is padded; where that is False, it starts a new instance.
        enhanced_equipment: it has the Enhanced General Equipment module.
    """

    title: str
    sop_class_uid: str
    modality: str
    interpretations: tuple[str, ...]
    groups: int = 1
    channels: int = 1
    all_channels: int | None = None
    samples: int | None = None
    rates_hz: tuple[float, float] | None = None
    gaps: bool = True
    enhanced_equipment: bool = True

    def describe(self, recording: Recording, context: Context) -> Dataset:
        """The data set of a recording.

        Raises:
            UnsupportedError: the class cannot carry so many groups, channels or samples, this rate, or gaps.
            InputError: shapes or numbers do not fit together.
        """
        self._check(recording)
        dataset = Dataset()
        context_modules(dataset, context, modality=self.modality)
        if self.enhanced_equipment:
            enhanced_general_equipment(dataset, context)
        synchronization(dataset, context, recording.started, synchronized=recording.synchronized)
        waveform_identification(dataset, recording.started, recording.number)
        dataset.AcquisitionContextSequence = []
        waveform(dataset, recording, self.interpretations)
        waveform_annotation(dataset, recording)
        uid = context.identity.uid("instance", recording.number)
        sop_common(dataset, context, sop_class_uid=self.sop_class_uid, sop_instance_uid=uid)
        return dataset

    def _check(self, recording: Recording) -> None:
        groups = recording.groups
        if not 1 <= len(groups) <= self.groups:
            most = counted(self.groups, "multiplex group")
            raise UnsupportedError(f"{self.title} holds 1 to {most}, not {len(groups)}")
        for number, group in enumerate(groups, start=1):
            self._check_group(group, f"{self.title}, group {number}")
        total = sum(len(group.channels) for group in groups)
        if self.all_channels is not None and total > self.all_channels:
            raise UnsupportedError(f"{self.title} holds {self.all_channels} channels in all, not {total}")
        placed: tuple[Reading | Event | Mark, ...] = (*recording.readings, *recording.events, *recording.marks)
        for what in placed:
            finite(f"{self.title}, moment of a value", what.at_s)
            if not 1 <= what.group <= len(groups):
                raise InputError(f"{self.title}: a value or event in group {what.group} of {len(groups)}")
        for reading in recording.readings:
            finite(reading.name.meaning, reading.value)
        for event in recording.events:
            if not 0 < len(words(event.text)) <= _LONGEST_TEXT:
                raise InputError(f"{self.title}: an event has no text, or more than {_LONGEST_TEXT} characters")
            if event.until_s is not None and finite(event.text, event.until_s) < event.at_s:
                raise InputError(f"{self.title}: {event.text!r} ends before it begins")

    def _check_group(self, group: Group, where: str) -> None:
        samples = np.asarray(group.samples)
        if samples.ndim != 2 or samples.dtype.kind not in "iu" or not len(samples):
            raise InputError(f"{where}: samples are integers of shape (samples, channels), at least one of each")
        if samples.shape[1] != len(group.channels):
            raise InputError(f"{where}: {samples.shape[1]} columns of samples for {len(group.channels)} channels")
        if not 1 <= len(group.channels) <= self.channels:
            most = counted(self.channels, "channel")
            raise UnsupportedError(f"{where}: 1 to {most} fit, not {len(group.channels)}")
        if self.samples is not None and len(samples) > self.samples:
            raise UnsupportedError(f"{where}: {self.samples} samples fit, not {len(samples)}: record shorter pieces")
        if samples.dtype == np.uint64 and samples.max() > np.iinfo(np.int64).max:
            raise UnsupportedError(f"{where}: samples of more than 63 bits")
        self._check_clock(group, len(samples), where)
        _check_label(group.label, where)
        for channel in group.channels:
            _check_label(channel.name, where)
            filters = (one for one in (channel.low_hz, channel.high_hz, channel.notch_hz) if one is not None)
            for number in (channel.sensitivity, channel.baseline, channel.skew_s, group.offset_s, *filters):
                finite(f"{where}, channel {channel.name!r}", number)
            if not channel.sensitivity:
                raise InputError(f"{where}: channel {channel.name!r} has a sensitivity of 0")

    def _check_clock(self, group: Group, count: int, where: str) -> None:
        if not finite(f"{where}, rate", group.rate_hz) > 0:
            raise InputError(f"{where}: {group.rate_hz} samples a second is no rate")
        slowest, fastest = self.rates_hz or (0.0, math.inf)
        if not slowest <= group.rate_hz <= fastest:
            raise UnsupportedError(f"{where}: {group.rate_hz:g} Hz is outside {slowest:g} to {fastest:g} Hz")
        for start, length in group.gaps:
            if start < 0 or length < 1 or start + length > count:
                raise InputError(f"{where}: no {length} samples can be missing from {start} on, of {count}")
        if group.gaps and not self.gaps:
            raise UnsupportedError(f"{where}: an interruption starts a new instance: split the recording at its gaps")


def _check_label(label: str, where: str) -> None:
    if len(label) > _LONGEST_LABEL or "\\" in label or not label.isprintable():
        raise InputError(f"{where}: {label!r} is no label: {_LONGEST_LABEL} printable characters at most, no backslash")
