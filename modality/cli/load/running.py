"""A load from the command line: run, verified, told, and compared where there are two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modality.cli.load.extras import Extras, beside
from modality.cli.load.findings import tell_faults, tell_truth
from modality.cli.load.live import live
from modality.cli.load.text import explain, tell
from modality.cli.verb import PARTIAL, emit, say, table

if TYPE_CHECKING:
    from modality.load.account import Account
    from modality.load.engine.run import Load
    from modality.load.engine.saturate import Saturation
    from modality.network.retrieve.move import Listen
    from modality.web.load.report import Result


def run(loads: Sequence[Load], extras: Extras, listen: Listen | None, *, as_json: bool) -> int:
    """Run a load, or the same one on two archives one after the other; returns the exit code."""
    from modality.web.load.report import Result, comparison

    results: list[Result] = []
    documents: list[dict[str, Any]] = []
    complete = True
    for made in loads:
        account, faults, good = _one(made, extras, listen)
        judged = made.scenario.objectives.judge(account)
        results.append(Result(str(made.to), account, judged, faults))
        documents.append(document_of(made, account, faults))
        complete = complete and good
        explain(documents[-1])
    document = documents[0]
    if len(results) > 1:
        document = {
            "scenario": loads[0].name,
            "compared": [{"to": str(one.to), **each} for one, each in zip(loads, documents, strict=True)],
            "comparison": _rows(comparison(results)),
        }
    elif extras.baseline:
        document["baseline"] = {"file": str(extras.baseline), "comparison": _rows(_against(extras, results[0]))}
    _write(results, extras)
    if as_json:
        emit(document)
        return 0 if complete else PARTIAL
    for result, each in zip(results, documents, strict=True):
        if len(results) > 1:
            click.echo(f"\n{result.label}")
        tell(each)
        tell_truth(each)
        tell_faults(each)
    if len(results) > 1:
        _side_by_side("side by side", comparison(results))
    elif extras.baseline:
        _side_by_side("compared with an earlier run", _against(extras, results[0]))
    return 0 if complete else PARTIAL


def _one(made: Load, extras: Extras, listen: Listen | None) -> tuple[Account, list[dict[str, Any]], bool]:
    """Run one load with what belongs beside it; whether all went well."""
    from modality.load.engine.guard import announcement

    say(announcement(made.plan, made.material, str(made.to)))
    for caution in made.material.cautions:
        say(caution)
    say(f"run id {made.run_id}")
    with beside(made, extras) as side:
        with live(made.duration_s, made.plan.count) as watch:
            account = made.run(side.watch(watch))
        side.settle(account)
        truth = side.verified(account, listen)
        faults = [one.as_dict() for one in side.struck]
    if extras.report:
        account.configuration["peer"] = agreed(made)
    whole = account.complete and not account.configuration.get("interrupted")
    return account, faults, whole and (truth is None or truth.complete)


def agreed(made: Load) -> dict[str, Any]:
    """What was negotiated with an archive, as plain data: asked on an association of its own, after the load."""
    from modality.errors import ModalityError
    from modality.network.address import DicomAddress
    from modality.network.association import MAXIMUM_PDU
    from modality.network.upper_layer.storage import StorageAssociation

    if not isinstance(made.to, DicomAddress):
        return {}
    contexts = [(sop_class, (syntax,)) for sop_class, syntax in made.material.contexts()]
    try:
        association = StorageAssociation(made.to, contexts, made.local)
    except ModalityError as error:
        return {"negotiation": str(error)}
    said = association.agreed
    association.release()
    accepted = sum(result == 0 for result, _ in said.results.values())
    return {
        "maximum_pdu": said.max_pdu or "no limit",
        "our_maximum_pdu": MAXIMUM_PDU,
        "contexts_accepted": f"{accepted} of {len(contexts)}",
        "implementation": said.implementation_version,
        "implementation_class_uid": said.implementation_class_uid,
    }


def document_of(made: Load, account: Account, faults: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """The JSON document of a run, with what was expected of it."""
    # Whether anything is lost is not known where nobody looked, or nobody answered.
    known = account.lost_uids or (account.verification and not account.verification["unknown"])
    judged = [one for one in made.scenario.objectives.judge(account) if one.name != "lost" or known]
    document = {**account.to_json(), "objectives": [{**one._asdict(), "held": one.held} for one in judged]}
    return {**document, "faults": list(faults)} if faults else document


def _against(extras: Extras, result: Result) -> list[tuple[str, list[str], str, str]]:
    from modality.web.load.report import side_by_side

    assert extras.baseline is not None
    return side_by_side([(extras.baseline.name, extras.earlier()), ("now", result.document)])


def _rows(rows: Sequence[tuple[str, list[str], str, str]]) -> list[dict[str, Any]]:
    return [{"what": what, "values": values, "change": change} for what, values, change, _ in rows[1:]]


def _side_by_side(title: str, rows: Sequence[tuple[str, list[str], str, str]]) -> None:
    table(title, ["", *rows[0][1], "change"], [[what, *values, change] for what, values, change, _ in rows[1:]])


def _write(results: Sequence[Result], extras: Extras) -> None:
    """Write the files asked for."""
    from modality.load.junit import Suite
    from modality.load.junit import write as write_junit
    from modality.web.load.report import write

    if extras.junit:
        suites = [Suite(f"{one.account.scenario} on {one.label}", one.account, one.judgements) for one in results]
        write_junit(extras.junit, suites)
    if extras.report:
        baseline = extras.earlier() if extras.baseline else None
        name = extras.baseline.name if extras.baseline else ""
        write(extras.report, results, baseline=baseline, baseline_name=name)
        say(f"report: {extras.report}")


def write_saturation(path: Path, made: Load, found: Saturation, accounts: Mapping[float, Account]) -> None:
    """Write the report of a search: its trace, and the figures of the run at the highest rate that held."""
    from modality.web.load.report import Result, write

    held = [one.rate for one in found.trace if one.held]
    rate = max(held) if held else found.trace[-1].rate
    account = accounts[rate]
    judged = made.scenario.objectives.judge(account)
    write(path, [Result(str(made.to), account, judged, saturation={**found.to_json(), "shown": rate})])
    say(f"report: {path}")
