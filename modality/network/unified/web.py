"""The unified worklist over the web: UPS-RS (PS3.18 clause 11)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from pydicom.dataset import Dataset

from modality.errors import InvalidResponse, QueryRefused, StepRefused, WebRefused
from modality.network.address import WebAddress
from modality.network.dicomweb.client import DicomWebClient
from modality.network.local import Local
from modality.protocol.matching import UNREADABLE
from modality.protocol.models.as_json import json_model
from modality.protocol.models.query import parameters
from modality.protocol.ups import states
from modality.protocol.ups.workitem import Workitem, state_change
from modality.protocol.worklist import text

_DUPLICATE, _INVALID_VALUE = 0x0111, 0x0115


class WebWorklist:
    """A user of one UPS-RS service; a context manager, which closes its connections.

    A refusal is a `StepRefused` with the status that DIMSE has for it, as far as the HTTP status and the workitem's
    state tell; what may pass stays a `WebRefused`.

    Args:
        address: the service root.
        local: who calls.

    Raises:
        MissingExtraError: httpx is not installed.
    """

    def __init__(self, address: WebAddress, local: Local) -> None:
        self._client = DicomWebClient(address, local)
        self._root = self._client.root

    def __enter__(self) -> WebWorklist:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def find(self, identifier: Dataset) -> list[Workitem]:
        """The workitems that match, in the order of their scheduled start (11.9).

        Raises:
            UnreachableError: nobody answers.
            QueryRefused: the service refused the query as such.
            PeerError: it did not answer properly.
        """
        asked = {**dict(parameters(identifier)), "includefield": "all"}
        try:
            found = self._client.exchange("UPS-RS search", "GET", "/workitems", parameters=asked)
        except WebRefused as error:
            if error.retryable:
                raise
            raise QueryRefused(str(error), status=0xC000) from error
        items = []
        for one in self._data_sets(found, "search"):
            uid = text(one, "SOPInstanceUID")
            if not uid:
                raise InvalidResponse(f"{self._root}: a UPS without SOP Instance UID (PS3.4 Table CC.2.5-3)")
            items.append(Workitem(uid, one))
        return sorted(items, key=lambda one: (text(one.attributes, "ScheduledProcedureStepStartDateTime"), one.uid))

    def get(self, uid: str) -> Workitem:
        """A workitem as it stands (11.5).

        Raises:
            UnreachableError: nobody answers.
            StepRefused: there is none.
            PeerError: it did not answer properly.
        """
        try:
            found = self._client.exchange("UPS-RS retrieve", "GET", f"/workitems/{uid}")
        except WebRefused as error:
            raise self._refusal(error, uid) from error
        data_sets = self._data_sets(found if isinstance(found, list) else [found], "retrieve")
        if not data_sets:
            raise InvalidResponse(f"{self._root}: the answer to UPS-RS retrieve holds no workitem")
        return Workitem(uid, data_sets[0])

    def create(self, uid: str, attributes: Dataset) -> None:
        """Push a workitem onto the worklist (11.4).

        Raises:
            UnreachableError: nobody answers.
            StepRefused: the service refused it.
            PeerError: it did not answer properly.
        """
        try:
            # The UID is the name of the parameter (11.4.1.2); a value after it is what some servers want.
            self._send("UPS-RS create", "POST", f"/workitems?{uid}", attributes)
        except WebRefused as error:
            if error.status == 409:
                raise StepRefused(str(error), status=_DUPLICATE) from error
            raise self._refusal(error, "") from error

    def update(self, uid: str, changes: Dataset) -> None:
        """Tell of a workitem's progress or results (11.6); the changes hold the Transaction UID once it is claimed.

        Raises:
            UnreachableError: nobody answers.
            StepRefused: the service refused it.
            PeerError: it did not answer properly.
        """
        transaction = text(changes, "TransactionUID")  # none as long as nobody has claimed it (PS3.4 CC.2.6.2)
        path = f"/workitems/{uid}" + (f"?transaction-uid={quote(transaction)}" if transaction else "")
        try:
            self._send("UPS-RS update", "POST", path, changes)
        except WebRefused as error:
            raise self._refusal(error, uid) from error

    def change_state(self, uid: str, state: str, transaction_uid: str) -> None:
        """Claim a workitem, or end it (11.7).

        Raises:
            UnreachableError: nobody answers.
            StepRefused: the service refused it.
            PeerError: it did not answer properly.
        """
        try:
            self._send(f"UPS-RS {state}", "PUT", f"/workitems/{uid}/state", state_change(state, transaction_uid))
        except WebRefused as error:
            raise self._refusal(error, uid, wanted=state) from error

    def request_cancel(self, uid: str, reason: str) -> None:
        """Ask for a workitem of somebody else's to be cancelled (11.8).

        Raises:
            UnreachableError: nobody answers.
            StepRefused: the service refused it.
            PeerError: it did not answer properly.
        """
        information = Dataset()
        information.ReasonForCancellation = reason
        try:
            self._send("UPS-RS cancel", "POST", f"/workitems/{uid}/cancelrequest", information)
        except WebRefused as error:
            raise self._refusal(error, uid, cancel=True) from error

    def subscribe(self, uid: str, aet: str, *, end: bool = False) -> None:
        """Let an AE title watch a workitem, or no more (11.10, 11.11).

        Raises:
            UnreachableError: nobody answers.
            StepRefused: the service refused it.
            PeerError: it did not answer properly.
        """
        path = f"/workitems/{uid}/subscribers/{quote(aet, safe='')}"
        method, query = ("DELETE", "") if end else ("POST", "?deletionlock=false")
        try:
            self._client.exchange("UPS-RS subscription", method, path + query)
        except WebRefused as error:
            raise self._refusal(error, uid) from error

    def _send(self, what: str, method: str, path: str, attributes: Dataset) -> None:
        payload = json.dumps([json_model(attributes)] if "create" in what else json_model(attributes))
        self._client.exchange(what, method, path, content=payload.encode())

    def _data_sets(self, found: Any, what: str) -> list[Dataset]:
        """The data sets of an answer; none where it is empty."""
        try:
            return [Dataset.from_json(one) for one in found or []]
        except UNREADABLE as error:
            raise InvalidResponse(f"{self._root}: the answer to UPS-RS {what} is no data set: {error}") from error

    def _refusal(self, error: WebRefused, uid: str, *, wanted: str = "", cancel: bool = False) -> Exception:
        """The refusal by its DIMSE status; of a conflict, the state that the workitem has tells which.

        A bad request may be of the state, of a Transaction UID, or of what was sent (PS3.18 Tables 11.6.3-1, 11.7.3-1).
        """
        if error.status == 404:
            return StepRefused(str(error), status=states.NO_SUCH_UPS)
        if error.status == 400 and ("Transaction UID" in str(error) or "claimed" in str(error)):
            return StepRefused(str(error), status=states.WRONG_TRANSACTION)
        if error.status not in (400, 409) or not uid:
            return StepRefused(str(error), status=_INVALID_VALUE) if error.status == 400 else error
        state = self.get(uid).state
        if error.status == 400 and state in (states.SCHEDULED, states.IN_PROGRESS):
            return StepRefused(str(error), status=_INVALID_VALUE)
        if cancel:
            status = states.ALREADY_COMPLETED if state == states.COMPLETED else states.CANNOT_BE_CONTACTED
        elif state == states.IN_PROGRESS:  # for somebody else, or not fit to be completed
            unfit = wanted == states.COMPLETED and "Transaction" not in str(error)
            status = states.NOT_FINAL if unfit else states.WRONG_TRANSACTION
        else:
            status = states.NOT_YET_IN_PROGRESS if state == states.SCHEDULED else states.NO_LONGER_UPDATED
        return StepRefused(str(error), status=status)
