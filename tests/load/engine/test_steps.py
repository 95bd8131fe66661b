"""The other steps of an exam, and STOW-RS, against the embedded peers."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from modality.load.engine.run import Load
from modality.load.engine.services import Services
from modality.load.outcome import Fate
from modality.network.address import DicomAddress, WebAddress, parse
from modality.network.local import Local, Timeouts
from modality.simulated.archive.archive import SimulatedArchive
from modality.simulated.dicomweb.web import Web
from modality.simulated.ris.ris import SimulatedRis
from tests.load.loads import TINY, load, scenario
from tests.timing import durations, measured

SMALL = replace(TINY, instances=5)
ALL = ("worklist", "mpps", "store", "commitment", "query", "retrieve")


def dicom(text: str) -> DicomAddress:
    address = parse(text)
    assert isinstance(address, DicomAddress)
    return address


def exams(to: DicomAddress | WebAddress, *steps: str, delay_s: float = 0.1, **more: object) -> Load:
    """Four studies of five instances in a second."""
    of = scenario(SMALL, unit="study", steps=steps, reader_delay_s=delay_s)
    return load(to, 20, 1.0, of=of, **more)


def test_every_step_of_an_exam_is_taken_once_for_each_study() -> None:
    with SimulatedArchive() as archive, SimulatedRis() as ris:
        made = exams(dicom(archive.address), *ALL, ris=dicom(ris.address))
        account = made.run()
        document = account.to_json()
        assert sorted(archive.studies) == sorted(one.uid for one in made.plan.studies)
        states = [step.state for step in ris.performed_steps.values()]
    assert account.complete
    assert {name: (one["planned"], one["done"]) for name, one in document["steps"].items()} == {
        "worklist": (4, 4), "mpps": (8, 8), "commitment": (4, 4), "query": (4, 4), "retrieve": (4, 4),
    }  # fmt: skip
    assert states == ["COMPLETED"] * 4
    for one in document["steps"].values():
        assert 0 < one["service_ms"]["p50"] <= one["latency_ms"]["max"] < 15_000  # milliseconds, on a busy machine


@measured
def test_a_step_begins_when_the_study_is_stored_and_the_reader_has_waited() -> None:
    with SimulatedArchive(commitment_delay_s=0.5) as archive:
        document = exams(dicom(archive.address), "store", "commitment", "query", delay_s=0.5).run().to_json()
    with durations():
        assert document["steps"]["commitment"]["latency_ms"]["p50"] == pytest.approx(600, abs=300)
    assert document["steps"]["query"]["done"] == 4
    assert document["steps"]["query"]["failed"] == 0


def test_a_step_begins_before_it_can_end_whatever_holds_up_the_thread_that_follows_the_plan() -> None:
    """Each study is of one request, which is answered while that thread has no turn behind its handing over."""
    of = scenario(replace(TINY, instances=1), unit="study", steps=("mpps", "store"))
    with SimulatedArchive() as archive, SimulatedRis() as ris:
        made = load(dicom(archive.address), 4, 1.0, of=of, ris=dicom(ris.address))
        made.material.prepare(made.planned_exams)
        loop = made.loop()
        queue = loop._queue

        class HeldUp:
            def put(self, item: object) -> None:
                queue.put(item)  # type: ignore[arg-type]
                time.sleep(0.3 if item is not None else 0.0)

            def __getattr__(self, name: str) -> object:
                return getattr(queue, name)

        loop._queue = HeldUp()  # type: ignore[assignment]
        (step,) = loop.run().steps.values()
        states = [one.state for one in ris.performed_steps.values()]
    assert (step.planned, step.done, step.failed) == (8, 8, {})
    assert states == ["COMPLETED"] * 4


def test_without_a_ris_its_steps_are_left_out_and_nothing_has_failed() -> None:
    with SimulatedArchive() as archive:
        account = exams(dicom(archive.address), "worklist", "mpps", "store").run()
    assert account.complete
    steps = account.to_json()["steps"]
    assert {name: one["planned"] for name, one in steps.items()} == {"worklist": 0, "mpps": 0}
    assert all("--ris" in one["left_out"] for one in steps.values())


def test_what_the_archive_does_not_offer_is_left_out_and_told() -> None:
    with SimulatedArchive() as archive, SimulatedArchive() as no_ris:
        address = no_ris.address
        account = exams(dicom(archive.address), "worklist", "mpps", "store", ris=dicom(address)).run()
    assert account.complete
    for step in account.to_json()["steps"].values():
        assert (step["planned"], step["done"], step["failed"]) == (0, 0, 0)
        assert address in step["left_out"]


def test_a_step_that_fails_fails_the_run_but_no_instance() -> None:
    with SimulatedArchive(faults=["status=A700,on=find"]) as archive:
        account = exams(dicom(archive.address), "store", "query").run()
    assert (account.sent, account.failed) == (20, 0)
    assert account.to_json()["steps"]["query"]["failed_by_error"] == {"QueryRefused": 4}
    assert not account.complete


def test_a_step_that_ends_in_what_nobody_foresaw_is_counted_and_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Services, study: object) -> None:
        raise ValueError("rubbish in an answer")

    monkeypatch.setattr(Services, "_query", broken)
    with SimulatedArchive() as archive:
        account = exams(dicom(archive.address), "store", "query").run()
    query = account.to_json()["steps"]["query"]
    assert (query["planned"], query["done"], query["failed_by_error"]) == (4, 0, {"ValueError": 4})
    assert not account.complete


def test_an_archive_that_lost_a_study_does_not_list_it() -> None:
    with SimulatedArchive(faults=["lose"]) as archive:
        account = exams(dicom(archive.address), "store", "query", "retrieve").run()
    assert account.sent == 20
    steps = account.to_json()["steps"]
    assert steps["query"]["failed_by_error"] == {"InvalidResponse": 4}
    assert steps["retrieve"]["done"] == 0


def test_stow_carries_the_same_load() -> None:
    with SimulatedArchive(web=Web()) as archive:
        made = exams(WebAddress(archive.web_address), "store", "query", "retrieve", "commitment")
        account = made.run()
        assert sorted(archive.studies) == sorted(one.uid for one in made.plan.studies)
        assert len(archive.instances()) == 20
    assert (account.sent, account.failed) == (20, 0)
    steps = account.to_json()["steps"]
    assert (steps["query"]["done"], steps["retrieve"]["done"]) == (4, 4)
    assert "DIMSE" in steps["commitment"]["left_out"]
    assert account.statuses == {"0000": 20}


def test_stow_tells_what_was_refused() -> None:
    with SimulatedArchive(faults=["status=A700,every=4"], web=Web()) as archive:
        account = exams(WebAddress(archive.web_address), "store").run()
    assert account.counts[Fate.REFUSED] == 5
    assert account.to_json()["refused_by_status"] == {"A700": 5}


def test_a_syntax_that_is_not_accepted_fails_each_request_and_is_not_transcoded() -> None:
    with SimulatedArchive(transfer_syntaxes=["1.2.840.10008.1.2"]) as archive:
        other = replace(SMALL, transfer_syntax="RLELossless", name="RLE")
        implicit = replace(SMALL, transfer_syntax="ImplicitVRLittleEndian", name="implicit")
        of = scenario(other, implicit)
        account = load(dicom(archive.address), 80, 1.0, of=of).run()
        assert len(archive.instances()) == account.sent
    failed = account.counts[Fate.NOT_ACCEPTED]
    assert failed == account.failed == account.by_exam["RLE"].count > 0
    assert account.sent == account.by_exam["implicit"].count > 0
    assert account.errors["ContextRefused"][0] == failed


def test_a_rejected_association_is_an_error_before_the_run() -> None:
    from modality.errors import AssociationRejected

    with SimulatedArchive(faults=["reject=calling-aet"]) as archive, pytest.raises(AssociationRejected):
        load(dicom(archive.address), 10, 1.0).run()


@measured
def test_patience_is_what_the_load_was_given() -> None:
    with SimulatedArchive(faults=["silent,on=store,every=5,times=1"]) as archive:
        made = load(dicom(archive.address), 10, 1.0, associations=2)
        made = replace(made, local=Local(timeouts=Timeouts(response_s=0.4)))
        account = made.run()
    assert account.counts[Fate.TIMED_OUT] >= 1
    with durations():
        assert account.counts[Fate.TIMED_OUT] == 1
        assert account.by_status["timed_out"].max_s == pytest.approx(0.4, abs=0.15)
