"""Worklist items made and changed from values (PS3.4 Table K.6-1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydicom.dataset import Dataset

from modality.protocol.hl7.charsets import declare
from modality.protocol.hl7.values import Values

_STEPS = "ScheduledProcedureStepSequence"


def changed(item: Dataset | None, values: Values, step: Values, character_set: Sequence[str]) -> Dataset:
    """A new item: the one given, with values set and, where they are None, taken out.

    Args:
        item: what there was, left as it is; None for nothing.
        values: values of the item.
        step: values of its Scheduled Procedure Step Sequence item.
        character_set: Specific Character Set to prefer.
    """
    made = _copy(item)
    there = item.get(_STEPS) if item is not None else None
    scheduled = _copy(there[0] if there else None)
    _fill(scheduled, step)
    _fill(made, values)
    made.pop(_STEPS, None)
    made.ScheduledProcedureStepSequence = [scheduled]
    declare(made, character_set)
    return made


def _copy(dataset: Dataset | None) -> Dataset:
    """A data set of its own; its elements are shared, and replaced whole."""
    copy = Dataset()
    if dataset is not None:
        copy.update(dataset)
    return copy


def _fill(dataset: Dataset, values: Values) -> None:
    for keyword, value in values.items():
        dataset.pop(keyword, None)  # set, an element that is there would change in every data set that shares it
        if value is not None:
            setattr(dataset, keyword, _element(value))


def _element(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    made = []
    for one in value:
        if isinstance(one, dict):
            nested = Dataset()
            _fill(nested, one)
            made.append(nested)
        else:
            made.append(one)
    return made
