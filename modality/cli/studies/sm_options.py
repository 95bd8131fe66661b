"""Options of a slide scan, each under the name of the acquisition's own parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from modality.cli.options import upper

Command = TypeVar("Command", bound=Callable[..., Any])


def _listed(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(part.strip() for part in value.split(","))


def sm_options(command: Command) -> Command:
    """The scanner, the pyramid and its tiles."""
    for option in reversed(
        (
            click.option("--mpp", type=click.FloatRange(0.12, 4.0), help="SM: micrometres of a pixel of the base."),
            click.option("--levels", type=click.IntRange(1), help="SM: of the pyramid; down to one tile by default."),
            click.option("--level-factor", type=click.IntRange(2, 4), help="SM: from level to level, 2 or 4."),
            click.option("--tile-size", type=click.IntRange(16, 4096), metavar="PIXELS", help="SM: side of a tile."),
            click.option("--focal-planes", type=click.IntRange(1, 25), help="SM: how many."),
            click.option(
                "--focal-step", "focal_step_um", type=click.FloatRange(0, 20, min_open=True), metavar="UM",
                help="SM: distance of neighbouring focal planes in micrometres.",
            ),
            click.option(
                "--optical-paths", callback=_listed, metavar="NAME,...",
                help="SM: lights, of brightfield and epifluorescence.",
            ),
            click.option("--stain", metavar="NAME", callback=upper, help="SM: HE, or DAB (immunohistochemistry)."),
            click.option("--chroma", metavar="NAME", help="SM: sampling of JPEG baseline's colours: 420, 422 or 444."),
            click.option(
                "--sparse/--full", default=None, help="SM: leave out tiles of nothing but glass, or none."
            ),
            click.option(
                "--processes", type=click.IntRange(1, 64),
                help="That make images (CT, MR, PT), tiles (SM) or patients (cohort); one a processor by default.",
            ),
        )
    ):  # fmt: skip
        command = option(command)
    return command
