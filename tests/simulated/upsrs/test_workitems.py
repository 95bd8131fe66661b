"""UPS-RS as others speak it: plain HTTP and WebSockets against the RIS, and DIMSE on the same worklist."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import httpx
import pytest
from pydicom import Dataset
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from modality.identity import patient
from modality.network import ups as wire
from modality.network.address import parse_dicom
from modality.protocol.ups.workitem import workitem
from modality.protocol.worklist import unscheduled
from modality.simulated.dicomweb.web import Web
from modality.simulated.ris import SimulatedRis
from tests.simulated.upsrs.asking import JSON, LOCAL, TRANSACTION, channel, claim, events, found, model, states


def test_the_workitems_are_those_that_dimse_finds(ris, http):
    mine = found(http)
    assert [one.SOPInstanceUID for one in mine] == list(ris.workitems)
    from modality.protocol.ups.workitem import query

    theirs = wire.find_workitems(parse_dicom(ris.address), query(), LOCAL)
    assert sorted(one.SOPInstanceUID for one in mine) == sorted(one.uid for one in theirs)
    assert {str(one.PatientName) for one in mine} == {str(one.step.patient.name) for one in theirs}


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ({"ScheduledStationNameCodeSequence.CodeValue": "CT01"}, 4),
        ({"00404025.00080100": "CT01"}, 4),
        ({"ScheduledStationClassCodeSequence.CodeValue": "CT", "PatientID": "PAT1002"}, 1),
        ({"ReferencedRequestSequence.AccessionNumber": "ACC1002"}, 1),
        ({"ProcedureStepState": "COMPLETED"}, 0),
        ({"limit": "2"}, 2),
        ({"PatientID": "PAT1002", "includefield": "all", "fuzzymatching": "true"}, 1),
    ],
)
def test_a_search_matches(http, parameters, count):
    assert len(found(http, **parameters)) == count


@pytest.mark.parametrize("query", ["limit=x", "Nothing=1", "PatientID.CodeValue=1", "ReferencedRequestSequence=1"])
def test_a_search_that_cannot_be_understood_is_a_bad_request(http, query):
    response = http.get(f"/workitems?{query}")
    assert response.status_code == 400
    assert response.text


def test_pages_of_a_search_are_all_of_it(http):
    every = [one.SOPInstanceUID for one in found(http)]
    assert [one.SOPInstanceUID for at in range(0, len(every), 2) for one in found(http, limit=2, offset=at)] == every
    assert "additional results" in http.get("/workitems?limit=1").headers["Warning"]


def test_one_is_claimed_updated_and_completed_and_dimse_sees_it(ris, http):
    uid = next(iter(ris.workitems))
    assert claim(http, uid).status_code == 200
    seen = wire.get_workitem(parse_dicom(ris.address), uid, LOCAL)
    assert seen.state == "IN PROGRESS"
    progress = Dataset()
    progress.ProcedureStepProgress = "40"
    done = Dataset()
    for keyword, value in {
        "PerformedStationNameCodeSequence": [code("CT01")], "PerformedWorkitemCodeSequence": [code("CT")],
        "PerformedProcedureStepStartDateTime": "20261125", "PerformedProcedureStepEndDateTime": "20261125",
        "OutputInformationSequence": [],
    }.items():  # fmt: skip
        setattr(done, keyword, value)
    payload = model(ProcedureStepProgressInformationSequence=[progress])
    assert http.post(f"/workitems/{uid}?transaction-uid={TRANSACTION}", content=payload).status_code == 200
    assert claim(http, uid, state="COMPLETED").status_code == 409  # nothing performed is told yet
    performed = model(UnifiedProcedureStepPerformedProcedureSequence=[done])
    assert http.post(f"/workitems/{uid}?{TRANSACTION}", content=performed).status_code == 200  # as of old: no name
    assert claim(http, uid, state="COMPLETED").status_code == 200
    again = claim(http, uid, state="COMPLETED")
    assert again.status_code == 200
    assert again.headers["Warning"] == '299 modality: "The UPS is already in the requested state of COMPLETED."'
    (item,) = http.get(f"/workitems/{uid}").json()
    assert Dataset.from_json(item).ProcedureStepState == "COMPLETED"
    assert "00081195" not in item  # the lock is never given away
    assert ris.workitems[uid].ProcedureStepProgressInformationSequence[0].ProcedureStepProgress == 40


def code(value):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "99TEST", value
    return item


def test_what_is_not_granted_is_refused_with_its_status(ris, http):
    mine, theirs, *_ = ris.workitems
    wire.change_state(parse_dicom(ris.address), theirs, "IN PROGRESS", "1.2.3.10", LOCAL)
    taken = claim(http, theirs)
    assert (taken.status_code, "Transaction UID" in taken.text) == (400, True)
    assert claim(http, mine, state="COMPLETED").status_code == 409
    assert claim(http, mine, state="SCHEDULED").status_code == 400
    assert claim(http, mine, state="PERHAPS").status_code == 400
    assert claim(http, "1.2.3.4").status_code == 404
    assert http.get("/workitems/1.2.3.4").status_code == 404
    assert http.get("/workitems/nonsense").status_code == 400
    assert http.put(f"/workitems/{mine}/state", content=b"{").status_code == 400
    assert http.put(f"/workitems/{mine}/state", content=b"[[[[").status_code == 400
    html = {"Content-Type": "text/html"}
    assert http.put(f"/workitems/{mine}/state", content=b"<a/>", headers=html).status_code == 415
    assert http.post(f"/workitems/{mine}", content=bytes(5 << 20)).status_code == 413
    assert http.delete(f"/workitems/{mine}").status_code == 405
    assert ris.workitems[mine].ProcedureStepState == "SCHEDULED"
    assert ris.workitems[theirs].TransactionUID == "1.2.3.10"


def test_one_is_created_by_the_name_given_and_not_twice(ris, http):
    step = unscheduled(patient(9), "CT", description="Pushed")
    step.step.ScheduledProcedureStepStartDate = "20261125"
    payload = json.dumps([json.loads(workitem(step).to_json())])
    made = http.post("/workitems?1.2.3.77", content=payload)
    assert made.status_code == 201
    assert made.headers["Location"] == f"{ris.web_address}/workitems/1.2.3.77"
    assert http.post("/workitems?1.2.3.77", content=payload).status_code == 409
    unnamed = http.post("/workitems", content=payload)
    assert Dataset.from_json(http.get(unnamed.headers["Location"]).json()[0]).ProcedureStepLabel == "Pushed"
    assert wire.get_workitem(parse_dicom(ris.address), "1.2.3.77", LOCAL).state == "SCHEDULED"
    lacking = json.loads(payload)[0]
    del lacking["00404005"]
    refused = http.post("/workitems", content=json.dumps(lacking))
    assert (refused.status_code, "ScheduledProcedureStepStartDateTime" in refused.text) == (400, True)


def test_one_that_waits_is_cancelled_for_who_asks(ris, http):
    uid = next(iter(ris.workitems))
    assert http.post(f"/workitems/{uid}/cancelrequest").status_code == 202
    assert ris.workitems[uid].ProcedureStepState == "CANCELED"
    again = http.post(f"/workitems/{uid}/cancelrequest")
    assert (again.status_code, "requested state of CANCELED." in again.headers["Warning"]) == (202, True)


def test_who_subscribes_is_told_over_a_websocket(ris, http):
    first, second, third, *_ = ris.workitems
    with channel(ris, "WATCHER") as socket, channel(ris, "OTHER") as other:
        subscribed = http.post(f"/workitems/{first}/subscribers/WATCHER?deletionlock=false")
        assert subscribed.status_code == 201
        root = ris.web_address.removeprefix("http")
        assert subscribed.headers["Content-Location"] == f"ws{root}/subscribers/WATCHER"
        claim(http, first)
        wire.change_state(parse_dicom(ris.address), second, "IN PROGRESS", "1.2.3.10", LOCAL)
        progress = Dataset()
        progress.ProcedureStepProgress = "40"
        payload = model(ProcedureStepProgressInformationSequence=[progress])
        http.post(f"/workitems/{first}?transaction-uid={TRANSACTION}", content=payload)
        asked = http.post(f"/workitems/{first}/cancelrequest", content=model(ReasonForCancellation="Moved"))
        assert asked.status_code == 202  # handed on: somebody watches, who may be the performer
        told = events(socket, 4)
        assert states(told[:2]) == [(first, "SCHEDULED"), (first, "IN PROGRESS")]
        assert told[0]["00000002"]["Value"] == ["1.2.840.10008.5.1.4.34.6.1"]
        assert [one["00001002"]["Value"][0] for one in told] == [1, 1, 3, 2]
        assert told[2]["00741002"]["Value"][0]["00741004"]["Value"] == [40]
        assert told[3]["00741238"]["Value"] == ["Moved"]
        assert http.delete(f"/workitems/{first}/subscribers/WATCHER").status_code == 200
        claim(http, first, state="CANCELED")
        assert http.post(f"/workitems/{third}/subscribers/OTHER").status_code == 201
        assert states(events(other, 1)) == [(third, "SCHEDULED")]
        with pytest.raises(TimeoutError):
            socket.recv(0.1)
    assert http.post("/workitems/1.2.3/subscribers/WATCHER").status_code == 404
    refused = http.post(f"/workitems/{second}/cancelrequest")
    assert (refused.status_code, "cannot be contacted" in refused.text) == (409, True)


def test_who_watches_all_of_a_filter_is_told_of_those_to_come_until_that_is_suspended(ris, http):
    step = unscheduled(patient(9), "CT", description="Pushed")
    step.step.ScheduledProcedureStepStartDate = "20261125"
    payload = workitem(step).to_json()
    wanted = [one.SOPInstanceUID for one in found(http, PatientID="PAT1002")]
    with channel(ris, "ALL") as every, channel(ris, "SOME") as some:
        filtered = f"/workitems/1.2.840.10008.5.1.4.34.5.1/subscribers/SOME?filter=PatientID={step.patient.patient_id}"
        assert http.post(filtered).status_code == 201
        assert http.post("/workitems/1.2.840.10008.5.1.4.34.5/subscribers/ALL").status_code == 201
        assert len(states(events(every, len(ris.workitems)))) == len(ris.workitems)
        http.post("/workitems?1.2.3.77", content=payload)
        assert states(events(every, 1)) == states(events(some, 1)) == [("1.2.3.77", "SCHEDULED")]
        claim(http, wanted[0])
        assert states(events(every, 1)) == [(wanted[0], "IN PROGRESS")]
        assert http.post("/workitems/1.2.840.10008.5.1.4.34.5/subscribers/ALL/suspend").status_code == 200
        http.post("/workitems?1.2.3.78", content=payload)
        claim(http, "1.2.3.77")
        assert states(events(every, 1)) == [("1.2.3.77", "IN PROGRESS")]  # those that it watches it still does
        assert states(events(some, 2)) == [("1.2.3.78", "SCHEDULED"), ("1.2.3.77", "IN PROGRESS")]
    assert http.post("/workitems/1.2.840.10008.5.1.4.34.5.1/subscribers/SOME").status_code == 400
    assert http.post(f"/workitems/{wanted[0]}/subscribers/ALL/suspend").status_code == 400


def test_one_comes_in_xml_too(ris, http):
    uid = next(iter(ris.workitems))
    response = http.get(f"/workitems/{uid}", headers={"Accept": "application/dicom+xml"})
    root = ET.fromstring(response.content)
    assert [one[0].text for one in root if one.get("keyword") == "SOPInstanceUID"] == [uid]


def test_nobody_without_a_token_is_let_in_by_http_or_websocket():
    with SimulatedRis(web=Web(tokens=("secret",))) as ris:
        assert httpx.get(f"{ris.web_address}/workitems").status_code == 401
        url = f"ws{ris.web_address.removeprefix('http')}/subscribers/A"
        with pytest.raises(InvalidStatus, match="403"):
            connect(url)
        bearer = {"Authorization": "Bearer secret"}
        assert httpx.get(f"{ris.web_address}/workitems", headers=bearer).status_code == 200
        with connect(url, additional_headers=bearer) as socket:
            uid = next(iter(ris.workitems))
            httpx.post(f"{ris.web_address}/workitems/{uid}/subscribers/A", headers=bearer)
            assert states(events(socket, 1)) == [(uid, "SCHEDULED")]


@pytest.mark.parametrize(
    ("fault", "method", "path", "status"),
    [
        ("on=find,status=A700", "GET", "", 503),
        ("on=find,status=C000", "GET", "", 500),
        ("on=get,status=0110", "GET", "/{uid}", 503),
        ("on=set,status=0110", "POST", "/{uid}", 503),
        ("on=create,status=0110", "POST", "?1.2.3", 503),
        ("on=action,status=0110", "PUT", "/{uid}/state", 503),
        ("on=action,status=0110", "POST", "/{uid}/cancelrequest", 503),
    ],
)
def test_faults_strike_it(fault, method, path, status):
    with SimulatedRis(web=Web(), faults=[fault]) as ris:
        uid = next(iter(ris.workitems))
        url = f"{ris.web_address}/workitems{path.format(uid=uid)}"
        response = httpx.request(method, url, content=b"{}" if method != "GET" else None, headers=JSON)
        assert response.status_code == status
