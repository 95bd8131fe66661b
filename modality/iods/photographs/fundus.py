"""The kind op: a fundus photograph, as an Ophthalmic Photography 8 Bit Image (PS3.3 A.41.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import OphthalmicPhotography8BitImageStorage

from modality.acquisition.retina import Fundus, fundus
from modality.iods.captured import context_modules
from modality.iods.context import Context
from modality.iods.kind import Kind
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.microscopy.icc_profile import srgb_profile
from modality.iods.modules.ophthalmic.photography import (
    ocular_region,
    photographic_parameters,
    photography_acquisition,
    photography_image,
)
from modality.iods.modules.waveform.synchronization import synchronization

MODALITY = "OP"


def describe(acquisition: Fundus, context: Context) -> Iterator[Dataset]:
    """The one photograph."""
    dataset = Dataset()
    context_modules(dataset, context, modality=MODALITY)
    synchronization(dataset, context, context.series.started, synchronized=False)
    photography_image(dataset, acquisition, context)
    ocular_region(dataset, acquisition.protocol.eye)
    photographic_parameters(dataset)
    photography_acquisition(dataset)
    _pixels(dataset, acquisition)
    uid = context.identity.uid("instance", 1)
    sop_common(dataset, context, sop_class_uid=OphthalmicPhotography8BitImageStorage, sop_instance_uid=uid)
    yield dataset


def _pixels(dataset: Dataset, acquisition: Fundus) -> None:
    """One frame in colour (C.7.6.3, C.7.6.6) and what its colours are (C.11.15)."""
    pixels = acquisition.frame(0).pixels
    dataset.NumberOfFrames = "1"
    dataset.FrameIncrementPointer = 0x00181063  # Frame Time
    dataset.FrameTime = "0"
    dataset.SamplesPerPixel = 3
    dataset.PhotometricInterpretation = "RGB"
    dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelRepresentation = 0
    dataset.ICCProfile = srgb_profile()
    dataset.ColorSpace = "SRGB"
    data = np.ascontiguousarray(pixels).tobytes()
    dataset.add_new("PixelData", "OB", data + bytes(len(data) % 2))


def _truth(acquisition: Fundus) -> Mapping[str, Any]:
    return acquisition.truth()


OP = Kind(
    name="op",
    modality=MODALITY,
    sop_class_uid=OphthalmicPhotography8BitImageStorage,
    title="Fundus Photograph",
    default_phantom=None,
    acquire=fundus,
    describe=describe,
    truth=_truth,
    body_parts=False,
    labels=False,
)
