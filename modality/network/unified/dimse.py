"""The unified worklist over DIMSE: one association for each operation (PS3.4 annex CC)."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset

from modality.errors import InvalidResponse, StepRefused
from modality.network.address import DicomAddress
from modality.network.association import Association, associate
from modality.network.local import Local
from modality.network.query import find
from modality.protocol.negotiation import FALLBACKS
from modality.protocol.ups.states import CHANGE_STATE, REQUEST_CANCEL, SUBSCRIBE, UNSUBSCRIBE
from modality.protocol.ups.workitem import UPS_PULL, UPS_PUSH, UPS_WATCH, Workitem, state_change
from modality.protocol.worklist import text


def find_workitems(ris: DicomAddress, identifier: Dataset, local: Local) -> list[Workitem]:
    """The workitems that match, in the order of their scheduled start (C-FIND, UPS Pull).

    Args:
        ris: whom to ask.
        identifier: what to ask for, see `modality.protocol.ups.workitem.query`.
        local: who asks.

    Raises:
        UnreachableError: nobody answers.
        QueryRefused: the RIS answered with a failure.
        PeerError: it did not answer properly.
    """
    with associate(ris, [(UPS_PULL, FALLBACKS)], local) as association:
        found = find(association, UPS_PULL, identifier)
    items = []
    for one in found:
        uid = text(one, "SOPInstanceUID")
        if not uid:
            raise InvalidResponse(f"{ris}: a UPS without SOP Instance UID, its unique key (PS3.4 Table CC.2.5-3)")
        items.append(Workitem(uid, one))
    return sorted(items, key=lambda one: (text(one.attributes, "ScheduledProcedureStepStartDateTime"), one.uid))


def create_workitem(ris: DicomAddress, uid: str, attributes: Dataset, local: Local) -> None:
    """Push a workitem onto a worklist (N-CREATE, UPS Push).

    Raises:
        UnreachableError: nobody answers.
        StepRefused: the RIS answered with a failure.
        PeerError: it did not answer properly.
    """
    with associate(ris, [(UPS_PUSH, FALLBACKS)], local) as association:
        _request(association, "UPS N-CREATE", "send_n_create", UPS_PUSH, attributes, UPS_PUSH, uid)


def change_state(ris: DicomAddress, uid: str, state: str, transaction_uid: str, local: Local) -> None:
    """Claim a workitem (IN PROGRESS, with a new Transaction UID), or end it with that one (N-ACTION, UPS Pull).

    Raises:
        UnreachableError: nobody answers.
        StepRefused: the RIS answered with a failure, such as C301H when somebody else has claimed it.
        PeerError: it did not answer properly.
    """
    information = state_change(state, transaction_uid)
    with associate(ris, [(UPS_PULL, FALLBACKS)], local) as association:
        what = f"UPS N-ACTION {state}"
        _request(association, what, "send_n_action", UPS_PULL, information, CHANGE_STATE, UPS_PUSH, uid)


def update(ris: DicomAddress, uid: str, changes: Dataset, local: Local) -> None:
    """Tell of a workitem's progress or results; the changes hold the Transaction UID (N-SET, UPS Pull).

    Raises:
        UnreachableError: nobody answers.
        StepRefused: the RIS answered with a failure.
        PeerError: it did not answer properly.
    """
    with associate(ris, [(UPS_PULL, FALLBACKS)], local) as association:
        _request(association, "UPS N-SET", "send_n_set", UPS_PULL, changes, UPS_PUSH, uid)


def get_workitem(ris: DicomAddress, uid: str, local: Local) -> Workitem:
    """A workitem as it stands (N-GET, UPS Pull).

    Raises:
        UnreachableError: nobody answers.
        StepRefused: the RIS answered with a failure.
        PeerError: it did not answer properly.
    """
    with associate(ris, [(UPS_PULL, FALLBACKS)], local) as association:
        attributes = _request(association, "UPS N-GET", "send_n_get", UPS_PULL, [], UPS_PUSH, uid)
        if attributes is None:
            raise association.broken("UPS N-GET")
        return Workitem(uid, attributes)


def request_cancel(ris: DicomAddress, uid: str, reason: str, local: Local) -> None:
    """Ask for a workitem of somebody else's to be cancelled, for a reason in words (N-ACTION, UPS Push).

    Raises:
        UnreachableError: nobody answers.
        StepRefused: the RIS answered with a failure.
        PeerError: it did not answer properly.
    """
    information = Dataset()
    information.ReasonForCancellation = reason
    with associate(ris, [(UPS_PUSH, FALLBACKS)], local) as association:
        _request(association, "UPS cancel", "send_n_action", UPS_PUSH, information, REQUEST_CANCEL, UPS_PUSH, uid)


def subscribe(ris: DicomAddress, uid: str, local: Local, *, end: bool = False) -> None:
    """Subscribe our AE title to a workitem's events, or end that (N-ACTION, UPS Watch).

    Raises:
        UnreachableError: nobody answers.
        StepRefused: the RIS answered with a failure, such as C308H when it knows no address of us.
        PeerError: it did not answer properly.
    """
    information = Dataset()
    information.ReceivingAE = local.aet
    if not end:
        information.DeletionLock = "FALSE"
    action = UNSUBSCRIBE if end else SUBSCRIBE
    with associate(ris, [(UPS_WATCH, FALLBACKS)], local) as association:
        _request(association, "UPS subscription", "send_n_action", UPS_WATCH, information, action, UPS_PUSH, uid)


def _request(association: Association, what: str, method: str, negotiated: str, *arguments: Any) -> Dataset | None:
    """One request in the context of `negotiated`; what it names is an instance of UPS Push (PS3.4 CC.3.1)."""
    send = getattr(association.raw, method)
    options = {} if method == "send_n_create" else {"meta_uid": negotiated}
    status, answer = association.request(
        what, lambda *given, msg_id: send(*given, msg_id=msg_id, **options), *arguments
    )
    association.checked(what, status, StepRefused)
    return answer  # type: ignore[no-any-return]
