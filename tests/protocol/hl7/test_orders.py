"""ORM^O01 and OMI^O23: each field where IHE's mapping puts it."""

from __future__ import annotations

import pytest

from modality.protocol.hl7 import orders
from modality.protocol.hl7.message import Message
from modality.protocol.hl7.refusal import Refusal
from tests.protocol.hl7.messages import OMI, ORM, read, text


def code(value: str, meaning: str, scheme: str) -> dict[str, str]:
    return {"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}


def test_an_orm_says_what_when_and_for_which_order() -> None:
    order = read(ORM)
    assert order.action == "add"
    assert order.step == {
        "ScheduledProcedureStepStartDate": "20261126",
        "ScheduledProcedureStepStartTime": "093015",
        "ScheduledProcedureStepID": "SPS1",
        "Modality": "CT",
        "ScheduledProtocolCodeSequence": [code("X1", "Head scan", "DSS")],
        "ScheduledProcedureStepDescription": "Head scan",
    }
    expected = {
        "AccessionNumber": "ACC1",
        "RequestedProcedureID": "RP1",
        "StudyInstanceUID": "1.2.3.4",
        "PlacerOrderNumberImagingServiceRequest": "PL1",
        "OrderPlacerIdentifierSequence": [{"LocalNamespaceEntityID": "HIS"}],
        "FillerOrderNumberImagingServiceRequest": "FL1",
        "OrderFillerIdentifierSequence": [{"LocalNamespaceEntityID": "RIS"}],
        "RequestedProcedureCodeSequence": [code("P1", "Procedure one", "ERL")],
        "RequestedProcedureDescription": "Procedure one",
        "RequestedProcedurePriority": "STAT",
        "PatientID": "P1",
        "PatientName": "Okafor^Grace",
    }
    assert {key: order.item[key] for key in expected} == expected


def test_an_omi_takes_identifiers_and_station_from_ipc_and_the_time_from_tq1() -> None:
    order = read(OMI)
    assert order.step == {
        "ScheduledProcedureStepStartDate": "20261126",
        "ScheduledProcedureStepStartTime": "101500",
        "ScheduledProcedureStepID": "SPS2",
        "Modality": "MR",
        "ScheduledStationName": "MR ROOM 1",
        "ScheduledProcedureStepLocation": "Room one",
        "ScheduledStationAETitle": "MR07",
        "ScheduledProtocolCodeSequence": [code("X2", "Brain routine", "DSS"), code("X3", "Brain contrast", "DSS")],
        "ScheduledProcedureStepDescription": "Brain routine",
    }
    expected = {
        "AccessionNumber": "ACC2",
        "RequestedProcedureID": "RP2",
        "StudyInstanceUID": "1.2.3.5",
        "RequestedProcedureCodeSequence": [code("P1", "Procedure one", "ERL")],
        "RequestedProcedurePriority": "HIGH",
    }
    assert {key: order.item[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("field", "sent", "keyword", "expected"),
    [
        ("OBR_44", "P9^Procedure nine^ERL", "RequestedProcedureDescription", "Procedure nine"),
        ("OBR_44", "P9^Procedure nine^ERL", "RequestedProcedureCodeSequence", [code("P9", "Procedure nine", "ERL")]),
        ("OBR_12", "HI^HIV positive^99L", "PatientState", "HIV positive"),
        ("OBR_13", "Pacemaker", "MedicalAlerts", "Pacemaker"),
        ("OBR_16", "D1^Orders^Olga^^^Dr.", "RequestingPhysician", "Orders^Olga^^Dr."),
        ("ORC_12", "D1^Orders^Olga", "RequestingPhysician", "Orders^Olga"),
        ("ORC_17", "NEURO^Neurology^99L", "RequestingService", "Neurology"),
        ("OBR_30", "WHLC", "PatientTransportArrangements", "WHLC"),
        ("OBR_31", "Headache", "ReasonForTheRequestedProcedure", "Headache"),
        ("OBR_31", "R51^Headache^I10", "ReasonForTheRequestedProcedure", "Headache"),
        ("OBR_31", "R51^Headache^I10", "ReasonForRequestedProcedureCodeSequence", [code("R51", "Headache", "I10")]),
        ("OBR_31", "Headache", "ReasonForRequestedProcedureCodeSequence", None),
        ("ORC_18", "CT77", "ScheduledStationAETitle", "CT77"),
        ("OBR_34", "T1&Techer&Tom&&&Mr.^20261126", "ScheduledPerformingPhysicianName", "Techer^Tom^^Mr."),
        ("OBR_34", "T1^Techer^Tom", "ScheduledPerformingPhysicianName", "Techer^Tom"),
        ("NTE_3", "Claustrophobic\\.br\\Needs help", "RequestedProcedureComments", "Claustrophobic\nNeeds help"),
        ("OBR_4", "P1^Procedure one^ERL", "ScheduledProcedureStepDescription", "Procedure one"),
        ("OBR_4", "^Words alone", "RequestedProcedureDescription", "Words alone"),
        (
            "OBR_4",
            "A-CODE-OF-MORE-THAN-16^Long^L",
            "RequestedProcedureCodeSequence",
            [{"LongCodeValue": "A-CODE-OF-MORE-THAN-16", "CodingSchemeDesignator": "L", "CodeMeaning": "Long"}],
        ),
        ("OBR_4", "P1", "RequestedProcedureCodeSequence", [code("P1", "P1", "99LOCAL")]),
        ("ORC_2", "PL2^HIS^1.2^ISO", "PlacerOrderNumberImagingServiceRequest", "PL2"),
    ],
)
def test_a_field_goes_where_the_mapping_puts_it(field: str, sent: str, keyword: str, expected: object) -> None:
    order = read(ORM, **{field: sent})
    assert {**order.item, **order.step}[keyword] == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("S", "STAT"), ("A", "HIGH"), ("R", "ROUTINE"), ("P", "HIGH"), ("C", "HIGH"), ("T", "MEDIUM"), ("STAT", "STAT")],
)
def test_priorities_follow_the_first_note_of_the_mapping(sent: str, expected: str) -> None:
    assert read(OMI, TQ1_9=sent).item["RequestedProcedurePriority"] == expected
    assert read(ORM, ORC_7=f"1^^^20261126^^{sent}").item["RequestedProcedurePriority"] == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ORC_7": "1^^^20261127080000", "OBR_27": "1^^^20261128"}, ("20261127", "080000")),
        ({"ORC_7": "", "OBR_27": "1^^^2026112811"}, ("20261128", "110000")),
        ({"ORC_7": "", "OBR_27": "", "OBR_36": "20261129"}, ("20261129", "000000")),
        ({"ORC_7": "1^^^202611270815+0100"}, ("20261127", "081500")),
        ({"ORC_7": "1^^^20261127081530.25-0500"}, ("20261127", "081530")),
        ({"TQ1_7": "20261130120000"}, ("20261130", "120000")),
    ],
)
def test_the_start_is_taken_from_the_first_place_that_has_one(
    changes: dict[str, str], expected: tuple[str, str]
) -> None:
    step = read(ORM, **changes).step
    assert (step["ScheduledProcedureStepStartDate"], step["ScheduledProcedureStepStartTime"]) == expected


