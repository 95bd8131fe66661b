"""PS3.3 A.27 Digital Mammography X-Ray Image IOD."""

from __future__ import annotations

from functools import partial

from pydicom.uid import (
    DigitalMammographyXRayImageStorageForPresentation,
    DigitalMammographyXRayImageStorageForProcessing,
)

from modality.acquisition.radiography.mammogram import Mammogram, mg
from modality.acquisition.radiography.radiograph import PRESENTATION, PROCESSING
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
from modality.iods.modules.multiframe.acquisition_context import acquisition_context
from modality.iods.modules.radiography.dx import dx_anatomy_imaged, dx_detector, dx_image, dx_positioning, dx_series
from modality.iods.modules.radiography.exposure import (
    x_ray_acquisition_dose,
    x_ray_filtration,
    x_ray_generation,
    x_ray_grid,
)
from modality.iods.modules.radiography.mammography import mammography_image
from modality.iods.projections.exposures import classes_of, described, parts


def _iod(sop_class_uid: str) -> ImageIod[Mammogram]:
    return ImageIod(
        sop_class_uid=sop_class_uid,
        context_modules=(
            patient,
            general_study,
            patient_study,
            partial(general_series, modality="MG"),
            general_equipment,
        ),
        image_modules=(
            dx_series,
            general_acquisition,
            general_image,
            image_pixel,
            dx_anatomy_imaged,
            dx_image,
            dx_detector,
            dx_positioning,
            x_ray_acquisition_dose,
            x_ray_generation,
            x_ray_filtration,
            x_ray_grid,
            mammography_image,
            acquisition_context,
        ),
    )


MG_IMAGES = {
    PRESENTATION: _iod(DigitalMammographyXRayImageStorageForPresentation),
    PROCESSING: _iod(DigitalMammographyXRayImageStorageForProcessing),
}

MG = Kind(
    name="mg",
    modality="MG",
    sop_class_uid=DigitalMammographyXRayImageStorageForPresentation,
    title="Digital Mammography X-Ray Image",
    default_phantom="breast",
    acquire=mg,
    describe=described(MG_IMAGES),
    parts=parts(MG_IMAGES),
    truth=Mammogram.truth,
    patient_sex="F",
    body_parts=False,
    labels=False,
    sop_class_of=lambda acquisition: classes_of(MG_IMAGES, acquisition)[-1],
    other_classes=lambda acquisition: classes_of(MG_IMAGES, acquisition)[:-1],
)
