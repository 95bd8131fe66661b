"""The department's page over HTTP: what it shows, who may change it, and what it never does."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from modality.errors import UnknownNameError, UsageError
from modality.network.address import parse_dicom
from modality.network.store import DicomArchive
from modality.simulated.dicomweb.web import Web
from modality.station.rounds import Plan, perform_step
from modality.station.station import Station
from modality.station.study import ct
from modality.web.department import Department
from modality.web.department.department import Keeping, Ports
from modality.web.department.state import name
from tests.network.conftest import LOCAL, series

Start = Callable[..., Department]
Clients = Callable[[Department], httpx.Client]

WORKLIST = """
[[step]]
station_aet = "CT01"
modality = "CT"
start = "today 08:30"
patient_name = "<b>Bold</b>^<script>alert(1)</script>"
patient_id = "PAT1"
accession_number = "ACC1"
description = "CT head"
"""


@pytest.fixture
def worklist(tmp_path: Path) -> Path:
    path = tmp_path / "worklist.toml"
    path.write_text(WORKLIST)
    return path


def test_a_step_is_seen_scheduled_in_progress_and_completed_with_its_images(
    department: Start, client: Clients, worklist: Path
) -> None:
    peers = department(keeping=Keeping(worklist=worklist))
    page = client(peers)

    def step() -> dict:
        return next(iter(fresh(page)["steps"]))

    assert (step()["state"], step()["patient"]) == ("SCHEDULED", "<b>Bold</b> <script>alert(1)</script>")
    with Station("CT01", ris=peers.ris.address, archive=peers.address, seed=1) as station:
        (scheduled,) = station.worklist()
        with station.perform(scheduled) as performed:
            assert step()["state"] == "IN PROGRESS"
            performed.acquire("head", slices=3, rows=32, columns=32)
        assert (step()["state"], step()["performed"][0]["images"]) == ("COMPLETED", 3)
        (study,) = fresh(page)["studies"]
    assert (study["uid"], study["accession"]) == (performed.study_uid, "ACC1")
    assert [one["instances"] for one in study["series"]] == [3]


def test_an_abandoned_step_says_why(department: Start, client: Clients, worklist: Path) -> None:
    peers = department(keeping=Keeping(worklist=worklist))
    with Station("CT01", ris=peers.ris.address, archive=peers.address, seed=1) as station:
        plan = Plan(options={"slices": 2, "rows": 32, "columns": 32}, discontinue="110500")
        perform_step(station, station.worklist()[0], plan)
    (step,) = fresh(client(peers))["steps"]
    assert (step["state"], step["performed"][0]["reason"]) == ("DISCONTINUED", "Doctor canceled procedure")


def test_the_state_is_sent_again_only_when_it_changed(department: Start, client: Clients) -> None:
    peers = department()
    page = client(peers)
    first = page.get("page/state")
    tag = first.headers["etag"]
    assert page.get("page/state", headers={"If-None-Match": tag}).status_code == 304
    peers.set_fault("ris", "status=0110")
    assert fresh(page, tag)["faults"] == [{"number": 1, "peer": "ris", "text": "status=0110", "struck": 0}]


def test_pictures_are_windowed_scaled_and_in_order(department: Start, client: Clients) -> None:
    peers = department()
    sent = list(ct(seed=1, slices=5, rows=64, columns=64))
    assert DicomArchive(parse_dicom(peers.address), local=LOCAL).store(reversed(sent)).complete
    page, where = client(peers), f"{sent[0].study_uid}/{sent[0].series_uid}"
    found = page.get(f"page/series/{where}").json()
    assert found["images"] == [[one.sop_instance_uid, 0] for one in sent]
    assert found["window"] == [float(sent[0].dataset()[key].value[0]) for key in ("WindowCenter", "WindowWidth")]

    def picture(query: str) -> np.ndarray:
        answer = page.get(f"page/picture/{where}/{sent[2].sop_instance_uid}/0{query}")
        assert answer.headers["content-type"] == "image/jpeg"
        return np.asarray(Image.open(BytesIO(answer.content)))

    own = picture("")
    values = sent[2].dataset().pixel_array.astype(float) - 1024
    low, width = found["window"][0] - found["window"][1] / 2, found["window"][1]
    expected = np.clip((values - low) / width, 0, 1) * 255
    assert own.shape == expected.shape
    assert np.abs(own - expected).mean() < 6
    assert picture("?window=40,80").mean() != pytest.approx(own.mean(), abs=1)
    assert picture("?window=5000,1").max() < 8
    assert max(Image.open(BytesIO(page.get(f"page/thumbnail/{where}").content)).size) <= 144


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("page/series/1.2/3.4", 404),
        ("page/thumbnail/1.2/3.4", 404),
        ("page/picture/1.2/3.4/5.6/0", 404),
        ("page/picture/1.2.3/1.2.3.1/1.2.3.1.0/7", 404),
        ("page/picture/1.2.3/1.2.3.1/1.2.3.1.0/0?window=1", 400),
        ("page/picture/1.2.3/1.2.3.1/1.2.3.1.0/0?window=1,nan", 400),
        ("page/picture/1.2.3/1.2.3.1/1.2.3.1.0/0?window=1,0", 400),
        ("page/..%2f..%2fetc/passwd", 404),
        ("elsewhere", 404),
    ],
)
def test_what_is_not_there_or_no_number_is_refused(department: Start, client: Clients, path: str, status: int) -> None:
    peers = department()
    assert DicomArchive(parse_dicom(peers.address), local=LOCAL).store(series(1)).complete
    assert client(peers).get(path).status_code == status


def test_the_page_fetches_nothing_from_elsewhere_and_runs_nothing_but_its_own(
    department: Start, client: Clients
) -> None:
    answer = client(department()).get("")
    assert not re.findall(r"(?:https?:)?//(?!127\.0\.0\.1)[a-z0-9.-]+\.[a-z]+", answer.text)
    policy = dict(one.strip().split(" ", 1) for one in answer.headers["content-security-policy"].split(";"))
    nonce = policy["script-src"].removeprefix("'nonce-").removesuffix("'")
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert answer.text.count(f'nonce="{nonce}"') == answer.text.count("<script") + answer.text.count("<style") == 2
    assert client(department()).get("").headers["content-security-policy"].count(nonce) == 0


def test_faults_are_set_from_its_own_page_alone(department: Start, client: Clients) -> None:
    peers = department()
    page = client(peers)
    own = {"Origin": peers.page_address.rstrip("/")}
    fault = {"peer": "archive", "text": "status=A700"}
    for origin in ({}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": own["Origin"] + "1"}):
        assert page.post("page/faults", json=fault, headers=origin).status_code == 403
    assert peers.faults == []
    assert page.post("page/faults", json=fault, headers=own).status_code == 201
    store = DicomArchive(parse_dicom(peers.address), local=LOCAL)
    assert set(store.store(series(1)).refused) == {0xA700}
    assert fresh(page)["faults"][0]["struck"] == 1
    assert page.post("page/faults/1/clear", headers={"Origin": "http://evil.example"}).status_code == 403
    assert page.post("page/faults/1/clear", headers=own).status_code == 200
    assert page.post("page/faults/1/clear", headers=own).status_code == 404
    assert store.store(series(1)).complete


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b'{"peer": "archive", "text": "statu=A700"}', 422, "did you mean 'status'"),
        (b'{"peer": "nobody", "text": "status=A700"}', 422, "nobody"),
        (b'{"peer": "ris", "text": "lose"}', 422, "storing"),
        (b"[]", 400, "JSON"),
        (b"{", 400, "JSON"),
        (b"x" * 5000, 413, "long"),
    ],
)
def test_what_is_no_fault_is_refused_with_the_reason(
    department: Start, client: Clients, body: bytes, status: int, said: str
) -> None:
    peers = department()
    answer = client(peers).post("page/faults", content=body, headers={"Origin": peers.page_address.rstrip("/")})
    assert answer.status_code == status
    assert said in answer.text
    assert peers.faults == []


def test_a_name_bent_to_the_loopback_address_is_refused(department: Start, client: Clients) -> None:
    peers = department()
    port = peers.server.port
    page = client(peers)
    assert page.get("page/state", headers={"Host": f"evil.example:{port}"}).status_code == 421
    assert page.get("page/state", headers={"Host": f"localhost:{port}"}).status_code == 200
    origin = {"Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"}
    assert page.post("page/faults", json={}, headers=origin).status_code == 421


def test_the_same_users_are_let_in_to_page_dicomweb_and_fhir(department: Start, client: Clients) -> None:
    peers = department(web=Web(users={"anna": "secret"}, tokens=("t0ken",)))
    page = client(peers)
    for url in ("", "page/state", f"{peers.web_address}/studies", f"{peers.fhir.address}/Patient"):
        assert page.get(url).status_code == 401
        assert page.get(url, auth=("anna", "wrong")).status_code == 401
        assert page.get(url, auth=("anna", "secret")).status_code in (200, 204)
        assert page.get(url, headers={"Authorization": "Bearer t0ken"}).status_code in (200, 204)


def test_without_a_page_there_is_dicomweb_alone(department: Start) -> None:
    peers = department(page=False)
    assert peers.page_address == ""
    root = peers.web_address.removesuffix("/dicom-web")
    assert httpx.get(f"{root}/").status_code == 404
    assert httpx.get(f"{root}/dicom-web/studies").status_code == 204


def test_a_port_in_use_stops_all_of_them_and_is_named(department: Start) -> None:
    taken = department()
    other = Department(ports=Ports(fhir=taken.fhir.port))
    with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1:{taken.fhir.port}"):
        other.start()
    with pytest.raises(RuntimeError):
        other.archive.instances()


def test_faults_given_at_the_start_strike_and_one_that_cannot_be_is_refused(department: Start) -> None:
    peers = department(faults=[("archive", "status=A700,times=1")])
    assert DicomArchive(parse_dicom(peers.address), local=LOCAL).store(series(1)).refused
    assert peers.struck(peers.faults[0]) == 1
    with pytest.raises(UsageError):
        Department(faults=[("ris", "lose")])
    with pytest.raises(UnknownNameError):
        Department(faults=[("fhirs", "status=503")])


def test_names_are_shown_as_people_write_them() -> None:
    assert name("Yamada^Tarou=山田^太郎=やまだ^たろう") == "Yamada Tarou / 山田 太郎 / やまだ たろう"
    assert name("Müller^Jörg^^Dr.") == "Müller Jörg Dr."
    assert name("") == ""


def fresh(page: httpx.Client, before: str = "") -> dict[str, Any]:
    """The page's state, looked up anew: it is not looked up more often than every third of a second."""
    time.sleep(0.35)
    answer = page.get("page/state", headers={"If-None-Match": before})
    assert answer.status_code == 200
    return dict(answer.json())


def test_a_fault_of_the_fhir_server_is_set_strikes_and_is_cleared(department: Start, client: Clients) -> None:
    peers = department(faults=[("fhir", "on=capabilities,status=502,times=1")])
    page, own = client(peers), {"Origin": peers.page_address.rstrip("/")}
    ask = lambda path: httpx.get(f"{peers.fhir.address}/{path}").status_code  # noqa: E731
    assert [ask("metadata"), ask("metadata")] == [502, 200]
    assert page.post("page/faults", json={"peer": "fhir", "text": "status=A700"}, headers=own).status_code == 422
    assert (
        page.post("page/faults", json={"peer": "fhir", "text": "on=search,status=503"}, headers=own).status_code == 201
    )
    assert [ask("Patient"), ask("metadata")] == [503, 200]
    assert [(one["peer"], one["struck"]) for one in fresh(page)["faults"]] == [("fhir", 1), ("fhir", 1)]
    assert page.post("page/faults/2/clear", headers=own).status_code == 200
    assert ask("Patient") == 200
