"""What orders, patient messages and results do to the steps of a RIS, and how they are answered."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from modality.protocol import performed_step
from modality.protocol.performed_step import StepStart
from modality.protocol.worklist import ScheduledStep
from modality.protocol.worklist import text as value
from modality.simulated.events import EventLog
from modality.simulated.hl7.desk import OrderDesk
from modality.simulated.ris.steps import Department
from tests.protocol.hl7.messages import OMI, ORM, text
from tests.simulated.hl7.conftest import NOW, Say, outcome

ADT = {
    "MSH": "MSH|^~\\&|HIS|HOSP|RIS|RAD|20261125||ADT^A08|A1|P|2.3.1",
    "PID": "PID|1||P1^^^ISS||Okafor^Gloria||1958|F",
}


def second(kind: dict[str, str] = ORM, **changes: str) -> str:
    """Another order, of a control ID and step ID of its own."""
    return text(kind, **{"MSH_10": "M2", "OBR_20": "SPS77", "ORC_2": "PL2", "ORC_3": "FL2", **changes})


def steps(department: Department) -> list[tuple[str, str]]:
    return [
        (value(one.item, "AccessionNumber"), value(one.step, "ScheduledProcedureStepID")) for one in department.steps
    ]


def begin(department: Department, uid: str = "1.2.9") -> None:
    """Tell of a performed step of the first scheduled one."""
    step = ScheduledStep(department.steps[0].item)
    attributes = performed_step.create(StepStart("CT01", "CT", "PPS1", step.study_uid, "S1", NOW, step))
    department.create(uid, attributes)
    assert department.steps[0].state == "IN PROGRESS"


@pytest.mark.parametrize("kind", [ORM, OMI])
def test_an_order_is_scheduled(say: Say, department: Department, kind: dict[str, str]) -> None:
    assert say(text(kind)) == "AA"
    assert steps(department) == [("ACC1", "SPS1") if kind is ORM else ("ACC2", "SPS2")]


def test_a_message_sent_again_is_answered_and_not_doubled(say: Say, department: Department) -> None:
    assert [say(text(ORM)), say(text(ORM))] == ["AA", "AA"]
    assert len(department.steps) == 1


def test_another_message_of_a_known_control_id_is_refused_so_that_nothing_gets_lost(say: Say) -> None:
    say(text(ORM))
    assert say(text(ORM, PID_5="Other^Name")) == "AE 205 MSH-10"
    assert say(text(ORM, MSH_4="CLINIC", OBR_20="SPS2")) == "AA"  # its sender counts for itself


def test_a_refused_message_may_be_sent_again(say: Say, department: Department) -> None:
    change = text(ORM, MSH_10="M2", ORC_1="XO")
    assert say(change) == "AE 204 ORC-2"
    say(text(ORM))
    assert say(change) == "AA"


def test_an_order_that_is_known_is_not_scheduled_twice(say: Say, department: Department) -> None:
    say(text(ORM))
    assert say(text(ORM, MSH_10="M2")) == "AE 205 ORC-2"
    assert len(department.steps) == 1


def test_two_orders_of_one_accession_share_a_study(say: Say, department: Department) -> None:
    say(text(ORM, ZDS_1=""))
    assert say(second(ZDS_1="")) == "AA"
    assert say(second(MSH_10="M3", ZDS_1="", OBR_18="ACC9", OBR_20="SPS78", ORC_2="PL3", ORC_3="FL3")) == "AA"
    first, same, other = (one.item.StudyInstanceUID for one in department.steps)
    assert first == same != other
    assert say(second(MSH_10="M4", ZDS_1="", PID_3="P2", OBR_20="SPS79", ORC_2="PL4", ORC_3="FL4")) == "AA"
    assert department.steps[3].item.StudyInstanceUID != first  # another patient's accession number is another one


def test_a_placers_order_gets_from_the_scheduler_what_it_leaves_out(say: Say, department: Department) -> None:
    left_out = {"OBR_18": "", "OBR_19": "", "OBR_20": "", "ZDS_1": ""}
    assert say(text(ORM, **left_out)) == "AA"
    assert say(text(ORM, **left_out, MSH_10="M2", ORC_2="PL2", ORC_3="", OBR_3="", OBR_24="MR")) == "AA"
    assert steps(department) == [("HL000001", "SPS000001"), ("HL000002", "SPS000002")]
    first, other = department.steps
    assert first.item.RequestedProcedureID == "RP-HL000001"
    assert first.item.StudyInstanceUID.startswith("2.25.")
    assert first.item.StudyInstanceUID != other.item.StudyInstanceUID
    assert [one.step.ScheduledStationAETitle for one in (first, other)] == ["CT01", "MR01"]


def test_an_order_without_a_station_goes_to_one_that_does_its_modality(say: Say, department: Department) -> None:
    say(text(OMI))
    say(second(OBR_24="MR"))
    assert department.steps[1].step.ScheduledStationAETitle == "MR07"


@pytest.mark.parametrize(
    ("field", "place"),
    [("PID_5", "PID-5"), ("PID_3", "PID-3"), ("OBR_24", "OBR-24")],
)
def test_an_order_lacking_what_a_worklist_needs_is_refused(
    say: Say, department: Department, field: str, place: str
) -> None:
    assert say(text(ORM, **{field: ""})) == f"AE 101 {place}"
    assert say(text(ORM, MSH_10="M2", ORC_7="", OBR_27="")) == "AE 101 ORC-7"
    assert department.steps == []


def test_an_update_changes_what_it_names_and_leaves_the_rest(say: Say, department: Department) -> None:
    say(text(ORM, OBR_13="Pacemaker", OBR_30="WALK"))
    start = "1^^^20261127100000^^R"
    assert say(text(ORM, MSH_10="M2", ORC_1="XO", ORC_7=start, OBR_27=start, OBR_13='""', OBR_34="T&Tech")) == "AA"
    (one,) = department.steps
    assert (one.step.ScheduledProcedureStepStartDate, one.step.ScheduledProcedureStepStartTime) == (
        "20261127",
        "100000",
    )
    assert one.step.ScheduledPerformingPhysicianName == "Tech"
    assert one.item.RequestedProcedurePriority == "ROUTINE"
    assert "MedicalAlerts" not in one.item
    assert one.item.PatientTransportArrangements == "WALK"


def test_an_update_leaves_the_item_of_a_query_that_is_being_answered_alone(say: Say, department: Department) -> None:
    say(text(ORM))
    (answering,) = department.worklist(finished=False)
    say(text(ORM, MSH_10="M2", ORC_1="XO", PID_5="New^Name", OBR_34="T&Tech"))
    assert answering.PatientName == "Okafor^Grace"
    assert "ScheduledPerformingPhysicianName" not in answering.ScheduledProcedureStepSequence[0]


@pytest.mark.parametrize(("control", "status"), [("CA", ""), ("OC", ""), ("DC", ""), ("SC", "CM"), ("XO", "CA")])
def test_an_order_that_is_over_leaves_the_worklist(say: Say, department: Department, control: str, status: str) -> None:
    say(text(ORM))
    say(second())
    assert say(text(ORM, MSH_10="M3", ORC_1=control, ORC_5=status)) == "AA"
    assert steps(department) == [("ACC1", "SPS77")]


def test_a_cancellation_by_the_order_number_takes_all_its_steps(say: Say, department: Department) -> None:
    second_ipc = OMI["IPC"].replace("SPS2", "SPS3")
    say(text(OMI, second_ipc))
    assert len(department.steps) == 2
    lines = {name: line for name, line in OMI.items() if name in ("MSH", "PID", "ORC")}
    assert say(text(lines, MSH_10="M2", ORC_1="XO")) == "AE 100 ORC"
    assert say(text(lines, MSH_10="M3", ORC_1="CA")) == "AA"
    assert department.steps == []


def test_a_change_of_one_of_several_steps_has_to_name_it(say: Say, department: Department) -> None:
    say(text(OMI, OMI["IPC"].replace("SPS2", "SPS3")))
    assert say(text(OMI, MSH_10="M2", ORC_1="XO", IPC_4="")) == "AE 101 ORC"
    assert say(text(OMI, MSH_10="M3", ORC_1="XO", IPC_4="SPS3", IPC_9="MR09")) == "AA"
    assert [one.step.ScheduledStationAETitle for one in department.steps] == ["MR07", "MR09"]


def test_a_status_of_an_order_under_way_changes_nothing(say: Say, department: Department) -> None:
    say(text(ORM))
    before = department.steps[0].item
    assert say(text(ORM, MSH_10="M2", ORC_1="SC", ORC_5="IP", OBR_34="T&Tech")) == "AA"
    assert department.steps[0].item is before


def test_a_step_that_has_begun_can_be_discontinued_and_not_cancelled(say: Say, department: Department) -> None:
    say(text(ORM))
    begin(department)
    assert say(text(ORM, MSH_10="M2", ORC_1="CA")) == "AE 206 ORC-2"
    assert say(text(ORM, MSH_10="M3", ORC_1="XO", OBR_34="T&Tech")) == "AA"
    assert department.steps[0].state == "IN PROGRESS"  # it is the same step still
    assert say(text(ORM, MSH_10="M4", ORC_1="DC")) == "AA"
    assert department.steps == []


@pytest.mark.parametrize("change", [{"PID_3": "P2"}, {"OBR_20": "SPS9"}])
def test_nothing_of_another_patient_or_step_is_touched(
    say: Say, department: Department, change: dict[str, str]
) -> None:
    say(text(ORM))
    assert say(text(ORM, MSH_10="M2", ORC_1="CA", **change)) == "AE 204 ORC-2"
    assert len(department.steps) == 1


def test_a_message_is_applied_whole_or_not_at_all(say: Say, department: Department) -> None:
    bad = ORM["OBR"].replace("SPS1", "SPS2").replace("||CT|", "|||")
    assert say(text({**ORM, "OBR": f"{ORM['OBR']}\r{ORM['ORC']}\r{bad}"})) == "AE 101 OBR-24"
    assert department.steps == []


@pytest.mark.parametrize("event", ["A01", "A04", "A05", "A08", "A31"])
def test_a_patient_update_changes_all_items_of_the_patient_and_no_others(
    say: Say, department: Department, event: str
) -> None:
    say(text(ORM))
    say(second())
    say(second(MSH_10="M3", PID_3="P2^^^ISS", OBR_20="SPS3", ORC_2="PL3", ORC_3="FL3"))
    say(second(MSH_10="M4", PID_3="P1^^^ELSEWHERE", OBR_20="SPS4", ORC_2="PL4", ORC_3="FL4"))
    assert say(text(ADT, MSH_9=f"ADT^{event}", PID_3="P1^^^ISS~P7", PID_7="19580101")) == "AA"
    names = [str(one.item.PatientName) for one in department.steps]
    assert names == ["Okafor^Gloria", "Okafor^Gloria", "Okafor^Grace", "Okafor^Grace"]
    assert [one.item.PatientBirthDate for one in department.steps[:2]] == ["19580101"] * 2
    assert "OtherPatientIDsSequence" in department.steps[0].item
    assert department.steps[0].item.IssuerOfPatientID == "ISS"


def test_a_merge_moves_the_items_to_the_patient_who_stays(say: Say, department: Department) -> None:
    say(text(ORM))
    say(second(PID_3="P9^^^ISS", PID_5="Okafor^G"))
    merge = text(ADT, "MRG|P1^^^ISS", MSH_9="ADT^A40", PID_3="P9^^^ISS", PID_7="19580101")
    assert say(merge) == "AA"
    assert [(one.item.PatientID, str(one.item.PatientName)) for one in department.steps] == [
        ("P9", "Okafor^Gloria"),
        ("P9", "Okafor^G"),
    ]
    # The order is then known under the new ID.
    assert say(text(ORM, MSH_10="M5", ORC_1="CA", PID_3="P9^^^ISS")) == "AA"
    assert steps(department) == [("ACC1", "SPS77")]


def test_a_merge_into_another_domain_takes_its_issuer(say: Say, department: Department) -> None:
    say(text(ORM, PID_3="P1^^^OLD&1.2.3&ISO"))
    assert say(text(ADT, "MRG|P1^^^OLD", MSH_9="ADT^A40", PID_3="P9")) == "AA"
    item = department.steps[0].item
    assert item.PatientID == "P9"
    assert "IssuerOfPatientID" not in item
    assert "IssuerOfPatientIDQualifiersSequence" not in item


def test_a_merge_without_its_mrg_is_refused(say: Say) -> None:
    assert say(text(ADT, MSH_9="ADT^A40")) == "AE 101 PID"


def test_results_are_kept_and_counted(tmp_path: Path) -> None:
    desk = OrderDesk(Department([]), clock=lambda: NOW, events=EventLog(), storage=tmp_path)
    oru = {
        "MSH": "MSH|^~\\&|PACS|RAD|RIS|RAD|20261125||ORU^R01|../R1|P|2.5.1",
        "PID": "PID|||P1||Okafor^Grace",
        "OBR": "OBR|1|PL1|FL1|P1^Head^L|||||||||||||||||||||F",
        "OBX": "OBX|1|TX|IMP||No bleed.",
    }
    for _ in range(2):
        assert outcome(desk.answer(text(oru).encode())) == "AA"
    assert [(one.status, one.observations[0].value) for one in desk.results] == [("F", "No bleed.")]
    assert desk.summary == "2 HL7 messages taken and 0 refused, 1 result kept"
    (file,) = tmp_path.iterdir()
    assert json.loads(file.read_text())[0]["placer_order_number"] == "PL1"


def test_a_result_that_cannot_be_written_is_not_said_to_be_kept(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    desk = OrderDesk(Department([]), clock=lambda: NOW, events=EventLog(), storage=tmp_path / "file")
    assert outcome(desk.answer(text(ORM, MSH_9="ORU^R01").encode())) == "AE 207"
    assert not desk.results


@pytest.mark.parametrize(
    ("field", "sent", "said"),
    [
        ("MSH_9", "MDM^T02", "AR 200 MSH-9"),
        ("MSH_9", "ORM^O02", "AR 201 MSH-9"),
        ("MSH_9", "", "AE 101 MSH-9"),
        ("MSH_10", "", "AE 101 MSH-10"),
        ("MSH_11", "X", "AR 202 MSH-11"),
        ("MSH_12", "", "AE 101 MSH-12"),
        ("MSH_12", "3.0", "AR 203 MSH-12"),
        ("MSH_12", "2.9", "AR 203 MSH-12"),
    ],
)
def test_a_header_that_is_not_for_us_is_refused(say: Say, field: str, sent: str, said: str) -> None:
    assert say(text(ORM, **{field: sent})) == said


def test_no_event_log_line_or_answer_holds_anything_of_the_patient(
    desk: OrderDesk, department: Department, caplog: pytest.LogCaptureFixture
) -> None:
    secret = {"PID_3": "SECRETID^^^ISS", "PID_5": "SECRETNAME^X", "PID_7": "19121212"}
    sent = [
        text(ORM, **secret),
        text(ORM, **{**secret, "PID_7": "SECRETDATE"}),
        text(ORM, **secret, MSH_10="M2"),
        text(ORM, **secret, MSH_10="M3", OBR_18="SECRETACCESSIONNUMBER"),
        text(ORM, **secret, MSH_10="M4", OBR_4=r"\ZSECRET\\XSECRET\^x"),
        text(ORM, **secret, MSH_10="M5", MSH_18="SECRETSET"),
        text(ORM, **secret, MSH_10="M6", MSH_9="SECRETNAME^X"),
        text(ADT, **secret),
        text(ADT, MSH_9="ADT^A40", MSH_10="A2", **secret),
    ]
    with caplog.at_level(logging.DEBUG):
        answers = [desk.answer(content.encode()).decode() for content in sent]
    said = "\n".join([*answers, *map(str, desk._events), caplog.text, *(str(one.__dict__) for one in caplog.records)])
    assert "SECRET" not in said
    assert "19121212" not in said
    assert len(caplog.records) == len(sent)
    assert department.steps[0].item.PatientName == "SECRETNAME^X"


PIECES = [*ORM.values(), *OMI.values(), ADT["MSH"], ADT["PID"], "MRG|P9", "AL1|1|DA|X", "OBX|1|NM|29463-7||70|kg"]
LINE = st.sampled_from(PIECES) | st.text(alphabet='MSHPIDORCB|^~\\&"019 ü\x00\x1b', max_size=30)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Segments of any order, with bytes struck out, doubled or put in."""
    head = draw(st.sampled_from([ORM["MSH"], OMI["MSH"], ADT["MSH"], ADT["MSH"].replace("A08", "A40"), ""]))
    content = bytearray("\r".join([head, *draw(st.lists(LINE, max_size=8))]).encode())
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(content)))
        content[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(content)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(damaged() | st.binary(max_size=60))
@example(b"")
@example(text(ORM, ORC_1="XO").encode())
def test_whatever_comes_is_answered(desk: OrderDesk, content: bytes) -> None:
    before = desk.accepted + desk.refused
    said = outcome(desk.answer(content))
    assert said.split()[0] in ("AA", "AE", "AR")
    assert desk.accepted + desk.refused == before + 1


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from([*ORM]), st.integers(1, 45), st.text(max_size=20))
def test_an_order_with_any_text_in_any_field_is_answered_and_leaves_a_worklist_that_can_be_sent(
    desk: OrderDesk, department: Department, segment: str, number: int, sent: str
) -> None:
    fields = {"MSH_18": "UNICODE UTF-8", f"{segment}_{number}": sent}
    outcome(desk.answer(text(ORM, **fields).encode("utf-8", "replace")))
    for item in department.worklist(finished=True):
        item.to_json_dict()
        item.save_as("/dev/null", implicit_vr=True, little_endian=True)
    department.reschedule(lambda _: [])
    desk._known.clear()
