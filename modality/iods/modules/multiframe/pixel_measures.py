"""PS3.3 C.7.6.16.2.1 Pixel Measures Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.image import Scan
from modality.iods.multi_frame import Place
from modality.iods.values import decimal, decimals


def pixel_measures(item: Dataset, place: Place[Scan]) -> None:
    """Size of the pixels, thickness and distance of the slices."""
    geometry = place.acquisition.stacks[place.acquisition.stack_of(place.index)]
    measures = Dataset()
    measures.PixelSpacing = decimals((geometry.row_spacing_mm, geometry.column_spacing_mm))
    measures.SliceThickness = decimal(geometry.slice_thickness_mm)
    measures.SpacingBetweenSlices = decimal(geometry.slice_spacing_mm)
    item.PixelMeasuresSequence = [measures]
