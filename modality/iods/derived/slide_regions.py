"""PS3.3 A.51 Segmentation IOD: the regions of a slide at one level of its pyramid, written by highdicom."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from modality.acquisition.microscopy.pyramid import Level, Pyramid
from modality.acquisition.microscopy.slide import SlideScan
from modality.errors import MissingExtraError, UsageError
from modality.identity import Identity
from modality.iods.derived.polygons import Mask, filled
from modality.iods.derived.slide_codes import REGIONS
from modality.iods.derived.slide_origin import Slide, algorithm, coded, date

MOST_PIXELS = 1 << 24
"""Of a level that is segmented (our choice): its masks and highdicom's copies of them stand in memory."""
_WISHED = 2048  # longer side of the level that is segmented, at most, where the pyramid has such a level
_TILE = 512


def regions(slide: Slide) -> Dataset:
    """The regions of a slide, a segment each: tissue, and the normal, inflamed, tumour and folded in it; holes.

    Segments overlap: the last four lie in the tissue, which has no holes.

    Raises:
        MissingExtraError: highdicom is not installed.
        UsageError: no level of the pyramid is small enough.
    """
    try:
        import highdicom
    except ImportError as error:
        raise MissingExtraError("a segmentation", "seg") from error
    scan, context = slide.series.scan, slide.context
    level = segmented_level(scan.pyramid)
    masks = region_masks(scan, level)
    identity = context.identity.within("segmentation", "regions")
    made: Dataset = highdicom.seg.Segmentation(
        source_images=[slide.source(level.index)],
        pixel_array=_stacked(masks),
        segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=list(_segments(highdicom, scan, identity)),
        content_label="REGIONS",
        content_description=f"Regions of phantom {scan.phantom.name}",
        tile_pixel_array=True,
        tile_size=(_TILE, _TILE),
        **slide.maker(identity, offset=0),
    )
    date(made, context, f"Regions of {context.series.description}")
    made.PatientOrientation = None  # PS3.3 C.7.6.1, Type 2C: no plane of the patient says how the slide lies
    organization = identity.uid("dimension organization")
    made.DimensionOrganizationSequence[0].DimensionOrganizationUID = organization
    for item in made.DimensionIndexSequence:
        if "DimensionOrganizationUID" in item:
            item.DimensionOrganizationUID = organization
    return made


def segmented_level(pyramid: Pyramid) -> Level:
    """The largest level of at most 2048 pixels each way; the smallest one where none is so small.

    Raises:
        UsageError: that one is too large.
    """
    fitting = [level for level in pyramid if max(level.rows, level.columns) <= _WISHED]
    level = fitting[0] if fitting else pyramid[len(pyramid) - 1]
    if level.rows * level.columns > MOST_PIXELS:
        raise UsageError(
            f"--seg: the smallest level has {level.rows} x {level.columns} pixels, too many for a segmentation: "
            "give more --levels"
        )
    return level


def region_masks(scan: SlideScan, level: Level) -> dict[str, Mask]:
    """Which pixels of a level have their centres in which region: tissue, normal, inflamed, tumour, fold, hole."""
    pixel_mm = scan.protocol.mpp * level.scale / 1e3
    drawn = {name: np.zeros((level.rows, level.columns), dtype=np.bool_) for name in REGIONS}
    for region in scan.phantom.regions():
        drawn[region["region"]] |= filled(region["polygon_mm"], level.rows, level.columns, pixel_mm)
    hole = drawn["hole"] & drawn["tissue"]
    tissue = drawn["tissue"] & ~hole
    tumour = drawn["tumour"] & tissue
    inflamed = drawn["inflamed"] & tissue & ~tumour  # as the nuclei: where both are, it is tumour
    normal = tissue & ~tumour & ~inflamed
    fold = drawn["fold"] & tissue
    return {"tissue": tissue, "normal": normal, "inflamed": inflamed, "tumour": tumour, "fold": fold, "hole": hole}


def _stacked(masks: dict[str, Mask]) -> npt.NDArray[np.uint8]:
    """As highdicom wants them: shape (1, rows, columns, segments)."""
    return np.stack([masks[name] for name in REGIONS], axis=-1).astype(np.uint8)[None]


def _segments(highdicom: ModuleType, scan: SlideScan, identity: Identity) -> Iterator[Any]:
    made_by = algorithm(highdicom)
    for number, (name, code) in enumerate(REGIONS.items(), start=1):
        yield highdicom.seg.SegmentDescription(
            segment_number=number,
            segment_label=name,
            segmented_property_category=coded(highdicom, code.category),
            segmented_property_type=coded(highdicom, code.type),
            algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=made_by,
            tracking_uid=identity.uid("segment", number),
            tracking_id=f"{scan.phantom.name} {name}",
        )
