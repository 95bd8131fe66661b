"""`--phantom-option`: typed by the phantom's function, listed, part of the UIDs."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Literal

import pytest

from modality.cli.studies.phantom_options import (
    FunctionOption,
    options_of,
    options_of_kind,
    parse_kind_options,
    parse_phantom_options,
)
from modality.errors import UnknownNameError, UsageError
from modality.registry import PHANTOMS
from tests.cli.command import document, invoke

SMALL = ("--rows", "16", "--columns", "16", "--slices", "2", "--seed", "7", "--truth", "--json")


def made(folder: Path, *options: str) -> tuple[str, dict[str, dict[str, float]]]:
    """The series' UID and the truth by structure."""
    found = document(invoke("generate", "ct", "-o", folder, *SMALL, *options))
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return found["series_uid"], {one["name"]: one for one in truth["structures"]}


def test_options_make_another_phantom_under_other_uids(tmp_path: Path) -> None:
    plain, usual = made(tmp_path / "a")
    again, _ = made(tmp_path / "b", "--phantom", "thorax", "--phantom-option", "nodule_mm=8")
    other, small = made(tmp_path / "c", "--phantom-option", "nodule-mm=6", "--phantom-option", "nodules=5")
    assert plain == again != other
    nodules = [one for name, one in small.items() if name.startswith("nodule")]
    assert len(nodules) == 5
    assert nodules[0]["volume_mm3"] / usual["nodule 1"]["volume_mm3"] == pytest.approx((6 / 8) ** 3, rel=0.01)


def test_a_stroke_is_of_the_kind_that_was_asked_for(tmp_path: Path) -> None:
    _, bleeding = made(
        tmp_path / "a", "--phantom", "head-stroke", "--phantom-option", "kind=bleed", "--phantom-option", "side=left"
    )
    assert bleeding["haematoma"]["center_mm"][0] > 0  # type: ignore[index]


def test_the_seed_of_the_individual_can_be_another_than_that_of_the_noise(tmp_path: Path) -> None:
    _, one = made(tmp_path / "a", "--phantom", "head", "--phantom-option", "seed=3")
    _, other = made(tmp_path / "b", "--phantom", "head")
    assert one["brain stem"] != other["brain stem"] if "brain stem" in one else one != other


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--phantom-option", "nodul_mm=6"), "did you mean 'nodule_mm'?"),
        (("--phantom-option", "nodules=many"), "nodules=many: give int"),
        (("--phantom-option", "nodule_mm=nan"), "nodule_mm=nan: give float"),
        (("--phantom-option", "nodules"), "give NAME=VALUE"),
        (("--phantom-option", "nodule_mm=400"), "1 to 40 mm"),
        (("--phantom", "head-stroke", "--phantom-option", "kind=bled"), "give ischaemia|bleed"),
        (("--phantom", "head-stroke", "--phantom-option", "hyperdense_vessel=2"), "give bool"),
        (("--phantom", "thorx", "--phantom-option", "nodules=1"), "did you mean 'thorax'?"),
        (("--phantom", "head", "--phantom-option", "size=1"), "unknown option of phantom head 'size'"),
    ],
)
def test_what_does_not_fit_is_one_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    result = invoke("generate", "ct", "-o", tmp_path / "out", *SMALL[:-2], *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_protocol_of_several_series_asks_which_phantom(tmp_path: Path) -> None:
    result = invoke("generate", "mr", "--protocol", "brain", "--phantom-option", "nodules=1", "-o", tmp_path / "out")
    assert (result.exit_code, "give --phantom too" in result.stderr) == (2, True)


@pytest.mark.parametrize("name", PHANTOMS.entries)
def test_every_option_is_listed_with_its_default_and_explained(name: str) -> None:
    listed = document(invoke("list", "phantoms", "--json"))["phantoms"]
    (row,) = [one for one in listed if one["name"] == name]
    taken = inspect.signature(PHANTOMS.load(name)).parameters
    assert [one["name"] for one in row["options"]] == list(taken)
    for one in row["options"]:
        assert len(one["what"]) > 5
        assert one["default"] == (None if one["name"] == "seed" else taken[one["name"]].default)


def test_the_table_for_people_names_options_and_defaults() -> None:
    shown = invoke("list", "phantoms").stdout
    assert "nodule_mm=8.0" in shown


@pytest.mark.parametrize(
    ("types", "text", "value"),
    [
        ((int,), "3", 3),
        ((float,), "3", 3.0),
        ((bool,), "No", False),
        ((str,), "a=b", "a=b"),
        (("left", "right", "none"), "none", None),
        (("none", float), "2.5", 2.5),
    ],
)
def test_texts_become_values_of_their_types(types: tuple[object, ...], text: str, value: object) -> None:
    found = FunctionOption("size", None, types, "").parsed(text, "--phantom-option")
    assert (found, type(found)) == (value, type(value))


def test_types_come_from_the_signature() -> None:
    kinds = {name: one.kind for name, one in options_of("head-stroke").items()}
    assert kinds == {
        "seed": "int",
        "kind": "ischaemia|bleed",
        "side": "left|right|none",
        "volume_ml": "float",
        "hyperdense_vessel": "bool",
    }


def test_phantoms_of_others_are_read_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    def bottle(seed: int = 0, *, filling: Literal["oil", "water"] = "oil", fill_ml: float | None = None) -> None:
        """A bottle."""

    monkeypatch.setattr("modality.registry.Table.load", lambda table, name: bottle)
    assert parse_phantom_options("bottle", ["filling=water", "fill_ml=none"]) == {"filling": "water", "fill_ml": None}
    with pytest.raises(UnknownNameError, match="filling"):
        parse_phantom_options("bottle", ["fillin=oil"])
    with pytest.raises(UsageError, match=r"float\|none"):
        parse_phantom_options("bottle", ["fill_ml=half"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("kernle=SHARP", "unknown option of ct 'kernle': did you mean 'kernel'?"),
        ("kvp", "--option kvp: give NAME=VALUE"),
        ("kvp=high", "--option kvp=high: give float"),
    ],
)
def test_a_wrong_option_of_a_kind_is_named(given: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        parse_kind_options("ct", [given])


def test_an_option_of_a_kind_is_an_argument_of_its_acquisition() -> None:
    assert parse_kind_options("ct", ["kvp=100", "dose-modulation=no"]) == {"kvp": 100.0, "dose_modulation": False}
    assert not {"phantom", "seed"} & set(options_of_kind("mr"))
    assert options_of_kind("ct")["kvp"].what


def test_a_choice_may_be_typed_in_any_case_and_with_hyphens_for_blanks() -> None:
    from modality.cli.studies.phantom_options import parse_kind_options

    assert parse_kind_options("nm", ["study=recon-tomo", "collimator=leap"]) == {
        "study": "RECON TOMO",
        "collimator": "LEAP",
    }
    with pytest.raises(UsageError, match=r"give STATIC\|DYNAMIC\|GATED\|TOMO\|RECON TOMO"):
        parse_kind_options("nm", ["study=whole"])
