"""`modality list`: the tables."""

from __future__ import annotations

from typing import Any

import click

from modality.cli.verb import Verb, common, emit, table


@click.command("list", cls=Verb)
@click.argument(
    "what",
    type=click.Choice(
        ["phantoms", "kinds", "transfer-syntaxes", "devices", "scenarios", "arrivals", "personas", "defects"]
    ),
)
@common
def list_(what: str, as_json: bool, debug: bool) -> None:  # noqa: ARG001 - debug is read by Verb
    """List what can be asked for by name: phantoms, kinds, transfer-syntaxes, devices, scenarios, arrivals, ...

    The personas are machines that `generate --persona` stands in for, the defects what `generate --defect` breaks.
    """
    tables = {
        "phantoms": _phantoms,
        "kinds": _kinds,
        "transfer-syntaxes": _syntaxes,
        "devices": _devices,
        "scenarios": _scenarios,
        "arrivals": _arrivals,
        "personas": _personas,
        "defects": _defects,
    }
    rows: list[dict[str, Any]] = tables[what]()
    if as_json:
        emit({what: rows})
    else:
        table("", list(rows[0]), [[_text(value) for value in row.values()] for row in rows])


def _text(value: Any) -> str:
    """A cell; of options their names and defaults, the seed's being the run's."""
    if isinstance(value, dict):
        return " ".join(f"{name}={_setting(one)}" for name, one in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, list):
        return str(value)
    return " ".join(
        one["name"] if one["name"] == "seed" else f"{one['name']}={_setting(one['default'])}" for one in value
    )


def _setting(value: Any) -> str:
    """A setting as `--set` takes it."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


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
    from modality.cli.studies.phantom_options import options_of_kind
    from modality.registry import KINDS

    found = [(name, KINDS.load(name)) for name in KINDS.names()]
    return [
        {"name": name, "modality": kind.modality, "what": kind.title, "sop_class": kind.sop_class_uid,
         "default_phantom": kind.default_phantom,
         "options": [
             {"name": one.name, "type": one.kind, "default": one.default, "what": one.what}
             for one in options_of_kind(name).values()
         ]}
        for name, kind in found
    ]  # fmt: skip


def _syntaxes() -> list[dict[str, Any]]:
    from modality.transfer.syntaxes import TABLE

    return [{"keyword": one.keyword, "uid": one.uid, "lossless": one.lossless} for one in TABLE]


def _devices() -> list[dict[str, Any]]:
    from modality.registry import DEVICES, SIMULATORS

    rows = []
    for name in DEVICES.names():
        device = DEVICES.load(name)
        port = device.serial
        faults = SIMULATORS.load(name).faults if name in SIMULATORS.names() else ()
        rows.append(
            {
                "name": name,
                "what": device.title,
                "serial": f"{port.baud} {port.bits}{port.parity}{port.stop:g}{' XON/XOFF' if port.xonxoff else ''}",
                "checksum": device.checked,
                "waveforms": ", ".join(f"{one} {rate:g} Hz" for one, rate in device.waveforms.items()),
                "simulated": name in SIMULATORS.names(),
                "faults": ", ".join(faults),
                "settings": dict(device.settings),
            }
        )
    return rows


def _scenarios() -> list[dict[str, Any]]:
    from modality.registry import SCENARIOS

    found = [(name, SCENARIOS.load(name)()) for name in SCENARIOS.names()]
    return [
        {"name": name, "what": one.title, "arrivals": one.arrivals, "rate": one.rate, "duration_s": one.duration_s,
         "steps": ", ".join(one.steps), "exams": ", ".join(exam.name for exam in one.exam)}
        for name, one in found
    ]  # fmt: skip


def _arrivals() -> list[dict[str, Any]]:
    import inspect

    from modality.registry import ARRIVALS

    found = []
    for name in ARRIVALS.names():
        law = ARRIVALS.load(name)
        options = [one.name for one in inspect.signature(law).parameters.values() if one.kind is one.KEYWORD_ONLY]
        found.append({"name": name, "what": law.__doc__.splitlines()[0], "options": ", ".join(options)})
    return found


def _personas() -> list[dict[str, Any]]:
    from modality.iods.personas.persona import load_persona, personas

    found = [(name, load_persona(name)) for name in personas()]
    return [
        {"name": name, "what": one.title, "character_set": one.character_set,
         "creators": ", ".join(dict.fromkeys(block.creator for block in one.block))}
        for name, one in found
    ]  # fmt: skip


def _defects() -> list[dict[str, Any]]:
    from modality.transfer.defects.table import DEFECTS

    return [
        {"name": name, "what": one.what, "clause": one.clause, "breaks": one.scope, "needs": one.needs}
        for name, one in DEFECTS.items()
    ]
