"""Reports from a worklist: about a scan of the order's own study, which is made with them where there is none."""

from __future__ import annotations

import pydicom
import pytest

from modality.identity import patient
from modality.iods.images.ct import CT
from modality.iods.personas.persona import load_persona
from modality.protocol.worklist import unscheduled
from modality.station.consistency.case import Case
from modality.station.consistency.evidence import read_image
from modality.station.consistency.table import check
from modality.station.rounds import Plan, perform_step
from modality.station.steps.protocols import choose
from tests.station.steps.test_nuclear import scheduled

SMALL = {"rows": 64, "columns": 64, "slices": 12}
REPORTS = {"SR": "sr", "DOC": "pdf", "KO": "kos", "OT": "sc"}


def stored(archive):
    return [pydicom.dcmread(one.path) for one in archive.instances()]


def of(datasets, modality):
    return [one for one in datasets if one.Modality == modality]


def referred(report, step_uid=""):
    named = {one.value for one in report.iterall() if one.keyword == "ReferencedSOPInstanceUID"}
    return named - {step_uid}


def broken(archive):
    found = check(Case([read_image(one.path) for one in archive.instances()]))
    return {one.rule.id: list(map(str, one.deviations)) for one in found if one.deviations}


@pytest.mark.parametrize("modality", REPORTS)
def test_a_report_that_is_ordered_alone_brings_what_it_is_about(make_station, ris, archive, modality):
    if modality == "SR":
        pytest.importorskip("highdicom")
    scheduled(ris, modality, "Report of the chest")
    station = make_station()
    (step,) = station.worklist(modality=modality)
    result = perform_step(station, step, Plan(options=SMALL))
    assert (result.good, result.problems) == (True, [])
    made = stored(archive)
    images, (report,) = of(made, "CT"), of(made, modality)
    assert (len(images), len(made)) == (12, 13)
    assert {(one.StudyInstanceUID, one.AccessionNumber, str(one.PatientName)) for one in made} == {
        (step.study_uid, "ACC1", "Doe^Jane")
    }
    named = referred(report, result.performed.uid)
    assert named
    assert named <= {one.SOPInstanceUID for one in images}
    told = ris.performed_steps[result.performed.uid]
    assert told.state == "COMPLETED"
    assert sorted(told.instances) == sorted(one.SOPInstanceUID for one in made)
    studies = [one.value for one in report.iterall() if one.keyword == "StudyInstanceUID"]
    series = [one.value for one in report.iterall() if one.keyword == "SeriesInstanceUID"][1:]
    assert set(studies) == {step.study_uid}
    assert set(series) <= {one.SeriesInstanceUID for one in made}
    assert broken(archive) == {}


@pytest.mark.parametrize("kind", ["pdf", "kos", "rdsr"])
def test_a_report_is_about_the_scan_that_was_made_in_its_study_before(make_station, archive, step, kind):
    station = make_station()
    with station.perform(step) as performed:
        performed.acquire("spheres", kind="ct", **SMALL)
        performed.acquire(kind=kind)
    made = stored(archive)
    (report,) = [one for one in made if one.SOPClassUID != CT.sop_class_uid]
    assert len(made) == 13
    assert referred(report, performed.uid) <= {one.SOPInstanceUID for one in of(made, "CT")}
    assert len({one.SeriesNumber for one in made}) == 2
    if kind == "rdsr":
        told = {one.value for one in report.iterall() if one.keyword == "UID"}
        assert performed.study_uid in told  # the scope of the dose
        assert report.CurrentRequestedProcedureEvidenceSequence[0].StudyInstanceUID == performed.study_uid
        assert len(referred(report, performed.uid)) == 12
    truth = performed.scans[-1].truth()
    assert truth["phantom"] == "spheres"
    if kind == "kos":
        assert {one["sop_instance_uid"] for one in truth["images"]} == referred(report, performed.uid)


def test_a_later_order_of_the_study_is_about_its_scan(make_station, ris, archive):
    """Scan and report ordered apart: two performed steps of one study."""
    scheduled(ris, "CT", "CT of the head")
    station = make_station()
    (first,) = station.worklist(modality="CT")
    assert perform_step(station, first, Plan(options=SMALL)).good
    scheduled(ris, "KO", "Key images")
    (later,) = station.worklist(modality="KO")
    assert later.study_uid == first.study_uid
    assert choose(later, {}).phantom is None  # the order does not say: it is whatever the study shows
    result = perform_step(station, later, Plan(options=SMALL))
    assert result.good
    made = stored(archive)
    assert (len(of(made, "CT")), len(of(made, "KO"))) == (12, 1)
    assert referred(of(made, "KO")[0], result.performed.uid) <= {one.SOPInstanceUID for one in of(made, "CT")}
    assert result.performed.scans[0].acquisition.phantom.name == "head"


@pytest.mark.parametrize(
    "other", [{"slices": 10}, {"phantom": "water"}, {"phantom": "thorax", "phantom_options": {"nodule_mm": 9.0}}]
)
def test_a_report_that_asks_for_another_scan_brings_its_own(make_station, archive, step, other):
    with make_station().perform(step) as performed:
        performed.acquire("thorax", kind="ct", **SMALL)
        performed.acquire(kind="kos", **{**SMALL, **other})
    first, second, report = performed.scans
    assert (first.kind.name, second.kind.name, report.kind.name) == ("ct", "ct", "kos")
    named = {one.value for one in next(iter(report)).dataset().iterall() if one.keyword == "ReferencedSOPInstanceUID"}
    assert named - {performed.uid} <= {one.sop_instance_uid for one in second}
    assert len(archive.instances()) == 12 + other.get("slices", 12) + 1


