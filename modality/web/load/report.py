"""The report of a load test as one page that stands alone: in words, numbers and charts, with the configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from modality.load.account import Account
from modality.load.scenario import Judgement
from modality.web.load.charts import Chart, milliseconds
from modality.web.load.figures import figures, saturation, share
from modality.web.load.wording import (
    change,
    explained,
    in_words,
    judged,
    saturated,
    searched_for,
    size,
    unbroken,
    verdict,
)
from modality.web.report import render

_TIMES = (
    ("latency_ms", "latency", "from the planned moment to the answer"),
    ("service_ms", "service", "from a free association to the answer"),
    ("queue_ms", "queueing", "waiting for an association, all being busy"),
    ("setup_ms", "association set-up", "connection and A-ASSOCIATE"),
    ("first_response_ms", "first response", "first request of an association, its set-up included"),
    ("send_lag_ms", "send lag", "how late the load engine itself was"),
)
PERCENTILES = ("p50", "p90", "p95", "p99", "p99.9", "p99.99", "max")
_MOST_UIDS = 200
# The page holds no URL: addresses stand in it as people say them.
_ADDRESS = re.compile(rb"\b(dicoms?|https?)://", re.IGNORECASE)
_SCHEMES = {b"dicom": b"", b"dicoms": b"TLS ", b"http": b"HTTP ", b"https": b"HTTPS "}


@dataclass(slots=True)
class Result:
    """One load, for the report.

    Args:
        label: names it where there are two: the address.
        account: of the load.
        judgements: its objectives.
        faults: what came of the faults thrown beside it, as plain data.
        saturation: the search for the highest rate as plain data (`Saturation.to_json`); None when there was none.
    """

    label: str
    account: Account
    judgements: Sequence[Judgement] = ()
    faults: Sequence[Mapping[str, Any]] = ()
    saturation: Mapping[str, Any] | None = None
    document: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.document = self.account.to_json()


def page(results: Sequence[Result], *, baseline: Mapping[str, Any] | None = None, baseline_name: str = "") -> bytes:
    """The page, as UTF-8.

    Args:
        results: one load, or two to be compared.
        baseline: the JSON document of an earlier run.
        baseline_name: where it came from.

    Raises:
        MissingExtraError: what draws is not installed.
    """
    first = results[0]
    made = render(
        "load.html",
        title=_title(results),
        when=_when(first.account),
        loads=[_shown(f"r{at}", one, of=len(results)) for at, one in enumerate(results)],
        compared=side_by_side([(one.label, one.document) for one in results]) if len(results) > 1 else [],
        baseline=side_by_side([(baseline_name or "then", baseline), ("now", first.document)]) if baseline else [],
        baseline_notes=_not_alike(baseline, first.document) if baseline else [],
        percentiles=PERCENTILES,
        milliseconds=milliseconds,
    )
    return _ADDRESS.sub(lambda found: _SCHEMES[found[1].lower()], made)


def write(path: Path, results: Sequence[Result], **options: Any) -> None:
    """Write the page to a file, whole or not at all.

    Raises:
        UsageError: the file cannot be written.
        MissingExtraError: what draws is not installed.
    """
    from modality.transfer.files import write_whole

    write_whole(path, [page(results, **options)])


def write_one(path: Path, account: Account, label: str, judgements: Sequence[Judgement]) -> None:
    """Write the page of one load without more; see `write`.

    Raises:
        UsageError: the file cannot be written.
        MissingExtraError: what draws is not installed.
    """
    write(path, [Result(label, account, judgements)])


def _title(results: Sequence[Result]) -> str:
    return f"{results[0].account.scenario or 'load'} on {' and '.join(one.label for one in results)}"


def _when(account: Account) -> str:
    if not account.started_at:
        return ""
    return f"{datetime.fromtimestamp(account.started_at, timezone.utc).astimezone():%Y-%m-%d %H:%M:%S %Z}"


def _shown(name: str, result: Result, *, of: int) -> dict[str, Any]:
    """What the template shows of one load."""
    document, account = result.document, result.account
    charts: list[Chart] = []
    if result.saturation and result.saturation["trace"]:
        charts.append(saturation(name, result.saturation["trace"], searched_for(result.saturation)))
    charts += figures(name, document, account.latency.bars())
    good, sentence = verdict(document, result.judgements)
    return {
        "name": name,
        "label": result.label if of > 1 else "",
        "document": document,
        "good": good,
        "verdict": unbroken(sentence),
        "tiles": list(_tiles(document)),
        "words": [unbroken(line) for line in in_words(document, result.saturation)],
        "objectives": [judged(one, document) for one in result.judgements],
        "charts": charts,
        "times": [
            (what, why, document[key]) for key, what, why in _TIMES if document[key].get("max") is not None
        ],
        "by_exam": [(label, "", one) for label, one in document["by_exam"].items()],
        "by_status": [(label.replace("_", " "), explained(label), one) for label, one in document["by_status"].items()],
        "steps": list(document["steps"].items()),
        "errors": list(document["errors"].items()),
        "truth": document["verification"],
        "lost_uids": document["lost_uids"][:_MOST_UIDS],
        "lost_more": max(0, len(document["lost_uids"]) - _MOST_UIDS),
        "faults": list(result.faults),
        "saturation": result.saturation,
        "found": saturated(result.saturation) if result.saturation else "",
        "configuration": [(key, text) for key, text in _flat(document["configuration"]) if text != "–"],
    }  # fmt: skip


def _tiles(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Number, what it is, its share or detail, and whether it is good or bad."""
    planned = document["planned"] or 1
    yield f"{document['planned']:,}", "planned", f"{document['duration_s']:.4g} s", ""
    for key, tone in (("sent", "good"), ("failed", "bad"), ("skipped", "bad")):
        count = document[key]
        yield f"{count:,}", key, share(count, planned), tone if count else ""
    if document["verified"]:
        unknown = (document["verification"] or {}).get("unknown", 0)
        detail = f"{unknown:,} not known" if unknown else "acknowledged, and not there"
        lost = "?" if unknown and not document["lost"] else f"{document['lost']:,}"
        yield lost, "lost", detail, "bad" if document["lost"] else ""
    else:
        yield "?", "lost", "nobody looked (--verify)", ""


