"""Studies from one archive to another, nothing changed: fetched as they are kept, stored, and compared there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydicom import dcmread

from modality.delivery.migrations import Ledger
from modality.errors import InputError, PeerError, counted
from modality.network.address import Address
from modality.network.destinations import destination
from modality.network.local import Local
from modality.network.retrieve.holdings import Holdings, Wish, holdings
from modality.network.retrieve.move import Listen
from modality.network.retrieve.sources import Wanted
from modality.network.verify import Verification, verify_instances
from modality.protocol.negotiation import Negotiation
from modality.transfer.destination import Destination, Progress, Receipt
from modality.transfer.instance import PreparedInstance
from modality.transfer.part10 import names_a_file
from modality.transfer.reading import read
from modality.transfer.syntaxes import NATIVE

_UNCOMPRESSED = frozenset(one.uid for one in NATIVE)


@dataclass(slots=True)
class Migration:
    """What became of the studies.

    Args:
        studies: how many there were.
        skipped: how many an earlier run had brought over.
        migrated: Study Instance UIDs of those that are there now, whole.
        failed: why, by Study Instance UID, of those that are not.
        instances: how many instances the studies of this run have.
        receipt: of the stores of this run.
        verified: what was compared in the target.
        decompressed: SOP Instance UIDs of copies: the origin lists them compressed, and gave them uncompressed.
        perhaps_decompressed: those of instances that may be such copies: the origin does not say how it keeps them,
            and they were lossily compressed once, or could only be asked for uncompressed.
    """

    studies: int = 0
    skipped: int = 0
    migrated: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    instances: int = 0
    receipt: Receipt = field(default_factory=Receipt)
    verified: Verification = field(default_factory=Verification)
    decompressed: list[str] = field(default_factory=list)
    perhaps_decompressed: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Every study is there, whole."""
        return self.skipped + len(self.migrated) == self.studies


def migrate(
    origin: Address,
    target: Address,
    local: Local,
    ledger: Ledger,
    *,
    wish: Wish = Wish(),  # noqa: B008 - frozen
    transcode: bool = False,
    verify: bool = True,
    listen: Listen | None = None,
    progress: Progress | None = None,
    migration: Migration | None = None,
) -> Migration:
    """Bring studies over, one after the other; one that fails does not stop the others.

    Args:
        origin: an archive, a DICOMweb service or a folder.
        target: likewise.
        local: who asks and who stores.
        ledger: what earlier runs did, and where instances wait.
        wish: which studies.
        transcode: an instance that the target does not take as it is may be transcoded without loss.
        verify: compare what the target holds with what the origin gave.
        listen: where an archive without C-GET may send to.
        progress: called with the number of studies dealt with.
        migration: an account to fill, which then holds what was done even when an interruption ends the run.

    Raises:
        UnreachableError: one of the two does not answer.
        PeerError: the origin lists no studies, or the target lets nobody in.
        UsageError: there is no such folder, or the port to listen on cannot be had.
    """
    migration = Migration() if migration is None else migration
    negotiation = Negotiation(transcode="lossless" if transcode else "never")
    with holdings(origin, local, listen=listen) as kept:
        studies = kept.studies(wish)
        migration.studies = len(studies)
        done = ledger.done()
        move = _Move(kept, destination(target, local, negotiation=negotiation), ledger, migration)
        for number, study_uid in enumerate(studies, 1):
            if study_uid in done:
                migration.skipped += 1
            else:
                problem, again = move.study(study_uid), False
                if not problem and verify:
                    problem, again = _difference(move.spooled(study_uid), target, local, listen, migration), True
                if problem:
                    migration.failed[study_uid] = problem
                    ledger.fail(study_uid, problem, again=again)
                else:
                    ledger.finish(study_uid)
                    migration.migrated.append(study_uid)
            if progress:
                progress(number)
    return migration


