"""`modality doctor`: what is in order here, what is missing, and what to do."""

from __future__ import annotations

import click

from modality.cli.verb import PARTIAL, Verb, common, emit, finish, say, table


@click.command(cls=Verb)
@common
def doctor(as_json: bool, debug: bool) -> None:  # noqa: ARG001 - debug is read by Verb
    """Check the environment: Python, packages, codecs, ports, serial rights, clock, disk.

    A note is what some work would miss; a problem is what hinders, and ends with exit code 1.
    """
    from modality import __version__
    from modality.cli.environment.checks import CHECKS
    from modality.cli.environment.versions import line
    from modality.errors import counted

    findings = [finding for check in CHECKS for finding in check()]
    problems = sum(finding.state == "problem" for finding in findings)
    if as_json:
        emit({"version": line(__version__), "problems": problems, "checks": [one._asdict() for one in findings]})
    else:
        rows = [[one.check, one.state, one.found, one.advice] for one in findings]
        table(line(__version__), ["check", "", "found", "what to do"], rows)
        notes = sum(finding.state == "note" for finding in findings)
        say(f"{counted(problems, 'problem')}, {counted(notes, 'note')}")
    finish(PARTIAL if problems else 0)
