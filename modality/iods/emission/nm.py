"""PS3.3 A.5 Nuclear Medicine Image IOD: all frames of a study in one instance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from pydicom.dataset import Dataset
from pydicom.uid import NuclearMedicineImageStorage

from modality.acquisition.emission.gamma import Gamma
from modality.acquisition.emission.studies import nm, usual_phantom
from modality.acquisition.frames import Frame
from modality.iods.context import Context
from modality.iods.image import Image
from modality.iods.kind import Kind
from modality.iods.modules.common.frame_of_reference import frame_of_reference
from modality.iods.modules.common.general_equipment import general_equipment
from modality.iods.modules.common.general_series import general_series
from modality.iods.modules.common.general_study import general_study
from modality.iods.modules.common.patient import patient
from modality.iods.modules.common.patient_study import patient_study
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.emission.nm import (
    nm_detector,
    nm_image,
    nm_image_pixel,
    nm_isotope,
    nm_multi_frame,
    nm_of_study,
)
from modality.iods.modules.emission.radiopharmaceutical import body_part, patient_orientation
from modality.iods.modules.image.general_acquisition import general_acquisition
from modality.iods.modules.image.general_image import general_image
from modality.iods.modules.image.image_pixel import pixel_description
from modality.iods.multi_frame import MultiFrameIod


def _none(_: Gamma) -> tuple[()]:
    return ()


@dataclass(frozen=True, slots=True)
class GammaIod(MultiFrameIod[Gamma]):
    """A multi-frame image IOD from before there were functional groups: modules alone."""

    def _described(self, acquisition: Gamma, context: Context, first: Frame) -> Dataset:
        dataset = Dataset()
        for context_module in self.context_modules:
            context_module(dataset, context)
        image = Image(acquisition, context, first)
        for image_module in self.image_modules:
            image_module(dataset, image)
        uid = context.identity.uid("instance", 0)
        sop_common(dataset, context, sop_class_uid=self.sop_class_uid, sop_instance_uid=uid)
        return dataset


NM_IMAGE = GammaIod(
    sop_class_uid=NuclearMedicineImageStorage,
    context_modules=(
        patient,
        general_study,
        patient_study,
        partial(general_series, modality="NM"),
        patient_orientation,
        frame_of_reference,
        general_equipment,
    ),
    image_modules=(
        body_part,
        general_acquisition,
        general_image,
        pixel_description,
        nm_image_pixel,
        nm_multi_frame,
        nm_image,
        nm_isotope,
        nm_detector,
        nm_of_study,
    ),
    shared=_none,
    per_frame=_none,
)


def describe(acquisition: Gamma, context: Context) -> Iterator[Dataset]:
    """The one image of a study."""
    yield NM_IMAGE.describe(acquisition, context)


NM = Kind(
    name="nm",
    modality="NM",
    sop_class_uid=NuclearMedicineImageStorage,
    title="Nuclear Medicine Image",
    default_phantom="thorax",
    acquire=nm,
    describe=describe,
    multi_frame=NM_IMAGE,
    default_phantom_of=usual_phantom,
    truth=Gamma.truth,
    labels=False,
)
