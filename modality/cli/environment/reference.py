"""The reference of commands, written from their own help: ``python -m modality.cli.environment.reference``."""

from __future__ import annotations

from collections.abc import Iterator

import click

from modality.cli.main import cli

_WIDTH = 100
_HEAD = """# Commands

Written from `--help` by `make reference`; a test holds it to the commands. Every verb takes `--json` (one document on
stdout, all talk on stderr) and ends with 0 = done, 1 = done in part or refused by the peer, 2 = wrong usage or
configuration, 3 = peer could not be reached.
"""


def commands(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[tuple[str, str]]:
    """Each command and its help, groups before what is in them.

    Args:
        command: where to begin.
        name: what it is called.
        parent: the context of its group.
    """
    settings = {**command.context_settings, "terminal_width": _WIDTH}
    context = click.Context(command, info_name=name, parent=parent, **settings)
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for one in command.list_commands(context):
            found = command.get_command(context, one)
            if found is not None and not found.hidden:
                yield from commands(found, one, context)


def reference() -> str:
    """All of it, as Markdown."""
    found = list(commands(cli, "modality"))
    index = [f"- [`{path}`](#{path.replace(' ', '-')})" for path, _ in found]
    parts = [f"## {path}\n\n```text\n{said}\n```\n" for path, said in found]
    return "\n".join([_HEAD, "\n".join(index), "", *parts])


if __name__ == "__main__":
    click.echo(reference(), nl=False)
