"""PS3.3 A.14 X-Ray Angiographic Image and A.16 X-Ray Radiofluoroscopic Image IODs: runs of many frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from pydicom.dataset import Dataset
from pydicom.uid import XRayAngiographicImageStorage, XRayRadiofluoroscopicImageStorage

from modality.acquisition.frames import Frame
from modality.acquisition.radiography.cine import Cine
from modality.acquisition.radiography.runs import rf, xa
from modality.iods.context import Context
from modality.iods.image import Image
from modality.iods.kind import Kind
from modality.iods.modules.common.general_equipment import general_equipment
from modality.iods.modules.common.general_series import general_series
from modality.iods.modules.common.general_study import general_study
from modality.iods.modules.common.patient import patient
from modality.iods.modules.common.patient_study import patient_study
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.image.cine import cine, multi_frame
from modality.iods.modules.image.general_acquisition import general_acquisition
from modality.iods.modules.image.general_image import general_image
from modality.iods.modules.image.image_pixel import pixel_description
from modality.iods.modules.image.scanned_series import scanned_series
from modality.iods.modules.radiography.angiography import (
    x_ray_acquisition,
    x_ray_image,
    x_ray_table,
    xa_positioner,
    xrf_positioner,
)
from modality.iods.modules.radiography.frames import contrast_bolus, mask
from modality.iods.multi_frame import MultiFrameIod


def _none(_: Cine) -> tuple[()]:
    return ()


@dataclass(frozen=True, slots=True)
class CineIod(MultiFrameIod[Cine]):
    """A multi-frame image IOD from before there were functional groups: modules alone."""

    def _described(self, acquisition: Cine, context: Context, first: Frame) -> Dataset:
        dataset = Dataset()
        for context_module in self.context_modules:
            context_module(dataset, context)
        image = Image(acquisition, context, first)
        for image_module in self.image_modules:
            image_module(dataset, image)
        uid = context.identity.uid("instance", 0)
        sop_common(dataset, context, sop_class_uid=self.sop_class_uid, sop_instance_uid=uid)
        return dataset


def _iod(sop_class_uid: str, modality: str, positioner: Callable[[Dataset, Image[Cine]], None]) -> CineIod:
    return CineIod(
        sop_class_uid=sop_class_uid,
        context_modules=(
            patient,
            general_study,
            patient_study,
            partial(general_series, modality=modality),
            general_equipment,
        ),
        image_modules=(
            scanned_series,
            general_acquisition,
            general_image,
            pixel_description,
            contrast_bolus,
            cine,
            multi_frame,
            mask,
            x_ray_image,
            x_ray_acquisition,
            x_ray_table,
            positioner,
        ),
        shared=_none,
        per_frame=_none,
    )


XA_IMAGE = _iod(XRayAngiographicImageStorage, "XA", xa_positioner)
RF_IMAGE = _iod(XRayRadiofluoroscopicImageStorage, "RF", xrf_positioner)


def _describe(iod: CineIod) -> Callable[[Cine, Context], Iterator[Dataset]]:
    def describe(acquisition: Cine, context: Context) -> Iterator[Dataset]:
        yield iod.describe(acquisition, context)

    return describe


XA = Kind(
    name="xa",
    modality="XA",
    sop_class_uid=XRayAngiographicImageStorage,
    title="X-Ray Angiographic Image",
    default_phantom="vessels",
    acquire=xa,
    describe=_describe(XA_IMAGE),
    multi_frame=XA_IMAGE,
    truth=Cine.truth,
    body_parts=False,
    labels=False,
)
RF = Kind(
    name="rf",
    modality="RF",
    sop_class_uid=XRayRadiofluoroscopicImageStorage,
    title="X-Ray Radiofluoroscopic Image",
    default_phantom="vessels",
    acquire=rf,
    describe=_describe(RF_IMAGE),
    multi_frame=RF_IMAGE,
    truth=Cine.truth,
    body_parts=False,
    labels=False,
)
