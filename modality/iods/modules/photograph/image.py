"""PS3.3 C.7.6.1 General Image, C.7.6.3 Image Pixel and C.7.10.1 General Acquisition, of what is captured."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

from modality.errors import InputError
from modality.iods.captured import encapsulate_as_is
from modality.iods.modules.waveform.identification import date_time_with_offset
from modality.iods.photographs.capture import Picture, Video
from modality.iods.photographs.pixels import Pixels
from modality.iods.values import day, set_known, time

JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
_SIDES = ("", "R", "L", "B", "U")


def captured_image(
    dataset: Dataset, capture: Picture | Video, image_type: tuple[str, ...], default_region: Dataset | None = None
) -> None:
    """When it was taken and what it shows.

    Args:
        dataset: gets the attributes.
        capture: what was captured.
        image_type: Image Type.
        default_region: what is said to be seen where nobody says it, if something has to be.

    Raises:
        InputError: the side is none.
    """
    if capture.side not in _SIDES:
        raise InputError(f"{capture.source}: side {capture.side!r} is none of R, L, B, U")
    taken = capture.taken
    dataset.ImageType = list(image_type)
    dataset.InstanceNumber = str(capture.number)
    dataset.ContentDate, dataset.ContentTime = day(taken), time(taken)
    dataset.AcquisitionDate, dataset.AcquisitionTime = day(taken), time(taken)
    dataset.AcquisitionDateTime = date_time_with_offset(taken)
    dataset.PatientOrientation = ""
    dataset.BurnedInAnnotation = "YES" if capture.identified else "NO"
    set_known(dataset, ImageLaterality=capture.side)
    if capture.region is not None or default_region is not None:
        dataset.AnatomicRegionSequence = [capture.region.item() if capture.region else default_region]
    elif not capture.side:
        dataset.Laterality = ""  # Type 2C (C.7.3.1): whether the part is paired is not known


def lossy(dataset: Dataset, ratio: float | None, method: str) -> None:
    """What was lost before (C.7.6.1.1.5).

    Args:
        dataset: gets the attributes.
        ratio: how far it was compressed with loss; None where it was not.
        method: Lossy Image Compression Method.
    """
    dataset.LossyImageCompression = "00" if ratio is None else "01"
    if ratio is not None:
        dataset.LossyImageCompressionRatio = f"{ratio:.4g}"
        dataset.LossyImageCompressionMethod = method


def picture_pixels(dataset: Dataset, pixels: Pixels) -> None:
    """The pixels: a JPEG stream as it is, or native ones.

    Args:
        dataset: gets the attributes.
        pixels: of the picture.
    """
    dataset.SamplesPerPixel = pixels.samples
    dataset.PhotometricInterpretation = _photometric(pixels)
    if pixels.samples > 1:
        dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = pixels.rows, pixels.columns
    dataset.BitsAllocated = dataset.BitsStored = pixels.bits
    dataset.HighBit = pixels.bits - 1
    dataset.PixelRepresentation = 0
    lossy(dataset, pixels.ratio, "ISO_10918_1")
    if pixels.stream is not None:
        encapsulate_as_is(dataset, pixels.stream, JPEG_BASELINE)
        return
    kind = np.dtype("<u2") if pixels.bits == 16 else np.dtype("u1")
    data = b"".join(np.ascontiguousarray(page, kind).tobytes() for page in pixels.pages)
    dataset.add_new("PixelData", "OB" if pixels.bits == 8 else "OW", data + bytes(len(data) % 2))


def _photometric(pixels: Pixels) -> str:
    """YBR_FULL_422 is what a baseline stream of YCbCr is called (PS3.5 8.2.1); its own sampling factors hold."""
    if pixels.samples == 1:
        return "MONOCHROME2"
    if pixels.stream is None or (pixels.markers is not None and pixels.markers.is_rgb):
        return "RGB"
    return "YBR_FULL_422"
