"""Search by tokens, references and dates; pages, order, and what comes along."""

from __future__ import annotations

from typing import Any

import pytest

from modality.simulated.fhir.capabilities import capabilities
from modality.simulated.fhir.dates import comparison, span, span_of
from modality.simulated.fhir.parameters import PARAMETERS
from tests.fhir.samples import STUDY_UID, changed, one, stroke_bundle
from tests.simulated.fhir.conftest import ROOT, Ask, reasons

LOINC = "http://loinc.org"
STUDY = f"urn:dicom:uid|urn:oid:{STUDY_UID}"


def found(ask: Ask, query: str) -> list[str]:
    """What matches: type and id, and of an Observation its first code."""
    response = ask("GET", f"/{query}")
    assert response.status_code == 200, response.text
    entries = [entry["resource"] for entry in response.json().get("entry", [])]
    return [
        one["code"]["coding"][0]["code"]
        if one["resourceType"] == "Observation"
        else f"{one['resourceType']}/{one['id']}"
        for one in entries
    ]


@pytest.fixture
def stroke(ask: Ask) -> Ask:
    assert ask("POST", "", json=stroke_bundle()).status_code == 200
    other = changed(one("Patient"), "identifier.0.value", "OTHER")
    assert ask("PUT", "/Patient/other", json=other | {"id": "other"}).status_code == 201
    return ask


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Patient?identifier=EDGE1", ["Patient/1"]),
        ("Patient?identifier=urn:modality:issuer:CLINIC|EDGE1", ["Patient/1"]),
        ("Patient?identifier=urn:modality:issuer:CLINIC|", ["Patient/1", "Patient/other"]),
        ("Patient?identifier=urn:x|EDGE1", []),
        ("Patient?identifier=|EDGE1", []),
        ("Patient?identifier=NONE,OTHER", ["Patient/other"]),
        ("Patient?identifier=NONE%5C,OTHER", []),
        ("Patient?_id=1,other", ["Patient/1", "Patient/other"]),
        ("Patient?birthdate=1958", ["Patient/1", "Patient/other"]),
        ("Patient?gender=male", []),
        (f"ImagingStudy?identifier={STUDY}", ["ImagingStudy/5"]),
        ("ImagingStudy?subject=Patient/1&status=available&modality=CT", ["ImagingStudy/5"]),
        ("ImagingStudy?patient=1", ["ImagingStudy/5"]),
        ("ImagingStudy?patient=other", []),
        ("ImagingStudy?subject:Patient=1", ["ImagingStudy/5"]),
        ("ImagingStudy?subject:Device=1", []),
        ("ImagingStudy?patient.identifier=EDGE1", ["ImagingStudy/5"]),
        ("ImagingStudy?patient.identifier=OTHER", []),
        ("ImagingStudy?subject.identifier=EDGE1", ["ImagingStudy/5"]),
        ("ImagingStudy?started=2026-11-25", ["ImagingStudy/5"]),
        ("ImagingStudy?started=ge2026-11-25T10:15:30Z&started=lt2026-11-26", ["ImagingStudy/5"]),
        ("ImagingStudy?started=gt2026-11-25", []),
        ("ImagingStudy?started=2026-11-25T05:15:30-05:00", ["ImagingStudy/5"]),
        (f"ImagingStudy?series={STUDY_UID}.1", ["ImagingStudy/5"]),
        (f"ImagingStudy?instance={STUDY_UID}.1.2", ["ImagingStudy/5"]),
        ("ImagingStudy?basedon=ServiceRequest/4&endpoint=3", ["ImagingStudy/5"]),
        ("Observation?code=72089-6", ["72089-6"]),
        (f"Observation?code={LOINC}|2708-6", ["59408-5"]),
        ("Observation?code=8867-4,9279-1&category=vital-signs", ["8867-4", "9279-1"]),
        ("Observation?component-code=8480-6", ["85354-9"]),
        ("Observation?category=survey", ["72089-6"]),
        ("Observation?code=http://snomed.info/sct|8867-4", []),
        ("Observation?date=le2026-11-25&category=laboratory", ["2345-7"]),
        ("Observation?date=eb2026-11-25", []),
        ("ServiceRequest?identifier=urn:modality:accession|A1", ["ServiceRequest/4"]),
        ("DiagnosticReport?category=RAD&result=Observation/7", ["DiagnosticReport/15"]),
        ("Endpoint?connection-type=dicom-wado-rs", ["Endpoint/3"]),
    ],
)
def test_what_matches(stroke: Ask, query: str, expected: list[str]) -> None:
    expected = [each.replace("DiagnosticReport/15", _last(stroke)) for each in expected]
    assert found(stroke, query) == expected


