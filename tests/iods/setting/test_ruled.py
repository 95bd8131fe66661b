"""Numbers that PS3.3 rules out: refused in one line with their clause, and dciodvfy refuses the same."""

from __future__ import annotations

import subprocess
from inspect import signature
from pathlib import Path

import pytest
from pydicom import config
from pydicom.dataset import Dataset

from modality.errors import UsageError
from modality.iods.attributes import set_attributes
from modality.iods.setting.ruled import _COMMON, _OF_AN_IOD, ruled_out
from modality.iods.setting.types import attribute_types
from modality.registry import KINDS
from modality.station.study import generate
from tests.peers.process import program

SMALL = {"rows": 32, "columns": 32}


def small(kind: str) -> Dataset:
    """An instance of a kind, as `modality generate` makes it."""
    taken = signature(KINDS.load(kind).acquire).parameters
    asked = {"rows": 64, "columns": 64, "slices": 3} | ({"frames": 1} if kind == "us" else {})
    options = {name: value for name, value in asked.items() if name in taken}
    return next(iter(generate(kind, seed=1, **options))).dataset()


REFUSED = [
    (
        "ct",
        {"WindowCenter": "40", "WindowWidth": "0"},
        "WindowWidth=0: PS3.3 C.11.2.1.2 asks for a number that is at least",
    ),
    ("ct", {"WindowCenter": "40", "WindowWidth": "0.5"}, "at least 1 unless VOI LUT Function is LINEAR_EXACT"),
    ("ct", {"WindowCenter": "40", "WindowWidth": "0", "VOILUTFunction": "SIGMOID"}, "greater than 0"),
    ("ct", {"WindowCenter": "40\\50", "WindowWidth": "400\\-1"}, r"WindowWidth=400\-1: "),
    ("ct", {"WindowCenter": "40\\50", "WindowWidth": "400"}, "asks for a width for each center; set both"),
    ("us", {"WindowCenter": "40"}, "asks for a width for each center; set both"),
    ("ct", {"PixelSpacing": "0\\0.5"}, r"PixelSpacing=0\0.5: PS3.3 10.7.1.3 asks for a number that is greater than 0"),
    ("dx", {"ImagerPixelSpacing": "0.2\\-0.2"}, "10.7.1.3"),
    ("ct", {"SliceThickness": "0"}, "SliceThickness=0: PS3.3 C.7.6.2 "),
    (
        "mr",
        {"SpacingBetweenSlices": "-3"},
        "SpacingBetweenSlices=-3: PS3.3 C.7.6.2 asks for a number that is not negative",
    ),
    ("ct", {"RescaleSlope": "0"}, "RescaleSlope=0: PS3.3 C.11.1.1 asks for a number that is not 0"),
    ("pt", {"RescaleIntercept": "-1024"}, "RescaleIntercept=-1024: PS3.3 C.8.9.4 asks for a number that is 0"),
    ("dx", {"RescaleSlope": "2"}, "C.8.11.3 asks for a number that is 1"),
    ("dx", {"PixelIntensityRelationshipSign": "0"}, "1 or -1"),
    ("mg", {"FieldOfViewRotation": "45"}, "0, 90, 180 or 270"),
    ("dx", {"DetectorElementSpacing": "0\\0"}, "C.8.11.4"),
    (
        "ct",
        {"ImageOrientationPatient": "1\\0\\0\\1\\0\\0"},
        "C.7.6.2.1.1 asks for the cosines of two unit vectors at right",
    ),
    ("ct", {"ImageOrientationPatient": "2\\0\\0\\0\\2\\0"}, "unit vectors"),
    ("ct", {"KVP": "-120"}, "KVP=-120: PS3.3 C.8.2.1, C.8.7.9 asks for a number that is not negative"),
    ("ct", {"PatientWeight": "-70"}, "C.7.2.2"),
    (
        "dx",
        {"PatientOrientation": "X\\F"},
        r"PatientOrientation=X\F: PS3.3 C.7.6.1.1.1 asks for letters of A, P, R, L, H",
    ),
    ("dx", {"PatientOrientation": "LR\\F"}, "or with its opposite, for LR"),
]


