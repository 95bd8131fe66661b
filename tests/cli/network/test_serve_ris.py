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

LOCAL = Local("WATCHER", Timeouts(10, 10, 10))


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
            assert came.acquire(timeout=10)
            assert came.acquire(timeout=10)
        finally:
            run.send_signal(signal.SIGTERM)
            served = end(run)
    assert (finished.code, finished.lines) == (0, [])
    assert (step["state"], step["mpps"], step["stored"], bool(step["workitem_uid"])) == ("COMPLETED", "told", 4, True)
    assert found.PerformedProcedureStepStatus == "COMPLETED"
    assert events == ["IN PROGRESS", "COMPLETED"]
    assert (served.code, served.lines) == (0, ["1 performed steps"])
