"""PS3.3 C.8.8.16 Approval."""

from __future__ import annotations

from pydicom.dataset import Dataset


def approval(dataset: Dataset) -> None:
    """Nobody has reviewed it."""
    dataset.ApprovalStatus = "UNAPPROVED"
