"""PS3.3 A.4 MR Image IOD."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage

from modality.acquisition.frames import Frame
from modality.acquisition.mr import MrAcquisition, mr
from modality.iods.context import Context
from modality.iods.image import Image, ImageIod
from modality.iods.kind import Kind
from modality.iods.modules.common.frame_of_reference import frame_of_reference
from modality.iods.modules.common.general_equipment import general_equipment
from modality.iods.modules.common.general_series import general_series
from modality.iods.modules.common.general_study import general_study
from modality.iods.modules.common.patient import patient
from modality.iods.modules.common.patient_study import patient_study
from modality.iods.modules.image.contrast_bolus import contrast_bolus
from modality.iods.modules.image.general_acquisition import general_acquisition
from modality.iods.modules.image.general_image import general_image, instance_number
from modality.iods.modules.image.image_pixel import image_pixel
from modality.iods.modules.image.image_plane import image_plane, plane_orientation, plane_position
from modality.iods.modules.image.scanned_series import scanned_series
from modality.iods.modules.image.voi_lut import Window, voi_lut
from modality.iods.modules.mr.diffusion import diffusion, diffusion_values
from modality.iods.modules.mr.mr_image import mr_image, slice_spacing
from modality.iods.modules.mr.weighting import weighting, weighting_values


def windows_of(acquisition: MrAcquisition) -> tuple[Window, ...]:
    """From black to the strongest tissue of all images, so that those of a series compare."""
    # A phantom without any signal shows noise, which still wants a window.
    brightest = max(acquisition.gain * acquisition.brightest, 1000.0)
    return (Window(round(brightest / 2), round(brightest), "WHOLE_RANGE"),)


def _voi_lut(dataset: Dataset, image: Image[MrAcquisition]) -> None:
    voi_lut(dataset, windows_of(image.acquisition))


MR_IMAGE: ImageIod[MrAcquisition] = ImageIod(
    sop_class_uid=MRImageStorage,
    context_modules=(
        patient,
        general_study,
        patient_study,
        partial(general_series, modality="MR"),
        frame_of_reference,
        general_equipment,
    ),
    image_modules=(
        scanned_series,
        general_acquisition,
        general_image,
        image_plane,
        image_pixel,
        contrast_bolus,
        mr_image,
        weighting,
        diffusion,
        _voi_lut,
    ),
    frame_values=(
        instance_number,
        plane_orientation,
        plane_position,
        slice_spacing,
        weighting_values,
        diffusion_values,
    ),
)


def describe_frame(acquisition: MrAcquisition, context: Context, frame: Frame) -> Dataset:
    """The MR image of one slice."""
    return MR_IMAGE.describe_frame(acquisition, context, frame)


def describe(acquisition: MrAcquisition, context: Context) -> Iterator[Dataset]:
    """The MR images of a scan, each made when asked for."""
    return (describe_frame(acquisition, context, frame) for frame in acquisition)


MR = Kind(
    name="mr",
    modality="MR",
    sop_class_uid=MRImageStorage,
    title="MR Image",
    default_phantom="head",
    acquire=mr,
    describe=describe,
    iod=MR_IMAGE,
)
