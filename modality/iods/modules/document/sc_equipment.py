"""PS3.3 C.8.6.1 SC Equipment: the equipment that made something digital."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.context import Context
from modality.iods.values import set_known


def sc_equipment(dataset: Dataset, context: Context, conversion: str) -> None:
    """How it became digital.

    Args:
        dataset: gets the attributes.
        context: of the instance.
        conversion: Conversion Type: WSD from a workstation, DI from a digital interface, DF from film, SD scanned.
    """
    machine = context.equipment
    dataset.ConversionType = conversion
    set_known(
        dataset,
        SecondaryCaptureDeviceManufacturer=machine.manufacturer,
        SecondaryCaptureDeviceManufacturerModelName=machine.model_name,
        SecondaryCaptureDeviceSoftwareVersions=machine.software_versions,
    )
