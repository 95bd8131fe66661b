"""The kind rtstruct: an RT Structure Set (PS3.3 A.19) of a CT scan, its contours the phantom's truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import RTStructureSetStorage

from modality.acquisition.radiotherapy.structures import EXTERNAL, StructureSet, rtstruct
from modality.acquisition.truth import truth
from modality.iods.captured import context_modules
from modality.iods.context import Context
from modality.iods.images.ct import CT
from modality.iods.kind import Kind
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.radiotherapy.approval import approval
from modality.iods.modules.radiotherapy.roi_contour import roi_contour
from modality.iods.modules.radiotherapy.roi_observations import roi_observations
from modality.iods.modules.radiotherapy.rt_series import rt_series
from modality.iods.modules.radiotherapy.structure_set import structure_set
from modality.iods.reports import source


def frame_of_reference(dataset: Dataset, acquisition: StructureSet) -> None:
    """The scan's frame of reference (PS3.3 C.7.4.1), in whichever study the instance is.

    Args:
        dataset: gets the attributes.
        acquisition: the structure set.
    """
    dataset.FrameOfReferenceUID = source.frame_of_reference_uid(acquisition)
    dataset.PositionReferenceIndicator = ""


def describe(acquisition: StructureSet, context: Context) -> Iterator[Dataset]:
    """The one structure set."""
    dataset, rois = Dataset(), acquisition.rois
    context_modules(dataset, context, modality="RTSTRUCT", series=rt_series)
    frame_of_reference(dataset, acquisition)
    images = source.images(acquisition)
    structure_set(dataset, context, rois, images, dataset.FrameOfReferenceUID)
    roi_contour(dataset, rois, acquisition.scan.geometry, images, xor=acquisition.holes == "xor")
    roi_observations(dataset, rois, acquisition.phantom, acquisition.body_part)
    approval(dataset)
    uid = context.identity.uid("instance", source.FIRST)
    sop_common(dataset, context, sop_class_uid=RTStructureSetStorage, sop_instance_uid=uid)
    yield dataset


def _truth(acquisition: StructureSet) -> Mapping[str, Any]:
    volumes = {one["label"]: one["volume_mm3"] for one in truth(acquisition.scan)["structures"]}
    return {
        "seed": acquisition.seed,
        "phantom": acquisition.phantom.name,
        "target": acquisition.phantom.structures[acquisition.treated - 1].name,
        "margin_mm": acquisition.margin_mm,
        "structures": [
            {
                "number": roi.number,
                "name": roi.name,
                "type": roi.interpreted_type,
                "labels": list(roi.labels) if roi.interpreted_type != EXTERNAL else [],
                "slices": len(roi.sections),
                "contours_cm3": roi.volume_cm3,
                "volume_mm3": volumes.get(roi.labels[0]) if len(roi.labels) == 1 else None,
            }
            for roi in acquisition.rois
        ],
    }


RTSTRUCT = Kind(
    name="rtstruct",
    modality="RTSTRUCT",
    sop_class_uid=RTStructureSetStorage,
    title="RT Structure Set",
    default_phantom=CT.default_phantom,
    acquire=rtstruct,
    describe=describe,
    truth=_truth,
    reports=CT.name,
    series_number=906,
    labels=False,
)
