"""An option of the wrong type is refused by name, before anything is made of it."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from modality.errors import UsageError
from modality.iods.options import checked_options
from modality.registry import KINDS
from modality.station.composing.composition import compose
from modality.station.composing.plan import ComposedPlan, SeriesOfKind


@pytest.mark.parametrize(
    ("kind", "name", "value", "needed"),
    [
        ("ct", "slices", 2.5, "a whole number"),
        ("xa", "frames", 2.5, "a whole number"),
        ("nm", "frames", True, "a whole number"),
        ("us", "annotation", "no", "true or false"),  # which is true to Python, and burns a name in
        ("dx", "grid", "no", "true or false"),
        ("ecg", "rate", "fast", "a number"),
        ("ecg", "seconds", True, "a number"),
        ("mg", "view", 3, "text"),
        ("op", "eye", ["R"], "text"),
    ],
)
def test_an_option_of_another_type_is_refused_by_name(kind: str, name: str, value: object, needed: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"({kind}): {name} {value!r}: give {needed}")):
        compose(ComposedPlan((SeriesOfKind(kind, options={name: value}),)), seed=1)


def test_numbers_are_taken_as_python_takes_them() -> None:
    ct, mr = (KINDS.load(kind).acquire for kind in ("ct", "mr"))
    assert checked_options(ct, {"slices": 24.0}) == {"slices": 24}
    assert isinstance(checked_options(ct, {"slices": 24.0})["slices"], int)
    assert checked_options(ct, {"kvp": 120, "rows": np.int64(64)}) == {"kvp": 120, "rows": 64}
    assert math.isnan(checked_options(ct, {"kvp": math.nan})["kvp"])  # the range is for the function to check
    assert checked_options(ct, {"slices": None, "dose_modulation": np.bool_(True)})["slices"] is None
    assert checked_options(mr, {"echo_times_ms": [10.0, 20.0], "nonsense": object})["echo_times_ms"] == [10.0, 20.0]


def test_somebody_elses_function_may_say_nothing_of_types() -> None:
    def theirs(phantom, *, seed, size="big", of: NotThere = None):  # noqa: F821
        return phantom, seed, size, of

    assert checked_options(theirs, {"size": 3}) == {"size": 3}
