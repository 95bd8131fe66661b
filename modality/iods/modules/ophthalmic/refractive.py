"""PS3.3 C.8.25: what lensometry, autorefraction and keratometry measurements share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydicom.dataset import Dataset

from modality.errors import InputError
from modality.iods.coded import finite
from modality.iods.values import day, set_known, time

_SIDES = {(True, True): "B", (True, False): "R", (False, True): "L"}


def general_refractive(dataset: Dataset, taken: datetime, number: int, *, right: bool, left: bool) -> None:
    """General Ophthalmic Refractive Measurements.

    Args:
        dataset: gets the attributes.
        taken: when.
        number: Instance Number.
        right: the right side was measured.
        left: the left side was.
    """
    dataset.InstanceNumber = str(number)
    dataset.ContentDate = day(taken)
    dataset.ContentTime = time(taken)
    side = _SIDES.get((right, left))
    set_known(dataset, MeasurementLaterality=side)
    if side is None:
        dataset.Laterality = ""  # Type 2C in its stead (C.7.3.1): the side of a lens that is not known


def sphere_and_cylinder(item: Dataset, where: str, sphere: float, cylinder: float | None, axis: float | None) -> None:
    """Sphere, and the cylinder where there is one.

    Args:
        item: of one eye or lens.
        where: which, for messages.
        sphere: in dioptres.
        cylinder: in dioptres.
        axis: in degrees.

    Raises:
        InputError: a value is no number, a cylinder lacks its axis, or that is outside 0 to 180.
    """
    item.SpherePower = number(where, "sphere", sphere)
    if not cylinder:
        return
    cylinder_item = Dataset()
    cylinder_item.CylinderAxis = degrees(where, "axis", axis)
    cylinder_item.CylinderPower = number(where, "cylinder", cylinder)
    item.CylinderSequence = [cylinder_item]


def number(where: str, what: str, value: float | None) -> float:
    """A number as VR FD.

    Raises:
        InputError: there is none, or it is not finite.
    """
    if value is None:
        raise InputError(f"{where}: {what} is missing")
    return finite(f"{where}, {what}", value)


def degrees(where: str, what: str, value: float | None) -> float:
    """An axis.

    Raises:
        InputError: there is none, or it is outside 0 to 180.
    """
    found = number(where, what, value)
    if not 0 <= found <= 180:
        raise InputError(f"{where}: {what} {found:g} is outside 0 to 180 degrees")
    return found


def lengths(item: Dataset, where: str, values: Mapping[str, float | None]) -> None:
    """Lengths in mm, by keyword, where they are known.

    Raises:
        InputError: one is not a positive number.
    """
    for keyword, value in values.items():
        if value is None:
            continue
        found = number(where, keyword, value)
        if found <= 0:
            raise InputError(f"{where}: {keyword} of {found:g} mm is no length")
        setattr(item, keyword, found)


def measured(where: str, *sides: object) -> None:
    """Check that something was measured.

    Raises:
        InputError: nothing was.
    """
    if all(side is None for side in sides):
        raise InputError(f"{where}: neither side was measured")
