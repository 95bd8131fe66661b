"""The `modality` command: a table of verbs, each imported when it is called, so that `--help` is quick."""

from __future__ import annotations

import gc

import click

from modality import __version__
from modality.cli.verb import Lazy

_ALLOCATIONS = 50_000

# verb: (module:command, what --help says of it in one line)
VERBS: dict[str, tuple[str, str]] = {
    "demo": ("modality.cli.demo:demo", "Run a day in the department on embedded peers, and check it."),
    "generate": ("modality.cli.studies.generate:generate", "Make a series from a phantom whose truth is known."),
    "transcode": ("modality.cli.studies.transcode:transcode", "Write files in another transfer syntax."),
    "private": ("modality.cli.studies.private:private", "List the private elements of files, by their dictionaries."),
    "send": ("modality.cli.network.send:send", "Store files in an archive."),
    "negotiate": ("modality.cli.network.negotiate:negotiate", "Find out what an archive accepts."),
    "worklist": ("modality.cli.network.worklist:worklist", "Ask a RIS for scheduled steps."),
    "perform": ("modality.cli.network.perform:perform", "Perform scheduled steps, unattended, as a modality does."),
    "check": ("modality.cli.network.check:check", "Check that worklist, images, MPPS and commitment agree."),
    "verify": ("modality.cli.network.verify:verify", "Compare files with what an archive holds of them."),
    "migrate": ("modality.cli.network.migrate:migrate", "Bring studies from one archive to another, nothing changed."),
    "load": ("modality.cli.load.command:load", "Put a load on an archive, and tell the truth about it."),
    "telestroke": ("modality.cli.telestroke:telestroke", "Run the tele-stroke network end to end."),
    "serve": ("modality.cli.peers.serve:serve", "Run an embedded archive, RIS, FHIR server, or all of it."),
    "edge": ("modality.cli.edge.group:edge", "Read legacy devices, play them, and run the edge box."),
    "conformance": ("modality.cli.studies.conformance:conformance", "Write the DICOM conformance statement."),
    "doctor": ("modality.cli.environment.doctor:doctor", "Check the environment, and say what to do."),
    "list": ("modality.cli.studies.list:list_", "List phantoms, kinds, transfer syntaxes and devices."),
}


def _version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        from modality.cli.environment.versions import line

        click.echo(line(__version__))
        context.exit()


@click.group(cls=Lazy, verbs=VERBS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Show the version and those of what matters.",
)
def cli() -> None:
    """Play the modality: make studies from phantoms, and live the life of a scanner among RIS and archive."""


def run() -> None:
    """Entry point of the console script."""
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)  # a verb imports much and drops little: looking for it took a tenth of a start
    cli(prog_name="modality")
