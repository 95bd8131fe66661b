"""What a load came to, in words and tables."""

from __future__ import annotations

from typing import Any

import click

from modality.cli.verb import say, table

_TIMES = {
    "latency_ms": "latency, from the planned moment",
    "service_ms": "service, from a free association",
    "queue_ms": "waiting for an association",
    "send_lag_ms": "the engine's own lag",
    "setup_ms": "opening an association",
}


def explain(document: dict[str, Any]) -> None:
    """Say what went wrong, a line each, on stderr."""
    if document["configuration"].get("interrupted"):
        say("interrupted: what follows is of the part of the plan that was due until then")
    for status, count in document["refused_by_status"].items():
        say(f"refused with {status}: {count}")
    for name, found in document["errors"].items():
        say(f"failed with {name}: {found['count']}, the first: {found['first']}")
    for name, step in document["steps"].items():
        if step["left_out"]:
            say(f"{name} left out: {step['left_out']}")
        for error, count in step["failed_by_error"].items():
            say(f"{name} failed with {error}: {count}")
    if document["engine"]["not_opened"]:
        opened, wanted = document["engine"]["associations_opened"], document["configuration"]["associations"]
        say(f"only {opened} of {wanted} associations could be opened: {document['engine']['not_opened']}")
    for name in ("skipped", "lost"):
        if document[name]:
            say(f"{name}: {document[name]}")
    truth = document["verification"]
    if truth and truth["unknown"]:
        say(f"not verified: of {truth['unknown']} acknowledged instances it is not known whether they are there")
    if document["out_of_range"]:
        say(f"{document['out_of_range']} times were out of the histogram's range, and stand at its bound")
    if document["engine"]["bottleneck"]:
        say(f"the engine was the bottleneck, so these are not the archive's figures: {document['engine']['why']}")


def tell(document: dict[str, Any]) -> None:
    """Print the counts and the times."""
    failures = ", ".join(
        f"{document[name]} {name.replace('_', ' ')}"
        for name in ("refused", "aborted", "timed_out", "not_accepted", "unreachable")
        if document[name]
    )
    click.echo(
        f"{document['planned']} planned: {document['sent']} sent, {document['failed']} failed"
        f"{f' ({failures})' if failures else ''}, {document['skipped']} skipped"
    )
    click.echo(
        f"{document['rate_per_s']:.2f} instances/s, {document['studies_per_s'] * 3600:.0f} studies/h, "
        f"{document['bytes_per_s'] / 1e6:.1f} MB/s over {document['elapsed_s']:.1f} s; run {document['run_id']}, "
        f"seed {document['seed']}"
    )
    columns = ["p50", "p90", "p95", "p99", "p99.9", "p99.99", "max"]
    rows = [[label, *_row(document[name], columns)] for name, label in _TIMES.items()]
    rows += [[f"latency of {name}", *_row(found, columns)] for name, found in sorted(document["by_exam"].items())]
    rows += [
        [f"{name}, {step['done']} of {step['planned']}", *_row(step["latency_ms"], columns)]
        for name, step in document["steps"].items()
        if step["planned"]
    ]
    table("milliseconds", ["", *columns], rows)
    for one in document["objectives"]:
        found = "nothing to measure" if one["found"] is None else f"{one['found']:g}"
        sign = "at least" if one["at_least"] else "at most"
        click.echo(f"{'held' if one['held'] else 'MISSED'}: {one['name']} {sign} {one['limit']:g}, found {found}")


def _row(found: dict[str, Any], columns: list[str]) -> list[str]:
    return ["-" if found[name] is None else f"{found[name]:.2f}" for name in columns]


def tell_saturation(found: dict[str, Any]) -> None:
    """Print the trace of a saturation, and what it came to."""
    rows = [
        [
            f"{one['rate']:.2f}", "held" if one["held"] else f"missed {', '.join(one['failed_objectives'])}",
            f"{one['rate_per_s']:.2f}", *_row(one, ["p50_ms", "p99_ms"]), str(one["failed"]), str(one["skipped"]),
            f"{one['send_lag_p99_ms']:.2f}", f"{one['cpu_share']:.0%}",
        ]
        for one in found["trace"]
    ]  # fmt: skip
    columns = ["rate/s", "", "sent/s", "p50 ms", "p99 ms", "failed", "skipped", "engine's lag p99 ms", "engine's CPU"]
    table("", columns, rows)
    wanted = ", ".join(f"{name} {limit:g}" for name, limit in found["objectives"].items())
    if found["verdict"] == "inconclusive":
        click.echo(f"inconclusive: {found['why']} ({wanted})")
        return
    low, high = found["interval"]
    click.echo(
        f"{found['rate']:.2f}/s is the highest rate at which {wanted} hold; between {low:.2f} and {high:.2f} in "
        f"{len(found['repeats'])} repeats; the {found['gave_way']} gave way first"
    )
