"""Protocols of several series: every shipped one can be made, as one study."""

from __future__ import annotations

import pytest

import phantoms
from modality.errors import UnknownNameError, UsageError
from modality.registry import KINDS
from modality.station.examination import Examination, SeriesPlan, examinations, examine

SHIPPED = [(kind, name) for kind in KINDS.entries for name in examinations(kind)]
SMALL = {"rows": 16, "columns": 16, "slices": 1}


def test_there_are_protocols_for_the_brain_and_for_relaxometry():
    assert {("mr", "brain"), ("mr", "relaxometry")} <= set(SHIPPED)


@pytest.mark.parametrize(("kind", "name"), SHIPPED)
def test_a_shipped_protocol_makes_one_study_of_series_in_one_frame_of_reference(kind, name):
    study = examine(kind, name, phantoms.water(), seed=3, **SMALL)
    datasets = [next(iter(scan)).dataset() for scan in study.series]
    assert datasets
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID", "StudyTime", "ProtocolName"):
        assert len({dataset[keyword].value for dataset in datasets}) == 1
    for keyword in ("SeriesInstanceUID", "SOPInstanceUID", "SeriesDescription", "SeriesNumber"):
        assert len({dataset[keyword].value for dataset in datasets}) == len(datasets)
    times = [dataset.SeriesTime for dataset in datasets]
    assert times == sorted(times)


@pytest.mark.parametrize("kind", ["mr", "enhanced-mr"])
def test_the_brain_has_a_localizer_of_three_planes_and_a_map_that_names_its_images(kind):
    study = examine(kind, "brain", phantoms.water(), seed=3, **{**SMALL, "slices": 2})
    series = {scan.context.series.description: [made.dataset() for made in scan] for scan in study.series}
    assert list(series) == ["Localizer", "T1 SE sagittal", "T2 TSE axial", "FLAIR axial", "DWI axial", "ADC axial"]
    frames = study.series[0].acquisition
    assert len({stack.row_direction + stack.column_direction for stack in frames.stacks}) == 3
    weighted = series["DWI axial"]
    for place, image in enumerate(series["ADC axial"]):
        assert list(image.ImageType) == ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]
        named = [
            (item.ReferencedSOPInstanceUID, item.get("ReferencedFrameNumber")) for item in image.SourceImageSequence
        ]
        if kind == "mr":
            assert named == [(weighted[place].SOPInstanceUID, None), (weighted[place + 2].SOPInstanceUID, None)]
            assert image.ImagePositionPatient == weighted[place].ImagePositionPatient
        else:
            assert named == [(weighted[0].SOPInstanceUID, [place + 1, place + 3])]
        assert image.DerivationCodeSequence[0].CodeValue == "113041"
        mapped = image.RealWorldValueMappingSequence[0]
        assert mapped.MeasurementUnitsCodeSequence[0].CodeValue == "um2/s"
        values = image.pixel_array * mapped.RealWorldValueSlope + mapped.RealWorldValueIntercept
        assert values[8, 8] == pytest.approx(2020, rel=0.1)  # of water, in um2/s


@pytest.mark.parametrize(
    ("series", "said"),
    [
        ({"derived": "adc"}, "go together"),
        ({"derived": "adc", "source": "later"}, "no earlier series"),
        ({"derived": "abc", "source": "first"}, "did you mean 'adc'"),
        ({"derived": "adc", "source": "first", "options": {"rows": 3}}, "without options"),
        ({"description": "first"}, "two of that description"),
    ],
)
def test_a_derived_series_needs_a_source_that_comes_before_it(series, said):
    first = SeriesPlan("first", {"sequence": "DWI"})
    with pytest.raises(ValueError, match=said):
        Examination("mr", "head", (first, SeriesPlan(**{"description": "second", **series})))


def test_the_same_seed_is_the_same_study_and_another_or_other_options_are_not():
    def uid(seed, **options):
        return examine("mr", "relaxometry", phantoms.water(), seed=seed, **{**SMALL, **options}).uid

    assert uid(1) == uid(1)
    assert len({uid(1), uid(2), uid(1, rows=24)}) == 3


def test_what_does_not_fit_names_the_series():
    with pytest.raises(UsageError, match=r"protocol brain, Localizer: .*GRE has none"):
        examine("mr", "brain", phantoms.water(), seed=1, b_values_s_per_mm2=(0.0,))


def test_an_unknown_protocol_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'brain'"):
        examine("mr", "brian", phantoms.water(), seed=1)
