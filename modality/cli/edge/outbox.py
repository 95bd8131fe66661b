"""`modality edge outbox`: what the box holds, and what a person decides of it; the box may run or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modality.cli.verb import Nearest, Verb, common, emit, plain, say, table

if TYPE_CHECKING:
    from modality.delivery.outbox.deliveries import Deliveries
    from modality.delivery.outbox.item import Item
    from modality.delivery.outbox.outbox import Outbox

_STATES = ("captured", "held", "ready", "stored", "delivered", "dead", "discarded")


@click.group(cls=Nearest)
def outbox() -> None:
    """Look at what the box holds, and decide what it cannot decide itself."""


@contextmanager
def _opened(config: Path) -> Iterator[Outbox | None]:
    """The outbox of a configuration; None before its first run, which a look must not begin."""
    from modality.delivery.outbox.outbox import Outbox
    from modality.edge.config import read_edge

    state = read_edge(config).edge.state
    if not (state / "outbox.sqlite").exists():
        yield None
        return
    with Outbox(state) as found:
        yield found


@contextmanager
def _with(config: Path, uid: str) -> Iterator[Outbox]:
    """The outbox that holds an item.

    Raises:
        WorkflowError: it does not.
    """
    from modality.errors import WorkflowError

    with _opened(config) as found:
        if found is None:
            raise WorkflowError(f"{uid}: the outbox is empty: the box has not run yet")
        found.item(uid)
        yield found


@outbox.command(name="list", cls=Verb)
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--state", type=click.Choice(_STATES), help="Only items in this state.")
@common
def list_(config: Path, state: Any, as_json: bool, debug: bool) -> None:  # noqa: ARG001 - debug is the verb's own
    """List what was captured, oldest first, until retention takes it."""
    with _opened(config) as found:
        items = found.items(*((state,) if state else ())) if found else []
        if as_json:
            emit({"items": [_summary(found, item) for item in items] if found else []})
            return
    rows = [[f"{item.moment.wall:%Y-%m-%d %H:%M:%S}", item.source, item.state, item.uid, item.reason] for item in items]
    table("", ["captured", "device", "state", "SOP Instance UID", "what is to know"], rows)


@outbox.command(cls=Verb)
@click.argument("config", type=click.Path(path_type=Path))
@click.argument("uid")
@common
def show(config: Path, uid: str, as_json: bool, debug: bool) -> None:  # noqa: ARG001 - debug is the verb's own
    """Show one item: its files, its deliveries, and between whom to choose where it is held."""
    with _with(config, uid) as found:
        item = found.item(uid)
        shown = _summary(found, item) | {"file": str(item.raw), "details": dict(item.details)}
    if as_json:
        emit(shown)
        return
    choices = shown["details"].pop("choices", [])
    for name, value in shown.items():
        if name not in ("details", "deliveries"):
            click.echo(plain(f"{name}: {value}"))
    for name, value in shown["details"].items():
        click.echo(plain(f"{name}: {value}"))
    if shown["deliveries"]:
        table("", ["destination", "object", "state", "confirmed", "reason"], [
            [one["destination"], one["uid"], one["state"], one["confirmed"], one["reason"]]
            for one in shown["deliveries"]
        ])  # fmt: skip
    if choices:
        table("assign it with --step, or --patient-id", list(choices[0]), [list(one.values()) for one in choices])


@outbox.command(cls=Verb)
@click.argument("config", type=click.Path(path_type=Path))
@click.argument("uid")
@click.option("--anew", is_flag=True, help="Make the object anew from the bytes captured, under the same UID.")
@common
def retry(config: Path, uid: str, anew: bool, as_json: bool, debug: bool) -> None:  # noqa: ARG001
    """Try again what was set aside, under the same UID."""
    with _with(config, uid) as found:
        if anew:
            found.again(uid)
        else:
            found.retry(uid)
        _done(found, uid, as_json)


@outbox.command(cls=Verb)
@click.argument("config", type=click.Path(path_type=Path))
@click.argument("uid")
@click.option("--reason", default="discarded by hand", show_default=True, help="Why, for the list.")
@common
def discard(config: Path, uid: str, reason: str, as_json: bool, debug: bool) -> None:  # noqa: ARG001
    """Do not deliver an item that is held or was set aside; its bytes stay until retention takes them."""
    with _with(config, uid) as found:
        found.discard(uid, reason)
        _done(found, uid, as_json)


@outbox.command(cls=Verb)
@click.argument("config", type=click.Path(path_type=Path))
@click.argument("uid")
@click.option("--patient-id", help="Whose it is.")
@click.option("--name", default="", help="Patient's Name, FAMILY^GIVEN.")
@click.option("--birth-date", default="", metavar="YYYYMMDD", help="Patient's Birth Date.")
@click.option("--sex", type=click.Choice(["M", "F", "O"]), help="Patient's Sex.")
@click.option("--step", help="Which scheduled step it answers: a `step` of `show`.")
@common
def assign(
    config: Path,
    uid: str,
    patient_id: str | None,
    name: str,
    birth_date: str,
    sex: str | None,
    step: str | None,
    as_json: bool,
    debug: bool,  # noqa: ARG001 - the verb's own
) -> None:
    """Say whose an item is that is held or was set aside; it is made anew, under the same UID."""
    from modality.edge.matching.said import subject_of

    if bool(patient_id) == bool(step):
        raise click.UsageError("give --patient-id or --step, and not both")
    given = {"patient_id": patient_id, "name": name, "birth_date": birth_date, "sex": sex, "step": step}
    if step and any((name, birth_date, sex)):
        raise click.UsageError("the scheduled step knows the patient: leave out --name, --birth-date and --sex")
    with _with(config, uid) as found:
        decide = found.repair if found.item(uid).state in ("held", "dead") else found.assign
        decide(uid, subject_of(given))
        _done(found, uid, as_json)


def _done(found: Outbox, uid: str, as_json: bool) -> None:
    item = found.item(uid)
    say(f"{uid}: {item.state}")
    if as_json:
        emit(_summary(found, item))


def _summary(found: Outbox, item: Item) -> dict[str, Any]:
    from modality.delivery.outbox.deliveries import Deliveries

    return {
        "sop_instance_uid": item.uid,
        "state": item.state,
        "device": item.source,
        "kind": item.kind,
        "captured": item.moment.wall.isoformat(),
        "clock_trusted": item.moment.trusted,
        "bytes": item.size,
        "reason": item.reason,
        "changed": item.changed.isoformat(),
        "deliveries": _deliveries(Deliveries(found), item),
    }


def _deliveries(all_: Deliveries, item: Item) -> list[dict[str, Any]]:
    return [
        {
            "destination": one.destination,
            "uid": one.uid,
            "form": one.form,
            "sop_class_uid": one.class_uid,
            "study_uid": one.study_uid,
            "state": one.state,
            "refusals": one.refusals,
            "confirmed": one.confirmed,
            "reason": one.reason,
            "file": str(one.path),
        }
        for one in all_.of(item.uid)
    ]
