"""Units that are the same in other words, and those in which a number is another one."""

from __future__ import annotations

import pytest

from modality.edge.describing.units import contradicts


@pytest.mark.parametrize(
    ("printed", "given"),
    [
        ("g/dL", "g/dl"), ("10E3/uL", "10*3/uL"), ("x10^9/L", "10*3/uL"), ("IU/L", "[IU]/L"), ("U/L", "U/L"),
        ("\N{MICRO SIGN}mol/L", "umol/L"), ("mg/mL", "g/L"), ("mcg/L", "ng/mL"), ("%", "%"),
        ("um3", "fL"), ("", "mg/dL"), ("mg/dL", ""),
    ],
)  # fmt: skip
def test_the_same_in_other_words_or_unknown_words_contradict_nothing(printed: str, given: str) -> None:
    assert not contradicts(printed, given)


@pytest.mark.parametrize(
    ("printed", "given"),
    [
        ("mmol/L", "mg/dL"), ("g/L", "g/dL"), ("10*6/uL", "10*3/uL"), ("10*3/uL", "10*3/L"), ("mmol/mol", "%"),
        ("umol/L", "mmol/L"), ("ng/mL", "ng/dL"),
    ],
)  # fmt: skip
def test_a_number_that_would_be_another_one_does(printed: str, given: str) -> None:
    assert contradicts(printed, given)
