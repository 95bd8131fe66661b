"""Options that several verbs take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from modality.cli.names import completing
from modality.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])


def scan_options(command: Command) -> Command:
    """What is scanned, and how finely."""
    for option in reversed(
        (
            click.option(
                "--phantom",
                metavar="NAME",
                help="What is scanned; see `modality list phantoms`.",
                shell_complete=completing("phantoms"),
            ),
            click.option("--slices", type=click.IntRange(1), help="Spread this many slices over the scan range."),
            click.option("--rows", type=click.IntRange(1), help="Rows of an image; the field of view stays."),
            click.option("--columns", type=click.IntRange(1), help="Columns of an image; likewise."),
            click.option("--seed", type=int, help="Same seed, same bytes; a new one by default."),
            click.option(
                "--transfer-syntax",
                metavar="KEYWORD",
                shell_complete=completing("transfer-syntaxes"),
                help="How the images are encoded, ExplicitVRLittleEndian by default (sm: JPEGBaseline8Bit); "
                "see `modality list transfer-syntaxes`.",
            ),
            click.option(
                "--quality", type=float, metavar="Q", help="Of a lossy transfer syntax, on its codec's own scale."
            ),
            click.option(
                "--set", "assignments", metavar="KEYWORD=VALUE", multiple=True, help="Set an attribute (repeatable)."
            ),
        )
    ):
        command = option(command)
    return command


persona_option = click.option(
    "--persona", metavar="NAME", shell_complete=completing("personas"),
    help="A machine whose every habit is legal: private blocks, character sets, encodings; see `modality list "
    "personas`, or the path of a TOML of your own.",
)  # fmt: skip

phantom_option = click.option(
    "--phantom-option", "phantom_options", metavar="NAME=VALUE", multiple=True,
    help="Of the phantom, such as nodule_mm=6 (repeatable); `modality list phantoms` lists them.",
)  # fmt: skip


def series_options(command: Command) -> Command:
    """What one series may be of besides: a phantom made to order, images turned otherwise."""
    for option in reversed(
        (
            phantom_option,
            click.option(
                "--option", "kind_options", metavar="NAME=VALUE", multiple=True,
                help="Of the kind, such as view=LATERAL (repeatable); `modality list kinds --json` lists them.",
            ),
            click.option(
                "--orientation", metavar="NAME",
                help="CT, MR: axial, sagittal, coronal, or oblique to all axes; MR also three-plane.",
            ),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def parse_assignments(assignments: tuple[str, ...]) -> dict[str, str]:
    """`Keyword=Value` pairs as a mapping.

    Raises:
        UsageError: one has no equals sign.
    """
    pairs = {}
    for text in assignments:
        keyword, separator, value = text.partition("=")
        if not separator:
            raise UsageError(f"--set {text}: give Keyword=Value")
        pairs[keyword.strip()] = value
    return pairs


def upper(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    """A term of DICOM as people may type it: in any case."""
    return text and text.upper()


def given(**options: Any) -> dict[str, Any]:
    """The options that were given a value."""
    return {name: value for name, value in options.items() if value is not None}
