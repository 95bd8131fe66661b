"""The `modality edge` group: a table of commands, each imported when it is called."""

from __future__ import annotations

import click

from modality.cli.verb import Lazy

# command: (module:command, what --help says of it in one line)
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("modality.cli.edge.run:run", "Run the box, in the foreground."),
    "status": ("modality.cli.edge.status:status", "Say how the box does."),
    "outbox": ("modality.cli.edge.outbox:outbox", "Look at what the box holds, and decide what it cannot."),
    "replay": ("modality.cli.edge.replay:replay", "Read a recording of a device, and show what it says."),
    "simulate": ("modality.cli.edge.simulate:simulate", "Play a device on a pseudo-terminal or a TCP port."),
    "probe": ("modality.cli.edge.probe:probe", "Listen to a port, and name the device that talks."),
    "install": ("modality.cli.edge.install:install", "Install the box as a service, and start it."),
    "password": ("modality.cli.edge.password:password", "Make the hash of a password for the box's page."),
    "flash-files": ("modality.cli.edge.flash_files:flash_files", "Lay out what to copy to a sensor board."),
}


@click.group(cls=Lazy, verbs=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
def edge() -> None:
    """Read legacy devices, play them, and run the box that turns what they say into DICOM and FHIR."""
