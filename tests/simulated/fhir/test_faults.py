"""Each key of a FHIR server's faults does what `serve fhir --help` says of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from modality.errors import UnknownNameError, UsageError
from modality.simulated.fault_text import FHIR_KEYS
from modality.simulated.faults import Fault
from modality.simulated.fhir import SimulatedFhir
from tests.cli.command import invoke

PATIENT = {"resourceType": "Patient", "identifier": [{"system": "urn:oid:1.2.3", "value": "P1"}]}
JSON = {"Content-Type": "application/fhir+json"}
Ask = Callable[..., httpx.Response]


@contextmanager
def served(*faults: str) -> Iterator[tuple[SimulatedFhir, httpx.Client]]:
    with (
        SimulatedFhir(faults=faults) as server,
        httpx.Client(base_url=server.address, headers=JSON, timeout=30) as http,
    ):
        yield server, http


def created(http: httpx.Client, count: int) -> list[int]:
    return [http.post("/Patient", json=PATIENT).status_code for _ in range(count)]


def on() -> None:
    with served("on=search+read,status=503") as (server, http):
        assert created(http, 1) == [201]
        (patient,) = server.resources("Patient")
        asked = ["/metadata", "/Patient", "/Patient?identifier=P1", f"/Patient/{patient['id']}"]
        assert [http.get(path).status_code for path in asked] == [200, 503, 503, 503]
        assert http.post("/Patient/_search").status_code == 503
    for service, method, path in (
        ("capabilities", "GET", "/metadata"), ("create", "POST", "/Patient"), ("update", "PUT", "/Patient/1"),
        ("transaction", "POST", ""),
    ):  # fmt: skip
        with served(f"on={service},status=503") as (_, http):
            assert http.request(method, path, json=PATIENT).status_code == 503
    # Without it a status is of what changes something.
    with served("status=500") as (_, http):
        assert [http.get("/Patient").status_code, *created(http, 1)] == [200, 500]


def every() -> None:
    with served("status=503,every=2") as (server, http):
        assert created(http, 4) == [201, 503, 201, 503]
        assert len(server.resources("Patient")) == 2


def times() -> None:
    with served("status=429,times=2") as (_, http):
        assert created(http, 3) == [429, 429, 201]


def status() -> None:
    with served("status=507") as (server, http):
        refused = http.post("/Patient", json=PATIENT)
        assert refused.status_code == 507
        assert refused.headers["Content-Type"] == "application/fhir+json"
        assert refused.json()["resourceType"] == "OperationOutcome"
        assert server.resources() == []


def delay_s() -> None:
    with served("delay_s=0.3") as (server, http):
        began = time.monotonic()
        assert created(http, 1) == [201]
        assert time.monotonic() - began > 0.3
        assert len(server.resources()) == 1


def silent() -> None:
    with served("on=search,silent") as (_, http):
        with pytest.raises(httpx.ReadTimeout):
            http.get("/Patient", timeout=httpx.Timeout(60.0, read=1.0))
        assert created(http, 1) == [201]


def abort_after() -> None:
    with served("on=create,abort_after=1") as (server, http):
        assert created(http, 1) == [201]
        with pytest.raises(httpx.TransportError):
            created(http, 1)
        assert len(server.resources()) == 1
        assert http.get("/Patient").status_code == 200


CASES = {case.__name__: case for case in (on, every, times, status, delay_s, silent, abort_after)}


def test_no_key_is_without_a_case_and_each_stands_in_the_help() -> None:
    assert set(CASES) == set(FHIR_KEYS)
    shown = invoke("serve", "fhir", "--help").stdout
    for name, key in FHIR_KEYS.items():
        assert f"  {name}={key.value}" in shown if key.value else f"  {name} " in shown


@pytest.mark.parametrize("key", FHIR_KEYS)
def test_a_key_does_what_its_help_says(key: str) -> None:
    CASES[key]()


@pytest.mark.parametrize("text", ["status=0110x", "status=200", "status=700", "on=store", "every=0", "delay_s=-1"])
def test_what_is_no_fault_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        SimulatedFhir(faults=[text])
    done = invoke("serve", "fhir", "--fault", text)
    assert (done.exit_code, text in done.stderr) == (2, True)


def test_keys_of_dimse_are_none_here() -> None:
    with pytest.raises(UnknownNameError, match="unknown key 'coerce'"):
        Fault.of_fhir("coerce=PatientID:X")


def test_a_served_one_has_them(tmp_path) -> None:
    from tests.cli.test_serve import serving

    with serving("fhir", "--port", "0", "--fault", "status=503,times=1") as (_, line):
        assert [httpx.post(f"{line.strip()}/Patient", json=PATIENT, headers=JSON).status_code for _ in "ab"] == [
            503,
            201,
        ]
