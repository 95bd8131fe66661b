"""The unified worklist as its performer uses it: find, claim, tell of progress, complete or cancel.

At ``dicom://`` it is asked over DIMSE (PS3.4 annex CC), at ``http(s)://`` over UPS-RS (PS3.18 clause 11).
"""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.network.address import DicomAddress, WebAddress
from modality.network.local import Local
from modality.network.unified import dimse
from modality.network.unified.web import WebWorklist
from modality.protocol.ups.workitem import Workitem

Worklist = DicomAddress | WebAddress
"""Where a unified worklist is."""


def find_workitems(ris: Worklist, identifier: Dataset, local: Local) -> list[Workitem]:
    """The workitems that match, in the order of their scheduled start.

    Args:
        ris: whom to ask.
        identifier: what to ask for, see `modality.protocol.ups.workitem.query`.
        local: who asks.

    Raises:
        UnreachableError: nobody answers.
        QueryRefused: the RIS answered with a failure.
        PeerError: it did not answer properly.
    """
    if isinstance(ris, WebAddress):
        with WebWorklist(ris, local) as web:
            return web.find(identifier)
    return dimse.find_workitems(ris, identifier, local)


def create_workitem(ris: Worklist, uid: str, attributes: Dataset, local: Local) -> None:
    """Push a workitem onto a worklist.

    Raises:
        UnreachableError: nobody answers.
        StepRefused: the RIS answered with a failure.
        PeerError: it did not answer properly.
    """
    if isinstance(ris, WebAddress):
        with WebWorklist(ris, local) as web:
            web.create(uid, attributes)
    else:
        dimse.create_workitem(ris, uid, attributes, local)


def change_state(ris: Worklist, uid: str, state: str, transaction_uid: str, local: Local) -> None:
    """Claim a workitem (IN PROGRESS, with a new Transaction UID), or end it with that one.

    Raises:
        UnreachableError: nobody answers.
        StepRefused: the RIS answered with a failure, such as C301H when somebody else has claimed it.
        PeerError: it did not answer properly.
    """
    if isinstance(ris, WebAddress):
        with WebWorklist(ris, local) as web:
            web.change_state(uid, state, transaction_uid)
    else:
        dimse.change_state(ris, uid, state, transaction_uid, local)


def update(ris: Worklist, uid: str, changes: Dataset, local: Local) -> None:
    """Tell of a workitem's progress or results; the changes hold the Transaction UID.

    Raises:
        UnreachableError: nobody answers.
        StepRefused: the RIS answered with a failure.
        PeerError: it did not answer properly.
    """
    if isinstance(ris, WebAddress):
        with WebWorklist(ris, local) as web:
            web.update(uid, changes)
    else:
        dimse.update(ris, uid, changes, local)


def get_workitem(ris: Worklist, uid: str, local: Local) -> Workitem:
    """A workitem as it stands.

    Raises:
        UnreachableError: nobody answers.
        StepRefused: the RIS answered with a failure.
        PeerError: it did not answer properly.
    """
    if isinstance(ris, WebAddress):
        with WebWorklist(ris, local) as web:
            return web.get(uid)
    return dimse.get_workitem(ris, uid, local)


def request_cancel(ris: Worklist, uid: str, reason: str, local: Local) -> None:
    """Ask for a workitem of somebody else's to be cancelled, for a reason in words.

    Raises:
        UnreachableError: nobody answers.
        StepRefused: the RIS answered with a failure.
        PeerError: it did not answer properly.
    """
    if isinstance(ris, WebAddress):
        with WebWorklist(ris, local) as web:
            web.request_cancel(uid, reason)
    else:
        dimse.request_cancel(ris, uid, reason, local)


def subscribe(ris: Worklist, uid: str, local: Local, *, end: bool = False) -> None:
    """Subscribe our AE title to a workitem's events, or end that.

    Over DIMSE they come to the address that the RIS knows of us, over the web to who holds a connection open, see
    `modality.network.unified.channel.Channel`.

    Raises:
        UnreachableError: nobody answers.
        StepRefused: the RIS answered with a failure, such as C308H when it knows no address of us.
        PeerError: it did not answer properly.
    """
    if isinstance(ris, WebAddress):
        with WebWorklist(ris, local) as web:
            web.subscribe(uid, local.aet, end=end)
    else:
        dimse.subscribe(ris, uid, local, end=end)
