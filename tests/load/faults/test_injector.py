"""Faults thrown at the embedded archive: what each does, what it answers, and what it keeps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from modality.errors import UnknownNameError, UsageError
from modality.load.faults.injector import Injector, Struck, stamped
from modality.load.faults.strike import Answer, Options
from modality.load.faults.table import FAULTS, parse
from modality.load.truth import look_for_struck
from modality.network.address import WebAddress, parse_dicom
from modality.network.local import Local, Timeouts
from modality.simulated.archive.archive import SimulatedArchive
from modality.transfer.instance import PreparedInstance
from tests.load.loads import load, material

LOCAL = Local(timeouts=Timeouts(30.0, 30.0, 4.0))


@pytest.fixture(scope="module")
def archive() -> Iterator[SimulatedArchive]:
    with SimulatedArchive() as running:
        yield running


def fresh(archive: SimulatedArchive) -> PreparedInstance:
    plan = load(parse_dicom(archive.address), 10.0, 1.0).plan
    return stamped(material().instance(plan.studies[0], 0))


def struck(archive: SimulatedArchive, text: str, requests: int = 1) -> Struck:
    address = parse_dicom(archive.address)
    with Injector([text], address, LOCAL, lambda: fresh(archive)) as injector:
        injector.tick(requests)
    look_for_struck(injector.struck, address, LOCAL)
    return injector.struck[0]


# What the archive answers, and how many of the instances it keeps.
EXPECTED = {
    "abort-mid-pdv": ("connection closed", 0),
    "hang-up-mid-pdv": ("hung up", 0),
    "slow-sender,seconds=0.5": ("0000H", 1),
    "half-open,seconds=0.3": ("nothing", 0),
    "idle,seconds=0.3": ("nothing", 0),
    "churn,count=6": ("6 x accepted", 0),
    "duplicate-uid": ("2 x 0000H", 1),
    "colliding-uid": ("2 x 0000H", 1),
    "wrong-syntax": ("C000H", 0),
    "unknown-context": ("A-ABORT", 0),
    "oversized-pdu": ("0000H", 1),
    "malformed,defect=no-study-uid": ("C000H", 0),
    "malformed,defect=bad-date": ("0000H", 1),
    "malformed,defect=missing": ("nothing", 0),
    "commitment-twice,seconds=20": ("0000H, 2 x N-ACTION 0000H, report: committed, report: failed 0131H", 1),
}


@pytest.mark.parametrize("text", EXPECTED)
def test_what_the_archive_answers_to_each_fault_and_keeps_of_it(text: str, archive: SimulatedArchive) -> None:
    name, _, rest = text.partition(",")
    found = struck(archive, f"{name},every=1{',' if rest else ''}{rest}")
    answer, kept = EXPECTED[text]
    assert dict(found.answers) == {answer: 1}
    assert found.held is not None
    assert sum(found.held.values()) == kept


def test_every_fault_of_the_table_is_shown_here() -> None:
    assert {text.partition(",")[0] for text in EXPECTED} == set(FAULTS)


def test_a_fault_strikes_once_for_so_many_requests_and_takes_the_defects_in_turn(archive: SimulatedArchive) -> None:
    address = parse_dicom(archive.address)
    with Injector(["malformed,every=3"], address, LOCAL, lambda: fresh(archive)) as injector:
        for requests in (1, 2, 3, 5, 6, 9, 11):
            injector.tick(requests)
    (found,) = injector.struck
    assert found.done == 3
    assert set(found.as_dict()["by_defect"]) == {"no-sop-class-uid", "no-sop-instance-uid", "other-sop-class"}
    # What is sent without its SOP Instance UID cannot be looked for.
    assert sorted(defect for _, _, defect in found.instances) == ["no-sop-class-uid", "other-sop-class"]


def test_what_is_due_while_too_many_are_under_way_is_left_out_and_counted(archive: SimulatedArchive) -> None:
    found = struck(archive, "idle,every=1,seconds=0.5", requests=30)
    assert (found.done, found.left_out) == (8, 22)


def test_an_archive_that_is_away_is_an_answer_too(archive: SimulatedArchive) -> None:
    with Injector(["churn,every=1"], parse_dicom("dicom://A@127.0.0.1:9"), LOCAL, lambda: fresh(archive)) as injector:
        injector.tick(1)
    assert dict(injector.struck[0].answers) == {"unreachable": 1}


def test_several_answers_are_joined_in_order() -> None:
    one = Struck("duplicate-uid", Options())
    one.note(Answer(("0000H", "0000H", "A-ABORT", "0000H")))
    assert dict(one.answers) == {"2 x 0000H, A-ABORT, 0000H": 1}


def test_faults_read_as_people_write_them() -> None:
    assert parse("churn") == ("churn", Options())
    assert parse("churn,every=5,count=3") == ("churn", Options(every=5, count=3))
    assert parse("slow-sender,seconds=0.5")[1].seconds == 0.5
    for text, error, said in (
        ("chrun", UnknownNameError, "did you mean 'churn'"),
        ("churn,evry=5", UnknownNameError, "did you mean 'every'"),
        ("churn,seconds=5", UnknownNameError, "churn takes every, count"),
        ("churn,every=0", UsageError, "above 0"),
        ("half-open,seconds=nan", UsageError, "above 0"),
        ("malformed,defect=odd", UnknownNameError, "defect"),
    ):
        with pytest.raises(error, match=said):
            parse(text)


def test_faults_are_not_thrown_over_http() -> None:
    with pytest.raises(UsageError, match="over DIMSE"):
        Injector(["churn"], WebAddress("http://127.0.0.1:1/x"), LOCAL, lambda: None)  # type: ignore[arg-type,return-value]
