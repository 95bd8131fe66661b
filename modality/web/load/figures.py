"""What the charts of a load report show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import ceil, floor, log10
from typing import Any

from modality.web.load.charts import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    RED,
    Chart,
    chart,
    grouped,
    legend,
    milliseconds,
    time_axis,
    time_ticks,
)

_PERCENTILES = (("p50", GREEN), ("p95", BLUE), ("p99", ORANGE), ("max", RED))
_SPREAD_FOR_LOG = 20.0
_BINS_A_DECADE = 12
_FATES = {"aborted": ORANGE, "timed_out": PURPLE, "not_accepted": "#7b6a4d", "unreachable": INK, "skipped": GREY}


def figures(name: str, document: Mapping[str, Any], bars: Sequence[tuple[float, int]]) -> Iterator[Chart]:
    """The charts of one run.

    Args:
        name: unique in the page.
        document: the JSON document of the run.
        bars: its latency histogram, upper bound in milliseconds and count.
    """
    rows, step = grouped(document["series"])
    each = "each second" if step == 1 else f"every {step} seconds"
    if rows:
        yield _latency(name, rows, each)
        yield _throughput(name, rows, each)
    if bars:
        yield _histogram(name, document, bars)
    if document["planned"]:
        yield _status_mix(name, document)


def _latency(name: str, rows: Sequence[Mapping[str, Any]], each: str) -> Chart:
    seconds = [row["second"] for row in rows]
    series = {key: [_number(row["latency_ms"][key]) for row in rows] for key, _ in _PERCENTILES}
    known = [value for values in series.values() for value in values if value > 0]  # not a number is not
    spread = known and max(known) / min(known) > _SPREAD_FOR_LOG

    def draw(axes: Any, narrow: bool) -> None:
        for key, colour in _PERCENTILES:
            style = {"linewidth": 1.0, "alpha": 0.8} if key == "max" else {}
            label = {"p50": "half", "p95": "95 %", "p99": "99 %", "max": "slowest"}[key]
            marker = "o" if len(rows) == 1 else None
            axes.plot(seconds, series[key], color=colour, label=label, marker=marker, **style)
        if spread:
            axes.set_yscale("log")
        else:
            axes.set_ylim(bottom=0)
        time_ticks(axes.yaxis)
        axes.set_ylabel("latency")
        time_axis(axes, narrow)
        legend(axes, narrow)

    caption = (
        f"Time from the moment a request was planned to its answer, {each}, at the second it was planned for. "
        "A line is what so many of the requests did not exceed: a gap between the lines is an archive that is fast "
        "for most and slow for some; a hill is one that stood still, with all that was planned meanwhile waiting."
    )
    return chart(f"{name}-latency", "Latency over time", caption, draw)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _throughput(name: str, rows: Sequence[Mapping[str, Any]], each: str) -> Chart:
    seconds = [row["second"] for row in rows]

    def draw(axes: Any, narrow: bool) -> None:
        values = {key: [row[key] for row in rows] for key in ("planned", "sent", "failed", "skipped")}
        axes.fill_between(seconds, values["sent"], step="mid", color=BLUE, alpha=0.22, linewidth=0)
        axes.step(seconds, values["sent"], where="mid", color=BLUE, label="answered with success")
        axes.step(seconds, values["planned"], where="mid", color=INK, linestyle=(0, (3, 2)), label="planned")
        for key, colour in (("failed", RED), ("skipped", ORANGE)):
            if any(values[key]):
                axes.step(seconds, values[key], where="mid", color=colour, label=key)
        axes.set_ylim(bottom=0)
        axes.set_ylabel("instances a second")
        time_axis(axes, narrow)
        legend(axes, narrow)

    caption = (
        f"Instances a second, {each}. Where the line falls below the plan, the archive did not keep up; "
        "what it answered later stands above the plan afterwards."
    )
    return chart(f"{name}-throughput", "Throughput against plan", caption, draw)


def _histogram(name: str, document: Mapping[str, Any], bars: Sequence[tuple[float, int]]) -> Chart:
    first = floor(log10(max(min(bound for bound, _ in bars), 1e-3)) * _BINS_A_DECADE)
    last = ceil(log10(max(2e-3, *(bound for bound, _ in bars))) * _BINS_A_DECADE)
    last = max(last, first + 1)
    edges = [10 ** (at / _BINS_A_DECADE) for at in range(first, last + 1)]
    counts = [0] * (last - first)
    for bound, count in bars:
        at = floor(log10(max(bound, 1e-3)) * _BINS_A_DECADE + 1e-9) - first
        counts[min(max(at, 0), len(counts) - 1)] += count
    marks = [(key, document["latency_ms"].get(key)) for key in ("p50", "p99", "p99.9")]

    def draw(axes: Any, narrow: bool) -> None:
        axes.bar(
            edges[:-1], counts, width=[b - a for a, b in pairwise(edges)], align="edge",
            color=BLUE, edgecolor="white", linewidth=0.4,
        )  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(0.7, max(counts) * 4)
        for key, value in marks:
            if value:
                axes.axvline(value, color=INK, linewidth=0.9, linestyle=(0, (3, 2)))
                height = {"p50": 0.98, "p99": 0.98, "p99.9": 0.88}[key]
                left = value < edges[-1] ** 0.6 * edges[0] ** 0.4
                axes.annotate(
                    f"{key[1:]} %: {milliseconds(value)}", (value, height), xycoords=axes.get_xaxis_transform(),
                    xytext=(4 if left else -4, 0), textcoords="offset points", va="top", ha="left" if left else "right",
                )  # fmt: skip
        time_ticks(axes.xaxis)
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.set_xlabel("latency (logarithmic)")
        axes.set_ylabel("requests (logarithmic)")
        if narrow:
            axes.tick_params(axis="x", labelsize=8)

    caption = (
        "How many requests took how long, both axes logarithmic: the slowest few, which an average hides, "
        "are the bars at the right."
    )
    return chart(f"{name}-histogram", "Distribution of latency", caption, draw)


def _status_mix(name: str, document: Mapping[str, Any]) -> Chart:
    found = mix(document)
    total = sum(count for _, count, _ in found)

    def draw(axes: Any, narrow: bool) -> None:
        axes.barh([label for label, _, _ in found], [count for _, count, _ in found],
                  color=[colour for _, _, colour in found], height=0.62)  # fmt: skip
        axes.invert_yaxis()
        axes.grid(False)
        axes.set_xlim(0, max(count for _, count, _ in found) * (1.45 if narrow else 1.25))
        for at, (_, count, _) in enumerate(found):
            axes.annotate(
                f"{count:,} ({share(count, total)})",
                (count, at),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
            )
        axes.set_xticks([])
        for side in ("bottom", "left"):
            axes.spines[side].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(max(len(found), 3) - 0.4, -0.6)

    caption = "How each planned request ended: by the status the archive answered with, or by what came instead of one."
    return chart(f"{name}-status", "What the archive answered", caption, draw)


def share(count: int, total: int) -> str:
    """A part in per cent, never rounded to nothing or to all."""
    part = 100 * count / total
    if 0 < part < 0.1:
        return "under 0.1 %"
    if 99.9 < part < 100:
        return "over 99.9 %"
    return f"{part:.3g} %"


def mix(document: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """How requests ended: label, count and colour; the most frequent first within good, warned and bad."""
    warnings = document.get("warnings", {})
    refused = document["refused_by_status"]
    success = document["sent"] - sum(warnings.values())
    found = [("0000 success", success, GREEN)] if success else []
    found += [(f"{status} warning", count, "#7fb069") for status, count in _by_count(warnings)]
    found += [(f"{status} refused", count, RED) for status, count in _by_count(refused)]
    found += [(key.replace("_", " "), document[key], colour) for key, colour in _FATES.items() if document.get(key)]
    return found or [("nothing", document["planned"], GREY)]


def _by_count(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: -pair[1])


def saturation(name: str, steps: Sequence[Mapping[str, Any]], objective: str) -> Chart:
    """The curve of a search for the highest rate that holds.

    Args:
        name: unique in the page.
        steps: the trace of a `Saturation` as plain data.
        objective: what had to hold, for people.
    """
    ordered = sorted(steps, key=lambda one: one["rate"])

    def draw(axes: Any, narrow: bool) -> None:
        rates = [one["rate"] for one in ordered]
        axes.plot(rates, rates, color=GREY, linestyle=(0, (3, 2)), linewidth=1.0, label="offered")
        axes.plot(rates, [one["rate_per_s"] for one in ordered], color=BLUE, alpha=0.6, label="answered")
        for held, colour, label in ((True, GREEN, "objective held"), (False, RED, "objective not held")):
            some = [one for one in ordered if bool(one["held"]) is held]
            if some:
                axes.scatter([one["rate"] for one in some], [one["rate_per_s"] for one in some],
                             color=colour, zorder=3, s=26, label=label)  # fmt: skip
        axes.set_xlabel("offered instances a second")
        axes.set_ylabel("answered a second")
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
        beside = axes.twinx()
        beside.plot(
            rates, [_number(one["p99_ms"]) for one in ordered], color=ORANGE, linewidth=1.2, label="latency, 99 %"
        )
        beside.set_yscale("log")
        beside.grid(False)
        beside.spines["right"].set_visible(True)
        time_ticks(beside.yaxis)
        handles, labels = axes.get_legend_handles_labels()
        more, named = beside.get_legend_handles_labels()
        axes.legend(handles + more, labels + named, loc="lower left", bbox_to_anchor=(0, 1.0),
                    ncols=2 if narrow else 5, borderaxespad=0.2, handlelength=1.4)  # fmt: skip

    caption = (
        f"Each point is a run at that rate; the objective is: {objective}. Where the blue line leaves the dashed one, "
        "the archive answers less than it is offered; the orange line is how long 99 % of the requests took at most."
    )
    return chart(f"{name}-saturation", "Saturation", caption, draw)