class _Move:
    """Takes studies from here to there."""

    def __init__(self, kept: Holdings, target: Destination, ledger: Ledger, migration: Migration) -> None:
        self._kept, self._target, self._ledger, self._migration = kept, target, ledger, migration

    def study(self, study_uid: str) -> str:
        """Bring a study over; why it is not there, or nothing."""
        if not names_a_file(study_uid):
            return "its Study Instance UID is none"
        try:
            problem = self._fetch(study_uid)
        except (PeerError, InputError) as error:
            return str(error)
        return self._store(study_uid) or problem

    def spooled(self, study_uid: str) -> Iterator[PreparedInstance]:
        """The instances of a study, as the origin gave them."""
        for path in sorted((self._ledger.spool / study_uid).glob("*.dcm")):
            yield read(path)

    def _fetch(self, study_uid: str) -> str:
        """Fetch what does not wait here yet; why it is not all, or nothing."""
        folder = self._ledger.spool / study_uid
        listed = self._kept.instances(study_uid)
        self._migration.instances += len(listed)
        if not listed:
            return "no instance is listed"
        if bad := next((uid for uid in listed if not names_a_file(uid)), None):
            return f"the SOP Instance UID {bad!r} is none"
        waiting = {path.stem for path in folder.glob("*.dcm")}
        missing = {uid: wanted for uid, wanted in listed.items() if uid not in waiting}

        def receive(instance: PreparedInstance) -> None:
            if wanted := missing.pop(instance.sop_instance_uid, None):
                path = folder / f"{instance.sop_instance_uid}.dcm"
                instance.write(path)
                self._suspect(instance, wanted, path)

        if missing:
            self._kept.fetch(study_uid, dict(missing), receive)
        return (
            f"{counted(len(missing), 'instance')} listed and not given, {next(iter(missing))} first" if missing else ""
        )

    def _suspect(self, instance: PreparedInstance, wanted: Wanted, path: Path) -> None:
        """Note an instance that is not, or may not be, as the origin keeps it."""
        if instance.transfer_syntax_uid not in _UNCOMPRESSED:
            return
        if wanted.available:
            if not _UNCOMPRESSED & set(wanted.available):
                self._migration.decompressed.append(instance.sop_instance_uid)
        elif instance.sop_instance_uid in self._kept.plain or _once_lossy(path):
            self._migration.perhaps_decompressed.append(instance.sop_instance_uid)

    def _store(self, study_uid: str) -> str:
        """Store what was not stored yet; why it is not all, or nothing."""
        stored, noted = self._ledger.stored(study_uid), 0
        receipt = Receipt()

        def note(_: int) -> None:
            nonlocal noted
            self._ledger.note_stored(study_uid, receipt.stored[noted:])
            noted = len(receipt.stored)

        waiting = (one for one in self.spooled(study_uid) if one.sop_instance_uid not in stored)
        try:
            self._target.store(waiting, progress=note, receipt=receipt)
        finally:
            note(0)
            self._migration.receipt.add(receipt)
        if receipt.complete:
            return ""
        lost = receipt.dealt_with - len(receipt.stored)
        reasons = [f"status {status:04X}H" for status in receipt.refused] + list(receipt.failed.values())[:1]
        return f"{counted(lost, 'instance')} not stored: {'; '.join(reasons)}"


def _once_lossy(path: Path) -> bool:
    """Whether its pixels have been through a lossy compression (PS3.3 C.7.6.1.1.5: 01, for good)."""
    dataset = dcmread(path, stop_before_pixels=True, force=True, specific_tags=["LossyImageCompression"])
    return str(dataset.get("LossyImageCompression") or "") == "01"


def _difference(
    instances: Iterator[PreparedInstance],
    target: Address,
    local: Local,
    listen: Listen | None,
    migration: Migration,
) -> str:
    """What the target holds that the origin did not give, or not so; nothing where there is no difference."""
    try:
        found = verify_instances(target, instances, local, listen=listen)
    except PeerError as error:
        return f"stored, and not verified: {error}"
    whole = migration.verified
    for name in ("checked", "identical"):
        setattr(whole, name, getattr(whole, name) + getattr(found, name))
    for name in ("lost", "differing", "coerced", "problems"):
        getattr(whole, name).extend(getattr(found, name))
    whole.transcoded.update(found.transcoded)
    if found.complete:
        return ""
    counts = {
        "lost": len(found.lost),
        "with other pixels": len(found.differing),
        "with elements lost or changed": len({one.uid for one in found.coerced if one.sent is not None}),
        "not compared": len(found.problems),
    }
    return "verified: " + ", ".join(f"{count} {what}" for what, count in counts.items() if count)
