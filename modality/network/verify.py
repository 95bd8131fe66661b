"""What an archive holds compared with what was sent: lost, coerced, transcoded."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from modality.errors import ContextRefused, ModalityError, PeerError, counted
from modality.network.address import Address
from modality.network.comparison import UNCONVERTIBLE, Difference, comparable, differences, same_pixels
from modality.network.local import Local
from modality.network.retrieve.move import Listen
from modality.network.retrieve.sources import Source, Wanted, source
from modality.protocol.negotiation import Context
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read
from modality.transfer.syntaxes import syntax_name


@dataclass(slots=True)
class Verification:
    """What became of the instances.

    Args:
        checked: how many were looked for; files that share a SOP Instance UID count each.
        identical: how many are there with the same pixels and attributes.
        lost: SOP Instance UIDs that the archive does not give back.
        differing: SOP Instance UIDs with other pixels.
        coerced: elements lost, added or changed.
        transcoded: transfer syntaxes by SOP Instance UID: the one sent, the one held.
        problems: why instances could not be compared.
    """

    checked: int = 0
    identical: int = 0
    lost: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    coerced: list[Difference] = field(default_factory=list)
    transcoded: dict[str, tuple[str, str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Nothing is lost, no element of what is there lost or changed, and no pixel differs."""
        return self.complete_but_for(())

    def complete_but_for(self, announced: Container[str]) -> bool:
        """Complete, values left out that the archive changed and said so.

        Args:
            announced: SOP Instance UIDs stored with the warning B000H, coercion of data elements (PS3.4 Table B.2-1).
        """
        wrong = (one for one in self.coerced if one.held is None or (one.sent is not None and one.uid not in announced))
        return not (self.lost or self.differing or self.problems or any(wrong))

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)


def verify_instances(
    archive: Address, instances: Iterable[PreparedInstance], local: Local, *, listen: Listen | None = None
) -> Verification:
    """Query for the instances, fetch them, and compare each with what was sent; a study that fails is a problem.

    Args:
        archive: an archive (C-FIND, then C-GET or C-MOVE), a DICOMweb service (QIDO-RS, then WADO-RS) or a folder.
        instances: what was sent.
        local: who asks.
        listen: where an archive that offers no C-GET may send to.

    Raises:
        UnreachableError: nobody answers.
        PeerError: of no study did the archive answer properly what was asked; what it said of the first.
        MissingExtraError: DICOMweb is not installed.
        UsageError: there is no such folder, or the port to listen on cannot be had.
    """
    report = Verification()
    studies: dict[str, dict[str, list[_Sent]]] = {}
    for instance in instances:
        if instance.study_uid:
            study = studies.setdefault(instance.study_uid, {})
            study.setdefault(instance.sop_instance_uid, []).append(_Sent.of(instance))
        else:
            report.problems.append(f"{instance.sop_instance_uid}: has no Study Instance UID to ask for")
    with source(archive, local, listen=listen) as place:
        ended = [_verify_study(place, study_uid, sent, report) for study_uid, sent in studies.items()]
    errors = [error for error in ended if error]
    if errors and len(errors) == len(studies):
        raise errors[0]
    return report


@dataclass(frozen=True, slots=True)
class _Sent:
    """What has to be there, and how to get at it again: a file stays mapped, and its descriptor open, no longer."""

    name: str
    context: Context
    again: Callable[[], PreparedInstance]

    @classmethod
    def of(cls, instance: PreparedInstance) -> _Sent:
        again = partial(read, instance.path) if instance.path else lambda: instance
        name = instance.source or str(instance.path or "unnamed")
        return cls(name, (instance.sop_class_uid, instance.transfer_syntax_uid), again)


def _verify_study(
    place: Source, study_uid: str, sent: dict[str, list[_Sent]], report: Verification
) -> PeerError | None:
    """Compare a study; the error that ended it, which is a problem of the report too."""
    report.checked += sum(map(len, sent.values()))
    try:
        listed = place.listed(study_uid)
    except PeerError as error:
        report.problems.append(f"study {study_uid}: {error}")
        return error
    report.lost += [uid for uid, files in sent.items() if uid not in listed for _ in files]
    waiting = {uid: files for uid, files in sent.items() if uid in listed}

    def receive(held: PreparedInstance) -> None:
        files = waiting.pop(held.sop_instance_uid, [])
        same = [_compare(held, one, report) for one in files]
        if not all(same) and len(files) > 1:
            others = ", ".join(one.name for one, alike in zip(files, same, strict=True) if not alike)
            report.problems.append(
                f"{held.sop_instance_uid}: {len(files)} files have this SOP Instance UID; not what is held: {others}"
            )

    if waiting:
        wanted = {uid: Wanted(listed[uid], files[0].context) for uid, files in waiting.items()}
        try:
            place.fetch(study_uid, wanted, receive)
        except PeerError as error:
            count = counted(sum(map(len, waiting.values())), "instance")
            report.problems.append(f"study {study_uid}: {error}; {count} not compared")
            return None if isinstance(error, ContextRefused) else error
    report.lost += [uid for uid, files in waiting.items() for _ in files]
    return None


def _compare(held: PreparedInstance, file: _Sent, report: Verification) -> bool:
    """Compare an instance with one that was sent, and report; whether they are identical."""
    uid = held.sop_instance_uid
    try:
        sent = file.again()
        recoded = sent.transfer_syntax_uid != held.transfer_syntax_uid
        if recoded:
            report.transcoded[uid] = (syntax_name(sent.transfer_syntax_uid), syntax_name(held.transfer_syntax_uid))
        mine, theirs = comparable(sent), comparable(held)
        recoded = recoded and (sent.syntax.encapsulated or held.syntax.encapsulated)
        found = list(differences(uid, mine, theirs, transcoded=recoded))
        same = same_pixels(sent, held, mine, theirs)
    except (ModalityError, *UNCONVERTIBLE) as error:
        report.problems.append(f"{uid}: cannot be compared: {error}")
        return False
    report.coerced += found
    if not same:
        report.differing.append(uid)
    identical = same and not found
    report.identical += identical
    return identical
