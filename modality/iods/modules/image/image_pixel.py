"""PS3.3 C.7.6.3 Image Pixel."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

from modality.iods.image import Image, Taken


def pixel_description(dataset: Dataset, image: Image[Taken]) -> None:
    """What the pixels are: grey."""
    pixels = image.frame.pixels
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated = 8 * pixels.itemsize
    dataset.BitsStored = image.acquisition.protocol.bits_stored
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = 1 if np.issubdtype(pixels.dtype, np.signedinteger) else 0


def image_pixel(dataset: Dataset, image: Image[Taken]) -> None:
    """Grey pixels, native and little endian, padded to an even number of bytes (PS3.5 8.1.1)."""
    pixel_description(dataset, image)
    pixels = image.frame.pixels
    data = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<")).tobytes()
    dataset.add_new("PixelData", "OB" if pixels.itemsize == 1 else "OW", data + b"\0" * (len(data) % 2))
