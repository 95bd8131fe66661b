"""What a decision about a workitem is on the web: HTTP status and Warning field of each transaction of UPS-RS.

Read against PS3.18 2024d: Tables 11.4.3-1, 11.5.3-1, 11.6.3-1, 11.7.3-1, 11.8.3-1, 11.10.3-1, 11.11.3-1 and 11.12.3-1
for the statuses, 11.6.3.2, 11.7.3.2 and 11.8.3.2 (of 2026a) for the warnings, word by word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from modality.protocol.step_states import DUPLICATE_SOP_INSTANCE, Decision
from modality.protocol.ups import states
from modality.simulated.dicomweb.answers import warning

_ALREADY = "The UPS is already in the requested state of {}."
_WARNINGS = {
    states.ALREADY_CANCELED_WARNING: _ALREADY.format(states.CANCELED),
    states.ALREADY_COMPLETED_WARNING: _ALREADY.format(states.COMPLETED),
    states.ALREADY_COMPLETED: "The UPS is already COMPLETED.",
    states.CANNOT_BE_CONTACTED: "The performer cannot be contacted.",
}
_MISSING, _INCORRECT = "The Transaction UID is missing.", "The Transaction UID is incorrect."


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction of UPS-RS.

    Args:
        service: of DIMSE, which faults name.
        success: HTTP status when it is granted.
        refused: HTTP status by DIMSE status; what is not here is a bad request.
        unclaimed: the warning of a workitem that is not claimed, or not by who asks.
        conflict: the warning of what does not fit its state, and of every other refusal.
    """

    service: str
    success: int
    refused: Mapping[int, int]
    unclaimed: str = ""
    conflict: str = ""


CREATE = Transaction("create", 201, {DUPLICATE_SOP_INSTANCE: 409})
RETRIEVE = Transaction("get", 200, {states.NO_SUCH_UPS: 404})
# 11.6.2: one that is COMPLETED or CANCELED is a bad request, as is a Transaction UID that is missing or incorrect.
UPDATE = Transaction(
    "set",
    200,
    {states.NO_SUCH_UPS: 404, states.NOT_YET_IN_PROGRESS: 409},
    "The target URI did not reference a claimed Workitem.",
    "The submitted request is inconsistent with the current state of the Workitem.",
)
CHANGE_STATE = Transaction(
    "action",
    200,
    {
        states.NO_SUCH_UPS: 404,
        states.NO_LONGER_UPDATED: 409,
        states.ALREADY_IN_PROGRESS: 409,
        states.NOT_YET_IN_PROGRESS: 409,
        states.NOT_FINAL: 409,
    },
    conflict="The submitted request is inconsistent with the state of the UPS Instance.",
)
CANCEL = Transaction(
    "action", 202, {states.NO_SUCH_UPS: 404, states.ALREADY_COMPLETED: 409, states.CANNOT_BE_CONTACTED: 409}
)
SUBSCRIBE = Transaction("action", 201, {states.NO_SUCH_UPS: 404})
UNSUBSCRIBE = Transaction("action", 200, {states.NO_SUCH_UPS: 404})


def granted(decision: Decision) -> bool:
    """Whether a decision is no refusal: a warning says that the workitem is in the state asked for already."""
    return decision.accepted or decision.status >> 12 == 0xB


def status(transaction: Transaction, decision: Decision) -> int:
    """The HTTP status of an answer."""
    return transaction.success if granted(decision) else transaction.refused.get(decision.status, 400)


def headers(transaction: Transaction, decision: Decision, transaction_uid: str = "") -> dict[str, str]:
    """The Warning field of an answer, where there is something to warn of.

    Args:
        transaction: what was asked for.
        decision: about it.
        transaction_uid: the one that was given with it.
    """
    text = _WARNINGS.get(decision.status, "")
    if not granted(decision) and not text:
        if decision.status == states.WRONG_TRANSACTION and not transaction.unclaimed:
            text = _INCORRECT if transaction_uid else _MISSING
        elif decision.status in (states.WRONG_TRANSACTION, states.NOT_YET_IN_PROGRESS, states.NO_SUCH_UPS):
            text = transaction.unclaimed
        text = text or transaction.conflict
    return warning(text or decision.comment)
