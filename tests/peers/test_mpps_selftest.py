"""The dcmjs peer takes a performed step that keeps the rules, and refuses each violation with its status."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom.association import Association

from tests.peers import dcmjs
from tests.peers.fixtures import Factory
from tests.peers.messages import PERFORMED_STEP, associate, created, final, series

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dcmjs.Dcmjs]:
    with dcmjs.dcmjs(tmp_path_factory.mktemp("dcmjs")) as running:
        yield running


@pytest.fixture
def mpps(peer: dcmjs.Dcmjs) -> Iterator[Association]:
    association = associate(peer, PERFORMED_STEP)
    yield association
    association.release()


def create(mpps: Association, step: Dataset, uid: str) -> Dataset:
    status, _ = mpps.send_n_create(step, PERFORMED_STEP, uid)
    assert isinstance(status, Dataset)
    return status


def update(mpps: Association, changes: Dataset, uid: str) -> Dataset:
    status, _ = mpps.send_n_set(changes, PERFORMED_STEP, uid)
    assert isinstance(status, Dataset)
    return status


@pytest.mark.parametrize("state", ["COMPLETED", "DISCONTINUED"])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_a_proper_step_is_taken_and_recorded_byte_for_byte(peer: dcmjs.Dcmjs, state: str, syntax: str) -> None:
    mpps = associate(peer, PERFORMED_STEP, syntax=syntax)
    uid, begun, done = generate_uid(), created(), final(state)
    before_ms = time.time() * 1000
    assert create(mpps, begun, uid).Status == 0x0000
    assert update(mpps, done, uid).Status == 0x0000
    mpps.release()
    first, second = [message for message in peer.messages() if message.sop_instance_uid == uid]
    assert (first.service, second.service) == ("N-CREATE", "N-SET")
    assert first.dataset == begun
    assert first.dataset.PatientName.ideographic == "山田^太郎"
    assert second.dataset == done
    assert first.problems == second.problems == []
    assert first.calling_aet == "SIM"
    assert before_ms - 1 <= first.time_ms <= second.time_ms
    assert first.command["AffectedSOPClassUID"] == PERFORMED_STEP
    assert first.keywords["Modality"] == "CT"


def test_a_latin_1_name_is_taken(mpps: Association) -> None:
    step = created()
    step.SpecificCharacterSet, step.PatientName = "ISO_IR 100", "Müller^Jörg"
    assert create(mpps, step, generate_uid()).Status == 0x0000


def _completed_at_once(step: Dataset) -> None:
    step.PerformedProcedureStepStatus = "COMPLETED"


def _series_at_once(step: Dataset) -> None:
    step.PerformedSeriesSequence = [series()]


def _no_scheduled_step(step: Dataset) -> None:
    step.ScheduledStepAttributesSequence = []


def _no_study(step: Dataset) -> None:
    step.ScheduledStepAttributesSequence[0].StudyInstanceUID = ""


def _no_accession_element(step: Dataset) -> None:
    del step.ScheduledStepAttributesSequence[0].AccessionNumber


def _no_code_meaning(step: Dataset) -> None:
    del step.ScheduledStepAttributesSequence[0].ScheduledProtocolCodeSequence[0].CodeMeaning


def _no_character_set(step: Dataset) -> None:
    step.SpecificCharacterSet, step.PatientName = "ISO_IR 100", "Müller"
    del step.SpecificCharacterSet


def _without(keyword: str) -> Callable[[Dataset], None]:
    def mutate(step: Dataset) -> None:
        delattr(step, keyword)

    mutate.__name__ = f"without_{keyword}"
    return mutate


def _with(keyword: str, value: object) -> Callable[[Dataset], None]:
    def mutate(step: Dataset) -> None:
        setattr(step, keyword, value)

    mutate.__name__ = f"{keyword}_{value}"
    return mutate


@pytest.mark.parametrize(
    ("mutate", "status"),
    [
        (_completed_at_once, 0x0106),
        (_series_at_once, 0x0106),
        (_with("PerformedProcedureStepEndDate", "20260304"), 0x0106),
        (_with("PerformedProcedureStepStartTime", "2562"), 0x0106),
        (_no_scheduled_step, 0x0121),
        (_no_study, 0x0121),
        (_with("PerformedProcedureStepID", ""), 0x0121),
        (_with("Modality", ""), 0x0121),
        (_no_accession_element, 0x0120),
        (_no_code_meaning, 0x0120),
        (_no_character_set, 0x0120),
        (_without("PerformedStationAETitle"), 0x0120),
        (_without("PatientBirthDate"), 0x0120),
        (_without("PerformedSeriesSequence"), 0x0120),
        (_without("PerformedProcedureStepDiscontinuationReasonCodeSequence"), 0x0120),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_an_n_create_that_breaks_a_rule_is_refused(
    mpps: Association, mutate: Callable[[Dataset], None], status: int
) -> None:
    step, uid = created(), generate_uid()
    mutate(step)
    refused = create(mpps, step, uid)
    assert refused.Status == status
    assert refused.ErrorComment
    assert update(mpps, final(), uid).Status == 0x0112


def test_a_step_is_not_created_twice(mpps: Association) -> None:
    uid = generate_uid()
    assert create(mpps, created(), uid).Status == 0x0000
    assert create(mpps, created(), uid).Status == 0x0111


def _series_without(keyword: str) -> Callable[[Dataset], None]:
    def mutate(step: Dataset) -> None:
        delattr(step.PerformedSeriesSequence[0], keyword)

    mutate.__name__ = f"series_without_{keyword}"
    return mutate


def _instance_named_twice(step: Dataset) -> None:
    images = step.PerformedSeriesSequence[0].ReferencedImageSequence
    images.append(images[0])


def _image_without_class(step: Dataset) -> None:
    del step.PerformedSeriesSequence[0].ReferencedImageSequence[0].ReferencedSOPClassUID


@pytest.mark.parametrize(
    ("mutate", "status"),
    [
        (_with("PatientName", "Other^Name"), 0x0105),
        (_with("PerformedStationAETitle", "OTHER"), 0x0105),
        (_with("StudyID", "2"), 0x0105),
        (_with("CommentsOnThePerformedProcedureStep", "not created"), 0x0105),
        (_with("PerformedProcedureStepStatus", "DONE"), 0x0106),
        (_with("PerformedProcedureStepEndDate", "20260303"), 0x0106),
        (_instance_named_twice, 0x0106),
        (_with("PerformedSeriesSequence", []), 0x0121),
        (_without("PerformedSeriesSequence"), 0x0121),
        (_without("PerformedProcedureStepEndTime"), 0x0121),
        (_with("PerformedProcedureStepStatus", "DISCONTINUED"), 0x0121),
        (_series_without("ReferencedNonImageCompositeSOPInstanceSequence"), 0x0120),
        (_series_without("ReferencedImageSequence"), 0x0120),
        (_series_without("ProtocolName"), 0x0120),
        (_image_without_class, 0x0120),
    ],
)
def test_an_n_set_that_breaks_a_rule_is_refused_and_changes_nothing(
    mpps: Association, mutate: Callable[[Dataset], None], status: int
) -> None:
    changes, uid = final(), generate_uid()
    mutate(changes)
    assert create(mpps, created(), uid).Status == 0x0000
    assert update(mpps, changes, uid).Status == status
    assert update(mpps, final(), uid).Status == 0x0000


def test_nothing_follows_the_final_state(mpps: Association) -> None:
    uid = generate_uid()
    assert create(mpps, created(), uid).Status == 0x0000
    assert update(mpps, final("DISCONTINUED"), uid).Status == 0x0000
    late = update(mpps, final(), uid)
    assert late.Status == 0x0110
    assert late.ErrorID == 0xA710


def test_a_permissive_peer_takes_all_and_notes_what_is_wrong(dcmjs_mpps: Factory) -> None:
    with dcmjs_mpps(strict=False, aet="RIS") as peer:
        mpps = associate(peer, PERFORMED_STEP)
        step = created()
        del step.PatientID
        assert create(mpps, step, generate_uid()).Status == 0x0000
        mpps.release()
        (message,) = peer.messages("N-CREATE")
    assert message.status == 0x0000
    assert message.problems == ["PatientID is missing"]
