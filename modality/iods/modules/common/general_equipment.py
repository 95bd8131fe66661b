"""PS3.3 C.7.5.1 General Equipment."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.context import Context
from modality.iods.values import set_known


def general_equipment(dataset: Dataset, context: Context) -> None:
    """The machine that made the series."""
    machine = context.equipment
    dataset.Manufacturer = machine.manufacturer
    set_known(
        dataset,
        ManufacturerModelName=machine.model_name,
        StationName=machine.station_name,
        DeviceSerialNumber=machine.device_serial_number,
        SoftwareVersions=machine.software_versions,
        InstitutionName=machine.institution_name,
        InstitutionalDepartmentName=machine.department_name,
    )
