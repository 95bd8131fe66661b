"""The ImagingStudy of instances: counted, ordered, and with their UIDs in the two forms that R4 has for them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydicom.dataset import Dataset

from modality.errors import InputError, UsageError
from modality.fhir.checks import check
from modality.fhir.imaging import ImageInstance, ImageSeries, body_site, imaging_study, imaging_study_of
from tests.fhir.samples import CT_IMAGE, one


def header(series: str, number: int, **values: object) -> Dataset:
    dataset = Dataset()
    dataset.StudyInstanceUID = "1.2.3"
    dataset.SeriesInstanceUID = f"1.2.3.{series}"
    dataset.SOPInstanceUID = f"1.2.3.{series}.{number}"
    dataset.SOPClassUID = CT_IMAGE
    dataset.Modality = "CT"
    dataset.SeriesNumber = int(series)
    dataset.InstanceNumber = number
    dataset.StudyDate, dataset.StudyTime = "20261125", "101530.250"
    dataset.AccessionNumber = "A1"
    dataset.ReferringPhysicianName = "Silva^Ana"
    dataset.BodyPartExamined = "HEAD"
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def headers() -> Iterator[Dataset]:
    yield from (header("2", 2), header("2", 1), header("1", 1, Modality="MR"), header("2", 2))


def test_the_study_of_headers_in_any_order() -> None:
    found = imaging_study_of(headers(), "Patient/1")
    assert found["identifier"][0] == {"system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}
    assert found["started"] == "2026-11-25T10:15:30.250Z"
    assert (found["numberOfSeries"], found["numberOfInstances"]) == (2, 3)
    assert [coding["code"] for coding in found["modality"]] == ["MR", "CT"]
    assert [series["uid"] for series in found["series"]] == ["1.2.3.1", "1.2.3.2"]
    assert [instance["uid"] for instance in found["series"][1]["instance"]] == ["1.2.3.2.1", "1.2.3.2.2"]
    assert found["series"][0]["bodySite"]["code"] == "69536005"
    assert found["series"][0]["instance"][0]["sopClass"] == {
        "system": "urn:ietf:rfc:3986", "code": f"urn:oid:{CT_IMAGE}",
    }  # fmt: skip
    assert found["referrer"] == {"display": "Ana Silva"}
    assert imaging_study_of(reversed(list(headers())), "Patient/1") == found


def test_the_offset_of_the_header_is_taken() -> None:
    found = imaging_study_of([header("1", 1, TimezoneOffsetFromUTC="-0430")], "Patient/1")
    assert found["started"] == "2026-11-25T10:15:30.250-04:30"


def test_a_sparse_header_gives_a_sparse_study() -> None:
    sparse = header("1", 1)
    for keyword in ("StudyTime", "AccessionNumber", "ReferringPhysicianName", "SeriesNumber", "InstanceNumber"):
        del sparse[keyword]
    sparse.BodyPartExamined = "LEFT LITTLE TOE"
    found = imaging_study_of([sparse], "Patient/1")
    assert {"started", "referrer"} & set(found) == set()
    assert {"number", "bodySite", "started"} & set(found["series"][0]) == set()
    assert len(found["identifier"]) == 1


def test_what_makes_up_no_study_is_refused() -> None:
    with pytest.raises(InputError, match="no instance"):
        imaging_study_of([], "Patient/1")
    with pytest.raises(InputError, match="several studies"):
        imaging_study_of([header("1", 1), header("1", 2, StudyInstanceUID="1.2.4")], "Patient/1")
    nameless = header("1", 1)
    del nameless.SOPInstanceUID
    with pytest.raises(InputError, match="without SOPInstanceUID"):
        imaging_study_of([nameless], "Patient/1")
    with pytest.raises(UsageError, match="'CAT' is no modality"):
        imaging_study_of([header("1", 1, Modality="CAT")], "Patient/1")


def test_a_body_part_has_a_code_or_is_refused() -> None:
    assert body_site("CHEST") == {"system": "http://snomed.info/sct", "code": "816094009", "display": "Chest"}
    assert body_site("816094009") == body_site("CHEST")
    with pytest.raises(UsageError, match="has no SNOMED CT code here"):
        body_site("TOE")


def test_references_and_options() -> None:
    series = [ImageSeries("1.2.3.1", "CT", (ImageInstance("1.2.3.1.1", CT_IMAGE),))]
    found = imaging_study(uid="1.2.3", series=series, subject=one("Patient"), based_on="ServiceRequest/3",
                          endpoints=["Endpoint/4"], accession_number="A1", accession_system="urn:oid:1.9")  # fmt: skip
    assert found["basedOn"] == [{"reference": "ServiceRequest/3"}]
    assert found["endpoint"] == [{"reference": "Endpoint/4"}]
    assert found["identifier"][1]["system"] == "urn:oid:1.9"
    assert found["subject"]["reference"].startswith("urn:uuid:")


def test_a_study_with_a_dose_report_is_told_with_it() -> None:
    """R4 binds modalities as extensible to those that acquire: what is none of them keeps its own code."""
    found = imaging_study_of([header("1", 1), header("2", 1, Modality="SR")], "Patient/1")
    assert [one["code"] for one in found["modality"]] == ["CT", "SR"]
    assert found["series"][1]["modality"]["display"] == "Structured Report Document"
    assert check(found) == []
