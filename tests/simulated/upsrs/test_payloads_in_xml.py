"""Payloads of UPS-RS in the Native DICOM Model (PS3.18 11.1.3), and what is none."""

from __future__ import annotations

import pytest
from pydicom import Dataset

from modality.identity import patient
from modality.network import ups as wire
from modality.network.address import parse_dicom
from modality.protocol.models.as_xml import xml_model
from modality.protocol.ups.workitem import workitem
from modality.protocol.worklist import unscheduled
from tests.simulated.upsrs.asking import LOCAL, TRANSACTION, channel, events


def multipart(*documents, kind="application/dicom+xml"):
    parts = b"".join(b"--B\r\nContent-Type: %s\r\n\r\n%s\r\n" % (kind.encode(), one) for one in documents)
    return {"Content-Type": f'multipart/related; type="{kind}"; boundary=B'}, parts + b"--B--\r\n"


def xml(**values):
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return xml_model(dataset)


PLAIN = {"Content-Type": "application/dicom+xml; charset=utf-8"}


def test_one_is_created_claimed_changed_and_cancelled_in_xml(ris, http):
    """PS3.18 Table 11.1.3-1: with parts as it is written there, and the document alone."""
    step = unscheduled(patient(9), "CT", description="Pushed in XML, é")
    step.step.ScheduledProcedureStepStartDate = "20261125"
    headers, payload = multipart(xml_model(workitem(step)))
    assert http.post("/workitems?1.2.3.77&accept=*/*", content=payload, headers=headers).status_code == 201
    made = wire.get_workitem(parse_dicom(ris.address), "1.2.3.77", LOCAL).attributes
    assert made.ProcedureStepLabel == "Pushed in XML, é"
    assert made.PatientName == step.patient.name
    assert made.ScheduledStationClassCodeSequence[0].CodeValue == "CT"
    state = xml(ProcedureStepState="IN PROGRESS", TransactionUID=TRANSACTION)
    assert http.put("/workitems/1.2.3.77/state", content=state, headers=PLAIN).status_code == 200
    progress = Dataset()
    progress.ProcedureStepProgress = "40"
    changes = xml(ProcedureStepProgressInformationSequence=[progress])
    assert http.post(f"/workitems/1.2.3.77?{TRANSACTION}", content=changes, headers=PLAIN).status_code == 200
    assert ris.workitems["1.2.3.77"].ProcedureStepProgressInformationSequence[0].ProcedureStepProgress == 40
    with channel(ris, "WATCHER") as socket:
        http.post("/workitems/1.2.3.77/subscribers/WATCHER")
        headers, payload = multipart(xml(ReasonForCancellation="Moved"))
        assert http.post("/workitems/1.2.3.77/cancelrequest", content=payload, headers=headers).status_code == 202
        assert events(socket, 2)[1]["00741238"]["Value"] == ["Moved"]


@pytest.mark.parametrize(
    "document",
    [
        b"<a/>", b"", b"<NativeDicomModel>", b"\xff\xfe",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><NativeDicomModel/>",
        b'<NativeDicomModel><DicomAttribute tag="0074100" vr="CS"/></NativeDicomModel>',
        b'<NativeDicomModel><DicomAttribute tag="00741000" vr="??"/></NativeDicomModel>',
        b'<NativeDicomModel><DicomAttribute tag="00741000"><BulkData uri=""/></DicomAttribute></NativeDicomModel>',
        b"<NativeDicomModel>" + b'<DicomAttribute tag="00741002" vr="SQ"><Item number="1">' * 5000,
    ],
)  # fmt: skip
def test_xml_that_is_no_data_set_is_a_bad_request(ris, http, document):
    uid = next(iter(ris.workitems))
    response = http.put(f"/workitems/{uid}/state", content=document, headers=PLAIN)
    assert (response.status_code, "payload" in response.text) == (400, True)


def test_a_message_of_no_part_or_two_or_of_another_type_is_refused(ris, http):
    uid = next(iter(ris.workitems))
    one = xml(ProcedureStepState="IN PROGRESS", TransactionUID=TRANSACTION)
    for (headers, payload), status in (
        (multipart(), 400), (multipart(one, one), 400), (multipart(one, kind="image/png"), 415),
        (({"Content-Type": "multipart/related"}, one), 400), (multipart(one), 200),
    ):  # fmt: skip
        assert http.put(f"/workitems/{uid}/state", content=payload, headers=headers).status_code == status, payload