def test_a_localizer_is_not_reported_on(make_station, step):
    with make_station().perform(step) as performed:
        performed.acquire("thorax", kind="ct", rows=64, columns=64, localizer="lateral")
        performed.acquire(kind="kos", **SMALL)
    assert [len(one) for one in performed.scans] == [1, 12, 1]


def test_a_series_of_a_protocol_can_be_reported_on(make_station, step, archive):
    with make_station().perform(step) as performed:
        performed.examine("head-ct", **SMALL)
        performed.acquire(kind="kos", **SMALL)
    made = stored(archive)
    last = {one.SOPInstanceUID for one in made if one.SeriesInstanceUID == performed.scans[-2].uid}
    assert referred(of(made, "KO")[0], performed.uid) <= last


def test_of_a_group_each_study_has_its_own_scan_and_report(make_station, archive):
    steps = [unscheduled(patient(5), "KO", description="Selection") for _ in range(2)]
    with make_station().perform(steps, grouping="each") as performed:
        performed.acquire("spheres", **SMALL)
    made = stored(archive)
    assert len({one.StudyInstanceUID for one in made}) == len(performed.studies) == 2
    for report in of(made, "KO"):
        own = {one.SOPInstanceUID for one in of(made, "CT") if one.StudyInstanceUID == report.StudyInstanceUID}
        assert referred(report, performed.uid) <= own
        assert len(own) == 12
    (one, other) = of(made, "KO")
    assert not referred(one, performed.uid) & referred(other, performed.uid)


def test_a_report_that_is_broken_off_leaves_half_of_its_scan_and_no_report(make_station, archive, step):
    with make_station().perform(step) as performed:
        performed.acquire(kind="kos", half=True, **SMALL)
        performed.discontinue()
    assert [one.Modality for one in stored(archive)] == ["CT"] * 6
    station = performed.station
    with station.perform(step) as again:  # which is no whole scan, and not reported on
        again.acquire(kind="kos", **SMALL)
    assert [len(one) for one in again.scans] == [12, 1]


def test_long_uids_of_a_persona_are_known_to_the_report(make_station, archive, step):
    with make_station().perform(step) as performed:
        performed.acquire(kind="kos", persona=load_persona("longwinded"), **SMALL)
    made = stored(archive)
    uids = {one.SOPInstanceUID for one in of(made, "CT")}
    assert {len(one) for one in uids} == {64}
    assert referred(of(made, "KO")[0], performed.uid) <= uids
    with performed.station.perform(step) as plain:
        plain.acquire(kind="kos", **SMALL)
    assert len(plain.scans) == 2  # its UIDs would be others


@pytest.mark.parametrize(("kind", "about"), [("kos", "mr"), ("pdf", "pt"), ("sr", "mr")])
def test_a_report_is_about_what_was_made_last_whatever_its_kind(make_station, archive, step, kind, about):
    if kind == "sr":
        pytest.importorskip("highdicom")
    small = {**SMALL, "rows": 32, "columns": 32}
    with make_station().perform(step) as performed:
        performed.acquire("spheres", kind="ct", **small)
        performed.acquire("nema-pet" if about == "pt" else "head", kind=about, **{**small, "slices": 24})
        performed.acquire(kind=kind)
    made = stored(archive)
    (report,) = [one for one in made if one.Modality not in ("CT", about.upper())]
    assert len(made) == 12 + 24 + 1
    assert referred(report, performed.uid) <= {one.SOPInstanceUID for one in of(made, about.upper())}
    assert performed.scans[-1].acquisition.about == about


def test_what_is_asked_for_prevails_over_what_was_made_last(make_station, archive, step):
    small = {"rows": 32, "columns": 32, "slices": 6}
    with make_station().perform(step) as performed:
        performed.acquire("head", kind="mr", **small)
        performed.acquire(kind="kos", about="ct", **small)
    assert [scan.kind.name for scan in performed.scans] == ["mr", "ct", "kos"]
    report = of(stored(archive), "KO")[0]
    assert referred(report, performed.uid) <= {one.SOPInstanceUID for one in of(stored(archive), "CT")}


def test_an_order_of_a_report_alone_brings_the_scan_that_it_is_asked_to_be_about(make_station, ris, archive):
    scheduled(ris, "KO", "Key images")
    station = make_station()
    (step,) = station.worklist(modality="KO")
    plan = Plan(options={"rows": 32, "columns": 32, "slices": 6}, kind_options={"kos": {"about": "mr"}})
    result = perform_step(station, step, plan)
    assert (result.good, result.problems) == (True, [])
    made = stored(archive)
    assert (len(of(made, "MR")), len(of(made, "KO"))) == (6, 1)
    assert {one.BodyPartExamined for one in of(made, "MR")} == {"HEAD"}
    assert referred(of(made, "KO")[0], result.performed.uid) <= {one.SOPInstanceUID for one in of(made, "MR")}
    assert broken(archive) == {}


def test_a_map_that_was_computed_is_not_reported_on(make_station, step):
    with make_station().perform(step) as performed:
        performed.examine("brain", slices=2, rows=32, columns=32)
        performed.acquire(kind="kos", about="mr", slices=2, rows=32, columns=32)
    about = performed.scans[-1].acquisition.scan
    assert type(about).__name__ == "MrAcquisition"


def test_a_dose_report_is_about_ct_alone(make_station, step):
    with make_station().perform(step) as performed:
        performed.acquire("head", kind="mr", slices=2, rows=32, columns=32)
        performed.acquire(kind="rdsr", slices=2, rows=32, columns=32)
    assert [scan.kind.name for scan in performed.scans] == ["mr", "ct", "rdsr"]
