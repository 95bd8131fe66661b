"""PS3.3 C.8.8.3 RT Dose, with C.7.6.2 Image Plane and C.7.6.6 Multi-frame as it has them, and C.8.8.4 RT DVH."""

from __future__ import annotations

from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from modality.acquisition.radiotherapy.dose import PlanDose
from modality.acquisition.radiotherapy.histograms import Histogram
from modality.iods.documents.content import Reference
from modality.iods.macros.reference import reference
from modality.iods.values import decimal, decimals

_UNITS, _TYPE = "GY", "PHYSICAL"


def dose_planes(dataset: Dataset, acquisition: PlanDose) -> None:
    """Where the planes of dose lie: offsets from the first one (C.8.8.3.2).

    Args:
        dataset: gets the attributes.
        acquisition: the dose.
    """
    grid = acquisition.grid
    dataset.PixelSpacing = decimals((grid.step[1], grid.step[0]))
    dataset.ImageOrientationPatient = decimals((1.0, 0.0, 0.0, 0.0, 1.0, 0.0))
    dataset.ImagePositionPatient = decimals(grid.origin)
    dataset.SliceThickness = decimal(grid.step[2])
    dataset.NumberOfFrames = str(grid.shape[0])
    dataset.FrameIncrementPointer = Tag("GridFrameOffsetVector")
    dataset.GridFrameOffsetVector = decimals(round(index * grid.step[2], 4) for index in range(grid.shape[0]))


def rt_dose(dataset: Dataset, acquisition: PlanDose, plan: Reference) -> None:
    """What the stored values mean.

    Args:
        dataset: gets the attributes.
        acquisition: the dose.
        plan: that gives it.
    """
    dataset.DoseUnits, dataset.DoseType = _UNITS, _TYPE
    dataset.DoseSummationType = "PLAN"
    dataset.ReferencedRTPlanSequence = [reference(plan.sop_class_uid, plan.sop_instance_uid)]
    dataset.DoseGridScaling = decimal(acquisition.scaling_gy)
    dataset.TissueHeterogeneityCorrection = "IMAGE"
    dataset.NormalizationPoint = decimals(acquisition.scan.isocentre_mm)


def rt_dvh(dataset: Dataset, acquisition: PlanDose, structure_set: Reference) -> None:
    """The histogram of each structure.

    Args:
        dataset: gets the attributes.
        acquisition: the dose.
        structure_set: whose structures they are of.
    """
    dataset.ReferencedStructureSetSequence = [reference(structure_set.sop_class_uid, structure_set.sop_instance_uid)]
    dataset.DVHSequence = [_histogram(one) for one in acquisition.histograms]


def _histogram(found: Histogram) -> Dataset:
    item = Dataset()
    item.DVHType = "CUMULATIVE"
    item.DoseUnits, item.DoseType = _UNITS, _TYPE
    item.DVHDoseScaling = "1"
    item.DVHVolumeUnits = "CM3"
    item.DVHNumberOfBins = str(len(found.volumes_cm3))
    width = f"{found.bin_gy:g}"
    pairs = [text for volume in found.volumes_cm3 for text in (width, f"{volume:.10g}")]
    item["DVHData"] = DataElement(tag_for_keyword("DVHData") or 0, "DS", pairs, already_converted=True)
    roi = Dataset()
    roi.DVHROIContributionType = "INCLUDED"
    roi.ReferencedROINumber = str(found.roi.number)
    item.DVHReferencedROISequence = [roi]
    item.DVHMinimumDose, item.DVHMaximumDose = decimal(found.least_gy), decimal(found.greatest_gy)
    item.DVHMeanDose = decimal(found.mean_gy)
    return item
