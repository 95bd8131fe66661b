"""The kind rtdose: the RT Dose (PS3.3 A.18) of a plan, with the histograms of its structures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import RTDoseStorage

from modality.acquisition.frames import Frame
from modality.acquisition.radiotherapy.dose import PlanDose, rtdose
from modality.iods.context import Context
from modality.iods.image import Image
from modality.iods.kind import Kind
from modality.iods.modules.common.general_equipment import general_equipment
from modality.iods.modules.common.general_study import general_study
from modality.iods.modules.common.patient import patient
from modality.iods.modules.common.patient_study import patient_study
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.image.general_image import general_image
from modality.iods.modules.image.image_pixel import pixel_description
from modality.iods.modules.radiotherapy.dose import dose_planes, rt_dose, rt_dvh
from modality.iods.modules.radiotherapy.rt_series import rt_series
from modality.iods.multi_frame import MultiFrameIod
from modality.iods.radiotherapy.plan import RTPLAN, plan_truth
from modality.iods.radiotherapy.structure_set import RTSTRUCT, frame_of_reference
from modality.iods.reports import source


def _none(_: PlanDose) -> tuple[()]:
    return ()


def _dose(dataset: Dataset, image: Image[PlanDose]) -> None:
    acquisition = image.acquisition
    frame_of_reference(dataset, acquisition.scan.scan)
    dose_planes(dataset, acquisition)
    rt_dose(dataset, acquisition, source.single(RTPLAN, acquisition))
    rt_dvh(dataset, acquisition, source.single(RTSTRUCT, acquisition.scan))


@dataclass(frozen=True, slots=True)
class DoseIod(MultiFrameIod[PlanDose]):
    """A multi-frame IOD from before there were functional groups: modules alone."""

    def _described(self, acquisition: PlanDose, context: Context, first: Frame) -> Dataset:
        dataset = Dataset()
        for context_module in self.context_modules:
            context_module(dataset, context)
        image = Image(acquisition, context, first)
        for image_module in self.image_modules:
            image_module(dataset, image)
        uid = context.identity.uid("instance", source.FIRST)
        sop_common(dataset, context, sop_class_uid=self.sop_class_uid, sop_instance_uid=uid)
        return dataset


DOSE = DoseIod(
    sop_class_uid=RTDoseStorage,
    context_modules=(
        patient,
        general_study,
        patient_study,
        partial(rt_series, modality="RTDOSE"),
        general_equipment,
    ),
    image_modules=(general_image, pixel_description, _dose),
    shared=_none,
    per_frame=_none,
)


def describe(acquisition: PlanDose, context: Context) -> Iterator[Dataset]:
    """The one dose."""
    yield DOSE.describe(acquisition, context)


def _truth(acquisition: PlanDose) -> Mapping[str, Any]:
    return {
        **plan_truth(acquisition.scan),
        "grid_mm": acquisition.grid_mm,
        "scaling_gy": acquisition.scaling_gy,
        "histograms": [
            {
                "number": one.roi.number,
                "name": one.roi.name,
                "volume_cm3": one.volumes_cm3[0],
                "least_gy": one.least_gy,
                "greatest_gy": one.greatest_gy,
                "mean_gy": one.mean_gy,
            }
            for one in acquisition.histograms
        ],
    }


RTDOSE = Kind(
    name="rtdose",
    modality="RTDOSE",
    sop_class_uid=RTDoseStorage,
    title="RT Dose",
    default_phantom=RTPLAN.default_phantom,
    acquire=rtdose,
    describe=describe,
    multi_frame=DOSE,
    truth=_truth,
    reports=RTPLAN.name,
    series_number=908,
    labels=False,
)
