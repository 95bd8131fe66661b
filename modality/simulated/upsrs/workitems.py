"""The transactions of UPS-RS, each an operation on the same worklist that DIMSE has (PS3.18 11.4 to 11.12)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from modality.errors import AddressError
from modality.identity import fresh_uid
from modality.network.address import ae_title
from modality.protocol.matching import UNREADABLE, InvalidIdentifier
from modality.protocol.models.query import count_of, keyword_of, put_key
from modality.protocol.step_states import DUPLICATE_SOP_INSTANCE, Decision
from modality.protocol.ups import states
from modality.simulated.dicomweb import answers, media
from modality.simulated.dicomweb.answers import Said
from modality.simulated.dicomweb.service import PeerService
from modality.transfer.part10 import is_uid

if TYPE_CHECKING:
    from modality.simulated.ris.ris import SimulatedRis

# PS3.18 Tables 11.4.3-1, 11.5.3-1, 11.6.3-1, 11.7.3-1 and 11.8.3-1. What is not here is a bad request.
_HTTP = {
    states.NO_SUCH_UPS: 404,
    states.UNKNOWN_RECEIVER: 404,
    DUPLICATE_SOP_INSTANCE: 409,
    states.NO_LONGER_UPDATED: 409,
    states.WRONG_TRANSACTION: 409,
    states.ALREADY_IN_PROGRESS: 409,
    states.NOT_FINAL: 409,
    states.NOT_YET_IN_PROGRESS: 409,
    states.ALREADY_COMPLETED: 409,
    states.CANNOT_BE_CONTACTED: 409,
}
_JSON = frozenset(("application/dicom+json", "application/json"))
_LARGEST = 4 << 20  # bytes of a workitem; our choice
# The parameter has had three names since 2014, and bare values are seen too.
_TRANSACTION = ("transaction-uid", "transaction")
_AGENT = "modality"


class Workitems:
    """The worklist service.

    Args:
        ris: whose worklist it is.
        service: whose web service.
        channel: the path below which notification connections are opened.
    """

    def __init__(self, ris: SimulatedRis, service: PeerService, channel: str) -> None:
        self._ris, self._service, self._channel = ris, service, channel

    def search(self, request: Request) -> Response:
        """Search for workitems (11.9): each whole, which is more than what has to be told."""
        form = media.model(request, single=False)
        self._service.answer_or_refuse(request, "find")
        keys, limit, offset, warnings = Dataset(), None, 0, []
        try:
            for key, value in request.query_params.multi_items():
                if key == "limit":
                    limit = count_of(key, value)
                elif key == "offset":
                    offset = count_of(key, value)
                elif key == "includefield":
                    for name in value.split(","):
                        _ = name == "all" or keyword_of(name)
                elif key == "fuzzymatching":
                    warnings += ["Only literal matching has been performed."] if value == "true" else []
                elif key != "accept":
                    put_key(keys, key, value)
            found = list(self._ris.unified.matching(keys))
        except (InvalidIdentifier, *UNREADABLE) as error:
            raise HTTPException(400, str(error)) from error
        end = len(found) if limit is None else offset + limit
        page = found[offset:end]
        if len(found) > end:
            warnings.append(f"There are {len(found) - end} additional results that can be requested")
        headers = {"Warning": ", ".join(f'299 {_AGENT} "{one}"' for one in warnings)} if warnings else {}
        self._service.log(request, "UPS-RS", 200 if page else 204, detail=f"{len(page)} workitems found")
        return answers.several(form, map(Said, page), headers) if page else Response(status_code=204, headers=headers)

    async def create(self, request: Request) -> Response:
        """Create a workitem (11.4)."""
        attributes = await self._attributes(request)
        # The UID is given as the parameter's name, or as its value.
        named = next((key if is_uid(key) else value for key, value in request.query_params.items()), "")
        uid = named or str(attributes.get("SOPInstanceUID") or "") or fresh_uid()
        if not is_uid(uid):
            raise HTTPException(400, f"{uid[:80]!r} is no UID")

        def created() -> Response:
            self._decided(request, "create", uid, lambda: self._ris.unified.create(uid, attributes))
            url = f"{self._service.root(request)}/workitems/{uid}"
            return Response(status_code=201, headers={"Location": url, "Content-Location": url})

        return await run_in_threadpool(created)

    def retrieve(self, request: Request) -> Response:
        """Retrieve a workitem (11.5)."""
        form = media.model(request, single=True)
        self._service.answer_or_refuse(request, "get")
        uid = _uid(request)
        decision, found = self._ris.unified.get(uid)
        if found is None:
            raise HTTPException(_HTTP[decision.status], decision.comment)
        self._service.log(request, "UPS-RS", 200, uid, "retrieved")
        return answers.several(form, [Said(found)])

    async def update(self, request: Request) -> Response:
        """Update a workitem (11.6); the Transaction UID stands in the query, or in the payload."""
        changes, uid = await self._attributes(request), _uid(request)
        given = {key.lower(): value for key, value in request.query_params.items()}
        transaction = next((given[key] for key in _TRANSACTION if key in given), "")
        changes.TransactionUID = (
            transaction or next(filter(is_uid, given), "") or str(changes.get("TransactionUID") or "")
        )

        def updated() -> Response:
            return self._decided(request, "set", uid, lambda: self._ris.unified.set(uid, changes))

        return await run_in_threadpool(updated)

    async def change_state(self, request: Request) -> Response:
        """Claim a workitem, or end it (11.7)."""
        information, uid = await self._attributes(request), _uid(request)

        def changed() -> Response:
            return self._decided(request, "action", uid, lambda: self._ris.unified.change_state(uid, information))

        return await run_in_threadpool(changed)

    async def request_cancel(self, request: Request) -> Response:
        """Ask for a workitem to be cancelled (11.8)."""
        information, uid = await self._attributes(request, needed=False), _uid(request)

        def asked() -> Response:
            who = self._service.who(request)[:16]
            decide = self._ris.unified.request_cancel
            return self._decided(request, "action", uid, lambda: decide(uid, information, who), 202)

        return await run_in_threadpool(asked)

    def subscribe(self, request: Request) -> Response:
        """Let an AE title watch a workitem, all of them, or those of a filter (11.10)."""
        uid, aet = _uid(request), _title(request)
        keys = Dataset()
        if uid == states.FILTERED_WORKITEMS:
            try:
                for part in filter(None, request.query_params.get("filter", "").split(",")):
                    put_key(keys, *part.split("=", 1) if "=" in part else (part, ""))
            except InvalidIdentifier as error:
                raise HTTPException(400, str(error)) from error
            if not keys:
                raise HTTPException(400, "a filtered subscription needs its filter: filter=PatientID=1234")
        decide = self._ris.unified.subscription
        self._decided(request, "action", uid, lambda: decide(uid, aet, states.SUBSCRIBE, keys))
        root = self._service.root(request)
        channel = f"ws{root.removeprefix('http')}{self._channel}/{request.path_params['aet']}"
        return Response(status_code=201, headers={"Content-Location": channel})

    def unsubscribe(self, request: Request) -> Response:
        """Let an AE title watch no more (11.11)."""
        return self._subscription(request, states.UNSUBSCRIBE)

    def suspend(self, request: Request) -> Response:
        """Let an AE title watch no workitem that is still to come (11.12)."""
        return self._subscription(request, states.SUSPEND)

    def _subscription(self, request: Request, action: int) -> Response:
        uid, aet = _uid(request), _title(request)
        return self._decided(request, "action", uid, lambda: self._ris.unified.subscription(uid, aet, action))

    async def _attributes(self, request: Request, *, needed: bool = True) -> Dataset:
        """The data set of a payload, which is an object of the DICOM JSON Model, or an array of one.

        Raises:
            HTTPException: 400, it is none; 413, it is too long; 415, it is of another media type.
        """
        limit = min(_LARGEST, self._service.web.largest_request)
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > limit:
                raise HTTPException(413, f"a workitem has at most {limit} bytes")
        if not body and not needed:
            return Dataset()
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _JSON:
            raise HTTPException(415, f"{kind[:80]!r}: send application/dicom+json")
        try:
            return _data_set(json.loads(body))
        except (*UNREADABLE, RecursionError) as error:
            raise HTTPException(400, f"the payload is no data set of the DICOM JSON Model: {error}") from error

    def _decided(
        self, request: Request, service: str, uid: str, decide: Callable[[], Decision], success: int = 200
    ) -> Response:
        """The answer of an operation, unless a fault or the worklist stands against it.

        Raises:
            HTTPException: it is refused, with the reason.
        """
        self._service.answer_or_refuse(request, service)
        try:
            decision = decide()
        except UNREADABLE as error:
            raise HTTPException(400, f"the payload cannot be read: {error}") from error
        warning = {"Warning": f'299 {_AGENT} "{decision.comment}"'} if decision.comment else {}
        if not (decision.accepted or decision.status >> 12 == 0xB):  # a warning: it is in that state already
            raise HTTPException(_HTTP.get(decision.status, 400), decision.comment, warning)
        self._service.log(request, "UPS-RS", success, uid, f"{request.method} {request.url.path.rpartition('/')[2]}")
        return Response(status_code=success, headers=warning)


def _uid(request: Request) -> str:
    uid = str(request.path_params["workitem"])
    if not is_uid(uid):
        raise HTTPException(400, f"{uid[:80]!r} is no UID")
    return uid


def _title(request: Request) -> str:
    try:
        return ae_title(str(request.path_params["aet"]))
    except AddressError as error:
        raise HTTPException(400, str(error)) from error


def _data_set(model: object) -> Dataset:
    if isinstance(model, list) and len(model) == 1:
        model = model[0]
    if not isinstance(model, dict):
        raise TypeError("no object, and no array of one")
    dataset = Dataset.from_json(model)
    dataset.SpecificCharacterSet = "ISO_IR 192"  # JSON is UTF-8
    for tag in [one.tag for one in dataset if one.tag.group in (0x0000, 0x0002)]:
        del dataset[tag]
    return dataset
