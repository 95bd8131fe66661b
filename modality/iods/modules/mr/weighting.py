"""PS3.3 C.8.3.1 MR Image and C.7.10.1 General Acquisition: what sets the images of one slice apart."""

from __future__ import annotations

from datetime import timedelta

from pydicom.dataset import Dataset

from modality.acquisition.mr import MrAcquisition
from modality.iods.image import FrameValues, Image
from modality.iods.values import day, decimal, set_known, time


def weighting_values(image: Image[MrAcquisition]) -> FrameValues:
    """Echo Time, Inversion Time and the numbers that order them.

    The echoes of a train are one acquisition; each inversion time, b-value and time of a contrast agent's passage is
    one of its own, later than the one before, and a temporal position.
    """
    acquisition, protocol = image.acquisition, image.acquisition.protocol
    number = acquisition.weighting_of(image.frame.index)
    weightings = acquisition.weightings
    seen = weightings[number]
    values: dict[str, str | list[str] | float] = {
        "EchoTime": decimal(seen.echo_time_ms),
        "EchoNumbers": str(seen.echo_number),
    }
    if seen.inversion_time_ms is not None:
        values["InversionTime"] = decimal(seen.inversion_time_ms)
    positions = len(weightings)
    if positions > 1 and len(protocol.echo_times_ms) == 1:
        before = timedelta(milliseconds=round(protocol.begun_ms(number, acquisition.geometry)))
        begun = image.context.series.started + before
        values |= {
            "TemporalPositionIdentifier": str(number + 1),
            "NumberOfTemporalPositions": str(positions),
            "AcquisitionNumber": str(number + 1),
            "ImagesInAcquisition": str(len(acquisition) // positions),
            "AcquisitionDate": day(begun),
            "AcquisitionTime": time(begun),
            "ContentDate": day(begun),
            "ContentTime": time(begun),
        }
    return values


def weighting(dataset: Dataset, image: Image[MrAcquisition]) -> None:
    """What sets the image apart from the others of its slice."""
    set_known(dataset, **weighting_values(image))
    protocol = image.acquisition.protocol
    if protocol.dynamic:
        dataset.TemporalResolution = decimal(round(protocol.temporal_resolution_s * 1000.0, 3))
