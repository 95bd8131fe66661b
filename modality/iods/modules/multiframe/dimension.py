"""PS3.3 C.7.6.17 Multi-frame Dimension."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from modality.iods.context import Context


@dataclass(frozen=True, slots=True)
class Dimension:
    """What frames are ordered by.

    Args:
        label: Dimension Description Label.
        pointer: keyword of the attribute that differs from frame to frame.
        group: keyword of the functional group's sequence that holds it.
        place_of: Dimension Index Value of a frame of a scan, from 1.
    """

    label: str
    pointer: str
    group: str
    place_of: Callable[[Any, int], int]


STACK = Dimension("Stack", "StackID", "FrameContentSequence", lambda scan, index: scan.stack_of(index) + 1)
"""Which stack of parallel slices."""
IN_STACK = Dimension(
    "In-stack position", "InStackPositionNumber", "FrameContentSequence", lambda scan, index: scan.slice_of(index) + 1
)
"""Which slice of the stack."""


def multi_frame_dimension(dataset: Dataset, context: Context, dimensions: tuple[Dimension, ...]) -> None:
    """What the frames are ordered by, the first of them the slowest."""
    organization = Dataset()
    organization.DimensionOrganizationUID = context.identity.uid("dimension organization")
    dataset.DimensionOrganizationSequence = [organization]
    dataset.DimensionIndexSequence = [_index(organization.DimensionOrganizationUID, one) for one in dimensions]


def _index(organization_uid: str, dimension: Dimension) -> Dataset:
    item = Dataset()
    item.DimensionOrganizationUID = organization_uid
    item.DimensionIndexPointer = tag_for_keyword(dimension.pointer)
    item.FunctionalGroupPointer = tag_for_keyword(dimension.group)
    item.DimensionDescriptionLabel = dimension.label
    return item