@pytest.mark.parametrize(("kind", "given", "said"), REFUSED)
def test_what_is_ruled_out_is_refused_with_its_clause_and_set_under_the_defects_name(kind, given, said):
    dataset = small(kind)
    with pytest.raises(UsageError) as caught:
        set_attributes(dataset, given)
    message = str(caught.value)
    assert said in message
    assert message.endswith("; --defect impossible-value lets it be")
    assert "\n" not in message
    set_attributes(dataset, given, impossible=True)
    keyword = next(iter(given))
    value = dataset[keyword].value
    assert "\\".join(map(str, value if dataset[keyword].VM > 1 else [value])) == given[keyword]


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("ct", {"WindowCenter": "40", "WindowWidth": "1"}),
        ("ct", {"WindowCenter": "40\\50", "WindowWidth": "400\\2000"}),
        ("ct", {"WindowCenter": "0.5", "WindowWidth": "0.25", "VOILUTFunction": "LINEAR_EXACT"}),
        ("ct", {"VOILUTFunction": "SIGMOID", "WindowWidth": "0.25", "WindowCenter": "0.5"}),
        ("ct", {"PixelSpacing": "0.0001\\9"}),
        ("ct", {"RescaleSlope": "-1", "RescaleIntercept": "5"}),
        ("mr", {"SpacingBetweenSlices": "0"}),
        ("nm", {"SpacingBetweenSlices": "-3"}),  # whose sign tells the direction
        ("ct", {"ImageOrientationPatient": "0.7071\\0.7071\\0\\0\\0\\-1"}),
        ("dx", {"PatientOrientation": "LH\\FR"}),
        ("dx", {"PatientOrientation": "LE\\V", "AnatomicalOrientationType": "QUADRUPED"}),
        ("ct", {"KVP": "0"}),
        ("ct", {"KVP": ""}),
        ("dx", {"FieldOfViewRotation": "270"}),
        ("ct", {"SeriesNumber": "-1"}),  # any integer is one
    ],
)
def test_what_is_allowed_can_be_set(kind, given):
    dataset = small(kind)
    set_attributes(dataset, given)
    assert [ruled_out(dataset, keyword) for keyword in given] == [""] * len(given)


def test_a_single_row_or_column_has_no_spacing():
    dataset = Dataset()
    dataset.Rows, dataset.Columns = 1, 5
    set_attributes(dataset, {"PixelSpacing": "0\\2"})
    with pytest.raises(UsageError, match=r"10\.7\.1\.3"):
        set_attributes(dataset, {"PixelSpacing": "0\\0"})


def test_the_iods_of_the_table_are_those_of_the_types():
    assert set(_OF_AN_IOD) <= set(attribute_types().iod_of.values())


@pytest.mark.parametrize("kind", [name for name in KINDS.entries if name != "sm"])
def test_nothing_that_a_kind_holds_is_ruled_out(kind):
    dataset = small(kind)
    assert [found for element in dataset if (found := ruled_out(dataset, element.keyword))] == []


def test_a_defect_breaks_what_is_set_or_else_the_window():
    made = [
        next(iter(generate("ct", seed=3, slices=1, assignments=given, defects=["impossible-value"], **SMALL)))
        for given in ({"RescaleSlope": "0"}, {"RescaleSlope": "2"}, {})
    ]
    slopes_and_widths = [(float(one.RescaleSlope), one.WindowWidth) for one in (each.dataset() for each in made)]
    assert slopes_and_widths[0] == (0.0, made[0].dataset().WindowWidth)
    assert slopes_and_widths[0][1] != 0
    assert slopes_and_widths[1:] == [(2.0, 0), (1.0, 0)]


def _errors(dataset: Dataset, path: Path) -> set[str]:
    dataset.save_as(path, enforce_file_format=True)
    run = subprocess.run([program("/usr/bin/dciodvfy"), path], capture_output=True, check=False, timeout=100)
    said = (run.stdout + run.stderr).decode("utf-8", "replace")
    return {line for line in said.splitlines() if line.startswith("Error")}


# Magnitudes, of which it warns alone where they are 0, and what it does not look at.
_UNSEEN = {
    ("KVP", "-120"),
    ("PatientWeight", "-70"),
    ("PatientOrientation", "LR\\F"),
    ("ImagerPixelSpacing", "0.2\\-0.2"),
    ("WindowWidth", "400"),
}


@pytest.mark.peer
@pytest.mark.parametrize(("kind", "given"), [one[:2] for one in REFUSED if not _UNSEEN & set(one[1].items())])
def test_dciodvfy_refuses_the_same(tmp_path, monkeypatch, kind, given):
    monkeypatch.setattr(config.settings, "_writing_validation_mode", config.IGNORE)
    dataset = small(kind)
    before = _errors(dataset, tmp_path / "before.dcm")
    set_attributes(dataset, given, impossible=True)
    assert _errors(dataset, tmp_path / "after.dcm") - before


def test_every_rule_names_a_clause():
    rules = [*_COMMON.values(), *(rule for own in _OF_AN_IOD.values() for rule in own.values() if rule)]
    assert all(rule.clause and rule.said for rule in rules)


def test_centers_that_fit_the_kinds_own_windows_are_no_defect_and_the_damage_asked_for_is_done() -> None:
    made = next(
        iter(
            generate(
                "ct", seed=1, slices=1, assignments={"WindowCenter": "40\\50"}, defects=["impossible-value"], **SMALL
            )
        )
    )
    assert made.dataset().WindowWidth == 0
