"""PS3.3 C.8.8.5 Structure Set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydicom.dataset import Dataset

from modality.acquisition.radiotherapy.structures import Roi
from modality.iods.context import Context
from modality.iods.documents.content import Reference
from modality.iods.macros.reference import reference
from modality.iods.values import day, decimal, time

DETACHED_STUDY_MANAGEMENT = "1.2.840.10008.3.1.2.3.1"
"""The class by which RT Referenced Study Sequence names a study, though it is retired (C.8.8.5.4)."""


def structure_set(
    dataset: Dataset, context: Context, rois: Iterable[Roi], images: Sequence[Reference], frame_of_reference_uid: str
) -> None:
    """What is outlined, and on which images.

    Args:
        dataset: gets the attributes.
        context: of the structure set.
        rois: the regions of interest.
        images: of one series, all that were looked at.
        frame_of_reference_uid: theirs.
    """
    moment = context.series.started
    dataset.InstanceNumber = "1"
    dataset.StructureSetLabel = "TRUTH"
    dataset.StructureSetName = context.series.description
    dataset.StructureSetDate, dataset.StructureSetTime = day(moment), time(moment)
    dataset.ReferencedFrameOfReferenceSequence = [_frame(images, frame_of_reference_uid)]
    dataset.StructureSetROISequence = []
    for roi in rois:
        item = Dataset()
        item.ROINumber = str(roi.number)
        item.ReferencedFrameOfReferenceUID = frame_of_reference_uid
        item.ROIName = roi.name
        item.ROIVolume = decimal(roi.volume_cm3)
        item.ROIGenerationAlgorithm = "AUTOMATIC"
        dataset.StructureSetROISequence.append(item)


def _frame(images: Sequence[Reference], frame_of_reference_uid: str) -> Dataset:
    """Referenced Frame of Reference Sequence: the images of one series."""
    series = Dataset()
    series.SeriesInstanceUID = images[0].series_uid
    series.ContourImageSequence = [reference(one.sop_class_uid, one.sop_instance_uid) for one in images]
    study = reference(DETACHED_STUDY_MANAGEMENT, images[0].study_uid)
    study.RTReferencedSeriesSequence = [series]
    frame = Dataset()
    frame.FrameOfReferenceUID = frame_of_reference_uid
    frame.RTReferencedStudySequence = [study]
    return frame
