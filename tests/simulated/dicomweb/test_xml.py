"""Answers in XML: metadata, searches and stores, to who accepts them."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from modality.protocol.models.as_xml import NAMESPACE
from modality.transfer.encode import prepare
from tests.simulated.dicomweb.conftest import parts, stow
from tests.transfer.datasets import image

XML = {"Accept": 'multipart/related; type="application/dicom+xml"'}


@pytest.fixture(autouse=True)
def stored(http):
    sent = [image(SOPInstanceUID=f"1.1.1.{n}", StudyInstanceUID="1.1", SeriesInstanceUID="1.1.1") for n in (1, 2)]
    sent.append(image(SOPInstanceUID="1.2.1.1", StudyInstanceUID="1.2", SeriesInstanceUID="1.2.1", PatientID="P&2"))
    assert stow(http, *map(prepare, sent)).status_code == 200


def said(document, keyword):
    """The texts of an attribute, and the URLs of its bulk data."""
    root = ET.fromstring(document)
    assert root.tag == f"{{{NAMESPACE}}}NativeDicomModel"
    found = root.findall(f"n:DicomAttribute[@keyword='{keyword}']/*", {"n": NAMESPACE})
    return [one.text or one.get("uri") for one in found]


def test_a_search_answers_a_part_for_each_result(http):
    response = http.get("/studies", headers=XML)
    assert response.headers["Content-Type"].startswith('multipart/related; type="application/dicom+xml"; boundary=')
    found = parts(response)
    assert [headers["content-type"] for headers, _ in found] == ["application/dicom+xml"] * 2
    assert [said(document, "StudyInstanceUID") for _, document in found] == [["1.1"], ["1.2"]]
    assert said(found[1][1], "PatientID") == ["P&2"]
    assert said(found[0][1], "SpecificCharacterSet") == ["ISO_IR 192"]
    assert http.get("/studies", params={"PatientID": "nobody"}, headers=XML).status_code == 204


def test_metadata_says_what_json_says_and_its_bulk_data_is_there(http):
    found = parts(http.get("/studies/1.1/metadata", headers=XML))
    json = http.get("/studies/1.1/metadata").json()
    assert len(found) == len(json) == 2
    for (_, document), model in zip(found, json, strict=True):
        tags = {one.get("tag") for one in ET.fromstring(document)}
        assert tags == set(model)
        assert said(document, "PixelData") == [model["7FE00010"]["BulkDataURI"]]
    (url,) = said(found[0][1], "PixelData")
    assert len(http.get(url, headers={"Accept": "application/octet-stream"}).content) == 48


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/dicom+xml", "application/dicom+xml"),
        ('multipart/related; type="application/dicom+xml"', "multipart/related"),
        ("application/dicom+xml;q=0.2, application/dicom+json", "application/dicom+json"),
        ("application/dicom+json;q=0.2, application/dicom+xml", "application/dicom+xml"),
        ("*/*", "application/dicom+json"),
        ("text/html, multipart/related;type=application/dicom+xml;q=0.1", "multipart/related"),
    ],
)
def test_what_is_wanted_most_is_given(http, accept, media_type):
    response = http.get("/studies/1.1/series/1.1.1/instances/1.1.1.1/metadata", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["Content-Type"].partition(";")[0] == media_type


def test_several_documents_do_not_come_without_parts(http):
    refused = http.get("/studies/1.1/metadata", headers={"Accept": "application/dicom+xml"})
    assert refused.status_code == 406
    assert "multipart/related" in refused.text


def test_a_store_is_answered_in_xml(http, archive):
    http.headers["Accept"] = "application/dicom+xml"
    response = stow(http, prepare(image(SOPInstanceUID="1.9.1.1", StudyInstanceUID="1.9")), b"garbage")
    assert response.status_code == 202
    assert response.headers["Content-Type"] == "application/dicom+xml"
    assert said(response.content, "RetrieveURL") == [f"{archive.web_address}/studies/1.9"]
    root = ET.fromstring(response.content)
    failures = root.find("n:DicomAttribute[@keyword='OtherFailuresSequence']/n:Item/*/n:Value", {"n": NAMESPACE})
    assert int(failures.text) == 0xC000
