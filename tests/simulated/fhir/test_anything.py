"""Whatever comes, the answer is an outcome of 4xx or what was asked for, and never a fault of the server."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modality.simulated.fhir.parameters import PARAMETERS
from modality.simulated.fhir.store import Store
from tests.fhir.samples import everything, stroke_bundle
from tests.simulated.fhir.conftest import Ask, asking

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
PLACES = st.sampled_from(
    ["", "/", "/Patient", "/Observation", "/ImagingStudy", "/Patient/1", "/Bundle", "/Observation?code=x"]
)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def judge(method: str, place: str, **request: Any) -> None:
    response = asking(Store())(method, place, **request)
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert response.json()["resourceType"] == "OperationOutcome"
        assert response.json()["issue"]


@FEW
@given(st.sampled_from(["POST", "PUT"]), PLACES, JSON)
def test_any_json(method: str, place: str, value: Any) -> None:
    judge(method, place, content=json.dumps(value).encode())


@FEW
@given(PLACES, st.binary(max_size=60))
def test_any_bytes(place: str, body: bytes) -> None:
    judge("POST", place, content=body)


def paths(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([before] if before else []), *(path for key, one in inner for path in paths(one, (*before, key)))]


def spoiled(data: st.DataObject, document: Any) -> Any:
    """A document with something else in one or two of its places."""
    made = json.loads(json.dumps(document))
    for _ in range(data.draw(st.integers(1, 2))):
        *parents, last = data.draw(st.sampled_from(paths(made)))
        place = made
        for part in parents:
            place = place[part]
        place[last] = data.draw(JSON)
    return made


@FEW
@given(st.data())
def test_a_resource_spoiled_in_some_place(data: st.DataObject) -> None:
    resource = data.draw(st.sampled_from(everything()))
    judge("POST", f"/{resource['resourceType']}", content=json.dumps(spoiled(data, resource)).encode())


@FEW
@given(st.data())
def test_a_bundle_spoiled_in_some_place(data: st.DataObject) -> None:
    document = spoiled(data, stroke_bundle() | {"type": data.draw(st.sampled_from(["batch", "transaction"]))})
    judge("POST", "", content=json.dumps(document).encode())


@cache
def filled() -> Ask:
    """A service that holds something; asked, never told."""
    ask = asking(Store())
    assert ask("POST", "", json=stroke_bundle()).status_code == 200
    return ask


@FEW
@given(st.data())
def test_any_search(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(PARAMETERS)))
    names = st.sampled_from([*PARAMETERS[kind], "_count", "_sort", "_include", "subject.identifier"]) | st.text(
        max_size=6
    )
    values = st.text("0123456789-:TZgelt|,\\$/ab", max_size=14) | st.text(max_size=8)
    query = data.draw(st.lists(st.tuples(names, values), max_size=3))
    response = filled()("GET", f"/{kind}", params=query)
    assert response.status_code in (200, 400, 406), response.text


@FEW
@given(st.dictionaries(
    st.sampled_from(["If-None-Exist", "If-Match", "If-None-Match", "Prefer", "Accept", "Content-Type"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20), max_size=3,
))  # fmt: skip
def test_any_header(headers: dict[str, str]) -> None:
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    judge("POST", "/Patient", content=json.dumps(everything()[0]).encode(), headers=encoded)
    judge("GET", "/Patient/1", headers=encoded)
