"""`modality list`: the tables."""

from __future__ import annotations

from typing import Any

import click

from modality.cli.verb import Verb, common, emit, table


@click.command("list", cls=Verb)
@click.argument("what", type=click.Choice(["phantoms", "kinds", "transfer-syntaxes"]))
@common
def list_(what: str, as_json: bool, debug: bool) -> None:  # noqa: ARG001 - debug is read by Verb
    """List what can be asked for by name: phantoms, kinds, transfer-syntaxes."""
    rows: list[dict[str, Any]] = {"phantoms": _phantoms, "kinds": _kinds, "transfer-syntaxes": _syntaxes}[what]()
    if as_json:
        emit({what: rows})
    else:
        table("", list(rows[0]), [[_text(value) for value in row.values()] for row in rows])


def _text(value: Any) -> str:
    """A cell; of options their names and defaults, the seed's being the run's."""
    if not isinstance(value, list):
        return str(value)
    return " ".join(
        one["name"] if one["name"] == "seed" else f"{one['name']}={str(one['default']).lower()}" for one in value
    )


def _phantoms() -> list[dict[str, Any]]:
    from modality.cli.studies.phantom_options import options_of
    from modality.registry import PHANTOMS, SECTIONS, scanned_of

    return [
        {
            "name": name,
            "what": (scanned_of(name).load(name).__doc__ or "").strip().splitlines()[0],
            "options": [
                {"name": one.name, "type": one.kind, "default": one.default, "what": one.what}
                for one in options_of(name).values()
            ],
        }
        for name in (*PHANTOMS.names(), *SECTIONS.names())
    ]


def _kinds() -> list[dict[str, Any]]:
    from modality.registry import KINDS

    found = [(name, KINDS.load(name)) for name in KINDS.names()]
    return [
        {"name": name, "modality": kind.modality, "what": kind.title, "sop_class": kind.sop_class_uid,
         "default_phantom": kind.default_phantom}
        for name, kind in found
    ]  # fmt: skip


def _syntaxes() -> list[dict[str, Any]]:
    from modality.transfer.syntaxes import TABLE

    return [{"keyword": one.keyword, "uid": one.uid, "lossless": one.lossless} for one in TABLE]
