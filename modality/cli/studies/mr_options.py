"""Options of an MR scan, each under the name of the acquisition's own parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from modality.cli.options import upper

Command = TypeVar("Command", bound=Callable[..., Any])


def _numbers(context: click.Context, option: click.Parameter, text: str | None) -> tuple[float, ...] | None:
    """Numbers that commas part."""
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: give numbers parted by commas", context, option) from error


def mr_options(command: Command) -> Command:
    """The pulse sequence, its times, and how the scanner departs from an ideal one."""
    for option in reversed(
        (
            click.option("--sequence", metavar="NAME", help="MR: SE, TSE, GRE (SPGR), IR, FLAIR, STIR, bSSFP or DWI."),
            click.option("--repetition-time", "repetition_time_ms", type=float, metavar="MS", help="MR: TR."),
            click.option(
                "--echo-times", "echo_times_ms", metavar="MS,...", callback=_numbers,
                help="MR: TE; SE and GRE take several, with an image of each slice for each.",
            ),
            click.option(
                "--inversion-times", "inversion_times_ms", metavar="MS,...", callback=_numbers,
                help="MR: TI of IR, FLAIR or STIR; likewise.",
            ),
            click.option(
                "--b-values", "b_values_s_per_mm2", metavar="B,...", callback=_numbers,
                help="MR: diffusion weightings in s/mm2; likewise.",
            ),
            click.option("--flip-angle", "flip_angle_deg", type=float, metavar="DEG", help="MR: of a gradient echo."),
            click.option("--field-strength", "field_strength_t", type=float, metavar="T", help="MR: 0.2 to 7 tesla."),
            click.option(
                "--temporal-positions", type=click.IntRange(1), metavar="N",
                help="MR: times at which a GRE takes each slice while a contrast agent passes.",
            ),
            click.option(
                "--temporal-resolution", "temporal_resolution_s", type=float, metavar="S",
                help="MR: seconds between them; TR is shortened to fit.",
            ),
            click.option(
                "--bolus-arrival", "bolus_arrival_s", type=float, metavar="S",
                help="MR: when the agent arrives; after two of them unless given.",
            ),
            click.option("--averages", type=click.IntRange(1), help="MR: averages; noise falls as their root."),
            click.option(
                "--pixel-bandwidth", "pixel_bandwidth_hz", type=float, metavar="HZ",
                help="MR: of the receiver; a narrow one has less noise and shifts fat farther.",
            ),
            click.option("--acquired-rows", type=click.IntRange(1), help="MR: phase encodings; zeros fill the rest."),
            click.option("--acquired-columns", type=click.IntRange(1), help="MR: readout samples; likewise."),
            click.option(
                "--partial-fourier", type=float, metavar="SHARE", help="MR: measured share of k-space, over 0.5 to 1."
            ),
            click.option("--filtering", metavar="NAME", callback=upper, help="MR: k-space filter, NONE or HAMMING."),
            click.option(
                "--coil", metavar="NAME", callback=upper, help="MR: BODY receives evenly, ARRAY more near its loops."
            ),
            click.option(
                "--inhomogeneity", "inhomogeneity_ppm", type=float, metavar="PPM",
                help="MR: field offset 100 mm from the centre, which distorts.",
            ),
        )
    ):  # fmt: skip
        command = option(command)
    return command
