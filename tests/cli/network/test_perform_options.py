"""`perform --option`: the options of each step's kind, checked as those of `generate` are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import Result
from pydicom import dcmread
from pydicom.dataset import Dataset

from modality.identity import patient
from modality.simulated.ris import SimulatedRis
from modality.simulated.ris.steps import WorklistStep
from modality.simulated.ris.worklist_file import StepEntry, item
from tests.cli.command import invoke

SMALL = ("--rows", "32", "--columns", "32")


@pytest.fixture
def ris() -> Iterator[SimulatedRis]:
    with SimulatedRis() as running:
        yield running


def schedule(ris: SimulatedRis, *modalities: str) -> None:
    entries = [
        StepEntry(
            station_aet="ROOM1", modality=modality, start="today 08:00", patient_name="Doe^Jane", patient_id="P1",
            accession_number=f"ACC{number}", description="Chest",
        )
        for number, modality in enumerate(modalities, 1)
    ]  # fmt: skip
    ris.reschedule(lambda _: [WorklistStep(item(one, 1, n, date.today())) for n, one in enumerate(entries, 1)])


def perform(ris: SimulatedRis, folder: Path, *options: str) -> tuple[Result, list[Dataset]]:
    done = invoke(
        "perform", "--worklist", ris.address, "--archive", folder / "out", "--state", folder / "state",
        "--aet", "ROOM1", "--seed", "4", *SMALL, *options,
    )  # fmt: skip
    return done, [dcmread(path) for path in sorted((folder / "out").rglob("*.dcm"))]


def test_a_step_is_told_its_kinds_own_options(ris: SimulatedRis, tmp_path: Path) -> None:
    schedule(ris, "DX")
    plain, (frontal,) = perform(ris, tmp_path / "plain")
    told, (lateral,) = perform(ris, tmp_path / "told", "--option", "view=LATERAL")
    assert (plain.exit_code, told.exit_code) == (0, 0), told.stderr
    assert (frontal.ViewPosition in ("AP", "PA"), lateral.ViewPosition) == (True, "LL")
    assert frontal.PixelData != lateral.PixelData


def test_an_option_prevails_over_the_verbs_own(ris: SimulatedRis, tmp_path: Path) -> None:
    schedule(ris, "DX")
    done, (made,) = perform(ris, tmp_path, "--option", "rows=48", "--option", "columns=40")
    assert (done.exit_code, made.Rows, made.Columns) == (0, 48, 40)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--option", "view"], "--option view: give NAME=VALUE"),
        (["--option", "vieww=LATERAL"], "did you mean 'view'"),
        (["--option", "frames=3"], "unknown option of dx 'frames'"),
        (["--option", "kvp=much"], "--option kvp=much: give"),
    ],
)
@pytest.mark.parametrize("narrowed", [[], ["--modality", "DX"]])
def test_what_does_not_fit_is_refused_before_a_step_begins(
    ris: SimulatedRis, tmp_path: Path, options: list[str], said: str, narrowed: list[str]
) -> None:
    schedule(ris, "DX")
    done, made = perform(ris, tmp_path, "--mpps", ris.address, *options, *narrowed)
    assert (done.exit_code, made, len(ris.performed_steps)) == (2, [], 0)
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    same = invoke("generate", "dx", "-o", tmp_path / "generated", *SMALL, *options)
    assert same.exit_code == 2
    assert done.stderr.split(";")[0].strip() == same.stderr.strip()  # but for how to choose other steps


def test_an_option_has_to_be_one_of_every_step_that_is_performed(ris: SimulatedRis, tmp_path: Path) -> None:
    schedule(ris, "DX", "CT")
    done, made = perform(ris, tmp_path / "both", "--option", "view=LATERAL")
    assert (done.exit_code, made) == (2, [])
    assert "unknown option of ct 'view'" in done.stderr
    assert "--modality chooses the steps" in done.stderr
    narrowed, (lateral,) = perform(ris, tmp_path / "one", "--option", "view=LATERAL", "--modality", "DX")
    assert (narrowed.exit_code, lateral.Modality) == (0, "DX")


def test_each_kind_takes_an_option_of_one_name_as_its_own(ris: SimulatedRis, tmp_path: Path) -> None:
    schedule(ris, "DX", "CT")
    done, made = perform(ris, tmp_path, "--option", "kvp=100", "--slices", "2", "--modality", "CT")
    assert done.exit_code == 0, done.stderr
    assert {float(one.KVP) for one in made} == {100.0}
    done, made = perform(ris, tmp_path / "both", "--option", "kvp=90")
    assert done.exit_code == 0, done.stderr
    assert {(one.Modality, float(one.KVP)) for one in made} == {("DX", 90.0), ("CT", 90.0)}


def test_a_step_that_no_kind_makes_is_told_of_as_ever(ris: SimulatedRis, tmp_path: Path) -> None:
    schedule(ris, "XX", "DX")
    done, (made,) = perform(ris, tmp_path, "--option", "view=LATERAL")
    assert (done.exit_code, made.Modality) == (1, "DX")
    assert "no kind makes images of modality 'XX'" in done.stderr


def test_the_protocol_of_an_mr_step_is_an_option_even_where_a_code_chose_the_series(tmp_path: Path) -> None:
    done = invoke(
        "perform", "--unscheduled", "mr", "--archive", tmp_path / "out", "--state", tmp_path / "state", "--slices", "2",
        *SMALL, "--option", "protocol=T2",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    times = {float(dcmread(path).EchoTime) for path in (tmp_path / "out").rglob("*.dcm")}
    assert min(times) > 60.0  # ms: weighted by T2


def test_a_protocol_takes_options_for_every_series(ris: SimulatedRis, tmp_path: Path) -> None:
    def coded(one: WorklistStep) -> WorklistStep:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "MR-BRAIN", "99MODALITY", "Brain"
        (step,) = one.item.ScheduledProcedureStepSequence
        step.ScheduledProtocolCodeSequence = [code]
        return one

    schedule(ris, "MR")
    ris.reschedule(lambda steps: [coded(one) for one in steps])
    table = tmp_path / "codes.toml"
    table.write_text('[[code]]\nvalue = "MR-BRAIN"\nscheme = "99MODALITY"\nprotocol = "brain-t1"\n')
    done, made = perform(
        ris, tmp_path, "--slices", "2", "--protocol-codes", str(table), "--option", "field_strength_t=3.0",
        "--option", "protocol=T1",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert {one.MagneticFieldStrength for one in made} == {3.0}
    assert {one.ProtocolName for one in made} == {"brain-t1"}


def test_only_steps_take_it(tmp_path: Path) -> None:
    done = invoke(
        "perform", "--resume", "--archive", tmp_path / "out", "--state", tmp_path / "state", "--option", "kvp=90"
    )
    assert (done.exit_code, "leave out --option" in done.stderr) == (2, True)


def test_an_unscheduled_mammogram_is_of_a_woman(tmp_path: Path) -> None:
    seed = next(seed for seed in range(99) if patient(seed).sex == "M")
    sexes = {}
    for kind in ("MG", "DX"):
        out = tmp_path / kind
        done = invoke(
            "perform", "--unscheduled", kind, "--archive", out, "--state", tmp_path / f"{kind} state",
            "--seed", str(seed), *SMALL,
        )  # fmt: skip
        assert done.exit_code == 0, done.stderr
        sexes[kind] = {dcmread(path).PatientSex for path in out.rglob("*.dcm")}
    assert sexes == {"MG": {"F"}, "DX": {"M"}}
