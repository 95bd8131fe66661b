"""Values as their VR writes them (PS3.5 6.2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.valuerep import format_number_as_ds


def decimal(value: float) -> str:
    """A number as DS: the text of at most 16 characters whose float is nearest, and 0 without a sign."""
    return format_number_as_ds(float(value) + 0.0)


def decimals(values: Iterable[float]) -> list[str]:
    """Several numbers as DS."""
    return [decimal(value) for value in values]


def day(moment: datetime) -> str:
    """A moment's date as DA."""
    return f"{moment:%Y%m%d}"


def time(moment: datetime) -> str:
    """A moment's time as TM, with a fraction only where there is one."""
    return f"{moment:%H%M%S.%f}" if moment.microsecond else f"{moment:%H%M%S}"


def date_time(moment: datetime) -> str:
    """A moment as DT, with a fraction only where there is one."""
    return day(moment) + time(moment)


def set_known(dataset: Dataset, **values: object) -> None:
    """Set what is known, by keyword: a Type 3 attribute whose value is empty or None is left out."""
    for keyword, value in values.items():
        if value is not None and value not in ("", []):
            setattr(dataset, keyword, value)
