"""What a device has recorded, as plain data: channels, groups of channels, and values read at the same time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from modality.iods.coded import Code

Samples = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel (PS3.3 C.10.9.1.4).

    Args:
        name: Channel Label; 16 characters at most.
        source: what it measures, a code of the context group that the IOD names.
        unit: UCUM unit of the measured values; None where the samples are numbers without one.
        sensitivity: units of the value of one step of the samples.
        baseline: value, in units, of a sample that is 0.
        lowest: the smallest sample that the device can give; None takes that of the samples at hand.
        highest: the largest one.
        low_hz: lower edge of the filter's pass band.
        high_hz: upper edge.
        notch_hz: frequency of the notch filter.
        skew_s: Channel Time Skew: how much later than the group's clock the channel is sampled.
        modifiers: codes that qualify the source.
    """

    name: str
    source: Code
    unit: Code | None = None
    sensitivity: float = 1.0
    baseline: float = 0.0
    lowest: int | None = None
    highest: int | None = None
    low_hz: float | None = None
    high_hz: float | None = None
    notch_hz: float | None = None
    skew_s: float = 0.0
    modifiers: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Channels that are sampled by one clock: a multiplex group (PS3.3 C.10.9.1).

    Args:
        rate_hz: samples a second of each channel.
        samples: of shape (samples, channels), any integer type.
        channels: one for each column.
        gaps: first sample and length of each stretch that was lost, counted from 0; what stands there is not looked at.
        offset_s: how long after the start of the recording the first sample was taken.
        label: Multiplex Group Label.
    """

    rate_hz: float
    samples: Samples
    channels: tuple[Channel, ...]
    gaps: tuple[tuple[int, int], ...] = ()
    offset_s: float = 0.0
    label: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A value that the device gave while it recorded, such as SpO2; it becomes an annotation.

    Args:
        name: what it is.
        value: the number.
        unit: UCUM.
        at_s: when, in seconds after the start of the recording.
        group: number of the multiplex group that it belongs to, from 1.
        checked: False where the device's format has no checksum; the annotation's own text says so.
    """

    name: Code
    value: float
    unit: Code
    at_s: float
    group: int = 1
    checked: bool = True


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened while the device recorded; it becomes an annotation in words.

    Args:
        text: what, in one line.
        at_s: when, in seconds after the start of the recording.
        until_s: when it ended; None for a moment.
        group: number of the multiplex group that it belongs to, from 1.
    """

    text: str
    at_s: float
    until_s: float | None = None
    group: int = 1


@dataclass(frozen=True, slots=True)
class Mark:
    """What the device recognized in the recording, such as a beat; it becomes an annotation that is a code.

    Args:
        name: what it is, such as a code of PS3.16 CID 3335 for an ECG.
        at_s: when, in seconds after the start of the recording.
        group: number of the multiplex group that it belongs to, from 1.
    """

    name: Code
    at_s: float
    group: int = 1


@dataclass(frozen=True, slots=True)
class Recording:
    """One instance's worth of waveforms.

    Args:
        started: when the first sample was taken (Acquisition DateTime); give its offset from UTC where that is known.
        groups: the samples.
        readings: values of the same time.
        events: what else happened.
        marks: what was recognized in the samples.
        synchronized: the clock follows an external one (Acquisition Time Synchronized); without a trusted clock, False.
        number: Instance Number; with the context's identity it gives the SOP Instance UID.
    """

    started: datetime
    groups: tuple[Group, ...]
    readings: tuple[Reading, ...] = ()
    events: tuple[Event, ...] = ()
    marks: tuple[Mark, ...] = ()
    synchronized: bool = False
    number: int = 1


def split_at_gaps(recording: Recording) -> tuple[Recording, ...]:
    """A recording of one group as recordings without gaps, for an IOD in which an interruption starts a new instance.

    Instance Numbers go on from the recording's own. Readings, events and marks go with the part that was recorded
    last when they happened, the first part's having those before it too.

    Args:
        recording: of one group; another one is given back as it is.
    """
    if len(recording.groups) != 1 or not recording.groups[0].gaps:
        return (recording,)
    group = recording.groups[0]
    whole = np.ones(len(group.samples), np.int8)
    for start, length in group.gaps:
        whole[max(start, 0) : start + length] = 0
    edges = np.flatnonzero(np.diff(whole, prepend=np.int8(0), append=np.int8(0)))
    pieces = [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]
    starts = [group.offset_s + first / group.rate_hz for first, _ in pieces]
    parts = []
    for index, (first, last) in enumerate(pieces):
        begins = starts[index]
        lower = begins if index else -np.inf
        upper = starts[index + 1] if index + 1 < len(pieces) else np.inf
        parts.append(
            replace(
                recording,
                started=recording.started + timedelta(seconds=begins),
                groups=(replace(group, samples=group.samples[first:last], gaps=(), offset_s=0.0),),
                readings=tuple(
                    replace(one, at_s=one.at_s - begins) for one in recording.readings if lower <= one.at_s < upper
                ),
                events=tuple(
                    replace(one, at_s=one.at_s - begins, until_s=None if one.until_s is None else one.until_s - begins)
                    for one in recording.events
                    if lower <= one.at_s < upper
                ),
                marks=tuple(
                    replace(one, at_s=one.at_s - begins) for one in recording.marks if lower <= one.at_s < upper
                ),
                number=recording.number + index,
            )
        )
    return tuple(parts)
