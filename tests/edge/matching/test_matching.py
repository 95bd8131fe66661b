"""Whose a capture is: found, or held for a person; never guessed."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from modality.delivery.outbox.item import Item, Moment
from modality.edge.config import DeviceConfig
from modality.edge.matching.matching import Hints, Matcher, Subject, Undecided, choice, remembered
from modality.protocol.worklist import ScheduledStep
from tests.peers.worklist_items import sparse

NOW = datetime(2026, 11, 25, 12, 0)


class Answered:
    """A worklist as it was answered."""

    def __init__(
        self, *steps: ScheduledStep, usable: bool = True, tried: bool = True, since: datetime | None = None
    ) -> None:
        self.steps, self.usable, self.tried, self.since = list(steps), usable, tried, since


def _step(number: int, patient_id: str = "", accession: str = "", modality: str = "LEN") -> ScheduledStep:
    item = sparse(number, f"Name^{number}", modality)
    item.PatientID = patient_id or f"PEER{number}"
    item.AccessionNumber = accession or f"ACC{number}"
    item.PatientBirthDate = "19610412"
    return ScheduledStep(item)


def _item(subject: dict[str, str] | None = None, **details: object) -> Item:
    return Item(1, "1.2", "d", "astm", "captured", Moment(NOW), details, "", subject or {}, True, Path("x"), 1, NOW)


def _match(worklist: Answered | None, item: Item | None = None, hints: Hints | None = None, **device: str):  # type: ignore[no-untyped-def]
    config = DeviceConfig("d", "astm", port="x", **device)  # type: ignore[arg-type]
    return Matcher(worklist).match(item or _item(), config, hints or Hints())  # type: ignore[arg-type]


def _who(found: Subject | Undecided) -> tuple[str, str, str]:
    assert isinstance(found, Subject)
    return found.patient.patient_id, found.patient.name, found.step.step_id if found.step else ""


def _why(found: Subject | Undecided) -> str:
    assert isinstance(found, Undecided)
    return found.reason


def test_the_configuration_names_the_patient_and_the_worklist_may_know_the_name() -> None:
    assert _who(_match(None, patient_id="PEER1")) == ("PEER1", "", "")
    assert _who(_match(Answered(_step(1), _step(2)), patient_id="PEER1")) == ("PEER1", "Name^1", "")
    assert _who(_match(Answered(_step(1), _step(2, "PEER1")), patient_id="PEER1")) == ("PEER1", "", ""), "two names"


def test_one_step_of_the_worklist_is_it_and_two_are_held() -> None:
    assert _who(_match(Answered(_step(1)), matching="worklist")) == ("PEER1", "Name^1", "SPS1")
    found = _match(Answered(_step(1), _step(2)), matching="worklist")
    assert _why(found) == "2 entries of the worklist fit"
    assert [one["step"] for one in found.choices] == ["SPS1", "SPS2"]
    assert not found.later


def test_what_was_captured_long_before_the_worklist_could_be_read_is_not_the_next_patient_s() -> None:
    """The RIS was away all morning, and by noon the only step is another's."""
    soon, late = NOW + timedelta(minutes=14), NOW + timedelta(minutes=16)
    assert _who(_match(Answered(_step(1), since=soon), matching="worklist"))[0] == "PEER1"
    found = _match(Answered(_step(1), since=late), matching="worklist")
    assert _why(found) == "it was captured long before the worklist could be read"
    assert [one["step"] for one in found.choices] == ["SPS1"]


def test_what_is_made_anew_is_the_same_patient_s_or_held() -> None:
    before = remembered(_match(Answered(_step(1)), matching="worklist"))  # type: ignore[arg-type]
    again = _item(**before)
    assert _who(_match(Answered(_step(1), _step(2)), again, matching="worklist")) == ("PEER1", "Name^1", "SPS1")
    found = _match(Answered(_step(2)), again, matching="worklist")
    assert "not in the worklist any more" in _why(found)
    another = Answered(_step(1, "PEER7"))
    assert "not in the worklist any more" in _why(_match(another, again, matching="worklist")), "another patient's"


def test_a_device_takes_the_steps_of_its_modality_only() -> None:
    steps = Answered(_step(1), _step(2, modality="US"))
    assert _who(_match(steps, matching="worklist", modality="US")) == ("PEER2", "Name^2", "SPS2")
    assert "no step for this device" in _why(_match(steps, matching="worklist", modality="XC"))


