"""The last answer of the RIS is kept, serves while the RIS is away, and not for ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from modality.edge.clock import BoxClock
from modality.edge.config import WorklistConfig
from modality.edge.events import Events
from modality.edge.matching.worklist import Worklist
from modality.errors import UnreachableError
from modality.protocol.worklist import ScheduledStep
from tests.peers.fixtures import Factory
from tests.peers.worklist_items import sparse

NOW = datetime(2026, 11, 25, 12, 0)


def _worklist(folder: Path, address: str, now: list[datetime], **options: object) -> tuple[Worklist, Events]:
    events = Events()
    config = WorklistConfig(address, **options)  # type: ignore[arg-type]
    return Worklist(config, folder, "EDGE", BoxClock("always", wall=lambda: now[0]), events), events


@pytest.mark.peer
def test_an_answer_survives_the_ris_and_a_restart(tmp_path: Path, wlmscpfs: Factory) -> None:
    now = [datetime.now()]
    item = sparse(1, "Käfer^Jörg", "LEN")
    item.SpecificCharacterSet = "ISO_IR 100"
    with wlmscpfs([item, sparse(2, "Other^Day", "LEN", "20200101")]) as ris:
        worklist, events = _worklist(tmp_path, ris.address, now)
        assert not worklist.usable
        worklist.ask()
        assert [(step.patient.name, step.step_id) for step in worklist.steps] == [("Käfer^Jörg", "SPS1")]
        everything, _ = _worklist(tmp_path / "none", ris.address, now, date="any")
        (tmp_path / "none").mkdir()
        everything.ask()
        assert len(everything.steps) == 2
        address = ris.address
    worklist.ask()
    assert [event.what for event in events.recent()] == ["away"]
    again, _ = _worklist(tmp_path, address, now)
    assert not again.usable, "the RIS may have another by now: it is asked first"
    again.ask()
    assert again.usable
    assert [(step.patient.name, step.patient.patient_id) for step in again.steps] == [("Käfer^Jörg", "PEER1")]
    now[0] += timedelta(hours=25)
    worklist.ask()
    assert not worklist.usable, "an answer of yesterday is none"
    assert worklist.snapshot()["problem"]


def test_a_damaged_answer_is_none(tmp_path: Path) -> None:
    (tmp_path / "worklist.json").write_text('{"items": [{"0010')
    worklist, events = _worklist(tmp_path, "dicom://RIS@127.0.0.1:1", [NOW])
    assert (worklist.usable, worklist.steps) == (False, [])
    assert "asked for anew" in events.recent()[0].text


def test_yesterday_s_steps_are_nobody_s_today_and_a_break_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Late in the evening the RIS goes away; in the morning the only step that is known is of yesterday's patient."""
    now = [datetime(2026, 11, 25, 22, 0)]
    away = [False]

    def query(*_: object) -> list[ScheduledStep]:
        if away[0]:
            raise UnreachableError("the RIS is away")
        return [ScheduledStep(sparse(1, "Evening^Patient", "LEN"))]

    monkeypatch.setattr("modality.network.worklist.query_worklist", query)
    worklist, _ = _worklist(tmp_path, "dicom://RIS@127.0.0.1:1", now)
    worklist.ask()
    assert (worklist.usable, worklist.since) == (True, now[0])
    away[0] = True
    now[0] = datetime(2026, 11, 25, 23, 59)
    worklist.ask()
    assert worklist.usable, "of the same day"
    now[0] = datetime(2026, 11, 26, 7, 0)
    worklist.ask()
    assert not worklist.usable
    whole, _ = _worklist(tmp_path, "dicom://RIS@127.0.0.1:1", now, date="any")
    whole.ask()
    assert whole.usable, "where the date does not matter"
    away[0] = False
    now[0] = datetime(2026, 11, 26, 9, 0)
    worklist.ask()
    assert (worklist.usable, worklist.since) == (True, now[0])
    now[0] += timedelta(hours=1)
    worklist.ask()
    assert worklist.since == datetime(2026, 11, 26, 9, 0)
