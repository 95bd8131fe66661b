"""PS3.3 C.7.6.16.2.9 Pixel Value Transformation Macro, and C.8.15.3.10, which makes CT's Hounsfield units.

C.8.15.3.10 enumerates HU alone, so a localizer says it too, though its values are no CT numbers.
"""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.multi_frame import Macro, Place
from modality.iods.values import decimal


def pixel_value_transformation(rescaling: tuple[float, float] | None, unit: str) -> Macro:
    """The macro for a slope and an intercept; None has the stored values mean themselves.

    Args:
        rescaling: Rescale Slope and Rescale Intercept.
        unit: Rescale Type, such as HU or US (unspecified).
    """

    def macro(item: Dataset, place: Place[object]) -> None:  # type: ignore[type-var]  # noqa: ARG001
        slope, intercept = rescaling or (1.0, 0.0)
        transformation = Dataset()
        transformation.RescaleIntercept = decimal(intercept)
        transformation.RescaleSlope = decimal(slope)
        transformation.RescaleType = unit
        item.PixelValueTransformationSequence = [transformation]

    return macro
