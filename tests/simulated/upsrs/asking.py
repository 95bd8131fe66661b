"""What a user of UPS-RS sends and hears."""

from __future__ import annotations

import json

from pydicom import Dataset
from websockets.sync.client import connect

from modality.network.local import Local, Timeouts

JSON = {"Content-Type": "application/dicom+json", "Accept": "application/dicom+json"}
LOCAL = Local("CT01", Timeouts(30, 30, 30))
TRANSACTION = "1.2.3.9"


def model(**values):
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset.to_json()


def claim(http, uid, transaction=TRANSACTION, state="IN PROGRESS"):
    payload = model(ProcedureStepState=state, TransactionUID=transaction)
    return http.put(f"/workitems/{uid}/state", content=payload)


def found(http, **parameters):
    response = http.get("/workitems", params=parameters)
    assert response.status_code in (200, 204), response.text
    return [Dataset.from_json(one) for one in (response.json() if response.content else [])]


def events(socket, count):
    return [json.loads(socket.recv(60)) for _ in range(count)]


def channel(ris, aet):
    return connect(f"ws{ris.web_address.removeprefix('http')}/subscribers/{aet}", compression=None)


def states(reports):
    assert all(one["00001002"]["Value"] == [1] for one in reports)
    return [(one["00001000"]["Value"][0], one["00741000"]["Value"][0]) for one in reports]
