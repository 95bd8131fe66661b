"""PS3.3 C.8.8.6 ROI Contour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from modality.acquisition.geometry import Geometry
from modality.acquisition.radiotherapy.loops import Points, area, thinned
from modality.acquisition.radiotherapy.structures import EXTERNAL, GTV, PTV, Roi
from modality.iods.documents.content import Reference
from modality.iods.macros.reference import reference

_LONGEST = 0xFFFE  # bytes of a DS in an explicit VR (PS3.5 7.1.2), of which C.8.8.6 warns
_COARSER_MM = 0.2

COLOURS = {EXTERNAL: (0, 255, 0), GTV: (255, 0, 0), PTV: (255, 165, 0)}
"""ROI Display Color of what is no organ: our choice."""

ORGAN_COLOURS = (
    (0, 170, 255), (255, 0, 255), (255, 255, 0), (0, 255, 255), (170, 85, 255), (255, 170, 170), (128, 255, 128),
    (85, 85, 255), (200, 160, 90), (255, 85, 170), (0, 160, 128), (190, 190, 190),
)  # fmt: skip
"""Of organs, in turn: our choice."""


def colour(roi: Roi) -> tuple[int, int, int]:
    """ROI Display Color of a region."""
    return COLOURS.get(roi.interpreted_type) or ORGAN_COLOURS[roi.number % len(ORGAN_COLOURS)]


def roi_contour(
    dataset: Dataset, rois: Iterable[Roi], geometry: Geometry, images: Sequence[Reference], *, xor: bool
) -> None:
    """The contours of each region, each in the plane of an image.

    Args:
        dataset: gets the attributes.
        rois: the regions of interest.
        geometry: of the images.
        images: one for each slice.
        xor: contours around holes stand for themselves (C.8.8.6.3, "XOR"); else they are joined by keyholes.
    """
    dataset.ROIContourSequence = []
    for roi in rois:
        item = Dataset()
        item.ROIDisplayColor = list(colour(roi))
        holes = xor and any(area(loop) < 0.0 for section in roi.sections for loop in section.loops_mm)
        if roi.sections:  # of a target that lies between the slices there are none
            item.ContourSequence = []
        for section in roi.sections:
            of_image = images[section.index]
            for loop in section.loops_mm if holes else section.parts_mm():
                contour = _contour(loop, geometry, section.index, "CLOSEDPLANAR_XOR" if holes else "CLOSED_PLANAR")
                contour.ContourImageSequence = [reference(of_image.sop_class_uid, of_image.sop_instance_uid)]
                contour.ContourNumber = str(len(item.ContourSequence) + 1)
                item.ContourSequence.append(contour)
        item.ReferencedROINumber = str(roi.number)
        dataset.ROIContourSequence.append(item)


def _contour(loop: Points, geometry: Geometry, index: int, kind: str) -> Dataset:
    texts = _coordinates(loop, geometry, index)
    tolerance_mm = _COARSER_MM
    while sum(map(len, texts)) + len(texts) > _LONGEST:
        loop = thinned(loop, tolerance_mm)
        texts = _coordinates(loop, geometry, index)
        tolerance_mm *= 2.0
    contour = Dataset()
    contour.ContourGeometricType = kind
    contour.NumberOfContourPoints = str(len(texts) // 3)
    # As it is: every number of a structure set checked one by one takes longer than all the rest.
    contour["ContourData"] = DataElement(
        tag_for_keyword("ContourData") or 0, "DS", texts if len(texts) > 1 else texts[0], already_converted=True
    )
    return contour


def _coordinates(loop: Points, geometry: Geometry, index: int) -> list[str]:
    """x, y and z of each vertex, to 0.01 mm."""
    position = geometry.position_mm(index)
    hundredths = np.stack(
        [
            np.floor(
                100.0 * (
                    position[axis]
                    + loop[:, 0] * geometry.row_direction[axis]
                    + loop[:, 1] * geometry.column_direction[axis]
                ) + 0.5
            )
            for axis in range(3)
        ],
        axis=1,
    )  # fmt: skip
    return [
        f"{value / 100.0:g}" if abs(value) < 1e6 else f"{value / 100.0:.2f}"
        for value in (hundredths + 0.0).ravel().tolist()
    ]
