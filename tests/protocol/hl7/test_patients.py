"""PID, PV1, AL1 and OBX in the worklist item."""

from __future__ import annotations

from typing import Any

import pytest

from modality.protocol.hl7 import orders, patients
from modality.protocol.hl7.message import Message
from modality.protocol.hl7.patients import PatientId
from modality.protocol.hl7.refusal import Refusal
from tests.protocol.hl7.messages import ORM, read, text


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("Doe^Jane", "Doe^Jane"),
        # HL7: suffix before prefix, then the degree. DICOM: prefix before suffix, to which a degree belongs.
        ("Adams^John^Quincy^III^Rev.^MD", "Adams^John^Quincy^Rev.^III MD"),
        ("Adams^John^^^^MD", "Adams^John^^^MD"),
        ("van Beethoven&van&Beethoven^Ludwig", "van Beethoven^Ludwig"),
        ("Maiden^Jane^^^^^M~Married^Jane^^^^^L", "Married^Jane"),
        ("Alias^Jane^^^^^A", "Alias^Jane"),
        (r"A\S\B^C\E\D^=E", "A B^C D^E"),
        ("X" * 70, "X" * 64),
    ],
)
def test_a_name_takes_its_components_along(sent: str, expected: str) -> None:
    assert read(ORM, PID_5=sent).item["PatientName"] == expected


def test_names_beside_the_legal_one_are_other_names() -> None:
    item = read(ORM, PID_5="Maiden^Jane^^^^^M~Married^Jane^^^^^L~Alias^J^^^^^A", PID_6="Mother^Mary").item
    assert (item["OtherPatientNames"], item["PatientMotherBirthName"]) == (["Maiden^Jane", "Alias^J"], "Mother^Mary")


def test_the_first_identifier_is_the_patient_id_and_the_others_are_kept() -> None:
    item = read(ORM, PID_3="P1^^^HOSP&1.2.3&ISO^MR~P2^^^&2.4&DNS~P3").item
    assert (item["PatientID"], item["IssuerOfPatientID"]) == ("P1", "HOSP")
    assert item["IssuerOfPatientIDQualifiersSequence"] == [
        {"UniversalEntityID": "1.2.3", "UniversalEntityIDType": "ISO"}
    ]
    others = item["OtherPatientIDsSequence"]
    assert [(one["PatientID"], one["IssuerOfPatientID"]) for one in others] == [("P2", "2.4"), ("P3", None)]
    assert {one["TypeOfPatientID"] for one in others} == {"TEXT"}


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("M", "M"), ("F", "F"), ("O", "O"), ("A", "O"), ("N", "O"), ("U", None), ("f", "F"), ('""', None)],
)
def test_sex_is_mapped_from_table_0001(sent: str, expected: str | None) -> None:
    assert read(ORM, PID_8=sent).item["PatientSex"] == expected


@pytest.mark.parametrize(
    ("sent", "expected"), [("19570312", "19570312"), ("195703121230", "19570312"), ("1957", None), ("195703", None)]
)
def test_a_birth_date_is_whole_or_left_out(sent: str, expected: str | None) -> None:
    assert read(ORM, PID_7=sent).item["PatientBirthDate"] == expected


