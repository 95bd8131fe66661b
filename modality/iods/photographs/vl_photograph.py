"""PS3.3 A.32.4 VL Photographic Image IOD, from a picture's file."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import VLPhotographicImageStorage

from modality.errors import InputError
from modality.iods.captured import context_modules
from modality.iods.context import Context
from modality.iods.macros.anatomy import region
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.photograph.image import captured_image, picture_pixels
from modality.iods.photographs.capture import Picture
from modality.iods.photographs.pixels import read_pixels

MODALITY = "XC"


def describe(picture: Picture, context: Context) -> Dataset:
    """The data set of a photograph; `captured.prepared` encodes it, since a JPEG goes as it is.

    Raises:
        InputError: it is no picture, or one of several pages or 16 bits, for which secondary captures are.
        MissingExtraError: Pillow is not installed, and the file has to be decoded.
    """
    pixels = read_pixels(picture)
    if len(pixels.pages) > 1:
        raise InputError(f"{picture.source}: {len(pixels.pages)} pages are no photograph: take a secondary capture")
    if pixels.bits > 8:
        raise InputError(f"{picture.source}: {pixels.bits} bits are too deep for one: take a secondary capture")
    dataset = Dataset()
    context_modules(dataset, context, modality=MODALITY)
    # A region is due here (C.8.12.1): the body, where nobody says which part of it.
    captured_image(dataset, picture, ("ORIGINAL", "PRIMARY"), default_region=region(""))
    dataset.AcquisitionContextSequence = []
    picture_pixels(dataset, pixels)
    uid = context.identity.uid("instance", picture.number)
    sop_common(dataset, context, sop_class_uid=VLPhotographicImageStorage, sop_instance_uid=uid)
    return dataset
