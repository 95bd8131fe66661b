"""PS3.3 C.10.10 Waveform Annotation: gaps, values read at the same time, events, and what was recognized."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset

from modality.iods.coded import words
from modality.iods.values import decimal
from modality.iods.waveforms.recording import Event, Group, Mark, Reading, Recording

LOST = "Signal lost: these samples are missing"
UNCHECKED = "The device's format has no checksum: transmission errors in its values may have gone unseen"
_MOST_SEGMENTS = 8000  # an element of VR UL in explicit form holds 16383 positions (PS3.5 7.1.2)


def waveform_annotation(dataset: Dataset, recording: Recording) -> None:
    """What is known of the waveform; nothing where that is nothing (the module is conditional).

    Args:
        dataset: gets the attribute.
        recording: with consistent shapes.
    """
    items = [
        *(item for number, group in enumerate(recording.groups, start=1) for item in _gaps(number, group)),
        *(_reading(reading, recording) for reading in recording.readings),
        *(_event(event, recording) for event in recording.events),
        *(_mark(mark, recording) for mark in recording.marks),
    ]
    if not all(reading.checked for reading in recording.readings):
        items.append(_text(UNCHECKED, 1))
    if items:
        dataset.WaveformAnnotationSequence = items


def _text(text: str, group: int) -> Dataset:
    item = Dataset()
    item.UnformattedTextValue = words(text)
    item.ReferencedWaveformChannels = [group, 0]  # 0: all its channels
    return item


def _gaps(number: int, group: Group) -> Iterator[Dataset]:
    """Gaps of a group, from the first lost sample to the last; positions count from 1."""
    for first in range(0, len(group.gaps), _MOST_SEGMENTS):
        some = sorted(group.gaps)[first : first + _MOST_SEGMENTS]
        item = _text(LOST, number)
        item.TemporalRangeType = "SEGMENT" if len(some) == 1 else "MULTISEGMENT"
        item.ReferencedSamplePositions = [place for start, length in some for place in (start + 1, start + length)]
        yield item


def _reading(reading: Reading, recording: Recording) -> Dataset:
    item = Dataset()
    item.ConceptNameCodeSequence = [reading.name.item()]
    item.MeasurementUnitsCodeSequence = [reading.unit.item()]
    item.NumericValue = decimal(reading.value)
    item.ReferencedWaveformChannels = [reading.group, 0]
    _when(item, (reading.at_s,), recording.groups[reading.group - 1])
    return item


def _event(event: Event, recording: Recording) -> Dataset:
    item = _text(event.text, event.group)
    moments = (event.at_s,) if event.until_s is None else (event.at_s, event.until_s)
    _when(item, moments, recording.groups[event.group - 1])
    return item


def _mark(mark: Mark, recording: Recording) -> Dataset:
    item = Dataset()
    item.ConceptNameCodeSequence = [mark.name.item()]
    item.ReferencedWaveformChannels = [mark.group, 0]
    _when(item, (mark.at_s,), recording.groups[mark.group - 1])
    return item


def _when(item: Dataset, moments: tuple[float, ...], group: Group) -> None:
    """By the sample where there is one at each moment, else in seconds after the start of the data."""
    item.TemporalRangeType = "POINT" if len(moments) == 1 else "SEGMENT"
    positions = [round((moment - group.offset_s) * group.rate_hz) + 1 for moment in moments]
    if all(1 <= position <= len(group.samples) for position in positions):
        item.ReferencedSamplePositions = positions
    else:
        item.ReferencedTimeOffsets = [decimal(moment) for moment in moments]
