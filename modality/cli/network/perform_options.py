"""What `modality perform` is told of what is scanned and how: options of a phantom, and of each step's kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click

from modality.cli.verb import refuse

kind_option = click.option(
    "--option", "kind_options", metavar="NAME=VALUE", multiple=True,
    help="Of the kind that each step's modality is performed as, such as view=LATERAL (repeatable); `modality list "
    "kinds --json` lists them.",
)  # fmt: skip


def options_of_phantom(phantom: str | None, given: tuple[str, ...]) -> dict[str, Any]:
    """The options of the phantom that all steps scan.

    Raises:
        UsageError: no phantom is named, or it does not take an option.
    """
    from modality.cli.studies.phantom_options import parse_phantom_options

    if phantom is None:
        refuse(("phantom_options",), "--phantom-option needs --phantom, since each order chooses another")
        return {}
    return parse_phantom_options(phantom, given)


def options_of_kinds(modalities: Iterable[str], given: tuple[str, ...]) -> dict[str, Mapping[str, Any]]:
    """The options by the kind that takes them, for the modalities of which there are steps.

    A modality that no kind makes images of is left out: its steps are not begun.

    Args:
        modalities: Modality of each step.
        given: NAME=VALUE pairs.

    Raises:
        UsageError: a pair has no equals sign, or its value is of another type.
        UnknownNameError: the kind of one of the modalities has no such option.
    """
    from modality.cli.studies.phantom_options import parse_kind_options
    from modality.errors import UnknownNameError, UsageError
    from modality.station.performed import kind_of

    if not given:
        return {}
    for text in given:
        if "=" not in text:
            raise UsageError(f"--option {text}: give NAME=VALUE")
    found: dict[str, Mapping[str, Any]] = {}
    for modality in dict.fromkeys(modalities):
        try:
            kind = kind_of(modality)
        except UsageError:
            continue
        try:
            found[kind] = parse_kind_options(kind, given)
        except UnknownNameError as error:
            raise UnknownNameError(f"{error}; --modality chooses the steps that it is for") from error
    return found
