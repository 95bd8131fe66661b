"""Images of a wrong worklist entry rejected: a note of each study that they went to (IHE Radiology, IOCM).

The note is a Key Object Selection Document (PS3.16 TID 2010) whose title says why. Imaging Object Change Management has
it stored beside what it rejects (RAD-66, Rejection Note Stored; from memory of the profile). It is made after the step
has ended, and belongs to no performed step: nothing may join one that is over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from modality.errors import PeerError, UnreachableError, counted
from modality.iods.captured import prepared
from modality.iods.coded import Code
from modality.iods.documents import key_objects
from modality.iods.documents.content import KeyObjects, Reference
from modality.station.pending import note_receipt
from modality.transfer.destination import Receipt
from modality.transfer.instance import PreparedInstance

if TYPE_CHECKING:
    from modality.station.performed import Performed

WRONG_ENTRY = "110514"
"""The reason of CID 9300 after which images are rejected."""
# PS3.16 CID 7011, Rejected for Quality Reasons and the others; IOCM's title for this case.
INCORRECT_ENTRY = Code("113038", "DCM", "Incorrect Modality Worklist Entry")


def reject(performed: Performed) -> tuple[list[str], list[str]]:
    """Store a note that rejects what a performed step has made, in each of its studies.

    Where the archive is away a note waits as the images do, and goes after them.

    Args:
        performed: a step that has ended.

    Returns:
        SOP Instance UIDs of the notes that were made, and what went wrong with storing them, a line each.
    """
    notes, receipt, problems = list(_notes(performed)), Receipt(), []
    station = performed.station
    for note in notes:
        station.pending.put(note, commit_wanted=False)
    try:
        if notes and station.archive is not None:
            station.archive.store(iter(notes), receipt=receipt)
    except (UnreachableError, PeerError) as error:
        problems.append(f"the rejection note waits for --resume: {error}")
        for note in notes:
            receipt.fail(note.sop_instance_uid, error)
    finally:
        note_receipt(station, receipt)
    if not problems and not receipt.complete:
        lost = receipt.dealt_with - len(receipt.stored)
        reasons = [f"status {status:04X}H" for status in receipt.refused] + list(receipt.failed.values())[:1]
        problems.append(f"{counted(lost, 'rejection note')} not stored, and kept: {'; '.join(reasons)}")
    return [note.sop_instance_uid for note in notes], problems


def _notes(performed: Performed) -> Iterator[PreparedInstance]:
    """A note of each study that holds, or will hold, anything of the step."""
    refused = {uid for uids in performed.receipt.refused.values() for uid in uids}
    for study in performed.studies:
        objects = tuple(
            Reference(study.uid, series.uid, sop_class, uid)
            for series, scan in zip(performed.series, performed.scans, strict=True)
            if scan.context.study.uid == study.uid
            for sop_class, uid in series.images
            if uid not in refused
        )
        if objects:
            context = performed.beside(study, INCORRECT_ENTRY.meaning)
            selection = KeyObjects(INCORRECT_ENTRY, context.series.started, objects)
            yield prepared(key_objects.describe(selection, context), "rejection note")
