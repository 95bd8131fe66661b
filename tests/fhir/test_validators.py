"""What we build passes validators that others wrote, and they find what is wrong: they do look."""

from __future__ import annotations

import json

import pytest

from modality.fhir.datatypes import Resource
from modality.fhir.observations import blood_pressure, observation
from modality.fhir.people import patient
from modality.identity import Patient
from modality.identity import patient as patient_of
from tests.fhir.samples import NOW, changed, everything, one, stroke_bundle
from tests.fhir.validator import problems


def built() -> list[Resource]:
    absent = [
        observation("heart_rate", None, subject="Patient/1", effective=NOW),
        blood_pressure(None, None, subject="Patient/1", effective=NOW),
    ]
    patients = [patient(patient_of(seed)) for seed in range(16)] + [patient(Patient("X", ""))]
    return [stroke_bundle(), *everything(), *absent, *patients]


def test_fhir_resources_takes_all_that_we_build() -> None:
    models = pytest.importorskip("fhir.resources.R4B")
    for resource in built():
        models.get_fhir_model_class(resource["resourceType"]).model_validate_json(json.dumps(resource))


@pytest.mark.peer
def test_medplum_takes_all_that_we_build_and_nothing_that_is_wrong() -> None:
    right = built()
    wrong = [
        changed(one("Observation", "8867-4"), "effectiveDateTime", None),  # only the vital signs profile wants it
        changed(one("Observation", "8867-4"), "valueQuantity.code", 5),
        changed(one("Patient"), "birthDate", "04.07.1958"),
        changed(one("ImagingStudy"), "series.0.uid", None),
        changed(one("Endpoint"), "payloadType", None),
        changed(one("Device"), "colour", "green"),
    ]
    found = problems([*right, *wrong])
    assert [(resource, said) for resource, said in zip(right, found, strict=False) if said] == []
    assert [resource for resource, said in zip(wrong, found[len(right) :], strict=True) if not said] == []
