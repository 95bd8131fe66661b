"""PS3.3 A.2 Computed Radiography Image IOD."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pydicom.dataset import Dataset
from pydicom.uid import ComputedRadiographyImageStorage

from modality.acquisition.frames import Frame
from modality.acquisition.radiography.display import GREATEST
from modality.acquisition.radiography.radiograph import Exposure, cr
from modality.iods.context import Context
from modality.iods.image import ImageIod
from modality.iods.kind import Kind
from modality.iods.modules.common.general_equipment import general_equipment
from modality.iods.modules.common.general_series import general_series
from modality.iods.modules.common.general_study import general_study
from modality.iods.modules.common.patient import patient
from modality.iods.modules.common.patient_study import patient_study
from modality.iods.modules.image.general_acquisition import general_acquisition
from modality.iods.modules.image.general_image import general_image
from modality.iods.modules.image.image_pixel import image_pixel
from modality.iods.modules.radiography.cr import cr_image, cr_series

CR_IMAGE: ImageIod[Exposure] = ImageIod(
    sop_class_uid=ComputedRadiographyImageStorage,
    context_modules=(
        patient,
        general_study,
        patient_study,
        partial(general_series, modality="CR"),
        general_equipment,
    ),
    image_modules=(general_acquisition, general_image, image_pixel, cr_series, cr_image),
)


def describe(acquisition: Exposure, context: Context) -> Iterator[Dataset]:
    """The image of an exposure; the plate's reader writes values that darken as they grow."""
    for frame in acquisition:
        darkened = Frame(frame.index, GREATEST - frame.pixels)
        yield CR_IMAGE.describe_frame(acquisition, context, darkened)


CR = Kind(
    name="cr",
    modality="CR",
    sop_class_uid=ComputedRadiographyImageStorage,
    title="Computed Radiography Image",
    default_phantom="abdomen",
    acquire=cr,
    describe=describe,
    truth=Exposure.truth,
    labels=False,
)