def _last(ask: Ask) -> str:
    return found(ask, "DiagnosticReport")[0]


def test_pages_follow_each_other_and_hold_everything_once(stroke: Ask) -> None:
    everything = found(stroke, "Observation")
    assert len(everything) == 9
    seen, url, pages = [], "/Observation?_count=4&status=final", 0
    while url:
        page = stroke("GET", url).json()
        assert page["total"] == 9
        seen += [entry["resource"]["code"]["coding"][0]["code"] for entry in page["entry"]]
        links = {link["relation"]: link["url"] for link in page["link"]}
        assert links["self"].startswith(f"{ROOT}/Observation?_count=4")
        assert ("previous" in links) == (pages > 0)
        url, pages = links.get("next", ""), pages + 1
    assert (seen, pages) == (everything, 3)
    counted = stroke("GET", "/Observation?_count=0").json()
    assert (counted["total"], "entry" in counted, len(counted["link"])) == (9, False, 1)


def test_what_is_referred_to_comes_along(stroke: Ask) -> None:
    place = f"/ImagingStudy?identifier={STUDY}&_include=ImagingStudy:endpoint&_include=ImagingStudy:subject"
    page = stroke("GET", place).json()
    modes = [(entry["resource"]["resourceType"], entry["search"]["mode"]) for entry in page["entry"]]
    assert modes == [("ImagingStudy", "match"), ("Endpoint", "include"), ("Patient", "include")]
    assert page["total"] == 1
    assert page["entry"][1]["fullUrl"] == f"{ROOT}/Endpoint/3"


def test_order_by_date(ask: Ask) -> None:
    ask("POST", "/Patient", json=one("Patient"))
    observation = changed(one("Observation", "8867-4"), "subject.reference", "Patient/1")
    del observation["basedOn"]
    for when in ("2026-01-02", "2026-01-01T23:00:00Z", "2026-01-03T00:30:00+02:00"):
        assert ask("POST", "/Observation", json=observation | {"effectiveDateTime": when}).status_code == 201
    for sort, expected in (("date", ["01", "02", "03"]), ("-date", ["03", "02", "01"])):
        page = ask("GET", f"/Observation?_sort={sort}").json()
        assert [entry["resource"]["effectiveDateTime"][8:10] for entry in page["entry"]] == expected


