"""PS3.3 A.87 Microscopy Bulk Simple Annotations IOD: the nuclei of a slide as points, written by highdicom."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from modality.errors import MissingExtraError, UsageError
from modality.identity import Identity
from modality.iods.derived.slide_codes import NUCLEI
from modality.iods.derived.slide_origin import Slide, algorithm, coded, date
from phantoms.tissue.stamp import NUCLEUS_CLASSES

MOST_NUCLEI = 4_000_000
"""Points of one object at most (our choice): 8 bytes each, which stand in memory, and which a reader has to hold."""

Points = npt.NDArray[np.float32]


def nuclei(slide: Slide) -> Dataset:
    """The nuclei of a slide: a group of points for each class, in mm of the slide's frame of reference.

    They hold for every level alike, and dicom3tools finds fault with every object in pixels (2D), whatever it says.

    Raises:
        MissingExtraError: highdicom is not installed.
        UsageError: there are too many nuclei, or none.
    """
    try:
        import highdicom
    except ImportError as error:
        raise MissingExtraError("annotations of a slide", "seg") from error
    found = _points(slide)
    context = slide.context
    identity = context.identity.within("annotations", "nuclei")
    made: Dataset = highdicom.ann.MicroscopyBulkSimpleAnnotations(
        source_images=[slide.source(0)],
        annotation_coordinate_type=highdicom.ann.AnnotationCoordinateTypeValues.SCOORD3D,
        annotation_groups=list(_groups(highdicom, found, identity)),
        content_label="NUCLEI",
        content_description=f"Nuclei of phantom {slide.series.scan.phantom.name}",
        **slide.maker(identity, offset=1),
    )
    date(made, context, f"Nuclei of {context.series.description}")
    return made


def _points(slide: Slide) -> dict[str, Points]:
    """X and Y of the nuclei of each class that there is: along a row Y falls, down a column X (Image Orientation)."""
    scan = slide.series.scan
    x, y = scan.origin_mm()
    parts: dict[str, list[Points]] = {name: [] for name in NUCLEI}
    total = 0
    for cell in scan.phantom.nuclei_by_cell():
        total += len(cell)
        if total > MOST_NUCLEI:
            raise UsageError(
                f"--seg: more than {MOST_NUCLEI} nuclei are too many for annotations: give fewer --rows, --columns"
            )
        for kind, name in NUCLEUS_CLASSES.items():
            own = cell[cell["kind"] == kind]
            parts[name].append(np.stack([x - own["y_mm"], y - own["x_mm"]], axis=1).astype("<f4"))
    if not total:
        raise UsageError("--seg: no nucleus lies on this slide: give more --rows, --columns, or a larger --mpp")
    joined = {name: np.concatenate(found) for name, found in parts.items()}
    return {name: points for name, points in joined.items() if len(points)}


def _groups(highdicom: ModuleType, found: dict[str, Points], identity: Identity) -> Iterator[Any]:
    made_by = algorithm(highdicom)
    for number, (name, points) in enumerate(found.items(), start=1):
        code = NUCLEI[name]
        group = highdicom.ann.AnnotationGroup(
            number=number,
            uid=identity.uid("group", list(NUCLEI).index(name)),
            label=name,
            annotated_property_category=coded(highdicom, code.category),
            annotated_property_type=coded(highdicom, code.type),
            primary_anatomic_structures=[coded(highdicom, code.structure)],
            graphic_type=highdicom.ann.GraphicTypeValues.POINT,
            graphic_data=[np.append(points[:1], np.zeros((1, 1), points.dtype), axis=1)],
            algorithm_type=highdicom.ann.AnnotationGroupGenerationTypeValues.AUTOMATIC,
            algorithm_identification=made_by,
        )
        # highdicom looks at each point alone, and keeps an array of each: the rest are set in one go. Z is common, 0.
        group.NumberOfAnnotations = len(points)
        group.PointCoordinatesData = points.tobytes()
        yield group
