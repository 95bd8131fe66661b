"""What was acknowledged is looked for afterwards: exactly what an archive dropped is lost, listed by its UIDs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from modality.errors import PeerError, UnreachableError
from modality.load.account import Account
from modality.load.engine.run import Load
from modality.load.faults.injector import Struck
from modality.load.faults.strike import Answer, Options
from modality.load.outcome import Fate, Outcome, instance_uid
from modality.load.truth import Truth, look_for_struck, verify
from modality.network.address import DicomAddress, WebAddress, parse_dicom
from modality.network.local import Local, Timeouts
from modality.network.verify import Verification
from modality.simulated.archive.archive import SimulatedArchive
from modality.simulated.dicomweb.web import Web
from modality.transfer.instance import PreparedInstance
from tests.load.loads import load
from tests.timing import durations, measured

LOCAL = Local(timeouts=Timeouts(30.0, 30.0, 30.0))


def looked(made: Load, account: Account, *, sample: int = 10, settle_s: float = 0.3) -> Truth:
    studies = {one.uid: one for one in made.plan.studies}
    return verify(
        account, made.to, LOCAL, lambda uid, index: made.material.instance(studies[uid], index),
        sample=sample, settle_s=settle_s,
    )  # fmt: skip


def test_lost_refused_and_coerced_are_told_apart() -> None:
    # 60 requests: every 20th is lost, every 25th refused, and of every 7th the Patient ID is changed.
    faults = ["lose,every=20", "status=A700,every=25", "coerce=PatientID:OTHER,every=7"]
    with SimulatedArchive(faults=faults) as archive:
        made = load(parse_dicom(archive.address), 60.0, 1.0, associations=1)
        account = made.run()
        truth = looked(made, account, sample=60)
        held = {one.sop_instance_uid for one in archive.instances()}
    assert (account.planned, account.sent, account.counts[Fate.REFUSED]) == (60, 58, 2)
    acknowledged = {uid for _, uid in account.uids(Fate.SENT)}
    assert set(truth.lost) == acknowledged - held
    assert len(truth.lost) == 3
    assert account.lost_uids == truth.lost
    assert (truth.acknowledged, truth.stored, truth.unknown, truth.kept_unacknowledged) == (58, 55, 0, 0)
    document = account.to_json()
    assert document["lost"] == 3
    sample = document["verification"]["sample"]
    assert sample["compared"] == 55
    assert list(sample["coerced"]) == ["PatientID"]
    assert sample["identical"] == 55 - sample["coerced"]["PatientID"]
    assert not truth.complete
    assert not account.complete


def test_over_dicomweb_it_is_asked_by_qido_and_all_is_there() -> None:
    with SimulatedArchive(web=Web()) as archive:
        made = load(WebAddress(archive.web_address), 20.0, 1.0)
        account = made.run()
        truth = looked(made, account)
    assert (truth.acknowledged, truth.stored, truth.lost) == (20, 20, [])
    assert truth.sample is not None
    assert truth.sample.identical == 10
    assert truth.complete


class _Lists:
    """A listing to order: each study's answers, the last one for good."""

    def __init__(self, answers: dict[str, list[list[str] | BaseException]]) -> None:
        self.answers = answers
        self.renewed = 0

    def instances(self, study_uid: str) -> list[str]:
        mine = self.answers[study_uid]
        answer = mine.pop(0) if len(mine) > 1 else mine[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def renew(self) -> None:
        self.renewed += 1

    @contextmanager
    def opened(self, address: object, local: Local) -> Iterator[_Lists]:
        yield self


def account_of(fates: dict[str, str]) -> Account:
    made = Account(seed=1)
    for study, letters in fates.items():
        for index, letter in enumerate(letters):
            made.record(Outcome("x", study, index, len(letters), 0.0, 0.0, 0.0, 0.1, Fate(letter)))
    return made


def asked(account: Account, lists: _Lists, settle_s: float = 0.0) -> Truth:
    return verify(account, DicomAddress("127.0.0.1", 9), LOCAL, None, settle_s=settle_s, opened=lists.opened)


def uids(study: str, *indices: int) -> list[str]:
    return [instance_uid(study, index) for index in indices]


@measured
def test_what_is_indexed_later_is_waited_for_and_not_lost() -> None:
    lists = _Lists({"1.2": [[], uids("1.2", 0), uids("1.2", 0, 1)]})
    truth = asked(account_of({"1.2": "SS"}), lists, settle_s=5.0)
    assert (truth.lost, truth.stored) == ([], 2)
    assert truth.waited_s > 0.7
    with durations():
        assert truth.waited_s < 3.0  # 0.25 s, then 0.5 s


def test_what_never_comes_is_lost_when_the_time_is_over() -> None:
    lists = _Lists({"1.2": [uids("1.2", 1)]})
    truth = asked(account_of({"1.2": "SSR"}), lists, settle_s=0.4)
    assert truth.lost == uids("1.2", 0)
    assert truth.stored == 1


def test_duplicates_strangers_and_what_was_kept_without_a_word_are_told() -> None:
    lists = _Lists({"1.2": [[*uids("1.2", 0, 0, 1, 2), "9.9"]]})
    truth = asked(account_of({"1.2": "SRAK"}), lists)
    assert truth.duplicated == uids("1.2", 0)
    assert truth.unexpected == ["9.9"]
    assert truth.kept_unacknowledged == 2  # one refused, one aborted
    assert not truth.complete


def test_a_study_about_which_no_answer_comes_is_unknown_and_not_lost() -> None:
    lists = _Lists({"1.2": [PeerError("no")], "1.3": [uids("1.3", 0)]})
    truth = asked(account_of({"1.2": "SS", "1.3": "S"}), lists)
    assert (truth.lost, truth.unknown, truth.stored, lists.renewed) == ([], 2, 1, 1)
    assert not truth.complete
    assert truth.problems == ["study 1.2: no"]


@pytest.mark.parametrize("end", [UnreachableError("gone"), KeyboardInterrupt()])
def test_what_had_not_its_time_when_the_asking_ended_is_not_known_and_not_lost(end: BaseException) -> None:
    lists = _Lists({"1.2": [uids("1.2", 1), end], "1.3": [uids("1.3", 0)]})
    account = account_of({"1.2": "SS", "1.3": "S"})
    truth = asked(account, lists, settle_s=5.0)
    assert (truth.lost, truth.unknown, truth.stored) == ([], 1, 2)
    assert account.lost_uids == []
    assert not truth.complete
    assert len(truth.problems) == 1


@pytest.mark.parametrize(
    ("found", "complete"),
    [
        (Verification(checked=2, identical=2), True),
        (Verification(checked=2, identical=1, lost=["1.2.3"]), False),
        (Verification(checked=2, identical=1, differing=["1.2.3"]), False),
        (Verification(checked=2, problems=["it offers neither C-GET nor C-MOVE"] * 2), True),
    ],
)
def test_what_is_listed_and_not_given_back_as_it_was_is_told(
    found: Verification, *, complete: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modality.load.truth.verify_instances", lambda *_, **__: found)
    lists = _Lists({"1.2": [uids("1.2", 0, 1)]})
    truth = verify(
        account_of({"1.2": "SS"}), DicomAddress("127.0.0.1", 9), LOCAL, lambda *_: PreparedInstance("1.2", b""),
        opened=lists.opened,
    )  # fmt: skip
    assert truth.sample is found
    assert truth.complete == complete


def test_an_archive_that_cannot_be_asked_leaves_all_unknown() -> None:
    @contextmanager
    def closed(address: object, local: Local) -> Iterator[_Lists]:
        raise PeerError("offers no C-FIND")
        yield _Lists({})

    account = account_of({"1.2": "SSR", "1.3": "S"})
    truth = verify(account, DicomAddress("127.0.0.1", 9), LOCAL, None, opened=closed)
    assert (truth.unknown, truth.lost, truth.stored) == (3, [], 0)
    assert truth.problems == ["offers no C-FIND"]
    assert account.to_json()["verification"]["unknown"] == 3


def test_of_what_a_fault_sent_nothing_is_said_where_the_archive_gives_no_answer() -> None:
    struck = Struck("malformed", Options())
    for study, defect in (("1.2", "no-rows"), ("1.3", "no-rows"), ("1.4", "rubbish")):
        struck.note(Answer(("0000H",), ((study, f"{study}.1"),), defect))
    lists = _Lists({"1.2": [["1.2.1"]], "1.3": [[]], "1.4": [PeerError("no")]})
    look_for_struck([struck], DicomAddress("127.0.0.1", 9), LOCAL, opened=lists.opened)
    found = struck.as_dict()
    assert (found["sent"], found["asked"], found["held"]) == (3, 2, 1)
    assert "rubbish" not in found["held_by_defect"]
    lists = _Lists({study: [PeerError("no")] for study in ("1.2", "1.3", "1.4")})
    look_for_struck([struck], DicomAddress("127.0.0.1", 9), LOCAL, opened=lists.opened)
    assert struck.as_dict()["held"] is None
