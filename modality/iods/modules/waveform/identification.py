"""PS3.3 C.10.8 Waveform Identification."""

from __future__ import annotations

from datetime import datetime

from pydicom.dataset import Dataset

from modality.iods.values import date_time, day, time


def date_time_with_offset(moment: datetime) -> str:
    """A moment as DT, with its offset from UTC where it has one (PS3.5 6.2)."""
    return date_time(moment) + f"{moment:%z}"[:5]


def waveform_identification(dataset: Dataset, started: datetime, number: int) -> None:
    """Which recording it is, and when its first sample was taken.

    Args:
        dataset: gets the attributes.
        started: when the first sample was taken.
        number: Instance Number.
    """
    dataset.InstanceNumber = str(number)
    dataset.ContentDate = day(started)
    dataset.ContentTime = time(started)
    dataset.AcquisitionDateTime = date_time_with_offset(started)