def test_a_worklist_that_was_never_read_is_waited_for() -> None:
    found = _match(Answered(usable=False), matching="worklist")
    assert isinstance(found, Undecided)
    assert found.later


@pytest.mark.parametrize("code", ["ACC2", "SPS2", "PEER2"])
def test_a_scan_finds_order_step_or_patient(code: str) -> None:
    found = _match(Answered(_step(1), _step(2)), _item(scan=code), matching="barcode")
    assert _who(found) == ("PEER2", "Name^2", "SPS2")


def test_a_scan_that_the_worklist_does_not_know_is_a_patients_id_and_none_is_held() -> None:
    assert _who(_match(Answered(_step(1)), _item(scan="P9"), matching="barcode")) == ("P9", "", "")
    assert _why(_match(Answered(_step(1)), matching="barcode")) == "no barcode was scanned before it"
    two = Answered(_step(1, "P1"), _step(2, "P1"))
    assert "2 entries" in _why(_match(two, _item(scan="P1"), matching="barcode")), "which order?"


@pytest.mark.parametrize("code", ["ACC2", "SPS2"])
def test_the_number_of_another_device_s_order_does_not_become_a_patient_s_id(code: str) -> None:
    steps = Answered(_step(1), _step(2, modality="US"))
    found = _match(steps, _item(scan=code), matching="barcode", modality="LEN")
    assert _why(found) == "the code that was scanned is of an order for another device"
    assert [one["patient_id"] for one in found.choices] == ["PEER2"]
    assert _who(_match(steps, _item(scan="PEER2"), matching="barcode", modality="LEN")) == ("PEER2", "Name^2", "")


def test_the_device_names_the_patient_or_the_sample() -> None:
    steps = Answered(_step(1), _step(2))
    assert _who(_match(steps, hints=Hints("PEER2"), matching="device")) == ("PEER2", "Name^2", "SPS2")
    assert _who(_match(steps, hints=Hints("P9", "Doe^Jane"), matching="device")) == ("P9", "Doe^Jane", "")
    assert _who(_match(steps, hints=Hints(sample_id="ACC1"), matching="device")) == ("PEER1", "Name^1", "SPS1")
    assert _why(_match(steps, matching="device")) == "the device named no patient"


def test_a_sample_of_one_patient_with_the_id_of_another_is_held() -> None:
    steps = Answered(_step(1), _step(2))
    found = _match(steps, hints=Hints("PEER2", sample_id="ACC1"), matching="device")
    assert "its sample number is another patient's" in _why(found)
    assert [one["patient_id"] for one in found.choices] == ["PEER1"]
    both = Answered(_step(1), _step(2, accession="ACC1"))
    assert _who(_match(both, hints=Hints("PEER2", sample_id="ACC1"), matching="device"))[0] == "PEER2"


@pytest.mark.parametrize("how", ["barcode", "device"])
def test_before_the_worklist_was_asked_nobody_knows_what_is_an_order_s(how: str) -> None:
    found = _match(Answered(tried=False), _item(scan="ACC1"), Hints("PEER1"), matching=how)
    assert isinstance(found, Undecided)
    assert found.later


def test_what_a_person_said_goes_before_everything() -> None:
    steps = Answered(_step(1), _step(2))
    assert _who(_match(steps, _item({"step": "SPS2"}), matching="worklist")) == ("PEER2", "Name^2", "SPS2")
    said = _item({"patient_id": "P9", "name": "Doe^Jane", "birth_date": "19700101", "sex": "F"})
    found = _match(steps, said, matching="worklist")
    assert _who(found) == ("P9", "Doe^Jane", "")
    assert (found.patient.birth_date, found.patient.sex) == ("19700101", "F")
    assert "not in the worklist any more" in _why(_match(steps, _item({"step": "GONE"}), matching="worklist"))


def test_a_choice_says_what_tells_people_apart() -> None:
    found = choice(_step(1))
    assert found["step"] == "SPS1"
    assert (found["patient_id"], found["patient_name"], found["birth_date"]) == ("PEER1", "Name^1", "19610412")
    assert found["description"] == "LEN step 1"
