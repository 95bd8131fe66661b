"""QIDO-RS: what is found, what of it is told, and what is refused."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

from modality.transfer.encode import prepare
from tests.simulated.dicomweb.conftest import stow
from tests.transfer.datasets import image


@pytest.fixture(autouse=True)
def stored(archive, http):
    """Three studies of two patients; the second study has two series, of two instances and of one."""
    sent = [
        image(SOPInstanceUID="1.1.1.1", StudyInstanceUID="1.1", SeriesInstanceUID="1.1.1", Modality="CT"),
        *(
            image(
                SOPInstanceUID=f"1.2.{series}.{number}",
                StudyInstanceUID="1.2",
                SeriesInstanceUID=f"1.2.{series}",
                StudyDate="20240305",
                Modality=modality,
                SeriesNumber=series,
                InstanceNumber=number,
                StudyDescription="Kopf nativ",
            )
            for series, number, modality in ((1, 1, "MR"), (1, 2, "MR"), (2, 1, "SR"))
        ),
        image(
            SOPInstanceUID="1.3.1.1",
            StudyInstanceUID="1.3",
            SeriesInstanceUID="1.3.1",
            StudyDate="20250101",
            PatientID="P2",
            PatientName="Yamada^Tarou",
            AccessionNumber="B7",
            Modality="CT",
        ),
    ]
    assert stow(http, *map(prepare, sent)).status_code == 200


def uids(http, path, keyword="StudyInstanceUID", **parameters):
    response = http.get(path, params=parameters)
    assert response.status_code in (200, 204), response.text
    found = response.json() if response.status_code == 200 else []
    return [str(Dataset.from_json(one)[keyword].value) for one in found]


@pytest.mark.parametrize(
    ("parameters", "studies"),
    [
        ({}, ["1.1", "1.2", "1.3"]),
        ({"PatientID": "P2"}, ["1.3"]),
        ({"00100020": "P2"}, ["1.3"]),
        ({"PatientName": "müller*"}, ["1.1", "1.2"]),
        ({"PatientName": "*tarou"}, ["1.3"]),
        ({"StudyDate": "20240102-20240305"}, ["1.1", "1.2"]),
        ({"StudyDate": "20240306-"}, ["1.3"]),
        ({"StudyDate": "-20240102"}, ["1.1"]),
        ({"ModalitiesInStudy": "SR"}, ["1.2"]),
        ({"AccessionNumber": "?7"}, ["1.3"]),
        ({"StudyInstanceUID": "1.1,1.3"}, ["1.1", "1.3"]),
        ({"StudyInstanceUID": "1.1\\1.3"}, ["1.1", "1.3"]),
        ({"StudyDescription": "Kopf*", "PatientID": "P1"}, ["1.2"]),
        ({"PatientID": "p2"}, []),
        ({"limit": "2"}, ["1.1", "1.2"]),
        ({"limit": "2", "offset": "1"}, ["1.2", "1.3"]),
        ({"offset": "5"}, []),
        ({"limit": "0"}, []),
        ({"PatientID": ""}, ["1.1", "1.2", "1.3"]),
    ],
)
def test_studies_are_found_by(http, parameters, studies):
    assert uids(http, "/studies", **parameters) == studies


@pytest.mark.parametrize(
    ("path", "parameters", "keyword", "found"),
    [
        ("/studies/1.2/series", {}, "SeriesInstanceUID", ["1.2.1", "1.2.2"]),
        ("/studies/1.2/series", {"Modality": "SR"}, "SeriesInstanceUID", ["1.2.2"]),
        ("/series", {"Modality": "CT"}, "SeriesInstanceUID", ["1.1.1", "1.3.1"]),
        ("/series", {"PatientID": "P1", "SeriesNumber": "2"}, "SeriesInstanceUID", ["1.2.2"]),
        ("/studies/1.2/instances", {}, "SOPInstanceUID", ["1.2.1.1", "1.2.1.2", "1.2.2.1"]),
        ("/studies/1.2/series/1.2.1/instances", {"InstanceNumber": "2"}, "SOPInstanceUID", ["1.2.1.2"]),
        ("/instances", {"PatientID": "P2", "Rows": "4"}, "SOPInstanceUID", ["1.3.1.1"]),
        ("/studies/1.9/series", {}, "SeriesInstanceUID", []),
    ],
)
def test_series_and_instances_are_found_below_a_resource_and_everywhere(http, path, parameters, keyword, found):
    assert uids(http, path, keyword, **parameters) == found


def test_what_is_told_of_a_study(archive, client):
    (found,) = client.search_for_studies(search_filters={"StudyInstanceUID": "1.2"})
    study = Dataset.from_json(found)
    assert study.PatientName == "Müller^Jörg"
    assert list(study.ModalitiesInStudy) == ["MR", "SR"]
    assert (study.NumberOfStudyRelatedSeries, study.NumberOfStudyRelatedInstances) == (2, 3)
    assert study.RetrieveURL == f"{archive.web_address}/studies/1.2"
    assert study.InstanceAvailability == "ONLINE"
    assert study.SpecificCharacterSet == "ISO_IR 192"
    assert "StudyDescription" not in study


def test_more_is_told_where_it_is_asked_for(http):
    for parameters in ({"includefield": "StudyDescription"}, {"includefield": "all"}, {"StudyDescription": "*"}):
        (one,) = http.get("/studies", params={"PatientID": "P1", "StudyDate": "20240305", **parameters}).json()
        assert one["00081030"]["Value"] == ["Kopf nativ"]


def test_a_series_tells_of_its_study_where_the_url_does_not(http):
    (inside,) = http.get("/studies/1.3/series").json()
    (outside,) = http.get("/series", params={"PatientID": "P2"}).json()
    assert "00080050" not in inside
    assert outside["00080050"]["Value"] == ["B7"]
    assert inside["0020000D"] == outside["0020000D"] == {"vr": "UI", "Value": ["1.3"]}


def test_there_is_more_than_the_limit(http):
    warning = http.get("/studies", params={"limit": "1"}).headers["Warning"]
    assert "There are 2 additional results that can be requested" in warning
    assert "Warning" not in http.get("/studies", params={"limit": "3"}).headers


@pytest.mark.parametrize(
    ("name", "literal", "fuzzy"),
    [
        ("Jorg Muller", [], ["1.1", "1.2"]),  # other order, without accents
        ("Mül", [], ["1.1", "1.2"]),  # the beginning only
        ("Jamada", [], []),  # a first letter apart is another Soundex code
        ("Yamata", [], ["1.3"]),  # sounds like it
        ("Muller Tarou", [], []),  # each word has to be there
        ("Müller^Jörg", ["1.1", "1.2"], ["1.1", "1.2"]),
    ],
)
def test_fuzzy_matching_of_names_only_where_it_is_asked_for(http, name, literal, fuzzy):
    assert uids(http, "/studies", PatientName=name, fuzzymatching="false") == literal
    response = http.get("/studies", params={"PatientName": name, "fuzzymatching": "true"})
    assert [one["0020000D"]["Value"][0] for one in (response.json() if response.content else [])] == fuzzy
    assert "Warning" not in response.headers


def test_fuzzy_matching_leaves_the_other_keys_literal(http):
    assert uids(http, "/studies", PatientName="jorg", StudyDate="20240305", fuzzymatching="true") == ["1.2"]
    assert uids(http, "/studies", PatientName="jorg", PatientID="p1", fuzzymatching="true") == []


def test_what_it_does_not_match_at_a_level_it_says(http):
    response = http.get("/studies", params={"SeriesDescription": "x"})
    assert len(response.json()) == 3
    assert "SeriesDescription is not matched" in response.headers["Warning"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1",
        "limit=x",
        "offset=1.5",
        "fuzzymatching=perhaps",
        "NoSuchKeyword=1",
        "0010002=1",
        "includefield=nothing",
        "StudyDate=yesterday",
        "StudyDate=20241345",
    ],
)
def test_a_query_that_cannot_be_understood_is_a_bad_request_with_a_reason(http, query):
    response = http.get(f"/studies?{query}")
    assert response.status_code == 400
    assert response.text


def test_a_query_by_no_number_is_a_bad_request(http):
    assert http.get("/instances?Rows=many").status_code == 400
    assert http.get("/series?SeriesNumber=x").status_code == 400


def test_what_stands_for_a_uid_must_be_one(http):
    assert http.get("/studies/..%2f..%2fetc/series").status_code in (400, 404)
    assert http.get("/studies/abc/series").status_code == 400


@pytest.mark.parametrize("accept", ["application/dicom+json", "application/json", "*/*", "application/*;q=0.5"])
def test_json_is_what_it_answers(http, accept):
    response = http.get("/studies", headers={"Accept": accept})
    assert response.headers["Content-Type"] == "application/dicom+json"


@pytest.mark.parametrize("accept", ["application/dicom+xml", "multipart/related; type=text/xml", "text/html"])
def test_other_answers_are_not_acceptable(http, accept):
    assert http.get("/studies", headers={"Accept": accept}).status_code == 406


def test_faults_strike_queries(serve):
    import httpx

    archive = serve("on=find,status=A700,times=1", "on=find,status=C000,times=1,every=2")
    codes = [httpx.get(f"{archive.web_address}/studies").status_code for _ in range(3)]
    assert codes == [503, 500, 204]


def test_series_are_found_by_the_request_that_they_were_made_for(http):
    def requested(**attributes):
        item = Dataset()
        for keyword, value in attributes.items():
            setattr(item, keyword, value)
        return item

    group = [
        requested(RequestedProcedureID="RP1", ScheduledProcedureStepID="S1", AccessionNumber="ACC1"),
        requested(RequestedProcedureID="RP2", ScheduledProcedureStepID="S2", AccessionNumber="ACC2"),
    ]
    alone = [requested(RequestedProcedureID="RP1", ScheduledProcedureStepID="S3")]
    sent = [
        image(SOPInstanceUID=f"1.4.{n}.1", StudyInstanceUID="1.4", SeriesInstanceUID=f"1.4.{n}", Modality="CT",
              RequestAttributesSequence=items)
        for n, items in ((1, group), (2, alone))
    ]  # fmt: skip
    assert stow(http, *map(prepare, sent)).status_code == 200

    def series(**keys):
        return uids(http, "/series", "SeriesInstanceUID", **{key.replace("_", "."): text for key, text in keys.items()})

    assert series(RequestAttributesSequence_ScheduledProcedureStepID="S2") == ["1.4.1"]
    assert series(**{"00400275.00401001": "RP1"}) == ["1.4.1", "1.4.2"]
    assert series(RequestedProcedureID="RP1", ScheduledProcedureStepID="S3") == ["1.4.2"]
    assert series(ScheduledProcedureStepID="S?", RequestAttributesSequence_AccessionNumber="ACC2") == ["1.4.1"]
    # Both have to be of one request.
    assert series(RequestedProcedureID="RP1", ScheduledProcedureStepID="S2") == []
    (first, *_) = http.get("/studies/1.4/series").json()
    items = Dataset.from_json(first).RequestAttributesSequence
    assert [item.ScheduledProcedureStepID for item in items] == ["S1", "S2"]
    assert [item.AccessionNumber for item in items] == ["ACC1", "ACC2"]
    assert "00400275" not in http.get("/studies/1.1/series").json()[0]
    assert "not matched" in http.get("/studies", params={"RequestedProcedureID": "RP1"}).headers["Warning"]


def test_fields_that_are_asked_for_by_name(http):
    names = {"includefield": "SeriesDescription,00180015"}
    (one,) = http.get("/studies/1.3/series", params=names).json()
    assert "00180015" not in one  # not there, so nothing is said
    bare, full = (http.get("/studies/1.2/instances", params=p).json() for p in ({}, {"includefield": "StudyDate"}))
    assert all("00080020" not in item for item in bare)
    assert [item["00080020"]["Value"] for item in full] == [["20240305"]] * 3


def test_a_character_set_may_be_named_where_it_is_ours(http):
    assert http.get("/studies?charset=ISO-8859-1,utf-8;q=0.5").status_code == 200
    assert http.get("/studies?charset=ISO-8859-1").status_code == 400
