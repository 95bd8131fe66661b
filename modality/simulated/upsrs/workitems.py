"""The transactions of UPS-RS, each an operation on the same worklist that DIMSE has (PS3.18 11.4 to 11.12)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
from modality.protocol.step_states import Decision
from modality.protocol.ups import states
from modality.protocol.worklist import text
from modality.simulated.dicomweb import answers, media
from modality.simulated.dicomweb.answers import Said
from modality.simulated.dicomweb.service import PeerService
from modality.simulated.upsrs import verdicts
from modality.simulated.upsrs.payload import attributes
from modality.simulated.upsrs.verdicts import Transaction
from modality.transfer.part10 import is_uid

if TYPE_CHECKING:
    from modality.simulated.ris.ris import SimulatedRis

# The parameter has had several names since 2014, and bare values are seen too.
_TRANSACTION = ("transaction-uid", "transaction", "transactionuid", "00081195")
_LITERAL = "The fuzzymatching parameter is not supported. Only literal matching has been performed."  # 8.3.4.2
_COMMON = ("accept", "accept-charset", "charset")  # Table 11.1.2-1


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
                    warnings += [_LITERAL] if value == "true" else []
                elif key.lower() not in _COMMON:
                    put_key(keys, key, value)
            found = list(self._ris.unified.matching(keys))
        except (InvalidIdentifier, *UNREADABLE) as error:
            raise HTTPException(400, str(error)) from error
        end = len(found) if limit is None else offset + limit
        page = found[offset:end]
        if len(found) > end:
            warnings.append(f"There are {len(found) - end} additional results that can be requested")
        headers = answers.warning(*warnings)
        self._service.log(request, "UPS-RS", 200 if page else 204, detail=f"{len(page)} workitems found")
        return answers.several(form, map(Said, page), headers) if page else Response(status_code=204, headers=headers)

    async def create(self, request: Request) -> Response:
        """Create a workitem (11.4)."""
        created = await self._attributes(request)
        # The UID is given as the parameter's name, or as its value.
        given = [one for one in request.query_params.items() if one[0].lower() not in _COMMON]
        named = next((key if is_uid(key) else value for key, value in given), "")
        uid = named or text(created, "SOPInstanceUID") or fresh_uid()
        if not is_uid(uid):
            raise HTTPException(400, f"{uid[:80]!r} is no UID")

        def answered() -> Response:
            url = f"{self._service.root(request)}/workitems/{uid}"
            where = {"Location": url, "Content-Location": url}
            return self._decided(
                request, verdicts.CREATE, uid, lambda: self._ris.unified.create(uid, created), headers=where
            )

        return await run_in_threadpool(answered)

    def retrieve(self, request: Request) -> Response:
        """Retrieve a workitem (11.5)."""
        form = media.model(request, single=True)
        self._service.answer_or_refuse(request, "get")
        uid = _uid(request)
        decision, found = self._ris.unified.get(uid)
        if found is None:
            raise HTTPException(verdicts.status(verdicts.RETRIEVE, decision), decision.comment)
        self._service.log(request, "UPS-RS", 200, uid, "retrieved")
        return answers.several(form, [Said(found)])

    async def update(self, request: Request) -> Response:
        """Update a workitem (11.6); the Transaction UID stands in the query, or in the payload."""
        changes, uid = await self._attributes(request), _uid(request)
        given = {key.lower(): value for key, value in request.query_params.items()}
        transaction = next((given[key] for key in _TRANSACTION if key in given), "")
        transaction = transaction or next(filter(is_uid, given), "") or text(changes, "TransactionUID")
        if transaction:
            changes.TransactionUID = transaction
        else:
            changes.pop("TransactionUID", None)  # one that is SCHEDULED has none

        def updated() -> Response:
            return self._decided(
                request, verdicts.UPDATE, uid, lambda: self._ris.unified.set(uid, changes), transaction
            )

        return await run_in_threadpool(updated)

    async def change_state(self, request: Request) -> Response:
        """Claim a workitem, or end it (11.7)."""
        information, uid = await self._attributes(request), _uid(request)

        given = text(information, "TransactionUID")

        def changed() -> Response:
            return self._decided(
                request, verdicts.CHANGE_STATE, uid, lambda: self._ris.unified.change_state(uid, information), given
            )

        return await run_in_threadpool(changed)

    async def request_cancel(self, request: Request) -> Response:
        """Ask for a workitem to be cancelled (11.8)."""
        information, uid = await self._attributes(request, needed=False), _uid(request)

        def asked() -> Response:
            who = self._service.who(request)[:16]
            decide = self._ris.unified.request_cancel
            return self._decided(request, verdicts.CANCEL, uid, lambda: decide(uid, information, who))

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
        root = self._service.root(request)
        where = {"Content-Location": f"ws{root.removeprefix('http')}{self._channel}/{request.path_params['aet']}"}
        return self._decided(
            request, verdicts.SUBSCRIBE, uid, lambda: decide(uid, aet, states.SUBSCRIBE, keys), headers=where
        )

    def unsubscribe(self, request: Request) -> Response:
        """Let an AE title watch no more (11.11)."""
        return self._subscription(request, states.UNSUBSCRIBE)

    def suspend(self, request: Request) -> Response:
        """Let an AE title watch no workitem that is still to come (11.12)."""
        return self._subscription(request, states.SUSPEND)

    def _subscription(self, request: Request, action: int) -> Response:
        uid, aet = _uid(request), _title(request)
        unified = self._ris.unified

        def ended() -> Decision:
            watched = unified.subscribed(uid, aet, action)
            decision = unified.subscription(uid, aet, action)
            lacks = states.decided(states.NO_SUCH_UPS, f"{aet} has no such subscription")  # Table 11.11.3-1
            return decision if watched or not decision.accepted else lacks

        return self._decided(request, verdicts.UNSUBSCRIBE, uid, ended)

    async def _attributes(self, request: Request, *, needed: bool = True) -> Dataset:
        return await attributes(request, self._service.web.largest_request, needed=needed)

    def _decided(
        self,
        request: Request,
        transaction: Transaction,
        uid: str,
        decide: Callable[[], Decision],
        given: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The answer of a transaction, unless a fault or the worklist stands against it.

        Args:
            request: who asks.
            transaction: for what.
            uid: of which workitem.
            decide: does it, or says why not.
            given: the Transaction UID that came with it.
            headers: of the answer when it is granted.

        Raises:
            HTTPException: it is refused, with the reason.
        """
        self._service.answer_or_refuse(request, transaction.service)
        try:
            decision = decide()
        except UNREADABLE as error:
            raise HTTPException(400, f"the payload cannot be read: {error}") from error
        status, warnings = verdicts.status(transaction, decision), verdicts.headers(transaction, decision, given)
        if not verdicts.granted(decision):
            raise HTTPException(status, decision.comment, warnings)
        self._service.log(request, "UPS-RS", status, uid, f"{request.method} {request.url.path.rpartition('/')[2]}")
        return Response(status_code=status, headers={**warnings, **(headers or {})})


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
