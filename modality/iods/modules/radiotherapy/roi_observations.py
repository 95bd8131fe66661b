"""PS3.3 C.8.8.8 RT ROI Observations."""

from __future__ import annotations

from collections.abc import Iterable

from pydicom.dataset import Dataset

from modality.acquisition.radiotherapy.structures import EXTERNAL, GTV, PTV, Roi
from modality.iods.derived.segment_codes import Concept, code_of
from modality.iods.macros.code import code
from phantoms.phantom import Phantom

_BODY = ("130047", "DCM", "External Body Model")  # PS3.16 CID 9507
_TARGETS = {
    GTV: ("228791009", "SCT", "Gross tumor volume"),
    PTV: ("228793007", "SCT", "Planning target volume"),
}


def roi_observations(dataset: Dataset, rois: Iterable[Roi], phantom: Phantom, body_part: str) -> None:
    """What each region is.

    Args:
        dataset: gets the attributes.
        rois: the regions of interest.
        phantom: whose structures they are.
        body_part: Body Part Examined of the images.
    """
    dataset.RTROIObservationsSequence = []
    for roi in rois:
        item = Dataset()
        item.ObservationNumber = str(roi.number)
        item.ReferencedROINumber = str(roi.number)
        item.ROIObservationLabel = roi.name[:16].strip()
        item.RTROIIdentificationCodeSequence = [_identified(roi, phantom, body_part)]
        item.RTROIInterpretedType = roi.interpreted_type
        item.ROIInterpreter = ""
        dataset.RTROIObservationsSequence.append(item)


def _identified(roi: Roi, phantom: Phantom, body_part: str) -> Dataset:
    """A structure by its segment's code, what is planned for by its role."""
    if roi.interpreted_type == EXTERNAL:
        return code(*_BODY)
    if roi.interpreted_type in _TARGETS:
        return code(*_TARGETS[roi.interpreted_type])
    structure = phantom.structures[roi.labels[0] - 1]
    found: Concept = code_of(structure.name, structure.tissue.name, body_part).type
    return code(found.value, "SCT", found.meaning)