def test_a_search_by_post_is_the_same(stroke: Ask) -> None:
    form = {"identifier": STUDY, "status": "available"}
    by_form = stroke("POST", "/ImagingStudy/_search", data=form).json()
    assert by_form == stroke("GET", "/ImagingStudy", params=form).json()
    assert by_form["total"] == 1


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("Patient?identifer=1", "unknown search parameter of Patient 'identifer': did you mean 'identifier'?"),
        ("Patient?identifier=", "identifier has no value"),
        ("Patient?identifier=a|b|c", "a token is CODE or SYSTEM|CODE"),
        ("Patient?identifier:exact=a", "without a modifier"),
        ("Patient?_count=-1", "_count is one whole number"),
        ("Patient?_count=1&_count=2", "_count is one whole number"),
        ("Patient?_offset=x", "_offset is one whole number"),
        ("Patient?birthdate=yesterday", "a date is needed"),
        ("Patient?birthdate=2026-13-01", "a date is needed"),
        ("Patient?_sort=gender", "sorted by dates only"),
        ("Patient?_include=Patient:identifier", "give Patient: and a parameter that refers"),
        ("ImagingStudy?subject:Robot=1", "no 'Robot' is what subject refers to"),
        ("ImagingStudy?patient:Device=1", "no 'Device' is what patient refers to"),
        ("ImagingStudy?patient.colour=1", "unknown search parameter of Patient"),
        ("ImagingStudy?patient.a.b=1", "is no chain of one known parameter"),
        ("Patient?" + "&".join(["_id=1"] * 200), "the query cannot be read"),
        ("Patient?_id=%ff", "the query cannot be read"),
    ],
)
def test_what_cannot_be_searched_is_said(ask: Ask, query: str, reason: str) -> None:
    response = ask("GET", f"/{query}")
    assert reason in reasons(response)
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", "2026-01-01T00:00:00", "2027-01-01T00:00:00"),
        ("2026-12", "2026-12-01T00:00:00", "2027-01-01T00:00:00"),
        ("2024-02-29", "2024-02-29T00:00:00", "2024-03-01T00:00:00"),
        ("2026-11-25T10:15", "2026-11-25T10:15:00", "2026-11-25T10:16:00"),
        ("2026-11-25T10:15:30+02:00", "2026-11-25T08:15:30", "2026-11-25T08:15:31"),
        ("2026-11-25T10:15:30.5Z", "2026-11-25T10:15:30.500000", "2026-11-25T10:15:30.501000"),
    ],
)
def test_a_date_covers_as_much_as_it_says(text: str, start: str, end: str) -> None:
    assert [one.replace(tzinfo=None).isoformat() for one in span(text)] == [start, end]


@pytest.mark.parametrize(
    "text",
    [
        "", "26", "2026-1-1", "2026-02-30", "0000", "9999", "2026-11-25T10", "0001-01-01T00:00:00+14:00",
        "2026-11-25T10:15:60Z", "2026-11-25T10:15:30+99:00",
    ],
)  # fmt: skip
def test_what_is_no_date_covers_nothing(text: str) -> None:
    assert span_of(text) is None


@pytest.mark.parametrize(
    ("prefix", "fits"),
    [
        ("eq", "same"), ("ne", "before after wider"), ("gt", "after wider"), ("lt", "before wider"),
        ("ge", "same after wider"), ("le", "same before wider"), ("sa", "after"), ("eb", "before"),
        ("ap", "same wider"),
    ],
)  # fmt: skip
def test_the_prefixes_compare_spans(prefix: str, fits: str) -> None:
    targets: dict[str, Any] = {
        "same": "2026-06-15T12:00:00Z", "before": "2026-06-14", "after": "2026-06-16",
        "wider": {"start": "2026-06-01", "end": "2026-06-30"},
    }  # fmt: skip
    compare = comparison(f"{prefix}2026-06-15")
    spans = {name: span_of(value) for name, value in targets.items()}
    assert {name for name, known in spans.items() if known and compare(known)} == set(fits.split())


def test_an_open_period_has_no_end() -> None:
    known = span_of({"start": "2026-06-01"})
    assert known
    assert comparison("gt2099")(known)
    assert not comparison("lt2026-06-01")(known)


def test_the_capability_statement_names_what_is_served() -> None:
    models = pytest.importorskip("fhir.resources.R4B")
    statement = capabilities(ROOT, secured=True)
    models.get_fhir_model_class("CapabilityStatement").model_validate(statement)
    served = {one["type"]: {each["name"] for each in one["searchParam"]} for one in statement["rest"][0]["resource"]}
    assert served == {kind: set(known) for kind, known in PARAMETERS.items()}
    assert statement["fhirVersion"] == "4.0.1"