_COMPARED: tuple[tuple[str, str, str], ...] = (
    # key, what, unit: "n" a count whose growth is bad, "rate" better when more, "ms" better when less
    ("planned", "planned", ""),
    ("sent", "sent", "more"),
    ("failed", "failed", "less"),
    ("skipped", "skipped", "less"),
    ("lost", "lost", "less"),
    ("rate_per_s", "instances a second", "more"),
    ("bytes_per_s", "bytes a second", "more"),
    *((f"latency_ms.{one}", f"latency, {_named}", "less")
      for one, _named in (("p50", "half"), ("p95", "95 %"), ("p99", "99 %"), ("p99.9", "99.9 %"), ("max", "slowest"))),
    ("service_ms.p50", "service, half", "less"),
    ("service_ms.p99", "service, 99 %", "less"),
    ("setup_ms.p50", "association set-up, half", "less"),
)  # fmt: skip


def side_by_side(documents: Sequence[tuple[str, Mapping[str, Any]]]) -> list[tuple[str, list[str], str, str]]:
    """Two JSON documents side by side, as rows of a table.

    Args:
        documents: each with the label of its column.

    Returns:
        What, both values, the change, and "good", "bad" or nothing; the first row holds the labels.
    """
    rows = [("", [label for label, _ in documents], "", "")]
    (_, one), (_, other) = documents[0], documents[1]
    for key, what, better in _COMPARED:
        pair = [_at(one, key), _at(other, key)]
        if pair == [None, None]:
            continue
        difference, tone = change(pair[0], pair[1], better)
        if key == "lost":
            shown = [
                f"{value:,}" if doc.get("verified") else "?" for value, (_, doc) in zip(pair, documents, strict=True)
            ]
            if "?" in shown:
                difference, tone = "", ""
        else:
            shown = [_value(key, value) for value in pair]
        rows.append((what, shown, difference, tone))
    return rows


def comparison(results: Sequence[Result]) -> list[tuple[str, list[str], str, str]]:
    """Two loads side by side; see `side_by_side`."""
    return side_by_side([(one.label, one.document) for one in results])


def _at(document: Mapping[str, Any], key: str) -> Any:
    found: Any = document
    for part in key.split(".", 1):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _value(key: str, value: Any) -> str:
    if value is None:
        return "–"
    if "_ms" in key:
        return milliseconds(value)
    if key == "bytes_per_s":
        return f"{size(value)}/s"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def _not_alike(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """In what the configurations of two runs differ, which a reader must know."""
    before, after = dict(_flat(then.get("configuration") or {})), dict(_flat(now["configuration"]))
    before["scenario"], after["scenario"] = str(then.get("scenario")), str(now.get("scenario"))
    return [
        f"{key}: {before.get(key, '–')} then, {after.get(key, '–')} now"
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]


def _flat(table: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, str]]:
    """A configuration as lines of key and value."""
    for key, value in table.items():
        name = f"{place}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name} · ")
        elif isinstance(value, (list, tuple)):
            if value and all(isinstance(one, Mapping) for one in value):
                for number, one in enumerate(value, 1):
                    yield from _flat(one, f"{name} {number} · ")
            else:
                yield name, ", ".join(map(str, value)) or "–"
        elif isinstance(value, bool):
            yield name, "yes" if value else "no"
        else:
            yield name, f"{value:g}" if isinstance(value, float) else str(value) if value not in ("", None) else "–"
