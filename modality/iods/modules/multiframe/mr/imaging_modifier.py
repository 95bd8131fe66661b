"""PS3.3 C.8.13.5.6 MR Imaging Modifier Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.mr import MrAcquisition
from modality.iods.multi_frame import Place
from modality.iods.values import decimal


def mr_imaging_modifier(item: Dataset, place: Place[MrAcquisition]) -> None:
    """The transmitter's frequency and the receiver's bandwidth."""
    protocol = place.acquisition.protocol
    modifier = Dataset()
    modifier.MagnetizationTransfer = "NONE"
    modifier.BloodSignalNulling = "NO"
    modifier.Tagging = "NONE"
    modifier.TransmitterFrequency = protocol.imaging_frequency_mhz
    modifier.PixelBandwidth = decimal(protocol.pixel_bandwidth_hz)
    item.MRImagingModifierSequence = [modifier]