@pytest.mark.parametrize(
    ("control", "status", "action"),
    [
        ("NW", "", "add"),
        ("XO", "", "change"),
        ("XX", "", "change"),
        ("XO", "CM", "discontinue"),
        ("XO", "CA", "cancel"),
        ("CA", "", "cancel"),
        ("OC", "", "cancel"),
        ("DC", "", "discontinue"),
        ("OD", "", "discontinue"),
        ("SC", "IP", "status"),
        ("SC", "CM", "discontinue"),
        ("SR", "DC", "discontinue"),
    ],
)
def test_order_control_and_status_say_what_to_do(control: str, status: str, action: str) -> None:
    assert read(ORM, ORC_1=control, ORC_5=status).action == action


@pytest.mark.parametrize(
    ("field", "sent", "code", "place"),
    [
        ("ORC_1", "", 101, "ORC-1"),
        ("ORC_1", "ZZ", 103, "ORC-1"),
        ("ORC_7", "1^^^tomorrow", 102, "ORC-7"),
        ("ORC_7", "1^^^20261126^^Z", 103, "ORC-7"),
        ("OBR_18", "A" * 17, 102, "OBR-18"),
        ("OBR_19", "A" * 17, 102, "OBR-19"),
        ("OBR_20", "A" * 17, 102, "OBR-20"),
        ("OBR_24", "ct scanner", 102, "OBR-24"),
        ("ORC_18", "A" * 17, 102, "ORC-18"),
        ("ZDS_1", "1.2.03", 102, "ZDS-1"),
        ("ZDS_1", "1." + "2" * 70, 102, "ZDS-1"),
        ("ZDS_1", "study", 102, "ZDS-1"),
    ],
)
def test_an_identifier_that_does_not_fit_is_refused_not_cut(field: str, sent: str, code: int, place: str) -> None:
    with pytest.raises(Refusal) as caught:
        read(ORM, **{field: sent})
    assert (caught.value.code, caught.value.place) == (code, place)


