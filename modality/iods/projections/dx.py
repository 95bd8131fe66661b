"""PS3.3 A.26 Digital X-Ray Image IOD."""

from __future__ import annotations

from functools import partial

from pydicom.uid import DigitalXRayImageStorageForPresentation, DigitalXRayImageStorageForProcessing

from modality.acquisition.radiography.radiograph import PRESENTATION, PROCESSING, Exposure, dx
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
from modality.iods.modules.radiography.dx import (
    dx_anatomy_imaged,
    dx_detector,
    dx_image,
    dx_positioning,
    dx_series,
)
from modality.iods.modules.radiography.exposure import (
    x_ray_acquisition_dose,
    x_ray_filtration,
    x_ray_generation,
    x_ray_grid,
)
from modality.iods.projections.exposures import classes_of, described, parts


def _iod(sop_class_uid: str) -> ImageIod[Exposure]:
    return ImageIod(
        sop_class_uid=sop_class_uid,
        context_modules=(
            patient,
            general_study,
            patient_study,
            partial(general_series, modality="DX"),
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
            acquisition_context,
        ),
    )


DX_IMAGES = {
    PRESENTATION: _iod(DigitalXRayImageStorageForPresentation),
    PROCESSING: _iod(DigitalXRayImageStorageForProcessing),
}

DX = Kind(
    name="dx",
    modality="DX",
    sop_class_uid=DigitalXRayImageStorageForPresentation,
    title="Digital X-Ray Image",
    default_phantom="thorax",
    acquire=dx,
    describe=described(DX_IMAGES),
    parts=parts(DX_IMAGES),
    truth=Exposure.truth,
    labels=False,
    sop_class_of=lambda acquisition: classes_of(DX_IMAGES, acquisition)[-1],
    other_classes=lambda acquisition: classes_of(DX_IMAGES, acquisition)[:-1],
)
