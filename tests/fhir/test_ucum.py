"""Units: UCUM's own are taken, what people write instead is refused with what was perhaps meant."""

from __future__ import annotations

import sys

import pytest

from modality.errors import MissingExtraError
from modality.fhir import ucum
from modality.fhir.ucum import is_unit, nearest, unit_problem


@pytest.mark.parametrize(
    "unit", ["/min", "%", "mm[Hg]", "Cel", "[degF]", "kg/m2", "10*3/uL", "{score}", "mg/dL", "1", "kg.m-2", "m/s2"]
)
def test_units_of_ucum(unit: str) -> None:
    assert is_unit(unit)
    assert unit_problem(unit) == ""


@pytest.mark.parametrize(
    "unit", ["bpm", "mmHg", "beats/min", "KG", "mm[hg]", "meter", "", " kg", "kg ", "m m", "µg", "kg" * 100, "/", "\n"]
)
def test_what_is_no_unit(unit: str) -> None:
    assert not is_unit(unit)
    assert "is no unit of UCUM" in unit_problem(unit)


@pytest.mark.parametrize(
    ("said", "valid", "meant"),
    [
        ("bpm", ["/min"], "/min"),
        ("BPM", ["/min"], "/min"),
        ("mmHg", ["mm[Hg]"], "mm[Hg]"),
        ("°F", ["Cel", "[degF]"], "[degF]"),
        ("lbs", ["kg", "g", "[lb_av]"], "[lb_av]"),
        ("KG", ["g", "kg"], "kg"),
        ("nonsense", ["Cel", "[degF]"], "Cel"),
    ],
)
def test_the_nearest_unit_that_fits(said: str, valid: list[str], meant: str) -> None:
    assert nearest(said, valid) == meant
    assert repr(meant) in unit_problem(said, valid)


def test_a_unit_of_ucum_that_does_not_fit_here() -> None:
    assert unit_problem("m", ["cm", "[in_i]"]) == "the unit 'm' does not fit here: use 'cm'"


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ucumvert", None)
    ucum._parser.cache_clear()
    is_unit.cache_clear()
    try:
        with pytest.raises(MissingExtraError, match=r"modality-simulator\[fhir\]"):
            is_unit("kg")
    finally:
        ucum._parser.cache_clear()