def test_a_text_for_people_that_is_too_long_is_cut() -> None:
    assert read(ORM, OBR_44="P9^" + "x" * 80 + "^ERL").item["RequestedProcedureDescription"] == "x" * 64


def test_an_empty_field_says_nothing_and_a_null_erases() -> None:
    order = read(ORM, OBR_13='""', OBR_30="")
    assert order.item["MedicalAlerts"] is None
    assert "PatientTransportArrangements" not in order.item


@pytest.mark.parametrize(("left_out", "place"), [("ORC", "ORC"), ("OBR", "ORC"), ("PID", "PID")])
def test_a_segment_that_is_missing_is_a_sequence_error(left_out: str, place: str) -> None:
    with pytest.raises(Refusal) as caught:
        read({name: line for name, line in ORM.items() if name != left_out})
    assert (caught.value.code, caught.value.place) == (100, place)


def test_a_cancellation_needs_no_obr() -> None:
    order = read({name: line for name, line in ORM.items() if name != "OBR"}, ORC_1="CA")
    assert (order.action, order.item["PlacerOrderNumberImagingServiceRequest"]) == ("cancel", "PL1")


def test_two_orders_of_a_message_are_two_steps_of_the_study_at_its_end() -> None:
    second = ORM["OBR"].replace("SPS1", "SPS9").replace("RP1", "RP9")
    lines = {**ORM, "OBR": f"{ORM['OBR']}\r{ORM['ORC']}\r{second}"}
    first, other = orders.read(Message(text(lines).encode()))
    assert [one.step["ScheduledProcedureStepID"] for one in (first, other)] == ["SPS1", "SPS9"]
    assert [one.item["RequestedProcedureID"] for one in (first, other)] == ["RP1", "RP9"]
    assert {one.item["StudyInstanceUID"] for one in (first, other)} == {"1.2.3.4"}


def test_a_step_sent_twice_for_two_protocols_is_one_step_with_both() -> None:
    second = ORM["OBR"].replace("X1^Head scan", "X7^Neck scan")
    lines = {**ORM, "OBR": f"{ORM['OBR']}\r{ORM['ORC']}\r{second}"}
    (order,) = orders.read(Message(text(lines).encode()))
    codes = [one["CodeValue"] for one in order.step["ScheduledProtocolCodeSequence"]]
    assert codes == ["X1", "X7"]


def test_each_ipc_of_an_order_is_a_step() -> None:
    second = OMI["IPC"].replace("SPS2", "SPS3").replace("X2^Brain routine", "X8^Spine")
    found = orders.read(Message(text(OMI, second).encode()))
    assert [one.step["ScheduledProcedureStepID"] for one in found] == ["SPS2", "SPS3"]
    assert [one.step["ScheduledProcedureStepDescription"] for one in found] == ["Brain routine", "Spine"]
