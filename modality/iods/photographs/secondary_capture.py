"""PS3.3 A.8 Secondary Capture Image IODs, from a picture's file: one frame, or the pages of a TIFF."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import (
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
)

from modality.iods.captured import context_modules
from modality.iods.context import Context
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.document.sc_equipment import sc_equipment
from modality.iods.modules.photograph.image import captured_image, picture_pixels
from modality.iods.modules.photograph.pages import pages
from modality.iods.photographs.capture import Picture
from modality.iods.photographs.pixels import Pixels, read_pixels
from modality.iods.values import day, time

MODALITY = "OT"


def describe(picture: Picture, context: Context) -> Dataset:
    """The data set of a captured picture; `captured.prepared` encodes it, since a JPEG goes as it is.

    Raises:
        InputError: it is no picture.
        MissingExtraError: Pillow is not installed, and the file has to be decoded.
    """
    return described(picture, read_pixels(picture), context)


def described(picture: Picture, pixels: Pixels, context: Context) -> Dataset:
    """The same for pixels that are at hand.

    Args:
        picture: what is known of it; its data is not looked at.
        pixels: what is seen.
        context: of the instance.
    """
    dataset = Dataset()
    context_modules(dataset, context, modality=MODALITY)
    sc_equipment(dataset, context, "WSD")
    captured_image(dataset, picture, ("DERIVED", "SECONDARY"))
    dataset.DateOfSecondaryCapture, dataset.TimeOfSecondaryCapture = day(picture.taken), time(picture.taken)
    picture_pixels(dataset, pixels)
    if len(pixels.pages) > 1:
        pages(dataset, pixels)
    uid = context.identity.uid("instance", picture.number)
    sop_common(dataset, context, sop_class_uid=_sop_class(pixels), sop_instance_uid=uid)
    return dataset


def _sop_class(pixels: Pixels) -> str:
    if len(pixels.pages) < 2:
        return SecondaryCaptureImageStorage
    if pixels.samples > 1:
        return MultiFrameTrueColorSecondaryCaptureImageStorage
    if pixels.bits == 8:
        return MultiFrameGrayscaleByteSecondaryCaptureImageStorage
    return MultiFrameGrayscaleWordSecondaryCaptureImageStorage
