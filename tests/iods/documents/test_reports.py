"""Structured reports and key object selections: the tree, its evidence, and what others read of it."""

from __future__ import annotations

import math
import subprocess
from dataclasses import replace

import pytest

from modality.errors import InputError
from modality.iods.captured import prepared
from modality.iods.coded import Code, unit
from modality.iods.documents import comprehensive_sr, key_objects
from modality.iods.documents.content import Reference, Report, Result, Section
from tests.iods.captured_samples import TAKEN, report, selection
from tests.peers.process import program

SODIUM = Code("2951-2", "LN", "Sodium [Moles/volume] in Serum or Plasma")


def one(result: Result) -> Report:
    return Report(Code("11502-2", "LN", "Laboratory report"), TAKEN, (Section(SODIUM, (result,)),))


def content(dataset):
    """Relationship, value type and meaning of the items of a container."""
    return [
        (
            item.RelationshipType,
            item.ValueType,
            item.ConceptNameCodeSequence[0].CodeMeaning if "ConceptNameCodeSequence" in item else "",
        )
        for item in dataset.ContentSequence
    ]


def test_the_tree_says_language_observer_sections_and_sources(make_context):
    dataset = comprehensive_sr.describe(report(), make_context())
    assert content(dataset) == [
        ("HAS CONCEPT MOD", "CODE", "Language of Content Item and Descendants"),
        ("HAS OBS CONTEXT", "CODE", "Observer Type"),
        ("HAS OBS CONTEXT", "UIDREF", "Device Observer UID"),
        ("HAS OBS CONTEXT", "TEXT", "Device Observer Manufacturer"),
        ("HAS OBS CONTEXT", "TEXT", "Device Observer Model Name"),
        ("HAS OBS CONTEXT", "TEXT", "Device Observer Serial Number"),
        ("CONTAINS", "CONTAINER", "Chemistry studies"),
        ("CONTAINS", "CONTAINER", "Urinalysis studies"),
        ("CONTAINS", "IMAGE", "Source of Measurement"),
        ("CONTAINS", "WAVEFORM", "Source of Measurement"),
    ]
    assert "ContentTemplateSequence" not in dataset
    assert (dataset.CompletionFlag, dataset.VerificationFlag) == ("COMPLETE", "UNVERIFIED")


def test_a_number_has_its_unit_moment_range_flag_and_comment(make_context):
    dataset = comprehensive_sr.describe(report(), make_context())
    glucose, pressure = dataset.ContentSequence[6].ContentSequence
    assert glucose.ConceptNameCodeSequence[0].CodeValue == "2345-7"
    (value,) = glucose.MeasuredValueSequence
    assert (value.NumericValue, value.MeasurementUnitsCodeSequence[0].CodeValue) == (105.5, "mg/dL")
    assert glucose.ObservationDateTime == "20240517093102.500000+0200"
    assert [item.TextValue for item in glucose.ContentSequence] == ["70-99", "Flag of the device: H", "hemolytic"]
    assert content(pressure) == [("HAS CONCEPT MOD", "CODE", "Finding Site")]
    assert "ObservationDateTime" not in pressure


def test_texts_and_codes_are_results_too(make_context):
    colour, group = comprehensive_sr.describe(report(), make_context()).ContentSequence[7].ContentSequence
    assert (colour.ValueType, colour.TextValue) == ("TEXT", "yellow")
    assert (group.ValueType, group.ConceptCodeSequence[0].CodeValue) == ("CODE", "112144000")


def test_the_device_is_the_same_observer_in_every_report(make_context):
    uids = {comprehensive_sr.describe(report(), make_context(kind=kind)).ContentSequence[2].UID for kind in ("a", "b")}
    assert len(uids) == 1


def test_evidence_of_the_own_study_is_current_and_that_of_others_pertinent(make_context):
    context = make_context()
    own = Reference(context.study.uid, "1.2.3", "1.2.840.10008.5.1.4.1.1.7", "1.2.3.4")
    dataset = comprehensive_sr.describe(replace(report(), evidence=(own, *report().evidence)), context)
    (study,) = dataset.CurrentRequestedProcedureEvidenceSequence
    assert study.StudyInstanceUID == context.study.uid
    assert study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "1.2.3.4"
    assert len(dataset.PertinentOtherEvidenceSequence) == 2
    bare = comprehensive_sr.describe(replace(report(), evidence=()), context)
    assert "CurrentRequestedProcedureEvidenceSequence" not in bare
    assert "PertinentOtherEvidenceSequence" not in bare


