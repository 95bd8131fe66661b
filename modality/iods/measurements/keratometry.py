"""PS3.3's Keratometry Measurements IOD."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import KeratometryMeasurementsStorage

from modality.iods.captured import context_modules
from modality.iods.context import Context
from modality.iods.measurements.eyes import Keratometry
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.multiframe.enhanced_equipment import enhanced_general_equipment
from modality.iods.modules.ophthalmic.eye import keratometry_measurements
from modality.iods.modules.ophthalmic.refractive import general_refractive, measured

MODALITY = "KER"


def describe(measurement: Keratometry, context: Context) -> Dataset:
    """The data set of corneas on a keratometer.

    Raises:
        InputError: nothing was measured, or a value cannot be.
    """
    right, left = measurement.right, measurement.left
    measured("keratometry", right, left)
    dataset = Dataset()
    context_modules(dataset, context, modality=MODALITY)
    enhanced_general_equipment(dataset, context)
    sides = {"right": right is not None, "left": left is not None}
    general_refractive(dataset, measurement.taken, measurement.number, **sides)
    keratometry_measurements(dataset, measurement)
    uid = context.identity.uid("instance", measurement.number)
    sop_common(dataset, context, sop_class_uid=KeratometryMeasurementsStorage, sop_instance_uid=uid)
    return dataset
