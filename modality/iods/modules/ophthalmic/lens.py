"""PS3.3 C.8.25: Lensometry Measurements."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.errors import InputError
from modality.iods.measurements.eyes import Lens, Lensometry, Prism
from modality.iods.modules.ophthalmic.refractive import number, sphere_and_cylinder


def lensometry_measurements(dataset: Dataset, measurement: Lensometry) -> None:
    """Each lens by its side.

    Args:
        dataset: gets the attributes.
        measurement: of at least one lens.
    """
    dataset.LensDescription = measurement.description
    for keyword, where, lens in (
        ("RightLensSequence", "right lens", measurement.right),
        ("LeftLensSequence", "left lens", measurement.left),
        ("UnspecifiedLateralityLensSequence", "lens", measurement.unspecified),
    ):
        if lens is not None:
            setattr(dataset, keyword, [_lens(where, lens)])


def _lens(where: str, lens: Lens) -> Dataset:
    item = Dataset()
    sphere_and_cylinder(item, where, lens.sphere, lens.cylinder, lens.axis)
    for keyword, value in (("AddNearSequence", lens.add), ("AddIntermediateSequence", lens.add_intermediate)):
        if value is not None:
            add = Dataset()
            add.AddPower = number(where, "add", value)
            setattr(item, keyword, [add])
    if lens.prism is not None:
        item.PrismSequence = [_prism(where, lens.prism)]
    return item


def _prism(where: str, prism: Prism) -> Dataset:
    if prism.horizontal_base not in ("IN", "OUT") or prism.vertical_base not in ("UP", "DOWN"):
        raise InputError(f"{where}: prism bases are IN or OUT, and UP or DOWN")
    item = Dataset()
    item.HorizontalPrismPower = number(where, "horizontal prism", prism.horizontal)
    item.HorizontalPrismBase = prism.horizontal_base
    item.VerticalPrismPower = number(where, "vertical prism", prism.vertical)
    item.VerticalPrismBase = prism.vertical_base
    return item
