"""The charts of a load report: matplotlib's SVG made fit to stand within a page, at two widths."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from math import floor, log10
from typing import Any, NamedTuple

from modality.errors import MissingExtraError

# Okabe and Ito's colours, which people with colour-blindness tell apart; matplotlib calls some by number only.
BLUE, ORANGE, GREEN, RED, PURPLE, GREY = "#0072b2", "#e69f00", "#009e73", "#c8371b", "#8a4f9e", "#8795a3"
INK, LINES = "#1b2733", "#dde3ea"
_WIDE, _NARROW = (8.4, 3.1), (4.3, 3.2)  # inches, at 72 pixels each
_MOST_POINTS = 180

Row = Mapping[str, Any]


class Chart(NamedTuple):
    """A chart as it stands in the page.

    Args:
        name: unique in the page.
        title: for people.
        caption: how to read it.
        wide: SVG for a desk.
        narrow: SVG for a phone.
    """

    name: str
    title: str
    caption: str
    wide: str
    narrow: str


def chart(name: str, title: str, caption: str, draw: Callable[[Any, bool], None]) -> Chart:
    """A chart drawn at both widths.

    Args:
        name: unique in the page.
        title: for people.
        caption: how to read it.
        draw: draws into matplotlib's axes; told whether they are narrow.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    wide, narrow = (_drawn(f"{name}-{size}", draw, size == "narrow") for size in ("wide", "narrow"))
    return Chart(name, title, caption, wide, narrow)


def _drawn(name: str, draw: Callable[[Any, bool], None], narrow: bool) -> str:
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise MissingExtraError("the report of a load", "load") from None
    style: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 9.5,
        "axes.edgecolor": GREY,
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "grid.color": LINES,
        "grid.linewidth": 0.8,
        "axes.axisbelow": True,
        "legend.frameon": False,
        "lines.linewidth": 1.6,
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=_NARROW if narrow else _WIDE, layout="constrained")
        draw(figure.add_subplot(), narrow)
        out = StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _inline(out.getvalue(), name)


def _inline(svg: str, name: str) -> str:
    """SVG as HTML takes it: no prologue, no metadata, no namespaces (HTML has them built in), names of its own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\s+xmlns(:\w+)?="[^"]*"', "", svg)
    svg = svg.replace("xlink:href", "href")
    svg = re.sub(r'(?<=\bid=")', f"{name}-", svg)
    svg = re.sub(r'(?<=href="#)|(?<=url\(#)', f"{name}-", svg)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", svg)  # the family is the page's
    return re.sub(r' (?:width|height)="[\d.]+pt"', "", svg, count=2)


def milliseconds(value: float) -> str:
    """A time for people, in the unit that suits it: 850 µs, 12.5 ms, 1.20 s."""
    if value >= 1000:
        return f"{_three(value / 1000)} s"
    return f"{_three(value)} ms" if value >= 1 else f"{_three(value * 1000)} µs"


def _three(value: float) -> str:
    """Three significant digits, no exponent."""
    if not value:
        return "0"
    digits = max(0, 2 - floor(log10(abs(value))))
    return f"{value:,.{digits}f}"


def grouped(series: Sequence[Row]) -> tuple[list[Row], int]:
    """The rows of a series, so many seconds together that a chart can show them; and how many seconds that is.

    A percentile of several seconds is the worst of theirs; counts are means, a second.
    """
    step = max(1, -(-len(series) // _MOST_POINTS))
    if step == 1:
        return list(series), 1
    found: list[Row] = []
    for at in range(0, len(series), step):
        rows = series[at : at + step]
        counts = {key: sum(row[key] for row in rows) / len(rows) for key in ("planned", "sent", "failed", "skipped")}
        latency = {}
        for key in ("p50", "p95", "p99", "max"):
            values = [row["latency_ms"][key] for row in rows if row["latency_ms"][key] is not None]
            latency[key] = max(values) if values else None
        found.append({"second": rows[0]["second"], **counts, "latency_ms": latency})
    return found, step


def time_axis(axes: Any, narrow: bool) -> None:
    """The x axis is seconds of the run."""
    from matplotlib.ticker import MaxNLocator

    axes.set_xlabel("seconds since the start")
    axes.margins(x=0.01)
    axes.xaxis.set_major_locator(MaxNLocator(5 if narrow else 10, integer=True))


def time_ticks(axis: Any) -> None:
    """An axis of times in milliseconds, labelled in the unit that suits."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    axis.set_minor_formatter(NullFormatter())


def _short(value: float) -> str:
    if value >= 1000:
        return f"{value / 1000:g} s"
    return f"{value:g} ms" if value >= 1 or not value else f"{value * 1000:g} µs"


def legend(axes: Any, narrow: bool) -> None:
    """The legend above the chart."""
    entries = len(axes.get_legend_handles_labels()[1])
    columns = min(entries, 2 if narrow else 6)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, borderaxespad=0.2, handlelength=1.4)