@pytest.mark.parametrize(
    ("field", "sent", "code", "place"),
    [
        ("PID_3", "", 101, "PID-3"),
        ("PID_3", "X" * 65, 102, "PID-3"),
        ("PID_3", "A\\E\\B", 102, "PID-3"),
        ("PID_7", "19571332", 102, "PID-7"),
        ("PID_7", "soon", 102, "PID-7"),
        ("PID_8", "X", 103, "PID-8"),
        ("PV1_19", "X" * 65, 102, "PV1-19"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_its_place(field: str, sent: str, code: int, place: str) -> None:
    with pytest.raises(Refusal) as caught:
        read(ORM, **{field: sent})
    assert (caught.value.code, caught.value.place) == (code, place)
    assert not sent or sent not in str(caught.value)


def test_the_visit_tells_place_referrer_pregnancy_and_admission() -> None:
    item = read(ORM, PV1_15="A0~B6", PV1_16="VIP", PV1_19="V77^^^HOSP").item
    assert item["CurrentPatientLocation"] == "WARD 101 A HOSP"
    assert item["ReferringPhysicianName"] == "Referrer^Rita^^Dr."
    assert item["PregnancyStatus"] == 3
    assert item["ConfidentialityConstraintOnPatientDataDescription"] == "VIP"
    assert (item["AdmissionID"], item["IssuerOfAdmissionIDSequence"]) == ("V77", [{"LocalNamespaceEntityID": "HOSP"}])


def test_the_account_number_stands_in_for_a_visit_number() -> None:
    assert read(ORM, PID_18="ACCT5").item["AdmissionID"] == "ACCT5"
    assert read(ORM, PID_18="ACCT5", PV1_19="V77").item["AdmissionID"] == "V77"


def test_a_referrer_known_by_number_alone_is_named_by_it() -> None:
    assert read(ORM, PV1_8="R1").item["ReferringPhysicianName"] == "R1"


def test_allergies_are_told_by_their_words() -> None:
    lines = ("AL1|1|DA|PEN^Penicillin^99L", "AL1|2|DA|^Latex", "AL1|3|DA|IODINE", "AL1|4|DA|^Latex")
    assert read(ORM, *lines).item["Allergies"] == ["Penicillin", "Latex", "IODINE"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("OBX|1|NM|29463-7^Body weight^LN||71.5|kg", ("PatientWeight", 71.5)),
        ("OBX|1|NM|^Body Weight||150|[lb_av]", ("PatientWeight", 68.0389)),
        ("OBX|1|NM|8302-2^Body height^LN||168|cm", ("PatientSize", 1.68)),
        ("OBX|1|NM|X^Body Height^99L||1.68|m", ("PatientSize", 1.68)),
        ("OBX|1|CE|82810-3^Pregnancy status^LN||LA15173-0^Pregnant^LN", ("PregnancyStatus", 3)),
        ("OBX|1|CE|82810-3^Pregnancy status^LN||LA26683-5^Not pregnant^LN", ("PregnancyStatus", 1)),
    ],
)
def test_observations_become_weight_size_and_pregnancy(line: str, expected: tuple[str, Any]) -> None:
    keyword, value = expected
    assert read(ORM, line).item[keyword] == value
    # Before the order they are the patient's as much.
    before = text({**ORM, "PV1": f"{ORM['PV1']}\r{line}"}).encode()
    assert orders.read(Message(before))[0].item[keyword] == value


@pytest.mark.parametrize("line", ["OBX|1|NM|29463-7||71|stone", "OBX|1|NM|29463-7||many|kg", "OBX|1|NM|29463-7||-3|kg"])
def test_a_weight_that_cannot_be_told_is_left_out(line: str) -> None:
    assert "PatientWeight" not in read(ORM, line).item


def test_an_unknown_issuer_stands_against_nothing() -> None:
    assert PatientId("1", "A").same(PatientId("1"))
    assert PatientId("1", "A").same(PatientId("1", "A"))
    assert not PatientId("1", "A").same(PatientId("1", "B"))
    assert not PatientId("1").same(PatientId("2"))


def test_each_pair_of_a_merge_is_read_and_a_lone_pid_refused() -> None:
    head = "MSH|^~\\&|A|B|C|D|2026||ADT^A40|1|P|2.3.1\rPID|||P1\rMRG|P9\rPID|||P2"
    pairs = patients.merges(Message(f"{head}\rPV1|1\rMRG|P8".encode()))
    assert [(pid(3).text, mrg(1).text) for pid, mrg in pairs] == [("P1", "P9"), ("P2", "P8")]
    with pytest.raises(Refusal) as caught:
        patients.merges(Message(head.encode()))
    assert (caught.value.code, caught.value.segment, caught.value.occurrence) == (101, "PID", 2)
