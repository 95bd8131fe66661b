"""PS3.3 C.8.5.5 US Region Calibration: which part of the picture is what, and how large its pixels are."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.ultrasound import Sonogram
from modality.acquisition.ultrasound.colours import GREYS, speeds
from modality.acquisition.ultrasound.graphics import bar
from modality.acquisition.ultrasound.screen import Box
from modality.acquisition.ultrasound.sonogram import COLOUR, PALETTE
from modality.iods.image import Image

CENTIMETRES, CENTIMETRES_A_SECOND, NO_UNIT = 3, 7, 0
"""Physical units (C.8.5.5.1.15 and C.8.5.5.1.8)."""
PLANE, GRAPHICS = 1, 5
"""Region Spatial Format (C.8.5.5.1.1)."""
TISSUE, FLOW, GREY_BAR, COLOUR_BAR = 1, 2, 13, 14
"""Region Data Type (C.8.5.5.1.2)."""
HIGH_PRIORITY, LOW_PRIORITY = 0, 1
"""Bit 0 of Region Flags (C.8.5.5.1.3): of regions that overlap, which one a pixel belongs to."""
BY_TABLE, FLOW_VELOCITY = 2, 3
"""Pixel Component Organization and Data Type (C.8.5.5.1.4, C.8.5.5.1.9)."""


def _region(box: Box, spatial: int, data: int, flags: int) -> Dataset:
    item = Dataset()
    item.RegionSpatialFormat = spatial
    item.RegionDataType = data
    item.RegionFlags = flags
    item.RegionLocationMinX0, item.RegionLocationMinY0 = box.column, box.row
    item.RegionLocationMaxX1 = box.column + box.columns - 1
    item.RegionLocationMaxY1 = box.row + box.rows - 1
    return item


def _plane(box: Box, data: int, flags: int, sonogram: Sonogram) -> Dataset:
    """A region of the plane of the beams; its reference pixel is the middle of the probe's face (C.8.5.5.1.16)."""
    item = _region(box, PLANE, data, flags)
    row, column = sonogram.screen.face
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = CENTIMETRES
    item.PhysicalDeltaX = item.PhysicalDeltaY = round(sonogram.screen.pitch_mm / 10.0, 6)
    item.ReferencePixelX0, item.ReferencePixelY0 = column - box.column, row - box.row
    item.ReferencePixelPhysicalValueX = item.ReferencePixelPhysicalValueY = 0.0
    item.TransducerFrequency = round(sonogram.probe.frequency_mhz * 1000.0)
    return item


def us_region_calibration(dataset: Dataset, image: Image[Sonogram]) -> None:
    """The picture, the colour box where there is one, and the bar of levels or speeds."""
    sonogram = image.acquisition
    coloured = sonogram.protocol.mode == COLOUR
    regions = [_plane(sonogram.screen.region, TISSUE, LOW_PRIORITY if coloured else HIGH_PRIORITY, sonogram)]
    if coloured:
        flow = _plane(sonogram.colour_region, FLOW, HIGH_PRIORITY, sonogram)
        flow.PulseRepetitionFrequency = round(sonogram.protocol.prf_hz)
        if sonogram.protocol.photometric == PALETTE:
            _calibrate(flow, sonogram)
        regions.append(flow)
    place = bar(sonogram.screen)
    if place is not None:
        item = _region(place, GRAPHICS, COLOUR_BAR if coloured else GREY_BAR, HIGH_PRIORITY)
        item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = NO_UNIT
        item.PhysicalDeltaX = item.PhysicalDeltaY = 0.0
        regions.append(item)
    dataset.SequenceOfUltrasoundRegions = regions


def _calibrate(region: Dataset, sonogram: Sonogram) -> None:
    """The speed that each entry of the table of colours stands for; greys stand for none (C.8.5.5.1.12)."""
    values = speeds(sonogram.nyquist_m_s)
    region.PixelComponentOrganization = BY_TABLE
    region.PixelComponentPhysicalUnits = CENTIMETRES_A_SECOND
    region.PixelComponentDataType = FLOW_VELOCITY
    region.NumberOfTableEntries = len(values)
    region.TableOfPixelValues = list(range(GREYS, GREYS + len(values)))
    region.TableOfParameterValues = [round(100.0 * value, 6) for value in values]
