"""The kind rtplan: an RT Plan (PS3.3 A.20) of photon beams on a structure set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import RTPlanStorage

from modality.acquisition.radiotherapy.plan import Plan, rtplan
from modality.iods.captured import context_modules
from modality.iods.context import Context
from modality.iods.kind import Kind
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.radiotherapy.approval import approval
from modality.iods.modules.radiotherapy.beams import fraction_scheme, rt_beams
from modality.iods.modules.radiotherapy.general_plan import general_plan, patient_setup, prescription
from modality.iods.modules.radiotherapy.rt_series import rt_series
from modality.iods.radiotherapy.structure_set import RTSTRUCT, frame_of_reference
from modality.iods.reports import source


def describe(acquisition: Plan, context: Context) -> Iterator[Dataset]:
    """The one plan."""
    dataset = Dataset()
    context_modules(dataset, context, modality="RTPLAN", series=rt_series)
    frame_of_reference(dataset, acquisition.scan)
    general_plan(dataset, context, source.single(RTSTRUCT, acquisition))
    prescription(dataset, acquisition)
    patient_setup(dataset)
    fraction_scheme(dataset, acquisition)
    rt_beams(dataset, acquisition)
    approval(dataset)
    uid = context.identity.uid("instance", source.FIRST)
    sop_common(dataset, context, sop_class_uid=RTPlanStorage, sop_instance_uid=uid)
    yield dataset


def plan_truth(acquisition: Plan) -> dict[str, Any]:
    """What a plan prescribes, as plain data."""
    return {
        "seed": acquisition.seed,
        "phantom": acquisition.phantom.name,
        "target": acquisition.scan.planned_name,
        "isocentre_mm": list(acquisition.isocentre_mm),
        "prescription_gy": acquisition.prescription_gy,
        "fractions": acquisition.fractions,
        "energy_mv": acquisition.energy_mv,
        "beams": [
            {
                "number": beam.number,
                "gantry_deg": beam.axis.gantry_deg,
                "jaws_x_mm": list(beam.jaws_x_mm),
                "jaws_y_mm": list(beam.jaws_y_mm),
                "depth_mm": beam.depth_mm,
                "source_surface_mm": beam.source_surface_mm,
                "meterset_mu": acquisition.meterset_mu(beam),
            }
            for beam in acquisition.fields
        ],
    }


def _truth(acquisition: Plan) -> Mapping[str, Any]:
    return plan_truth(acquisition)


RTPLAN = Kind(
    name="rtplan",
    modality="RTPLAN",
    sop_class_uid=RTPlanStorage,
    title="RT Plan",
    default_phantom=RTSTRUCT.default_phantom,
    acquire=rtplan,
    describe=describe,
    truth=_truth,
    reports=RTSTRUCT.name,
    series_number=907,
    labels=False,
)
