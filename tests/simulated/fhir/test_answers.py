"""The server's own answers are valid R4, and many clients at once make nothing twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from modality.fhir.datatypes import Resource
from modality.simulated.fhir.store import Store
from tests.fhir.samples import one, stroke_bundle
from tests.fhir.validator import problems
from tests.simulated.fhir.conftest import Ask


def answers(ask: Ask) -> list[Resource]:
    """Every kind of document that the server makes."""
    sent = stroke_bundle()
    batch = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"request": {"method": "DELETE", "url": "Patient/1"}}],
    }
    responses = [
        ask("POST", "", json=sent),
        ask("POST", "", json=sent),
        ask("POST", "", json=batch),
        ask("GET", "/Observation?_count=2&_offset=2&_include=Observation:subject"),
        ask("GET", "/Observation?code=nothing"),
        ask("GET", "/ImagingStudy/5"),
        ask("GET", "/metadata"),
        ask("GET", "/Patient/99"),
        ask("POST", "/Patient", json=one("Patient") | {"gender": "woman"}),
        ask("POST", "/Patient", content=b"{"),
    ]
    return [response.json() for response in responses]


def test_fhir_resources_takes_every_answer(ask: Ask) -> None:
    models = pytest.importorskip("fhir.resources.R4B")
    for answer in answers(ask):
        models.get_fhir_model_class(answer["resourceType"]).model_validate(answer)


@pytest.mark.peer
def test_medplum_takes_every_answer(ask: Ask) -> None:
    found = answers(ask)
    within = [entry["resource"] for answer in found for entry in answer.get("entry", []) if "resource" in entry]
    everything = [*found, *within]
    assert [(one, said) for one, said in zip(everything, problems(everything), strict=True) if said] == []


def test_many_at_once_make_nothing_twice(ask: Ask, store: Store) -> None:
    sent = stroke_bundle()
    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(lambda _: ask("POST", "", json=sent), range(6)))
    assert {response.status_code for response in responses} == {200}
    made = [entry["response"]["status"] for response in responses for entry in response.json()["entry"]]
    assert made.count("201") == len(store) == len(sent["entry"])
