"""The report of a load: counts as text, no URL, what is said of stall and loss, and comparisons that are right."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from modality.load.account import Account, Process
from modality.load.outcome import Fate, Outcome, instance_uid
from modality.load.scenario import Objectives
from modality.web.load.charts import grouped, milliseconds
from modality.web.load.report import Result, comparison, page, side_by_side
from modality.web.load.wording import saturated, verdict


def account(slow: float = 1.0, *, lost: int = 0, stall: bool = True) -> Account:
    """400 requests in 20 s; a stall of 2 s at second 10, 10 refused, one aborted."""
    made = Account("steady", "run1", 5, 20.0)
    for number in range(400):
        moment = number / 20
        ready = 12.0 if stall and 10 <= moment < 12 else moment
        fate, status = (Fate.REFUSED, "A700") if number % 40 == 39 else (Fate.SENT, "0000")
        if number == 100:
            fate, status = Fate.ABORTED, ""
        finished = ready + 0.02 * slow
        made.record(Outcome("CT <b>", "1.2", number, 400, moment, moment, ready, finished, fate, status, size=500_000))
    made.processes = [Process(0.2, 0.1, 40)]
    made.configuration = {"rate": 20.0, "tcp_nodelay": True, "to": "https://pacs.example/dicom-web", "ris": None}
    if lost:
        made.lost_uids = [instance_uid("1.2", at) for at in range(lost)]
        made.verification = {
            "acknowledged": made.sent, "stored": made.sent - lost, "lost": lost, "unknown": 0, "duplicated": [],
            "unexpected": [], "kept_unacknowledged": 0, "sample": None, "problems": [],
        }  # fmt: skip
    return made


def drawn(*results: Result, **options: Any) -> str:
    return page(results, **options).decode()


class _Text(HTMLParser):
    """The text that a reader sees, and every tag with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data.split()


def parsed(html: str) -> _Text:
    found = _Text()
    found.feed(html)
    return found


@pytest.fixture(scope="module")
def html() -> str:
    made = account(lost=2)
    return drawn(Result("https://pacs.example/dicom-web", made, Objectives(p99_ms=1000.0).judge(made)))


def test_no_url_stands_in_it_and_nothing_is_fetched(html: str) -> None:
    assert re.findall(r"[a-z]+://", html, re.IGNORECASE) == []
    assert "xmlns" not in html
    for tag, attributes in parsed(html).tags:
        assert tag not in ("script", "link", "img", "iframe", "object")
        assert all((value or "").startswith("#") for name, value in attributes.items() if name in ("href", "src"))
    assert "HTTPS pacs.example/dicom-web" in html


def test_every_name_in_it_is_there_once_and_what_is_referred_to_is_there(html: str) -> None:
    names = [attributes["id"] for _, attributes in parsed(html).tags if "id" in attributes]
    assert len(names) == len(set(names))
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', html)) <= set(names)


def test_the_counts_and_the_lost_stand_as_text(html: str) -> None:
    text = " ".join(parsed(html).words)
    for words in ("400 planned", "389 sent", "11 failed", "0 skipped", "2 lost", instance_uid("1.2", 1)):
        assert words in text
    assert "lost 2 of the instances that it had acknowledged" in text
    assert "10 refused with A700 (out of resources)" in text
    assert "From second 10 on it answered nothing for 2" in text
    found = milliseconds(account(lost=2).to_json()["latency_ms"]["p99"])
    assert f"latency of 99 % at most 1.00 s {found} no" in text


def test_all_charts_are_there_at_both_widths(html: str) -> None:
    assert html.count("<svg") == 8
    for title in (
        "Latency over time",
        "Throughput against plan",
        "Distribution of latency",
        "What the archive answered",
    ):
        assert f"<h3>{title}</h3>" in html
    text = " ".join(parsed(html).words)
    assert "seconds since the start" in text  # charts hold text, and not its outlines


