"""PS3.3 C.7.6.1 General Image."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.image import FrameValues, Image, Taken
from modality.iods.macros.anatomy import general_anatomy
from modality.iods.values import day, set_known, time


def instance_number(image: Image[Taken]) -> FrameValues:
    """The slice's number, from 1."""
    return {"InstanceNumber": str(image.frame.index + 1)}


def general_image(dataset: Dataset, image: Image[Taken]) -> None:
    """The image in its series; Patient Orientation is not due where orientation and position stand (C.7.6.1.1.1)."""
    moment = image.context.series.started
    set_known(dataset, **instance_number(image))
    dataset.ContentDate = day(moment)
    dataset.ContentTime = time(moment)
    dataset.ImageLaterality = image.acquisition.phantom.laterality  # so Laterality (C.7.3.1, Type 2C) is not due
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    general_anatomy(dataset, image.acquisition.body_part)
