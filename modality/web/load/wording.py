"""What a load came to, in sentences: for a reader who has never seen such a report."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from modality.load.scenario import Judgement
from modality.protocol.upper_layer.command import meaning
from modality.web.load.charts import milliseconds
from modality.web.load.figures import share

_NOTABLE = 0.02  # a change of less is called none: repeated runs differ by as much (our choice)
_FAILED = {
    "aborted": "ended by an abort or a broken connection",
    "timed_out": "without an answer in time",
    "not_accepted": "not accepted: association rejected, or no presentation context",
    "unreachable": "with nobody answering",
}


def explained(status: str) -> str:
    """What a status means, in the standard's words; empty for what is no DIMSE status, or none of the standard's."""
    if status == "0000":
        return "success"
    return meaning(int(status, 16)) if re.fullmatch("[0-9A-F]{4}", status) else ""


def size(number: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:,.3g} TB"


_UNIT = re.compile(r"(?<=\d) (?=(?:%|s|ms|µs|B|kB|MB|GB|TB)(?:\W|$))")


def unbroken(text: str) -> str:
    """Text in which no line ends between a number and its unit."""
    return _UNIT.sub("\N{NO-BREAK SPACE}", text)


def verdict(document: Mapping[str, Any], judgements: Sequence[Judgement]) -> tuple[bool, str]:
    """Whether all went well, and that in one sentence."""
    parts = []
    if document["lost"]:
        parts.append(f"lost {document['lost']:,} of the instances that it had acknowledged")
    if document["failed"]:
        parts.append(f"failed {document['failed']:,} of {document['planned']:,} requests")
    if document["skipped"]:
        parts.append(f"left so many waiting that {document['skipped']:,} were skipped")
    missed = [one for one in judgements if not one.held and one.name not in ("lost", "failed", "skipped")]
    if missed:
        parts.append("missed " + ", ".join(f"the objective {objective(one)}" for one in missed))
    if parts:
        return False, f"The archive {_and(parts)}."
    if document["configuration"].get("interrupted"):
        return False, "The run was interrupted; until then the archive took every instance in time."
    truth = (document.get("verification") or {}) if document["verified"] else {}
    if but := list(_but(document, truth)):
        return False, f"The archive took every instance in time, but {_and(but)}."
    if (truth.get("sample") or {}).get("problems"):
        return True, "The archive took every instance in time, and lists each; some could not be fetched to compare."
    if truth:
        return True, "The archive took every instance in time, and every one of them is there."
    return True, "The archive took every instance in time. Nobody has looked whether they are there."


def _but(document: Mapping[str, Any], truth: Mapping[str, Any]) -> Iterator[str]:
    """What went wrong though every instance was taken."""
    for name, step in document["steps"].items():
        if step["failed"]:
            yield f"{step['failed']:,} of {step['planned']:,} steps of {name} failed"
    if truth.get("unknown") or truth.get("duplicated"):
        yield "it did not list them as it should: see what is there"
    sample = truth.get("sample") or {}
    if sample.get("differing_pixels") or sample.get("not_given_back"):
        yield "it did not give them back as they were sent"


def _and(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]


def in_words(document: Mapping[str, Any], saturation: Mapping[str, Any] | None) -> Iterator[str]:
    """The result in sentences, the most important first."""
    latency = document["latency_ms"]
    if saturation:
        yield f"Search for the highest rate: {saturated(saturation)}"
    studies = f"{document['studies']:,} {'study' if document['studies'] == 1 else 'studies'}"
    planned_rate = document["planned"] / (document["duration_s"] or 1)
    yield (
        f"The archive answered {document['rate_per_s']:,.1f} instances a second with success, where "
        f"{planned_rate:,.1f} a second were planned for {document['duration_s']:.4g} s: "
        f"{size(document['bytes_per_s'])} a second, {size(document['bytes'])} in {studies}."
    )
    if latency.get("max") is not None:
        yield (
            f"Half of the requests were answered within {milliseconds(latency['p50'])} of their planned moment, 95 % "
            f"within {milliseconds(latency['p95'])}, 99 % within {milliseconds(latency['p99'])}; the slowest took "
            f"{milliseconds(latency['max'])}."
        )
    yield from _stall(document)
    failures = [
        f"{count:,} refused with {status}" + (f" ({explained(status)})" if explained(status) else "")
        for status, count in document["refused_by_status"].items()
    ]
    failures += [f"{document[key]:,} {text}" for key, text in _FAILED.items() if document.get(key)]
    if failures:
        yield f"Of the requests that failed, {_and(failures)}."
    if document.get("warnings"):
        warned = (f"{count:,} with {one} ({explained(one)})" for one, count in document["warnings"].items())
        yield f"Stored with a warning: {_and(list(warned))}."
    yield from _truth(document)
    engine = document["engine"]
    if engine["bottleneck"]:
        yield f"Careful: the load engine was at its own limit, so the archive may be better than this: {engine['why']}."
    else:
        yield (
            f"The load engine kept to its plan: 99 % of its decisions came within "
            f"{milliseconds(engine['send_lag_p99_ms'])} of the planned moment; what is slow here is not the engine."
        )


def searched_for(saturation: Mapping[str, Any]) -> str:
    """What had to hold in a search for the highest rate."""
    limits = saturation["objectives"].items()
    return _and([objective(Judgement(name, limit, None, at_least=name == "rate")) for name, limit in limits])


def saturated(saturation: Mapping[str, Any]) -> str:
    """What a search for the highest rate found."""
    gave_way = {"archive": "the archive", "engine": "the load engine", "nobody": "nobody"}[saturation["gave_way"]]
    if saturation["rate"] is not None:
        low, high = saturation["interval"]
        repeats = len(saturation["repeats"])
        return (
            f"the objectives hold up to {saturation['rate']:,.4g} instances a second (between {low:,.4g} and "
            f"{high:,.4g} in {repeats} {'search' if repeats == 1 else 'searches'}); above it, "
            f"{gave_way} gave way first."
        )
    held = saturation["highest_held"]
    reached = f" The highest rate that held was {held:,.4g} a second." if held is not None else ""
    return f"inconclusive: {saturation['why']}.{reached}"


def _stall(document: Mapping[str, Any]) -> Iterator[str]:
    """The longest time in which nothing was answered though something was planned."""
    longest, began, length = 0, 0, 0
    for row in document["series"]:
        length = length + 1 if row["planned"] and not row["sent"] and not row["failed"] else 0
        if length > longest:
            longest, began = length, row["second"] - length + 1
    if longest >= 2 and document["sent"]:
        yield f"From second {began} on it answered nothing for {longest} s, while requests were due."


def _truth(document: Mapping[str, Any]) -> Iterator[str]:
    truth = document.get("verification")
    if not document["verified"] or not truth:
        return
    sample = truth.get("sample")
    said = f"Asked afterwards, it listed {truth['stored']:,} of the {truth['acknowledged']:,} acknowledged instances"
    said += f"; {truth['lost']:,} are lost" if truth["lost"] else "; none is lost" if not truth["unknown"] else ""
    if truth["unknown"]:
        said += f"; of {truth['unknown']:,} it gave no proper answer"
    yield said + "."
    if sample:
        words = (
            f"{sample['compared']:,} of them were fetched and compared: {sample['identical']:,} are as they were sent"
        )
        if sample["differing_pixels"]:
            words += f", {len(sample['differing_pixels']):,} have other pixels"
        if sample["not_given_back"]:
            words += f"; {len(sample['not_given_back']):,} were listed, and not given back"
        if sample["coerced"]:
            changed = _and(
                [
                    f"{name} ({'once' if count == 1 else f'{count:,} times'})"
                    for name, count in sample["coerced"].items()
                ][:8]
            )
            words += f"; changed was {changed}"
        yield words + "."


_OBJECTIVES = {
    "failed": "requests failed, of those planned",
    "skipped": "requests skipped, of those planned",
    "lost": "instances lost",
    "rate": "success rate, of the planned rate",
}


def objective(one: Judgement) -> str:
    """An objective as people say it."""
    if one.name.endswith("_ms"):
        percentile = one.name[1:-3].replace("_", ".")
        return f"latency of {percentile} % at most {milliseconds(one.limit)}"
    bound = "at least" if one.at_least else "at most"
    limit = f"{one.limit:g}" if one.name == "lost" else share(round(one.limit * 1e6), 10**6)
    return f"{_OBJECTIVES[one.name]}: {bound} {limit}"


def judged(one: Judgement, document: Mapping[str, Any]) -> tuple[str, str, bool | None]:
    """An objective, what was found, and whether it held; None where nobody looked."""
    expected = unbroken(objective(one))
    if one.name == "lost" and not document["verified"]:
        return expected, "not verified", None
    if one.name == "lost" and one.held and (document["verification"] or {}).get("unknown"):
        return expected, "not known", None
    if one.found is None:
        return expected, "nothing measured", False
    if one.name.endswith("_ms"):
        return expected, milliseconds(one.found), one.held
    found = f"{one.found:g}" if one.name == "lost" else share(round(one.found * 1e6), 10**6)
    return expected, found, one.held


def change(before: Any, after: Any, better: str) -> tuple[str, str]:
    """A change as people say it, and whether it is "good", "bad" or neither.

    Args:
        before: a number, or None.
        after: likewise.
        better: "more", "less", or nothing where neither is.
    """
    if before is None or after is None or before == after:
        return ("same" if before == after and before is not None else ""), ""
    if isinstance(before, int) and isinstance(after, int):
        text = f"{after - before:+,}"
    elif not before:
        text = f"+{after:,.4g}"
    else:
        ratio = (after - before) / before
        if abs(ratio) < _NOTABLE:
            return "about the same", ""
        text = f"{after / before:,.3g} x" if ratio > 1 else f"{ratio:+.0%}".replace("%", " %")
    return text, "" if not better else "good" if (after > before) is (better == "more") else "bad"
