"""States in words that a technician understands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from modality.edge.events import Event
from modality.web.edge import words
from modality.web.edge.state import thinned
from modality.web.edge.words import Since

NOW = datetime(2026, 11, 25, 14, 7)
PORT = {
    "name": "bed", "driver": "nonin-2", "problem": "", "last_good_s": 0.2, "rejected_frames": 0, "skipped_bytes": 0,
    "error_rate": 0.0,
}  # fmt: skip


def since(**began: datetime) -> Since:
    made = Since()
    for where, at in began.items():
        made.hear(Event("lost", where, "", "", at))
    return made


@pytest.mark.parametrize(
    ("change", "streams", "tone", "text"),
    [
        ({}, True, "good", "receiving"),
        ({"problem": "/dev/x: is gone: Input/output error"}, True, "bad", "cable unplugged since 14:03"),
        (
            {"problem": "/dev/x: cannot be opened: No such file or directory"},
            True,
            "bad",
            "cable unplugged since 14:03",
        ),
        ({"problem": "/dev/x: cannot be opened: Permission denied"}, True, "bad", "the box may not open the port"),
        ({"problem": "socket://a:1: cannot be opened: Connection refused"}, True, "bad", "no answer over the network"),
        ({"problem": "/s: no room: what is free on the disk is kept in reserve"}, True, "bad", "the disk is full"),
        ({"last_good_s": 65}, True, "bad", "connected, but silent since 14:05: is it switched on"),
        ({"last_good_s": None}, True, "quiet", "connected; nothing has come yet"),
        ({"last_good_s": None, "skipped_bytes": 90}, True, "bad", "sends what cannot be read"),
        ({"error_rate": 0.04}, True, "busy", "receiving; 4% of it is damaged"),
        ({"last_good_s": 250}, False, "good", "ready; last result 4 min ago"),
        ({"problem": "not opened yet"}, True, "quiet", "starting"),
    ],
)
def test_a_device(change: dict[str, Any], streams: bool, tone: str, text: str) -> None:
    said = words.device({**PORT, **change}, since(bed=NOW.replace(minute=3)), NOW, streams=streams)
    assert said.tone == tone
    assert said.text.startswith(text)


def test_since_when_ends_with_the_trouble() -> None:
    made = since(bed=NOW.replace(minute=3))
    made.hear(Event("lost", "bed", "", "another reason", NOW))
    assert made("bed", NOW) == " since 14:03"
    assert made("bed", NOW.replace(day=26)) == " since 25 Nov 14:03"
    made.hear(Event("refused", "archive", "1.2.3", "one object", NOW))
    assert made("archive", NOW) == ""
    made.hear(Event("opened", "bed", "", "", NOW))
    assert made("bed", NOW) == ""


def test_a_destination() -> None:
    shot = {"name": "archive", "problem": "", "waiting": 0, "oldest_undelivered_s": 250.0, "retry_in_s": 4.0}
    away = since(archive=NOW.replace(minute=3))
    assert words.destination(shot, 0, away, NOW) == ("good", "everything is delivered", "")
    assert words.destination({**shot, "waiting": 3}, 3, away, NOW).text == "sending; 3 items, oldest 4 min"
    assert words.destination(shot, 1, away, NOW).text == "stored, waiting for confirmation: 1 item, oldest 4 min"
    said = words.destination({**shot, "problem": "no route"}, 12, away, NOW)
    assert said == (
        "bad", "waiting for archive since 14:03; 12 items, oldest 4 min; tried again in 4 s", "no route",
    )  # fmt: skip


def test_a_worklist() -> None:
    shot: dict[str, Any] = {"asked": NOW.replace(hour=13).isoformat(), "problem": "", "usable": True}
    away = since(worklist=NOW.replace(minute=3))
    assert words.worklist(shot, away, NOW).text == "read 1 h ago"
    said = words.worklist({**shot, "problem": "away", "usable": False}, away, NOW)
    assert (said.tone, said.text) == ("bad", "the RIS does not answer since 14:03; read 1 h ago; too old to be used")
    assert words.worklist({**shot, "asked": None}, away, NOW).text == "being read"


def test_names_days_and_lengths() -> None:
    assert words.person("Yamada^Tarou=山田^太郎") == "Yamada Tarou / 山田 太郎"
    assert words.person("") == ""
    assert (words.day("19700102"), words.day("197")) == ("1970-01-02", "197")
    assert [words.lasting(one) for one in (-1, 59.4, 60, 7199, 90000)] == ["0 s", "59 s", "1 min", "1 h", "1 d"]


def test_a_trace_keeps_its_extremes() -> None:
    samples = [float(number % 7) for number in range(10_000)]
    samples[4321], samples[8765] = 1000.0, -1000.0
    shown = thinned(samples)
    assert len(shown) == 600
    assert (max(shown), min(shown)) == (1000.0, -1000.0)
    assert shown.index(1000.0) < shown.index(-1000.0)
    assert thinned([1.00049, 2.0]) == [1.0, 2.0]
    assert thinned([]) == []
