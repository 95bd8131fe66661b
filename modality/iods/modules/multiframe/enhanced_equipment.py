"""PS3.3 C.7.5.2 Enhanced General Equipment."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.context import Context


def enhanced_general_equipment(dataset: Dataset, context: Context) -> None:
    """The machine's make, model, number and software, each Type 1 here."""
    machine = context.equipment
    dataset.Manufacturer = machine.manufacturer or "modality"
    dataset.ManufacturerModelName = machine.model_name or "Simulator"
    dataset.DeviceSerialNumber = machine.device_serial_number or "0001"
    dataset.SoftwareVersions = machine.software_versions or "modality"
