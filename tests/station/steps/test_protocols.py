"""Scheduled protocol codes choose the protocol, and are reported back, known or not."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from modality import config
from modality.errors import ConfigurationError
from modality.identity import patient
from modality.protocol.performed_step import code
from modality.protocol.worklist import unscheduled
from modality.registry import KINDS
from modality.station.examination import Examination
from modality.station.rounds import Plan, perform_step
from modality.station.steps.protocols import choose, protocol_table
from tests.station.conftest import TINY


def coded(modality: str, *codes: tuple[str, str], words: str = ""):
    step = unscheduled(patient(1), modality, description=words)
    step.step.ScheduledProtocolCodeSequence = [code(value, scheme, "Any") for value, scheme in codes]
    return step


def own(folder: Path, text: str) -> Path:
    path = folder / "codes.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_shipped_code_names_a_protocol_whose_kind_there_is():
    for protocol in protocol_table().values():
        assert config.load(config.shipped(f"protocols/{protocol}.toml"), Examination).kind in KINDS.names()


def test_the_first_code_that_is_known_chooses_and_those_before_it_are_noted():
    choice = choose(coded("MR", ("NEW", "99X"), ("MR-BRAIN", "99MODALITY")), protocol_table())
    assert (choice.protocol, choice.phantom) == ("brain", None)
    unknown = choose(coded("CT", ("NEW", "99X"), words="Skull"), protocol_table())
    assert (unknown.protocol, unknown.phantom) == ("", "head")
    assert unknown.notes == (
        "protocol code NEW (99X) is not known here: the default protocol is performed, and the code reported back",
    )


def test_a_code_of_another_scheme_or_modality_chooses_nothing():
    assert choose(coded("MR", ("MR-BRAIN", "99OTHER")), protocol_table()).protocol == ""
    wrong = choose(coded("CT", ("MR-BRAIN", "99MODALITY")), protocol_table())
    assert (wrong.protocol, wrong.phantom) == ("", None)  # which leaves it to the kind
    assert "chooses brain, which is of mr and not of CT" in wrong.notes[0]


def test_a_users_own_codes_prevail_over_the_shipped_ones(tmp_path):
    table = protocol_table(
        own(tmp_path, '[[code]]\nvalue = "MR-BRAIN"\nscheme = "99MODALITY"\nprotocol = "brain-t1"\n')
    )
    assert choose(coded("MR", ("MR-BRAIN", "99MODALITY")), table).protocol == "brain-t1"
    assert table["CT-HEAD", "99MODALITY"] == "head-ct-routine"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[code]]\nvalue = "X"\nprotocol = "brian"\n', "did you mean 'brain'"),
        ('[[code]]\nvalue = "X"\n', "protocol: this key is missing"),
        ("[[cod]]\n", "cod"),
    ],
)
def test_a_table_that_does_not_fit_is_one_line(tmp_path, text, said):
    with pytest.raises(ConfigurationError, match=said):
        protocol_table(own(tmp_path, text))


def test_a_coded_step_has_the_series_of_its_protocol_and_reports_its_code(make_station, ris, archive):
    step = coded("MR", ("MR-BRAIN", "99MODALITY"))
    result = perform_step(make_station(), step, Plan(options={"rows": 16, "columns": 16, "slices": 3}))
    assert (result.problems, result.notes, result.protocol) == ([], [], "brain")
    plan = config.load(config.shipped("protocols/brain.toml"), Examination)
    told = ris.performed_steps[result.performed.uid]
    series = told.dataset.PerformedSeriesSequence
    assert [one.SeriesDescription for one in series] == [one.description for one in plan.series]
    assert {one.ProtocolName for one in series} == {"brain"}
    assert [one.CodeValue for one in told.dataset.PerformedProtocolCodeSequence] == ["MR-BRAIN"]
    images = [pydicom.dcmread(one.path) for one in archive.instances()]
    assert {one.ProtocolName for one in images} == {"brain"}
    assert {one.PerformedProtocolCodeSequence[0].CodeValue for one in images} == {"MR-BRAIN"}
    assert sorted(told.instances) == sorted(one.SOPInstanceUID for one in images)
    assert {str(one.SeriesNumber) for one in images} == {str(n) for n in range(1, len(series) + 1)}


def test_an_unknown_code_is_reported_back_as_it_was(make_station, ris):
    result = perform_step(make_station(), coded("CT", ("NEW", "99X")), Plan(options=TINY))
    assert (result.good, len(result.notes), result.protocol) == (True, 1, "")
    (told,) = ris.performed_steps[result.performed.uid].dataset.PerformedProtocolCodeSequence
    assert (told.CodeValue, told.CodingSchemeDesignator, told.CodeMeaning) == ("NEW", "99X", "Any")


def test_an_abandoned_protocol_ends_within_its_first_series(make_station, ris):
    plan = Plan(options={"rows": 16, "columns": 16, "slices": 4}, discontinue="110513")
    result = perform_step(make_station(), coded("MR", ("MR-BRAIN", "99MODALITY")), plan)
    told = ris.performed_steps[result.performed.uid]
    (series,) = told.dataset.PerformedSeriesSequence
    # Half of three planes of four slices.
    assert (told.state, series.SeriesDescription, len(told.instances)) == ("DISCONTINUED", "Localizer", 6)