def test_requests_that_the_report_answers_are_referenced(make_context):
    dataset = comprehensive_sr.describe(report(), make_context("grouped"))
    assert [item.AccessionNumber for item in dataset.ReferencedRequestSequence] == ["ACC1", "ACC2"]
    assert dataset.ReferencedPerformedProcedureStepSequence[0].ReferencedSOPInstanceUID
    assert "ReferencedRequestSequence" not in comprehensive_sr.describe(report(), make_context("unscheduled"))


@pytest.mark.parametrize("value", [math.nan, -math.inf, 10**400, "", " \0"])
def test_a_value_that_is_none_is_refused(value, make_context):
    with pytest.raises(InputError, match="Sodium"):
        comprehensive_sr.describe(one(Result(SODIUM, value)), make_context())


def test_a_report_or_section_without_results_is_refused(make_context):
    for sections in ((), (Section(SODIUM, ()),)):
        with pytest.raises(InputError, match="a report needs results"):
            comprehensive_sr.describe(replace(report(), sections=sections), make_context())


def test_what_a_device_prints_is_made_fit(make_context):
    name = Code("GLU", "99DEV", "Gluc\\ose\n" + "x" * 80)
    result = Result(name, "trace\x02\nof\\it", reference="\x03", comment="a\tb")
    item = comprehensive_sr.describe(one(result), make_context()).ContentSequence[6].ContentSequence[0]
    assert item.ConceptNameCodeSequence[0].CodeMeaning == ("Gluc/ose " + "x" * 80)[:64]
    assert item.TextValue == "trace\nof\\it"
    assert [child.TextValue for child in item.ContentSequence] == ["a\tb"]


def test_a_long_code_stands_in_long_code_value(make_context):
    name = Code("1234567890-ABCDEFG", "99DEV", "Long")
    dataset = comprehensive_sr.describe(one(Result(name, 1.5, unit("1"))), make_context())
    item = dataset.ContentSequence[6].ContentSequence[0].ConceptNameCodeSequence[0]
    assert item.LongCodeValue == "1234567890-ABCDEFG"
    assert "CodeValue" not in item


def test_a_selection_follows_tid_2010(make_context):
    dataset = key_objects.describe(selection(), make_context())
    (template,) = dataset.ContentTemplateSequence
    assert (template.MappingResource, template.TemplateIdentifier) == ("DCMR", "2010")
    assert dataset.ConceptNameCodeSequence[0].CodeValue == "113000"
    assert [kind for _, kind, _ in content(dataset)][-4:] == ["TEXT", "IMAGE", "IMAGE", "WAVEFORM"]
    assert list(dataset.ContentSequence[-2].ReferencedSOPSequence[0].ReferencedFrameNumber) == [1, 3]
    (study,) = dataset.CurrentRequestedProcedureEvidenceSequence
    assert [series.SeriesInstanceUID for series in study.ReferencedSeriesSequence] == ["1.2.3", "1.2.4"]
    assert [len(series.ReferencedSOPSequence) for series in study.ReferencedSeriesSequence] == [2, 1]


def test_a_selection_of_nothing_or_of_several_studies_is_refused(make_context):
    with pytest.raises(InputError, match="nothing is selected"):
        key_objects.describe(replace(selection(), objects=()), make_context())
    objects = (selection().objects[0], replace(selection().objects[0], study_uid="1.9"))
    with pytest.raises(InputError, match="objects of several studies"):
        key_objects.describe(replace(selection(), objects=objects), make_context())
    with pytest.raises(InputError, match="kind 'VIDEO'"):
        key_objects.describe(
            replace(selection(), objects=(replace(selection().objects[0], kind="VIDEO"),)), make_context()
        )


@pytest.mark.peer
@pytest.mark.parametrize("document", ["report", "selection"])
def test_dcmtk_reads_the_tree(document, make_context, tmp_path):
    made = (
        comprehensive_sr.describe(report(), make_context())
        if document == "report"
        else key_objects.describe(selection(), make_context())
    )
    prepared(made).write(tmp_path / "one.dcm")
    command = [program("/usr/bin/dsrdump"), str(tmp_path / "one.dcm")]
    run = subprocess.run(command, check=True, capture_output=True, text=True, errors="replace", timeout=100)
    assert [line for line in run.stderr.splitlines() if "template constraints not yet supported" not in line] == []
    expected = '"105.5" (mg/dL,UCUM' if document == "report" else 'Key Object Description")="The one with the gap"'
    assert expected in run.stdout
