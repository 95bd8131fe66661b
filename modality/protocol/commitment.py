"""Storage commitment as messages: what is asked for, and what a report says of it (PS3.4 annex J, IHE RAD-10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from modality.errors import InvalidResponse
from modality.protocol.performed_step import reference
from modality.protocol.worklist import text

STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
STORAGE_COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
REQUEST_COMMITMENT = 1
"""Action Type ID of the N-ACTION (PS3.4 Table J.3.2-1)."""

# Failure Reason (0008,1197) values of PS3.3 C.14.1.1.
FAILURE_REASONS = {
    0x0110: "processing failure",
    0x0112: "no such object instance",
    0x0119: "class-instance conflict",
    0x0122: "referenced SOP Class not supported",
    0x0131: "duplicate transaction UID",
    0x0213: "resource limitation",
}


def action(transaction_uid: str, instances: Iterable[tuple[str, str]]) -> Dataset:
    """The N-ACTION's information: commit these instances (SOP Class and Instance UID)."""
    information = Dataset()
    information.TransactionUID = transaction_uid
    information.ReferencedSOPSequence = [reference(*one) for one in instances]
    return information


@dataclass(frozen=True, slots=True)
class CommitmentReport:
    """What an N-EVENT-REPORT says.

    Args:
        transaction_uid: which request it answers.
        committed: SOP Instance UIDs that the archive takes responsibility for.
        failed: Failure Reason by SOP Instance UID.
    """

    transaction_uid: str
    committed: frozenset[str] = frozenset()
    failed: Mapping[str, int] = field(default_factory=dict)


def read_report(information: Dataset) -> CommitmentReport:
    """A report from the event's information (PS3.4 Table J.3-2).

    Raises:
        InvalidResponse: it names no transaction.
    """
    transaction_uid = text(information, "TransactionUID")
    if not transaction_uid:
        raise InvalidResponse("N-EVENT-REPORT without a Transaction UID")
    committed = (text(one, "ReferencedSOPInstanceUID") for one in information.get("ReferencedSOPSequence") or [])
    failed = {
        text(one, "ReferencedSOPInstanceUID"): int(one.get("FailureReason") or 0x0110)
        for one in information.get("FailedSOPSequence") or []
    }
    return CommitmentReport(transaction_uid, frozenset(committed) - {""} - failed.keys(), failed)
