"""What a UPS SCP accepts: states, claims and statuses as data (PS3.4 Table CC.1.1-2).

::

    N-CREATE            Change State, with a new           Change State COMPLETED,
    SCHEDULED           Transaction UID: the claim         with that Transaction UID
    (none) --> SCHEDULED -----------------> IN PROGRESS -----------------> COMPLETED
                   |                          |     ^ |
                   |                          +-----+ +------------------> CANCELED
                   |                           N-SET     Change State CANCELED
                   +-----------------------------------------------------> CANCELED
                     Request Cancel, by way of IN PROGRESS (PS3.4 CC.2.2.3)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from modality.protocol.step_states import (
    DUPLICATE_SOP_INSTANCE,
    MISSING_ATTRIBUTE,
    MISSING_ATTRIBUTE_VALUE,
    NO_SUCH_ATTRIBUTE,
    Decision,
)
from modality.protocol.worklist import text

SCHEDULED, IN_PROGRESS, COMPLETED, CANCELED = "SCHEDULED", "IN PROGRESS", "COMPLETED", "CANCELED"
CHANGE_STATE, REQUEST_CANCEL, SUBSCRIBE, UNSUBSCRIBE, SUSPEND = 1, 2, 3, 4, 5
"""Action Type IDs (PS3.4 Tables CC.2.1-1, CC.2.2-1, CC.2.3-1)."""
STATE_REPORT, CANCEL_REQUESTED, PROGRESS_REPORT = 1, 2, 3
"""Event Type IDs (PS3.4 Table CC.2.4-1)."""
EVERY_WORKITEM = "1.2.840.10008.5.1.4.34.5"
"""The well-known instance that stands for all workitems in a subscription (UPS Global Subscription)."""
FILTERED_WORKITEMS = "1.2.840.10008.5.1.4.34.5.1"
"""That which stands for those that match a filter (UPS Filtered Global Subscription)."""

NO_LONGER_UPDATED = 0xC300
WRONG_TRANSACTION = 0xC301
ALREADY_IN_PROGRESS = 0xC302
ONLY_BY_CREATE = 0xC303
NOT_FINAL = 0xC304
NO_SUCH_UPS = 0xC307
UNKNOWN_RECEIVER = 0xC308
NOT_SCHEDULED = 0xC309
NOT_YET_IN_PROGRESS = 0xC310
ALREADY_COMPLETED = 0xC311
CANNOT_BE_CONTACTED = 0xC312
ALREADY_CANCELED_WARNING = 0xB304
ALREADY_COMPLETED_WARNING = 0xB306

MEANINGS: Mapping[int, str] = {
    NO_LONGER_UPDATED: "the UPS may no longer be updated",
    WRONG_TRANSACTION: "the correct Transaction UID was not provided",
    ALREADY_IN_PROGRESS: "the UPS is already IN PROGRESS",
    ONLY_BY_CREATE: "the UPS may only become SCHEDULED by N-CREATE",
    NOT_FINAL: "the UPS does not meet the final state requirements",
    NO_SUCH_UPS: "there is no such UPS",
    UNKNOWN_RECEIVER: "the Receiving AE Title is unknown",
    NOT_SCHEDULED: "a UPS is created as SCHEDULED",
    NOT_YET_IN_PROGRESS: "the UPS is not yet IN PROGRESS",
    ALREADY_COMPLETED: "the UPS is already COMPLETED",
    CANNOT_BE_CONTACTED: "the performer cannot be contacted",
    ALREADY_CANCELED_WARNING: "the UPS is already CANCELED",
    ALREADY_COMPLETED_WARNING: "the UPS is already COMPLETED",
}

# PS3.4 Table CC.1.1-2, Change State with the correct Transaction UID: the status by state and by state asked for.
_CHANGES: Mapping[tuple[str, str], int] = {
    (SCHEDULED, IN_PROGRESS): 0,
    (SCHEDULED, COMPLETED): NOT_YET_IN_PROGRESS,
    (SCHEDULED, CANCELED): NOT_YET_IN_PROGRESS,
    (IN_PROGRESS, IN_PROGRESS): ALREADY_IN_PROGRESS,
    (IN_PROGRESS, COMPLETED): 0,
    (IN_PROGRESS, CANCELED): 0,
    (COMPLETED, IN_PROGRESS): NO_LONGER_UPDATED,
    (COMPLETED, COMPLETED): ALREADY_COMPLETED_WARNING,
    (COMPLETED, CANCELED): NO_LONGER_UPDATED,
    (CANCELED, IN_PROGRESS): NO_LONGER_UPDATED,
    (CANCELED, COMPLETED): NO_LONGER_UPDATED,
    (CANCELED, CANCELED): ALREADY_CANCELED_WARNING,
}
# The same table, Request Cancel.
_CANCELS: Mapping[str, int] = {
    SCHEDULED: 0,
    IN_PROGRESS: CANNOT_BE_CONTACTED,
    COMPLETED: ALREADY_COMPLETED,
    CANCELED: ALREADY_CANCELED_WARNING,
}

# PS3.4 Table CC.2.5-3, N-CREATE: of Type 1, and of Type 2 of those that a worklist needs.
_CREATE_TYPE_1 = (
    "ScheduledProcedureStepPriority", "ProcedureStepLabel", "ScheduledProcedureStepStartDateTime", "ProcedureStepState",
    "InputReadinessState",
)  # fmt: skip
_CREATE_TYPE_2 = (
    "WorklistLabel", "ScheduledStationNameCodeSequence", "ScheduledStationClassCodeSequence", "PatientName",
    "PatientID", "PatientBirthDate", "PatientSex", "ReferencedRequestSequence", "InputInformationSequence",
    "ScheduledProcessingParametersSequence",
)  # fmt: skip
# The same table: what N-SET may not change, since it is the SCP's, or fixed at the creation.
_NOT_SET = frozenset(("ProcedureStepState", "SOPClassUID", "SOPInstanceUID", "PatientName", "PatientID"))
# The same table, final state COMPLETED: of the item of the Performed Procedure Sequence.
_PERFORMED = (
    "PerformedStationNameCodeSequence", "PerformedProcedureStepStartDateTime", "PerformedProcedureStepEndDateTime",
    "PerformedWorkitemCodeSequence",
)  # fmt: skip


def decided(status: int, comment: str = "", *keywords: str) -> Decision:
    """A decision with its meaning."""
    said = comment or MEANINGS.get(status, "")
    return Decision(status, said, tags=tuple(int(Tag(keyword)) for keyword in keywords))


def judge_create(attributes: Dataset, *, exists: bool = False) -> Decision:
    """Whether a UPS may be created (PS3.4 CC.2.5.3)."""
    if exists:
        return decided(DUPLICATE_SOP_INSTANCE, "there is a UPS of this UID")
    missing = [name for name in (*_CREATE_TYPE_1, *_CREATE_TYPE_2) if name not in attributes]
    if missing:
        return decided(MISSING_ATTRIBUTE, f"missing: {', '.join(missing)}", *missing)
    empty = [name for name in _CREATE_TYPE_1 if attributes[name].is_empty]
    if empty:
        return decided(MISSING_ATTRIBUTE_VALUE, f"without a value: {', '.join(empty)}", *empty)
    if text(attributes, "ProcedureStepState") != SCHEDULED or text(attributes, "TransactionUID"):
        return decided(NOT_SCHEDULED)
    return Decision()


def judge_change(ups: Dataset | None, requested: str, transaction_uid: str) -> Decision:
    """Whether a UPS may go to another state (PS3.4 CC.2.1.3).

    Args:
        ups: as it stands, with its Transaction UID once it is claimed; None when there is none.
        requested: the state asked for.
        transaction_uid: the one given; of a claim, the one that it makes.
    """
    if ups is None:
        return decided(NO_SUCH_UPS)
    state = text(ups, "ProcedureStepState")
    if requested == SCHEDULED:
        return decided(ONLY_BY_CREATE)
    known = text(ups, "TransactionUID")
    if not transaction_uid or (state != SCHEDULED and transaction_uid != known):
        return decided(WRONG_TRANSACTION)
    status = _CHANGES.get((state, requested))
    if status is None:
        return decided(0x0115, f"{requested!r} is no state of a UPS", "ProcedureStepState")
    if not status and requested == COMPLETED:
        missing = list(missing_at_end(ups))
        if missing:
            return decided(NOT_FINAL, f"not final without {', '.join(missing)}", *missing)
    return decided(status)


def judge_set(ups: Dataset | None, changes: Dataset) -> Decision:
    """Whether a UPS may be changed so (PS3.4 CC.2.6.3)."""
    if ups is None:
        return decided(NO_SUCH_UPS)
    state = text(ups, "ProcedureStepState")
    if state in (COMPLETED, CANCELED):
        return decided(NO_LONGER_UPDATED)
    # CC.2.6.2: whoever changes one that is SCHEDULED gives none, since it has none.
    if text(changes, "TransactionUID") != text(ups, "TransactionUID"):
        return decided(NOT_YET_IN_PROGRESS if state == SCHEDULED else WRONG_TRANSACTION)
    forbidden = sorted(_NOT_SET & {element.keyword for element in changes})
    if forbidden:
        return decided(NO_SUCH_ATTRIBUTE, f"not allowed in N-SET: {', '.join(forbidden)}", *forbidden)
    return Decision()


def judge_cancel(ups: Dataset | None, *, watched: bool = False) -> Decision:
    """Whether somebody else's request to cancel is granted, or handed on to the performer (PS3.4 CC.2.2.3).

    Args:
        ups: the workitem.
        watched: somebody subscribes to it: the performer, as far as the SCP can know.
    """
    if ups is None:
        return decided(NO_SUCH_UPS)
    state = text(ups, "ProcedureStepState")
    return decided(0) if watched and state == IN_PROGRESS else decided(_CANCELS[state])


def missing_at_end(ups: Dataset) -> Iterator[str]:
    """What a UPS lacks to be COMPLETED (PS3.4 Table CC.2.5-3, column of the final state)."""
    performed = ups.get("UnifiedProcedureStepPerformedProcedureSequence")
    if not performed:
        yield "UnifiedProcedureStepPerformedProcedureSequence"
        return
    yield from (name for name in _PERFORMED if not performed[0].get(name))
    if "OutputInformationSequence" not in performed[0]:
        yield "OutputInformationSequence"
