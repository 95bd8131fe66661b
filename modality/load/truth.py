"""The truth about an archive after a load: what it acknowledged, and what of that is there.

Every study of the load is asked for. What was acknowledged and is not listed is lost; a sample is fetched and compared
with what was sent, element by element and pixel by pixel.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from modality.errors import ModalityError, PeerError, UnreachableError
from modality.load.account import Account
from modality.load.faults.injector import Struck
from modality.load.listing import Listing, listing
from modality.load.outcome import UNKNOWN, Fate, instance_uid
from modality.network.address import Address
from modality.network.local import Local
from modality.network.retrieve.move import Listen
from modality.network.verify import Verification, verify_instances
from modality.transfer.instance import PreparedInstance

Again = Callable[[str, int], PreparedInstance]
"""The instance of a study by Study Instance UID and place in it, as it was sent."""
Progress = Callable[[int], None]

_MOST_EXAMPLES = 20  # of differences and problems that are told one by one
_FIRST_WAIT_S = 0.25


class Opened(Protocol):
    """Opens what lists the instances of a study."""

    def __call__(self, address: Address, local: Local) -> AbstractContextManager[Listing]:
        """A listing of what is kept at an address."""


@dataclass(slots=True)
class Truth:
    """What was found.

    Args:
        studies: studies asked for.
        acknowledged: instances that were answered with success or a warning.
        stored: how many of them are listed.
        lost: SOP Instance UIDs of those that are not, though the archive was given time.
        duplicated: SOP Instance UIDs listed more than once.
        unexpected: SOP Instance UIDs listed in studies of the load that were never sent, as after a change of UIDs.
        kept_unacknowledged: instances that were refused, aborted or not answered, and are there all the same.
        unknown: acknowledged instances of studies about which no proper answer came.
        waited_s: how long it took until the last one was listed, or until nothing more was waited for.
        sample: what was fetched and compared; None when nothing was to be.
        problems: why something could not be asked or compared.
    """

    studies: int = 0
    acknowledged: int = 0
    stored: int = 0
    lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    kept_unacknowledged: int = 0
    unknown: int = 0
    waited_s: float = 0.0
    sample: Verification | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """All that was acknowledged is there, and what was compared was given back with the same pixels."""
        spoiled = self.sample and (self.sample.differing or self.sample.lost)
        return not (self.lost or self.unknown or self.duplicated or spoiled)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            "studies": self.studies,
            "acknowledged": self.acknowledged,
            "stored": self.stored,
            "lost": len(self.lost),
            "duplicated": self.duplicated,
            "unexpected": self.unexpected,
            "kept_unacknowledged": self.kept_unacknowledged,
            "unknown": self.unknown,
            "waited_s": round(self.waited_s, 3),
            "sample": self._sample_as_dict(),
            "problems": self.problems[:_MOST_EXAMPLES],
        }

    def _sample_as_dict(self) -> dict[str, Any] | None:
        sample = self.sample
        if sample is None:
            return None
        coerced = Counter(one.attribute for one in sample.coerced)
        return {
            "compared": sample.checked - len(sample.lost) - len(sample.problems),
            "identical": sample.identical,
            "differing_pixels": sample.differing,
            "coerced": dict(coerced.most_common()),
            "coerced_examples": [
                {"uid": one.uid, "attribute": one.attribute, "sent": one.sent, "held": one.held}
                for one in sample.coerced[:_MOST_EXAMPLES]
            ],
            "transcoded": dict(Counter(f"{sent} to {held}" for sent, held in sample.transcoded.values())),
            "not_given_back": sample.lost,
            "problems": sample.problems[:_MOST_EXAMPLES],
        }


def verify(
    account: Account,
    address: Address,
    local: Local,
    again: Again | None,
    *,
    sample: int = 10,
    settle_s: float = 10.0,
    listen: Listen | None = None,
    progress: Progress | None = None,
    opened: Opened = listing,
) -> Truth:
    """Ask an archive for every study of a load, compare a sample, and enter what was found in the account.

    Args:
        account: of the load.
        address: of the archive, DIMSE (C-FIND) or DICOMweb (QIDO-RS).
        local: who asks.
        again: makes an instance again as it was sent; None compares nothing.
        sample: how many instances are fetched and compared, whole studies at a time as far as it goes.
        settle_s: how long instances not listed yet are waited for: many archives index after they answer.
        listen: where an archive without C-GET may send to.
        progress: takes the number of studies asked for.
        opened: opens what lists.
    """
    truth = Truth(studies=len(account.fates))
    asking = _Asking(account, truth)
    began = time.monotonic()
    waiting, wait_s = list(account.fates), _FIRST_WAIT_S
    try:
        while waiting:
            with opened(address, local) as place:
                asking.ask(place, waiting, progress)
            waiting, progress = list(asking.missing), None
            truth.waited_s = time.monotonic() - began
            if not waiting or truth.waited_s + wait_s > settle_s:
                break
            time.sleep(wait_s)
            wait_s *= 2
    except (PeerError, UnreachableError) as error:
        truth.problems.append(str(error))
        asking.cut_short = True
    except KeyboardInterrupt:
        truth.problems.append("interrupted, before the archive had been asked for all, or had had its time")
        asking.cut_short, sample = True, 0
    asking.conclude()
    truth.acknowledged = account.sent
    truth.stored = truth.acknowledged - len(truth.lost) - truth.unknown
    if sample and again and truth.stored:
        truth.sample = _compared(account, address, local, again, sample, listen, set(truth.lost))
    account.lost_uids = list(truth.lost)
    account.verification = truth.as_dict()
    return truth


def _letters(account: Account, study_uid: str) -> str:
    return account.fates[study_uid][1].decode("ascii")


class _Asking:
    """What the answers say of the instances of a load, study by study; the last answer counts."""

    def __init__(self, account: Account, truth: Truth) -> None:
        self.account, self.truth = account, truth
        self.missing: dict[str, list[str]] = {}
        self.answered: set[str] = set()
        self.cut_short = False
        self.kept: dict[str, int] = {}
        self.duplicated: dict[str, list[str]] = {}
        self.unexpected: dict[str, list[str]] = {}

    def ask(self, place: Listing, studies: Iterable[str], progress: Progress | None) -> None:
        """Ask for studies; one about which no proper answer comes is a problem."""
        for number, study_uid in enumerate(studies, 1):
            try:
                self.note(study_uid, Counter(place.instances(study_uid)))
            except UnreachableError:
                raise
            except PeerError as error:
                self.truth.problems.append(f"study {study_uid}: {error}")
                place.renew()
            if progress:
                progress(number)

    def note(self, study_uid: str, listed: Counter[str]) -> None:
        """Enter what is listed of a study."""
        mine = {instance_uid(study_uid, at): letter for at, letter in enumerate(_letters(self.account, study_uid))}
        absent = [uid for uid, letter in mine.items() if letter == Fate.SENT.value and uid not in listed]
        self.missing.pop(study_uid, None)
        if absent:
            self.missing[study_uid] = absent
        others = (Fate.SENT.value, Fate.SKIPPED.value, UNKNOWN)
        self.kept[study_uid] = sum(letter not in others and uid in listed for uid, letter in mine.items())
        self.duplicated[study_uid] = [uid for uid, times in listed.items() if times > 1]
        self.unexpected[study_uid] = [uid for uid in listed if uid not in mine]
        self.answered.add(study_uid)

    def conclude(self) -> None:
        """Enter it all."""
        truth = self.truth
        missing = [uid for uids in self.missing.values() for uid in uids]
        truth.lost = [] if self.cut_short else missing
        truth.kept_unacknowledged = sum(self.kept.values())
        truth.duplicated = [uid for uids in self.duplicated.values() for uid in uids]
        truth.unexpected = [uid for uids in self.unexpected.values() for uid in uids]
        never = self.account.fates.keys() - self.answered
        truth.unknown = sum(_letters(self.account, one).count(Fate.SENT.value) for one in never)
        truth.unknown += len(missing) - len(truth.lost)  # it had not had its time


def _compared(
    account: Account,
    address: Address,
    local: Local,
    again: Again,
    sample: int,
    listen: Listen | None,
    lost: set[str],
) -> Verification:
    """Fetch and compare instances of studies in an order that the seed decides."""
    studies = sorted(account.fates)
    random.Random(account.seed).shuffle(studies)
    chosen = (
        (study_uid, index)
        for study_uid in studies
        for index, letter in enumerate(_letters(account, study_uid))
        if letter == Fate.SENT.value and instance_uid(study_uid, index) not in lost
    )
    picked = [one for one, _ in zip(chosen, range(sample), strict=False)]
    try:
        return verify_instances(address, (again(*one) for one in picked), local, listen=listen)
    except ModalityError as error:
        return Verification(checked=len(picked), problems=[str(error)] * len(picked))


def look_for_struck(struck: Iterable[Struck], address: Address, local: Local, *, opened: Opened = listing) -> None:
    """Note which of the instances that faults sent are there; of half an instance nothing should be."""
    with opened(address, local) as place:
        for fault in struck:
            held: Counter[str] = Counter()
            asked: Counter[str] = Counter()
            for study_uid, uid, defect in fault.instances:
                try:
                    found = place.instances(study_uid)
                except PeerError:
                    place.renew()  # of this one nothing is known
                    continue
                held[defect] += uid in found
                asked[defect] += 1
            fault.held, fault.asked = held, asked
