"""What an archive holds compared with what was sent: lost, coerced, transcoded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from modality.errors import ContextRefused, ModalityError
from modality.network.address import Address
from modality.network.comparison import Difference, differences, same_pixels
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
        checked: how many were looked for.
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
        """Nothing is lost, no element of what is there either, and no pixel differs."""
        return not (self.lost or self.differing or self.problems or any(one.held is None for one in self.coerced))

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)


def verify_instances(
    archive: Address, instances: Iterable[PreparedInstance], local: Local, *, listen: Listen | None = None
) -> Verification:
    """Query for the instances, fetch them, and compare each with what was sent.

    Args:
        archive: an archive (C-FIND, then C-GET or C-MOVE), a DICOMweb service (QIDO-RS, then WADO-RS) or a folder.
        instances: what was sent.
        local: who asks.
        listen: where an archive that offers no C-GET may send to.

    Raises:
        UnreachableError: nobody answers.
        PeerError: the archive refused the query, or did not answer properly.
        MissingExtraError: DICOMweb is not installed.
        UsageError: there is no such folder, or the port to listen on cannot be had.
    """
    report = Verification()
    studies: dict[str, dict[str, _Sent]] = {}
    for instance in instances:
        if instance.study_uid:
            studies.setdefault(instance.study_uid, {})[instance.sop_instance_uid] = _Sent.of(instance)
        else:
            report.problems.append(f"{instance.sop_instance_uid}: has no Study Instance UID to ask for")
    with source(archive, local, listen=listen) as place:
        for study_uid, sent in studies.items():
            _verify_study(place, study_uid, sent, report)
    return report


@dataclass(frozen=True, slots=True)
class _Sent:
    """What has to be there, and how to get at it again: a file stays mapped, and its descriptor open, no longer."""

    context: Context
    again: Callable[[], PreparedInstance]

    @classmethod
    def of(cls, instance: PreparedInstance) -> _Sent:
        again = partial(read, instance.path) if instance.path else lambda: instance
        return cls((instance.sop_class_uid, instance.transfer_syntax_uid), again)


def _verify_study(place: Source, study_uid: str, sent: dict[str, _Sent], report: Verification) -> None:
    report.checked += len(sent)
    listed = place.listed(study_uid)
    report.lost += [uid for uid in sent if uid not in listed]
    waiting = {uid: one for uid, one in sent.items() if uid in listed}

    def receive(held: PreparedInstance) -> None:
        mine = waiting.pop(held.sop_instance_uid, None)
        if mine is not None:
            _compare(mine.again(), held, report)

    if waiting:
        wanted = {uid: Wanted(listed[uid], one.context) for uid, one in waiting.items()}
        try:
            place.fetch(study_uid, wanted, receive)
        except ContextRefused as error:
            report.problems.append(str(error))
            return
    report.lost += waiting


def _compare(sent: PreparedInstance, held: PreparedInstance, report: Verification) -> None:
    uid = sent.sop_instance_uid
    transcoded = sent.transfer_syntax_uid != held.transfer_syntax_uid
    if transcoded:
        report.transcoded[uid] = (syntax_name(sent.transfer_syntax_uid), syntax_name(held.transfer_syntax_uid))
    try:
        mine, theirs = sent.dataset(), held.dataset()
        found = list(differences(uid, mine, theirs, transcoded=transcoded))
        same = same_pixels(sent, held, mine, theirs)
    except (ModalityError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        report.problems.append(f"{uid}: cannot be compared: {error}")
        return
    report.coerced += found
    if not same:
        report.differing.append(uid)
    elif not found:
        report.identical += 1
