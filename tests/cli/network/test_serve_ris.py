"""`serve ris` as a process: steps retrieved, changes told, workitems performed, and nothing of it on stderr."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path

from modality.network.address import DicomAddress, parse_dicom
from modality.network.local import Local, Timeouts
from modality.network.mpps import NotificationListener, get_step
from tests.peers.commandline import SMALL, end, modality, start

LOCAL = Local("WATCHER", Timeouts(30, 30, 30))


def test_a_served_ris_answers_n_get_and_tells_of_each_change(tmp_path: Path) -> None:
    events: list[str] = []
    came = threading.Semaphore(0)

    def take(event: object) -> None:
        events.append(event.event)  # type: ignore[attr-defined]
        came.release()

    with NotificationListener(LOCAL, 0, take) as listener:
        where = DicomAddress("127.0.0.1", listener.port, LOCAL.aet)
        run = start("serve", "ris", "--port", "0", "--json", "--notify", str(where))
        try:
            assert run.stdout is not None
            address = json.loads(run.stdout.readline())["address"]
            finished = modality(
                "perform", "--worklist", address, "--mpps", address, "--archive", tmp_path / "out", "--aet", "CT01",
                "--ups", "--limit", "1", "--state", tmp_path / "state", "--json", *SMALL,
            )  # fmt: skip
            (step,) = finished.document["steps"]
            found = get_step(parse_dicom(address), step["mpps_uid"], LOCAL)
            assert came.acquire(timeout=100)
            assert came.acquire(timeout=100)
        finally:
            run.send_signal(signal.SIGTERM)
            served = end(run)
    assert (finished.code, finished.lines) == (0, [])
    assert (step["state"], step["mpps"], step["stored"], bool(step["workitem_uid"])) == ("COMPLETED", "told", 4, True)
    assert found.PerformedProcedureStepStatus == "COMPLETED"
    assert events == ["IN PROGRESS", "COMPLETED"]
    assert (served.code, served.lines) == (0, ["1 performed steps"])


def test_a_served_ris_has_workitems_on_the_web_that_are_found_and_performed(tmp_path: Path) -> None:
    run = start("serve", "ris", "--port", "0", "--web-port", "0", "--json")
    try:
        assert run.stdout is not None
        web = json.loads(run.stdout.readline())["web"]
        listed = modality("worklist", "--from", web, "--ups", "--station-aet", "CT01", "--json").document["steps"]
        finished = modality(
            "perform", "--worklist", web, "--archive", tmp_path / "out", "--aet", "CT01", "--ups", "--limit", "1",
            "--state", tmp_path / "state", "--json", *SMALL,
        )  # fmt: skip
        left = modality("worklist", "--from", web, "--ups", "--station-aet", "CT01", "--json").document["steps"]
        plain = modality("worklist", "--from", web)
    finally:
        run.send_signal(signal.SIGTERM)
        served = end(run)
    (step,) = finished.document["steps"]
    assert (finished.code, finished.lines, step["state"], step["stored"]) == (0, [], "COMPLETED", 4)
    assert {one["workitem_uid"] for one in listed} - {one["workitem_uid"] for one in left} == {step["workitem_uid"]}
    assert len(listed) == 4
    assert (plain.code, "a DICOM address is needed" in plain.lines[-1]) == (2, True)
    assert (served.code, served.lines) == (0, ["0 performed steps"])
