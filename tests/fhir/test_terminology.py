"""The tables of codes: every one of them holds together, and what is not in them is told from a mistyped code."""

from __future__ import annotations

import pytest

from modality.errors import UnknownNameError
from modality.fhir.terminology import (
    anatomic_regions,
    bindings,
    body_parts,
    loinc_answers,
    loinc_check_digit,
    loinc_codes,
    loinc_problem,
    modalities,
    observable,
    observables,
    spoken_units,
    stroke_scale,
)
from modality.fhir.ucum import is_unit


@pytest.mark.parametrize("code", ["8867-4", "2708-6", "59408-5", "85354-9", "72089-6", "70184-7", "718-7", "777-3"])
def test_the_check_digit_is_that_of_codes_in_use(code: str) -> None:
    number, _, digit = code.partition("-")
    assert loinc_check_digit(number) == int(digit)


def test_every_code_of_the_tables_has_its_check_digit() -> None:
    wrong = [code for code in loinc_codes() if loinc_check_digit(code.partition("-")[0]) != int(code[-1])]
    assert wrong == []
    assert len(loinc_answers()) == 47
    assert len(loinc_codes()) > 700


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("87711-2", "its check digit would be 8 (87711-8)"),
        ("8867-5", "its check digit would be 4 (8867-4)"),
        ("LA18436-7", "is not among the LOINC codes known here"),
        ("99999-5", "is not among the LOINC codes known here"),
        ("heart rate", "is no LOINC code"),
        ("", "is no LOINC code"),
        ("٨٨٦٧-4", "is no LOINC code"),
        ("8" * 10_000 + "-1", "is not among"),
    ],
)
def test_a_wrong_loinc_code_is_told_why(code: str, reason: str) -> None:
    assert reason in loinc_problem(code)
    assert len(loinc_problem(code)) < 160


def test_every_unit_of_the_tables_is_one_of_ucum() -> None:
    units = {unit for one in observables().values() for unit in one.units} | set(spoken_units().values())
    assert [unit for unit in units if not is_unit(unit)] == []


def test_what_is_observed_refers_to_what_is_known() -> None:
    for one in observables().values():
        for code in (*one.parts, *([one.beside] if one.beside else [])):
            assert code in observables(), one
        assert one.category in bindings().code_systems["http://terminology.hl7.org/CodeSystem/observation-category"]
        assert bool(one.units) != bool(one.parts)
    with pytest.raises(UnknownNameError, match="did you mean 'heart_rate'"):
        observable("hart_rate")


def test_the_stroke_scale_has_fifteen_items_and_forty_two_points() -> None:
    items = stroke_scale().item
    assert len(items) == 15
    # The greatest sum; a limb that is amputated cannot be tested, and counts nothing.
    assert sum(max(answer.score or 0 for answer in item.choices()) for item in items) == 42
    assert stroke_scale().total == observable("nih_stroke_scale").loinc == "72089-6"
    untestable = [item.name for item in items if any(answer.score is None for answer in item.choices())]
    assert untestable == ["left_arm", "right_arm", "left_leg", "right_leg", "limb_ataxia", "dysarthria"]


def test_body_parts_are_anatomic_regions_and_modalities_are_dicoms() -> None:
    assert set(body_parts().values()) <= set(anatomic_regions())
    assert {"CT", "MR", "SM", "ECG", "HD", "US"} - set(modalities()) == {"HD"} - set(modalities())
    assert "XX" not in modalities()


def test_the_bindings_are_those_of_r4() -> None:
    known = bindings()
    assert known.value_sets[known.paths["Patient.gender"]] == {"male", "female", "other", "unknown"}
    assert "preliminary" in known.value_sets[known.paths["Observation.status"]]
    assert set(known.paths.values()) == set(known.value_sets)
