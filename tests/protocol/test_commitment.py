"""Storage commitment as messages: the request, and every sort of report."""

from __future__ import annotations

import pytest
from pydicom import Dataset

from modality.errors import InvalidResponse
from modality.protocol.commitment import FAILURE_REASONS, action, read_report
from modality.protocol.performed_step import reference


def failed(uid: str, reason: int | None) -> Dataset:
    item = reference("1.2", uid)
    if reason is not None:
        item.FailureReason = reason
    return item


def report(**attributes: object) -> Dataset:
    information = Dataset()
    for keyword, value in attributes.items():
        setattr(information, keyword, value)
    return information


def test_a_request_names_its_transaction_and_each_instance() -> None:
    information = action("1.7", [("1.2", "1.9.1"), ("1.3", "1.9.2")])
    assert information.TransactionUID == "1.7"
    pairs = [(one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID) for one in information.ReferencedSOPSequence]
    assert pairs == [("1.2", "1.9.1"), ("1.3", "1.9.2")]


def test_a_report_of_success() -> None:
    found = read_report(report(TransactionUID="1.7", ReferencedSOPSequence=[reference("1.2", "1.9.1")]))
    assert (found.transaction_uid, found.committed, found.failed) == ("1.7", {"1.9.1"}, {})


def test_a_report_of_failures_with_their_reasons() -> None:
    found = read_report(
        report(
            TransactionUID="1.7",
            ReferencedSOPSequence=[reference("1.2", "1.9.1")],
            FailedSOPSequence=[failed("1.9.2", 0x0112), failed("1.9.3", None)],
        )
    )
    assert (found.committed, found.failed) == ({"1.9.1"}, {"1.9.2": 0x0112, "1.9.3": 0x0110})
    assert all(reason in FAILURE_REASONS for reason in found.failed.values())


def test_what_stands_in_both_lists_is_not_committed() -> None:
    both = report(
        TransactionUID="1.7", ReferencedSOPSequence=[reference("1.2", "1.9")], FailedSOPSequence=[failed("1.9", 0x0110)]
    )
    assert read_report(both).committed == frozenset()


def test_an_item_without_a_uid_commits_nothing() -> None:
    assert read_report(report(TransactionUID="1.7", ReferencedSOPSequence=[Dataset()])).committed == frozenset()


@pytest.mark.parametrize("information", [Dataset(), report(TransactionUID="")])
def test_a_report_without_a_transaction_is_no_report(information: Dataset) -> None:
    with pytest.raises(InvalidResponse, match="Transaction UID"):
        read_report(information)
