"""Where instances go: anything that stores them and says what became of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from modality.errors import InputError, ModalityError, StatusError, UsageError
from modality.transfer.instance import PreparedInstance
from modality.transfer.part10 import names_a_file

Progress = Callable[[int], None]
"""Called with the number of instances dealt with so far."""


@dataclass(slots=True)
class Receipt:
    """What became of each instance handed to a destination.

    Args:
        stored: SOP Instance UIDs stored, in the order of their storing; a warning status counts as stored.
        warnings: SOP Instance UIDs by the warning status (Bxxx) they were stored with.
        refused: SOP Instance UIDs by the failure status that the peer answered with.
        failed: why, by SOP Instance UID or file name, for what got no answer; a second file of one UID as `UID (n)`.
        transcoded: how many of them were stored in another transfer syntax than they came in.
        bytes: bytes of the data sets stored.
        retryable: SOP Instance UIDs among the refused and the failed that may be stored later, as they are: the peer
            was out of resources, busy or away.
        comments: the first Error Comment that came with a failure status, by status.
    """

    stored: list[str] = field(default_factory=list)
    warnings: dict[int, list[str]] = field(default_factory=dict)
    refused: dict[int, list[str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    transcoded: int = 0
    bytes: int = 0
    retryable: list[str] = field(default_factory=list)
    comments: dict[int, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Every instance was stored."""
        return not self.refused and not self.failed

    @property
    def dealt_with(self) -> int:
        """How many instances have met their fate."""
        return len(self.stored) + sum(map(len, self.refused.values())) + len(self.failed)

    def refuse(self, uid: str, error: StatusError) -> None:
        """Note that the peer answered with a failure status."""
        self.refused.setdefault(error.status, []).append(uid)
        if error.comment:
            self.comments.setdefault(error.status, error.comment)
        self.retryable += [uid] if error.retryable else []

    def fail(self, uid: str, error: ModalityError) -> None:
        """Note that there was no answer, and why."""
        self._note_failure(uid, str(error))
        self.retryable += [uid] if error.retryable else []

    def _note_failure(self, uid: str, why: str) -> None:
        self.failed[f"{uid} ({len(self.failed) + 1})" if uid in self.failed else uid] = why

    def add(self, other: Receipt) -> None:
        """Take another receipt's account into this one."""
        self.stored += other.stored
        for mine, theirs in ((self.warnings, other.warnings), (self.refused, other.refused)):
            for status, uids in theirs.items():
                mine.setdefault(status, []).extend(uids)
        self.comments = other.comments | self.comments
        for uid, why in other.failed.items():
            self._note_failure(uid, why)
        self.retryable += other.retryable
        self.transcoded += other.transcoded
        self.bytes += other.bytes


class Destination(Protocol):
    """A place that takes instances."""

    def store(
        self,
        instances: Iterable[PreparedInstance],
        *,
        progress: Progress | None = None,
        receipt: Receipt | None = None,
    ) -> Receipt:
        """Store each instance; one that fails does not stop the others.

        A receipt handed in is filled as it goes, and so holds what was done even when an interruption ends the run.
        """


class Folder:
    """A folder of DICOM files.

    Args:
        path: created when missing.
        name: the file's path within the folder; by study, series and instance unless told otherwise.
    """

    def __init__(self, path: Path, name: Callable[[PreparedInstance], str] | None = None) -> None:
        self.path = path
        self.name = name or _by_uids

    def store(
        self,
        instances: Iterable[PreparedInstance],
        *,
        progress: Progress | None = None,
        receipt: Receipt | None = None,
    ) -> Receipt:
        """Write each instance as a file that appears whole; one that cannot be written does not stop the others.

        Raises:
            UsageError: the first could not be written.
        """
        receipt = Receipt() if receipt is None else receipt
        for instance in instances:
            try:
                instance.write(self.path / self.name(instance))
            except (InputError, UsageError) as error:
                if not receipt.dealt_with and isinstance(error, UsageError):
                    raise
                receipt.fail(instance.sop_instance_uid, error)
            else:
                receipt.stored.append(instance.sop_instance_uid)
                receipt.bytes += instance.size
            if progress:
                progress(receipt.dealt_with)
        return receipt


def _by_uids(instance: PreparedInstance) -> str:
    uids = (instance.study_uid, instance.series_uid, instance.sop_instance_uid)
    # A UID names a folder here: one that came from elsewhere must not lead out of it.
    if not all(map(names_a_file, uids)):
        raise InputError(f"{instance.source or instance.sop_instance_uid}: study, series and instance need proper UIDs")
    return "/".join(uids) + ".dcm"
