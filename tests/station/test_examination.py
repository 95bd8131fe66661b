"""Protocols of several series: every shipped one can be made, as one study."""

from __future__ import annotations

import pytest

import phantoms
from modality.errors import UnknownNameError, UsageError
from modality.registry import KINDS
from modality.station.examination import examinations, examine

SHIPPED = [(kind, name) for kind in KINDS.entries for name in examinations(kind)]
SMALL = {"rows": 16, "columns": 16, "slices": 1}


def test_there_are_protocols_for_the_brain_and_for_relaxometry():
    assert {("mr", "brain"), ("mr", "relaxometry")} <= set(SHIPPED)


@pytest.mark.parametrize(("kind", "name"), SHIPPED)
def test_a_shipped_protocol_makes_one_study_of_series_in_one_frame_of_reference(kind, name):
    study = examine(kind, name, phantoms.water(), seed=3, **SMALL)
    datasets = [next(iter(scan)).dataset() for scan in study.series]
    assert len(datasets) > 1
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID", "StudyTime", "ProtocolName"):
        assert len({dataset[keyword].value for dataset in datasets}) == 1
    for keyword in ("SeriesInstanceUID", "SOPInstanceUID", "SeriesDescription", "SeriesNumber"):
        assert len({dataset[keyword].value for dataset in datasets}) == len(datasets)
    times = [dataset.SeriesTime for dataset in datasets]
    assert times == sorted(times)


def test_the_same_seed_is_the_same_study_and_another_or_other_options_are_not():
    def uid(seed, **options):
        return examine("mr", "relaxometry", phantoms.water(), seed=seed, **{**SMALL, **options}).uid

    assert uid(1) == uid(1)
    assert len({uid(1), uid(2), uid(1, rows=24)}) == 3


def test_what_does_not_fit_names_the_series():
    with pytest.raises(UsageError, match=r"protocol brain, Localizer sagittal: .*GRE has none"):
        examine("mr", "brain", phantoms.water(), seed=1, b_values_s_per_mm2=(0.0,))


def test_an_unknown_protocol_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'brain'"):
        examine("mr", "brian", phantoms.water(), seed=1)