def test_what_a_name_holds_is_no_markup(html: str) -> None:
    assert "<b>" not in html.replace('<b class="', "").replace("<b>400", "")
    assert "CT &lt;b&gt;" in html


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page without its charts, which take a second each."""
    monkeypatch.setattr("modality.web.load.report.figures", lambda *_: ())


@pytest.mark.usefixtures("plain")
def test_nobody_looked_is_not_nothing_lost() -> None:
    text = " ".join(parsed(drawn(Result("X", account(stall=False)))).words)
    assert "? lost nobody looked" in text
    assert "? no" not in text


def clean() -> Account:
    """One request, answered and asked for afterwards; with one step."""
    made = Account("steady", "run1", 5, 1.0)
    made.record(Outcome("CT", "1.2", 0, 1, 0.0, 0.0, 0.0, 0.1, Fate.SENT, "0000", size=1000))
    sample: dict[str, Any] = {
        "compared": 1, "identical": 1, "differing_pixels": [], "coerced": {}, "transcoded": {}, "not_given_back": [],
        "problems": [],
    }  # fmt: skip
    made.verification = {
        "acknowledged": 1, "stored": 1, "lost": 0, "unknown": 0, "duplicated": [], "unexpected": [],
        "kept_unacknowledged": 0, "sample": sample, "problems": [],
    }  # fmt: skip
    made.step("query").planned = 1
    return made


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda one: None, "every one of them is there"),
        (lambda one: one.verification["sample"]["differing_pixels"].append("1.2.3"), "did not give them back"),
        (lambda one: one.verification["sample"]["not_given_back"].append("1.2.3"), "did not give them back"),
        (lambda one: one.verification["sample"]["problems"].append("no C-GET"), "and lists each; some could not"),
        (lambda one: one.verification["duplicated"].append("1.2.3"), "did not list them as it should"),
        (lambda one: one.step("query").failed.update(PeerError=1), "1 of 1 steps of query failed"),
        (lambda one: one.configuration.update(interrupted=True), "The run was interrupted"),
    ],
)
def test_the_verdict_is_good_only_where_all_is(spoil: Callable[[Account], None], said: str) -> None:
    made = clean()
    spoil(made)
    good, sentence = verdict(made.to_json(), Objectives().judge(made))
    assert said in sentence
    assert good == ("every one" in said or "each" in said)


@pytest.mark.usefixtures("plain")
def test_two_loads_stand_side_by_side() -> None:
    fast, slow = Result("dicom://A@h:1", account(stall=False)), Result("dicom://B@h:1", account(3.0, stall=False))
    rows = {row[0]: row for row in comparison([fast, slow])}
    assert rows[""][1] == ["dicom://A@h:1", "dicom://B@h:1"]
    assert rows["latency, half"] == ("latency, half", ["20.0 ms", "60.0 ms"], "3 x", "bad")
    assert rows["sent"][2:] == ("same", "")
    assert rows["lost"] == ("lost", ["?", "?"], "", "")
    html = drawn(fast, slow)
    assert "A@h:1" in html


@pytest.mark.usefixtures("plain")
def test_an_earlier_run_is_compared_with_and_what_differs_between_them_is_named() -> None:
    before, now = account(3.0, stall=False), account(stall=False)
    before.configuration = {**before.configuration, "rate": 10.0}
    text = " ".join(parsed(drawn(Result("X", now), baseline=before.to_json(), baseline_name="old.json")).words)
    assert "old.json now change" in text
    assert "latency, half 60.0 ms 20.0 ms -67 %" in text
    assert "rate: 10 then, 20 now" in text
    assert side_by_side([("a", before.to_json()), ("b", now.to_json())])[9][3] == "good"


@pytest.mark.usefixtures("plain")
def test_a_search_for_the_highest_rate_is_told_and_drawn() -> None:
    trace = [
        {"rate": 50.0, "rate_per_s": 50.0, "p50_ms": 5.0, "p99_ms": 9.0, "held": True, "failed_objectives": [],
         "gave_way": "nobody", "engine": ""},
        {"rate": 100.0, "rate_per_s": 61.0, "p50_ms": 500.0, "p99_ms": 4000.0, "held": False,
         "failed_objectives": ["p99_ms"], "gave_way": "archive", "engine": ""},
    ]  # fmt: skip
    found = {
        "rate": 61.2, "interval": [58.0, 64.0], "repeats": [58.0, 61.2, 64.0], "gave_way": "archive", "why": "",
        "objectives": {"p99_ms": 1000.0, "rate": 0.99}, "highest_held": 50.0, "trace": trace, "shown": 50.0,
    }  # fmt: skip
    text = " ".join(parsed(drawn(Result("X", account(stall=False), saturation=found))).words)
    assert (
        "hold up to 61.2 instances a second (between 58 and 64 in 3 searches); above it, the archive gave way" in text
    )
    assert "not held: p99_ms" in text
    assert "latency of 99 % at most 1.00 s and success rate, of the planned rate: at least 99 %" in text
    inconclusive = {**found, "rate": None, "why": "the engine gave way first"}
    assert saturated(inconclusive).startswith("inconclusive: the engine gave way first")


def test_a_load_of_which_nothing_came_back_still_has_a_report() -> None:
    made = Account("steady", "r", 1, 1.0)
    for number in range(3):
        made.record(Outcome("x", "1.2", number, 3, 0.1, 0.1, None, 0.1, Fate.SKIPPED))
    assert "Nothing was answered" in drawn(Result("X", made))


def test_a_long_run_is_drawn_in_steps_that_keep_its_worst_moments() -> None:
    series = [
        {"second": at, "planned": 2, "sent": 2, "failed": 0, "skipped": 0,
         "latency_ms": {"p50": 1.0, "p95": 2.0, "p99": 3.0, "max": 900.0 if at == 777 else 4.0}}
        for at in range(1000)
    ]  # fmt: skip
    rows, step = grouped(series)
    assert step == 6
    assert len(rows) <= 180
    assert max(row["latency_ms"]["max"] for row in rows) == 900.0
    assert all(row["sent"] == 2 for row in rows)


def test_times_are_written_in_the_unit_that_suits() -> None:
    written = [milliseconds(one) for one in (0.0, 0.85, 1.0, 12.34, 999.4, 1000.0, 65_000.0)]
    assert written == ["0 µs", "850 µs", "1.00 ms", "12.3 ms", "999 ms", "1.00 s", "65.0 s"]
