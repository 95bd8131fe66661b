"""PS3.3 C.7.6.2 Image Plane."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.image import FrameValues, Image, Scan
from modality.iods.values import decimal, decimals, set_known


def plane_position(image: Image[Scan]) -> FrameValues:
    """Where the slice lies."""
    acquisition, number = image.acquisition, image.frame.index
    geometry, index = acquisition.stacks[acquisition.stack_of(number)], acquisition.slice_of(number)
    return {
        "ImagePositionPatient": decimals(geometry.position_mm(index)),
        "SliceLocation": decimal(geometry.slice_location_mm(index)),
    }


def plane_orientation(image: Image[Scan]) -> FrameValues:
    """How the slice lies: another's only where a series has several stacks."""
    geometry = image.acquisition.stacks[image.acquisition.stack_of(image.frame.index)]
    return {
        "PixelSpacing": decimals((geometry.row_spacing_mm, geometry.column_spacing_mm)),
        "ImageOrientationPatient": decimals((*geometry.row_direction, *geometry.column_direction)),
    }


def image_plane(dataset: Dataset, image: Image[Scan]) -> None:
    """Where the slice lies in the patient's coordinates (C.7.6.2.1.1)."""
    geometry = image.acquisition.geometry
    dataset.SliceThickness = decimal(geometry.slice_thickness_mm)
    set_known(dataset, **plane_orientation(image))
    set_known(dataset, **plane_position(image))
