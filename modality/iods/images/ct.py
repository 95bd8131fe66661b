"""PS3.3 A.3 CT Image IOD."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from modality.acquisition.ct import CtAcquisition, ct
from modality.acquisition.frames import Frame
from modality.iods.context import Context
from modality.iods.image import Image, ImageIod
from modality.iods.kind import Kind
from modality.iods.modules.common.frame_of_reference import frame_of_reference
from modality.iods.modules.common.general_equipment import general_equipment
from modality.iods.modules.common.general_series import general_series
from modality.iods.modules.common.general_study import general_study
from modality.iods.modules.common.patient import patient
from modality.iods.modules.common.patient_study import patient_study
from modality.iods.modules.ct.ct_image import ct_image, tube_output
from modality.iods.modules.image.general_acquisition import general_acquisition
from modality.iods.modules.image.general_image import general_image, instance_number
from modality.iods.modules.image.image_pixel import image_pixel
from modality.iods.modules.image.image_plane import image_plane, plane_position
from modality.iods.modules.image.scanned_series import scanned_series
from modality.iods.modules.image.voi_lut import Window, voi_lut

_SOFT_TISSUE = Window(40.0, 400.0, "SOFT_TISSUE")
_LUNG = Window(-600.0, 1500.0, "LUNG")
_LOCALIZER = Window(0.0, 2000.0, "LOCALIZER")  # air to twice its zero: our choice
WINDOWS: Mapping[str, tuple[Window, ...]] = {
    "HEAD": (Window(40.0, 80.0, "BRAIN"),),
    "CHEST": (_SOFT_TISSUE, _LUNG),
}
"""Windows by Body Part Examined, in HU: customary ones, as in Radiopaedia, "Windowing (CT)"; they vary by house."""


def windows_of(acquisition: CtAcquisition) -> tuple[Window, ...]:
    """The windows that suit a scan."""
    if acquisition.protocol.localizer is not None:
        return (_LOCALIZER,)
    return WINDOWS.get(acquisition.body_part, (_SOFT_TISSUE,))


def _voi_lut(dataset: Dataset, image: Image[CtAcquisition]) -> None:
    voi_lut(dataset, windows_of(image.acquisition))


CT_IMAGE: ImageIod[CtAcquisition] = ImageIod(
    sop_class_uid=CTImageStorage,
    context_modules=(
        patient,
        general_study,
        patient_study,
        partial(general_series, modality="CT"),
        frame_of_reference,
        general_equipment,
    ),
    image_modules=(
        scanned_series,
        general_acquisition,
        general_image,
        image_plane,
        image_pixel,
        ct_image,
        _voi_lut,
    ),
    frame_values=(instance_number, plane_position, tube_output),
)


def describe_frame(acquisition: CtAcquisition, context: Context, frame: Frame) -> Dataset:
    """The CT image of one slice."""
    return CT_IMAGE.describe_frame(acquisition, context, frame)


def describe(acquisition: CtAcquisition, context: Context) -> Iterator[Dataset]:
    """The CT images of a scan, each made when asked for."""
    return (describe_frame(acquisition, context, frame) for frame in acquisition)


CT = Kind(
    name="ct",
    modality="CT",
    sop_class_uid=CTImageStorage,
    title="CT Image",
    default_phantom="thorax",
    acquire=ct,
    describe=describe,
    iod=CT_IMAGE,
)
