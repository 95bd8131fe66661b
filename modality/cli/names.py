"""Names that a shell completes, from the same tables that `modality list` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

Completes = Callable[["click.Context", "click.Parameter", str], "list[CompletionItem]"]


def _registered(table: str) -> Iterable[str]:
    from modality import registry

    names: list[str] = getattr(registry, table).names()
    return names


def _phantoms() -> Iterable[str]:
    return [*_registered("PHANTOMS"), *_registered("SECTIONS")]


def _kinds() -> Iterable[str]:
    return [*_registered("KINDS"), "study", "cohort"]


def _syntaxes() -> Iterable[str]:
    from modality.transfer.syntaxes import TABLE

    return [one.keyword for one in TABLE]


def _personas() -> Iterable[str]:
    from modality.iods.personas.persona import personas

    return personas()


def _defects() -> Iterable[str]:
    from modality.transfer.defects.table import DEFECTS

    return DEFECTS


_TABLES: dict[str, Callable[[], Iterable[str]]] = {
    "phantoms": _phantoms,
    "kinds": _kinds,
    "transfer-syntaxes": _syntaxes,
    "devices": lambda: _registered("SIMULATORS"),
    "scenarios": lambda: _registered("SCENARIOS"),
    "personas": _personas,
    "defects": _defects,
}


def completing(what: str) -> Completes:
    """What `shell_complete` of an option or argument wants: the names of a table that begin as what was typed does.

    Args:
        what: a table, as `modality list` calls it.
    """
    found = _TABLES[what]

    def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in found() if name.startswith(incomplete)]

    return complete
