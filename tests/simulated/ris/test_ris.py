"""The RIS as worklist and performed-step SCP."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from pydicom import Dataset
from pynetdicom.association import Association
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import ModalityPerformedProcedureStep, ModalityWorklistInformationFind

from modality.protocol import performed_step
from modality.protocol.performed_step import PerformedSeries, StepStart
from modality.protocol.worklist import ScheduledStep, WorklistQuery
from modality.simulated.ris import SimulatedRis
from tests.peers import dcmtk
from tests.peers.process import wait_until
from tests.simulated.conftest import associate
from tests.timing import durations, measured

NOW = datetime.fromisoformat("2026-11-24 09:00")
WORKLIST, MPPS = ModalityWorklistInformationFind, ModalityPerformedProcedureStep
CONTEXTS = [build_context(WORKLIST), build_context(MPPS)]
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"


@pytest.fixture
def ris() -> Iterator[SimulatedRis]:
    with SimulatedRis(clock=lambda: NOW) as running:
        yield running


@pytest.fixture
def association(ris) -> Iterator[Association]:
    with associate(ris, CONTEXTS) as established:
        yield established


def worklist(association: Association, **keys: object) -> list[ScheduledStep]:
    responses = list(association.send_c_find(WorklistQuery(**keys).identifier(), WORKLIST))
    assert responses[-1][0].Status == 0x0000
    return [ScheduledStep(found) for _, found in responses[:-1]]


def begin(association: Association, step: ScheduledStep, uid: str = "1.2.3", **changes: object) -> Dataset:
    start = StepStart("CT01", step.modality, "PPS1", step.study_uid or "1.2.9", "S1", NOW, step)
    attributes = performed_step.create(start)
    for keyword, value in changes.items():
        setattr(attributes, keyword, value)
    status, _ = association.send_n_create(attributes, MPPS, uid or None)
    return status


def end(association: Association, uid: str = "1.2.3", reason: str | None = None) -> Dataset:
    series = PerformedSeries("1.2.4", "Head", images=[(CT_IMAGE, "1.2.5"), (CT_IMAGE, "1.2.6")])
    status, _ = association.send_n_set(performed_step.finish(NOW, [series], reason=reason), MPPS, uid)
    return status


def state_of(ris: SimulatedRis, step: ScheduledStep) -> str:
    (found,) = [one for one in ris.steps if one.step.ScheduledProcedureStepID == step.step_id]
    return found.state


@measured
def test_it_starts_in_a_tenth_of_a_second():
    began = time.perf_counter()
    with SimulatedRis([]) as ris, associate(ris) as association:
        with durations():
            assert time.perf_counter() - began < 0.5  # the association is pynetdicom's own affair
        assert association.send_c_echo().Status == 0x0000


def test_stop_leaves_no_thread():
    before = threading.active_count()
    with SimulatedRis([]) as ris, associate(ris, CONTEXTS) as association:
        worklist(association)
    wait_until(lambda: threading.active_count() <= before, "no thread is left")


def test_the_broad_query_finds_what_is_due_at_a_station_on_a_day(association):
    today = NOW.date()
    found = worklist(association, station_aet="CT01", date=today)
    assert len(found) == 4
    assert {step.modality for step in found} == {"CT"}
    assert worklist(association, station_aet="CT01", date=(None, today.replace(day=1))) == []


@pytest.mark.parametrize(
    ("keys", "count"),
    [
        ({"patient_name": "müller*"}, 1),
        ({"patient_name": "山田*"}, 1),
        ({"patient_id": "PAT1004"}, 2),
        ({"accession_number": "ACC1003"}, 1),
        ({"requested_procedure_id": "RP-ACC1003"}, 1),
        ({"modality": "MR", "performing_physician": "Nobody"}, 0),
    ],
)
def test_the_patient_based_query_finds_a_patient(association, keys, count):
    assert len(worklist(association, **keys)) == count


def test_names_come_as_they_were_written_in_the_character_set_of_the_item(association):
    (mueller,) = worklist(association, patient_id="PAT1002")
    (yamada,) = worklist(association, patient_id="PAT1003")
    assert (mueller.patient.name, mueller.patient.character_set) == ("Müller^Jörg^^Dr.", "ISO_IR 100")
    assert yamada.patient.name == "Yamada^Tarou=山田^太郎=やまだ^たろう"


def test_a_sparse_item_is_answered_with_empty_keys(association):
    (sparse,) = worklist(association, patient_id="TRAUMA-7")
    assert (sparse.study_uid, sparse.accession_number, sparse.protocol_codes) == ("", "", [])
    assert "AccessionNumber" in sparse.item


def test_a_step_goes_from_scheduled_over_in_progress_to_completed_and_leaves_the_worklist(ris, association):
    (step,) = worklist(association, accession_number="ACC1001")
    assert state_of(ris, step) == "SCHEDULED"
    assert begin(association, step).Status == 0x0000
    assert state_of(ris, step) == "IN PROGRESS"
    (again,) = worklist(association, accession_number="ACC1001")
    assert again.step.ScheduledProcedureStepStatus == "STARTED"
    assert end(association).Status == 0x0000
    assert state_of(ris, step) == "COMPLETED"
    assert worklist(association, accession_number="ACC1001") == []
    performed = ris.performed_steps["1.2.3"]
    assert (performed.state, performed.instances) == ("COMPLETED", ["1.2.5", "1.2.6"])


def test_only_the_step_that_was_performed_is_done_of_an_order_on_two_modalities(ris, association):
    ct, mr = worklist(association, accession_number="ACC1004")
    begin(association, ct)
    end(association)
    assert (state_of(ris, ct), state_of(ris, mr)) == ("COMPLETED", "SCHEDULED")


@pytest.mark.parametrize(("reason", "state"), [("110513", "DISCONTINUED"), ("110514", "SCHEDULED")])
def test_a_step_begun_by_mistake_is_still_to_be_done(ris, association, reason, state):
    (step,) = worklist(association, accession_number="ACC1001")
    begin(association, step)
    assert end(association, reason=reason).Status == 0x0000
    assert state_of(ris, step) == state
    assert len(worklist(association, accession_number="ACC1001")) == (state == "SCHEDULED")


def test_finished_steps_can_be_kept_in_the_worklist():
    with SimulatedRis(clock=lambda: NOW, keep_finished=True) as ris, associate(ris, CONTEXTS) as association:
        (step,) = worklist(association, accession_number="ACC1001")
        begin(association, step)
        end(association)
        (again,) = worklist(association, accession_number="ACC1001")
    assert again.step.ScheduledProcedureStepStatus == "COMPLETED"


def test_an_unscheduled_step_is_taken_and_belongs_to_no_scheduled_one(ris, association):
    assert begin(association, ScheduledStep(Dataset()), Modality="CT").Status == 0x0000
    assert {one.state for one in ris.steps} == {"SCHEDULED"}
    assert ris.performed_steps["1.2.3"].state == "IN PROGRESS"


def test_what_breaks_the_rules_is_refused_with_status_comment_and_error_id(ris, association):
    (step,) = worklist(association, accession_number="ACC1001")
    assert end(association).Status == 0x0112
    assert begin(association, step, PerformedProcedureStepStatus="COMPLETED").Status == 0x0106
    assert begin(association, step, PerformedStationAETitle="").Status == 0x0121
    assert ris.performed_steps == {}
    assert begin(association, step).Status == 0x0000
    assert begin(association, step).Status == 0x0111
    assert end(association).Status == 0x0000
    late = end(association)
    assert (late.Status, late.ErrorID) == (0x0110, 0xA710)
    assert late.ErrorComment == "Performed Procedure Step Object may no longer be updated"
    assert [one.status for one in ris.events.of("N-SET")] == [0x0112, 0x0000, 0x0110]


def test_a_step_without_a_uid_is_given_one(ris, association):
    (step,) = worklist(association, accession_number="ACC1001")
    assert begin(association, step, uid="").Status == 0x0000
    (uid,) = ris.performed_steps
    assert uid.startswith("2.25.")


def test_performed_steps_are_written_for_people_to_look_at(tmp_path):
    with SimulatedRis(clock=lambda: NOW, storage=tmp_path) as ris, associate(ris, CONTEXTS) as association:
        (step,) = worklist(association, patient_id="PAT1003")
        begin(association, step)
        end(association)
    (file,) = tmp_path.iterdir()
    content = json.loads(file.read_text(encoding="utf-8"))
    assert file.name == "1.2.3.json"
    assert content["00400252"]["Value"] == ["COMPLETED"]
    assert content["00100010"]["Value"][0]["Ideographic"] == "山田^太郎"


def test_a_query_that_is_none_is_refused(association):
    identifier = Dataset()
    step = Dataset()
    step.Modality = "CT"
    identifier.ScheduledProcedureStepSequence = [step, step]
    ((status, _),) = association.send_c_find(identifier, WORKLIST)
    assert status.Status == 0xA900
    assert "one item" in status.ErrorComment


@pytest.mark.parametrize(("service", "status"), [("create", 0x0110), ("set", 0x0213), ("find", 0xA700)])
def test_faults_strike_the_service_they_name(service, status):
    with SimulatedRis(clock=lambda: NOW, faults=[f"on={service},status={status:04X}"]) as ris:
        with associate(ris, CONTEXTS) as association:
            if service == "find":
                ((refused, _),) = association.send_c_find(WorklistQuery().identifier(), WORKLIST)
            else:
                step = ScheduledStep(Dataset())
                refused = begin(association, step, Modality="CT")
                refused = end(association) if service == "set" else refused
        assert refused.Status == status
        assert ris.performed_steps.keys() == ({"1.2.3"} if service == "set" else set())


@pytest.mark.peer
def test_dcmtk_queries_the_worklist(ris):
    step = "ScheduledProcedureStepSequence[0]"
    keys = [
        "PatientName",
        "AccessionNumber",
        f"{step}.ScheduledStationAETitle=MR01",
        f"{step}.ScheduledProcedureStepStartDate=20261124",
        f"{step}.ScheduledProtocolCodeSequence",
    ]
    arguments = [part for key in keys for part in ("-k", key)]
    found = dcmtk.run("findscu", "-W", *arguments, "-aec", ris.aet, ris.host, str(ris.port))
    assert found.count("(Pending)") == 2
    assert "ACC1003" in found
    assert "MR-T1" in found
