"""Units of UCUM, by ucumvert's grammar (The Unified Code for Units of Measure, ucum.org, case-sensitive variant)."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from modality.errors import MissingExtraError
from modality.fhir.terminology import spoken_units

_LONGEST = 64  # our choice: no unit in use comes near, and the grammar need not be asked about novels


@cache
def _parser() -> Any:
    try:
        import ucumvert
    except ModuleNotFoundError:
        raise MissingExtraError("checking units (UCUM)", "fhir") from None
    return ucumvert.get_ucum_parser()


@lru_cache(maxsize=4096)
def is_unit(code: str) -> bool:
    """Whether a unit is one of UCUM's, in its case-sensitive variant.

    Raises:
        MissingExtraError: ucumvert is not installed.
    """
    # Blanks are no part of a unit, though a lenient grammar may skip them (UCUM section 2.1, paragraph 3).
    if not code or len(code) > _LONGEST or not code.isascii() or any(character <= " " for character in code):
        return False
    from lark.exceptions import LarkError

    try:
        _parser().parse(code)
    except LarkError:
        return False
    return True


def nearest(unit: str, valid: Sequence[str]) -> str:
    """The unit among `valid` that was perhaps meant; the first of them when nothing comes near.

    Args:
        unit: what was written.
        valid: units that fit, at least one.
    """
    spoken = {name.lower(): code for name, code in spoken_units().items()}
    meant = spoken_units().get(unit.strip()) or spoken.get(unit.strip().lower())
    if meant and meant in valid:
        return meant
    by_case = {one.lower(): one for one in reversed(valid)}
    close = difflib.get_close_matches(unit.lower(), by_case, n=1, cutoff=0.5)
    return by_case[close[0]] if close else valid[0]


def unit_problem(unit: str, valid: Sequence[str] = ()) -> str:
    """What is wrong with a unit; empty when it can be used.

    Args:
        unit: the code of a quantity.
        valid: the units that its place allows; any of UCUM's when empty.
    """
    if unit in valid:  # of our own table, which tests hold against the grammar: the box need not load it
        return ""
    shown = repr(unit if len(unit) <= 32 else unit[:32] + "...")
    if not is_unit(unit):
        meant = nearest(unit, valid) if valid else spoken_units().get(unit.strip(), "")
        hint = f": did you mean {meant!r}?" if meant else ""
        return f"{shown} is no unit of UCUM{hint}"
    if valid and unit not in valid:
        return f"the unit {shown} does not fit here: use {nearest(unit, valid)!r}"
    return ""
