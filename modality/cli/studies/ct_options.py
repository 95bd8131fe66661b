"""Options of a CT scan, each under the name of the acquisition's own parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from modality.cli.options import upper

Command = TypeVar("Command", bound=Callable[..., Any])


def ct_options(command: Command) -> Command:
    """The tube, the table, the gantry and the reconstruction."""
    for option in reversed(
        (
            click.option("--kvp", type=click.FloatRange(20, 150), help="CT, radiographs: tube voltage in kV."),
            click.option(
                "--mas", type=click.FloatRange(0.001),
                help="CT, radiographs: exposure in mAs; noise follows its square root.",
            ),
            click.option(
                "--kernel", metavar="NAME", callback=upper, help="CT: SMOOTH, STANDARD or SHARP; sharper is noisier."
            ),
            click.option(
                "--reconstruction-diameter", "reconstruction_diameter_mm", type=float, metavar="MM",
                help="CT: width of the image in mm.",
            ),
            click.option(
                "--pitch", type=click.FloatRange(0, 2), metavar="P", help="CT: of the helix; 0: the table stands."
            ),
            click.option(
                "--gantry-tilt", "gantry_tilt_deg", type=click.FloatRange(-30, 30), metavar="DEG",
                help="CT: about the patient's x axis; only while the table stands.",
            ),
            click.option(
                "--dose-modulation/--no-dose-modulation", default=None,
                help="CT: whether the tube current follows the patient's diameter.",
            ),
            click.option(
                "--engine", type=click.Choice(("fast", "projection")),
                help="CT: projection reconstructs measured rays: beam hardening, streaks, motion; slower. CT numbers "
                "are then those of the hardened beam: of plastics up to 12 HU off truth.json, of bone and metal more.",
            ),
            click.option(
                "--beam-hardening-correction/--no-beam-hardening-correction", default=None,
                help="CT, engine projection: whether rays are calibrated with water; without, water cups.",
            ),
            click.option(
                "--motion", "motion_mm", type=click.FloatRange(0, 50), metavar="MM",
                help="CT, engine projection: how far the patient moves to the back during a slice.",
            ),
            click.option(
                "--localizer", type=click.Choice(("frontal", "lateral")), is_flag=False, flag_value="frontal",
                help="CT: a radiograph of the scan range instead of slices; frontal unless said.",
            ),
        )
    ):  # fmt: skip
        command = option(command)
    return command
