"""What was found beside and after a load, in words and tables: what the archive holds, and what faults did to it."""

from __future__ import annotations

from typing import Any

import click

from modality.cli.verb import say, table

_MOST = 20


def tell_truth(document: dict[str, Any]) -> None:
    """Print what the archive holds of the load, where it was asked."""
    truth = document["verification"]
    if truth is None:
        return
    line = f"{truth['acknowledged']} acknowledged: {truth['stored']} there, {truth['lost']} lost"
    for name in ("unknown", "kept_unacknowledged"):
        line += f", {truth[name]} {name.replace('_', ' ')}" if truth[name] else ""
    for name in ("duplicated", "unexpected"):
        line += f", {len(truth[name])} {name}" if truth[name] else ""
    click.echo(line)
    sample = truth["sample"]
    if sample:
        coerced = "".join(f", {name} changed in {count}" for name, count in sample["coerced"].items())
        transcoded = "".join(f", {count} transcoded {name}" for name, count in sample["transcoded"].items())
        differing = f", {len(sample['differing_pixels'])} with other pixels" if sample["differing_pixels"] else ""
        gone = f", {len(sample['not_given_back'])} not given back" if sample["not_given_back"] else ""
        click.echo(
            f"{sample['compared']} fetched and compared: {sample['identical']} identical"
            f"{differing}{coerced}{transcoded}{gone}"
        )
    for uid in document["lost_uids"][:_MOST]:
        click.echo(f"lost: {uid}")
    if len(document["lost_uids"]) > _MOST:
        click.echo(f"and {len(document['lost_uids']) - _MOST} more, which --json lists")
    for problem in [*truth["problems"], *(sample["problems"] if sample else [])][:_MOST]:
        say(f"not verified: {problem}")


def tell_faults(document: dict[str, Any]) -> None:
    """Print what the archive answered to the faults thrown at it."""
    rows = []
    for fault in document.get("faults", []):
        kept = "?" if fault["held"] is None else f"{fault['held']} of {fault['asked']}" if fault["sent"] else ""
        name = fault["name"]
        if fault["left_out"]:
            say(f"fault {name}: left out {fault['left_out']} times, so many being under way")
        by_defect = fault["by_defect"] or {"": fault["answers"]}
        for defect, answers in by_defect.items():
            for answer, count in answers.items():
                asked, held = fault["asked_by_defect"].get(defect), fault["held_by_defect"].get(defect)
                shown = kept if not defect else "?" if not asked else "kept" if held else "not kept"
                rows.append([f"{name} {defect}".strip(), str(count), answer, shown])
    if rows:
        table("faults of ours, told and not judged", ["fault", "times", "the archive answered", "kept"], rows)
