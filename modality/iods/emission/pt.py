"""PS3.3 A.21 Positron Emission Tomography Image IOD."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pydicom.dataset import Dataset
from pydicom.uid import PositronEmissionTomographyImageStorage

from modality.acquisition.emission.pet import PetAcquisition, pt
from modality.acquisition.frames import Frame
from modality.iods.context import Context
from modality.iods.image import ImageIod
from modality.iods.kind import Kind
from modality.iods.modules.common.frame_of_reference import frame_of_reference
from modality.iods.modules.common.general_equipment import general_equipment
from modality.iods.modules.common.general_series import general_series
from modality.iods.modules.common.general_study import general_study
from modality.iods.modules.common.patient import patient
from modality.iods.modules.common.patient_study import patient_study
from modality.iods.modules.emission.pet import dose_of_the_weight, pet_image, pet_isotope, pet_series
from modality.iods.modules.emission.radiopharmaceutical import body_part, patient_orientation
from modality.iods.modules.image.general_acquisition import general_acquisition
from modality.iods.modules.image.general_image import general_image
from modality.iods.modules.image.image_pixel import image_pixel
from modality.iods.modules.image.image_plane import image_plane

PT_IMAGE: ImageIod[PetAcquisition] = ImageIod(
    sop_class_uid=PositronEmissionTomographyImageStorage,
    context_modules=(
        patient,
        general_study,
        patient_study,
        partial(general_series, modality="PT"),
        patient_orientation,
        frame_of_reference,
        general_equipment,
    ),
    image_modules=(
        body_part,
        pet_series,
        pet_isotope,
        general_acquisition,
        general_image,
        image_plane,
        image_pixel,
        pet_image,
    ),
)


def describe_frame(acquisition: PetAcquisition, context: Context, frame: Frame) -> Dataset:
    """The PET image of one slice."""
    return PT_IMAGE.describe_frame(acquisition, context, frame)


def describe(acquisition: PetAcquisition, context: Context) -> Iterator[Dataset]:
    """The PET images of a scan, each made when asked for."""
    return (describe_frame(acquisition, context, frame) for frame in acquisition)


PT = Kind(
    name="pt",
    modality="PT",
    sop_class_uid=PositronEmissionTomographyImageStorage,
    title="PET Image",
    default_phantom="nema-pet",
    acquire=pt,
    describe=describe,
    draw=dose_of_the_weight,
    iod=PT_IMAGE,
)
