"""What an earlier run left behind, finished: instances stored, commitments asked for."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from modality.errors import InputError, PeerError, UsageError, counted
from modality.station.commit import Outcome
from modality.station.steps.reporting import Told
from modality.transfer.destination import Progress, Receipt
from modality.transfer.instance import PreparedInstance

if TYPE_CHECKING:
    from modality.delivery.pending import Pending
    from modality.station.station import Station


@dataclass(slots=True)
class Settled:
    """What was finished, and what still waits.

    Args:
        receipt: of the stores.
        outcomes: of the commitments, one for each study.
        problems: one line for each thing that went wrong.
        waiting: how many instances still wait.
        told: what the RIS was told of performed steps.
    """

    receipt: Receipt = field(default_factory=Receipt)
    outcomes: list[Outcome] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    waiting: int = 0
    told: Told = field(default_factory=Told)


def settle(station: Station, *, timeout_s: float, progress: Progress | None = None) -> Settled:
    """Store what was not stored and ask for what was not committed, study by study.

    Raises:
        UsageError: the station has no archive.
        UnreachableError: the archive does not answer.
    """
    if station.archive is None:
        raise UsageError(f"station {station.aet} has no archive to resume with")
    settled = Settled()
    noted = 0

    def answered(count: int) -> None:
        nonlocal noted
        station.pending.stored(settled.receipt.stored[noted:])
        noted = len(settled.receipt.stored)
        if progress:
            progress(count)

    try:
        station.archive.store(_readable(station, settled), progress=answered, receipt=settled.receipt)
    finally:
        note_receipt(station, settled.receipt)
    settled.problems += settled.receipt.failed.values()
    settled.problems += [
        f"{counted(len(uids), 'image')} refused with status {status:04X}H"
        for status, uids in settled.receipt.refused.items()
    ]
    waiting: dict[str, list[Pending]] = {}
    for one in station.pending.list():
        if one.stored and one.commit_wanted:
            waiting.setdefault(one.study_uid, []).append(one)
    if waiting and not station.commitment:
        count = sum(map(len, waiting.values()))
        settled.problems.append(f"{counted(count, 'image')} stored, and kept for a commitment that nobody is asked for")
    for instances in waiting.values() if station.commitment else ():
        try:
            outcome = station.commit([(one.class_uid, one.uid) for one in instances], timeout_s=timeout_s)
        except PeerError as error:
            settled.problems.append(str(error))
        else:
            settled.outcomes.append(outcome)
            settled.problems += outcome.problems
    settled.waiting = len(station.pending.list())
    return settled


def store_again(station: Station, uids: Container[str]) -> Receipt:
    """Store those of the instances that are not stored, or whose commitment failed.

    Raises:
        UnreachableError: the archive does not answer.
        PeerError: it did not answer properly.
    """
    receipt = Receipt()
    again = [one for one in station.pending.list() if one.uid in uids and not one.stored]
    if again and station.archive:
        try:
            station.archive.store(map(station.pending.read, again), receipt=receipt)
        finally:
            note_receipt(station, receipt)
    return receipt


def _readable(station: Station, settled: Settled) -> Iterator[PreparedInstance]:
    for one in station.pending.list():
        if not one.stored:
            try:
                yield station.pending.read(one)
            except InputError as error:
                settled.problems.append(str(error))


def note_receipt(station: Station, receipt: Receipt) -> None:
    """Write down which instances are stored, and why others are not."""
    station.pending.stored(receipt.stored)
    station.pending.failed(receipt.failed.items())
    for status, uids in receipt.refused.items():
        station.pending.failed((uid, f"refused with status {status:04X}H") for uid in uids)
