"""PS3.3 C.8.3.1 MR Image and C.7.10.1 General Acquisition: what sets the images of one slice apart."""

from __future__ import annotations

from datetime import timedelta

from pydicom.dataset import Dataset

from modality.acquisition.mr import MrAcquisition
from modality.iods.image import Image
from modality.iods.values import day, decimal, time


def weighting(dataset: Dataset, image: Image[MrAcquisition]) -> None:
    """Echo Time, Inversion Time and the numbers that order them.

    The echoes of a train are one acquisition; each inversion time and b-value is one of its own, later than the one
    before, and a temporal position.
    """
    acquisition, protocol = image.acquisition, image.acquisition.protocol
    number = acquisition.weighting_of(image.frame.index)
    seen = protocol.weightings[number]
    dataset.EchoTime = decimal(seen.echo_time_ms)
    dataset.EchoNumbers = str(seen.echo_number)
    if seen.inversion_time_ms is not None:
        dataset.InversionTime = decimal(seen.inversion_time_ms)
    positions = len(protocol.weightings)
    if positions > 1 and len(protocol.echo_times_ms) == 1:
        dataset.TemporalPositionIdentifier = str(number + 1)
        dataset.NumberOfTemporalPositions = str(positions)
        dataset.AcquisitionNumber = str(number + 1)
        dataset.ImagesInAcquisition = str(acquisition.geometry.slices)
        before = timedelta(milliseconds=round(number * protocol.duration_ms(acquisition.geometry)))
        begun = image.context.series.started + before
        dataset.AcquisitionDate, dataset.AcquisitionTime = day(begun), time(begun)
