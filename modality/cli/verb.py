"""What every verb shares: `--json` and `--debug`, errors in one line, exit codes, progress."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from modality.errors import ModalityError
from modality.registry import unknown

Command = TypeVar("Command", bound=Callable[..., Any])

PARTIAL = 1


class Verb(click.Command):
    """A command whose errors are one line and an exit code: 1 refused, 2 usage, 3 unreachable."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        try:
            with warnings.catch_warnings():
                if not context.params.get("debug"):
                    warnings.simplefilter("ignore")  # pydicom warns of odd values in other people's files
                return super().invoke(context)
        except ModalityError as error:
            if context.params.get("debug"):
                raise
            say(f"Error: {error}")
            if context.params.get("as_json"):
                emit({"error": {"type": type(error).__name__, "message": str(error)}})
            context.exit(error.exit_code)


class Nearest(click.Group):
    """A group that answers an unknown command with the nearest one."""

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command."""
        names = self.list_commands(context)
        if arguments and arguments[0] not in names and not arguments[0].startswith("-"):
            context.fail(unknown("command", arguments[0], names))
        return super().resolve_command(context, arguments)


def common(command: Command) -> Command:
    """Add the options that every verb takes."""
    command = click.option("--debug", is_flag=True, help="Give the traceback of an error.")(command)
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")(command)


def refuse(names: Collection[str], why: str) -> None:
    """Refuse options that would have no effect: none is taken and ignored.

    Args:
        names: parameters of the running command that nobody may have given.
        why: what to say of them.

    Raises:
        click.UsageError: one was given.
    """
    context = click.get_current_context()
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name in names and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]
    if given:
        raise click.UsageError(f"{why}: leave out {', '.join(given)}")


@contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """SIGTERM ends what runs as Ctrl-C does, by `KeyboardInterrupt`."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def say(line: str) -> None:
    """A line for people, on stderr."""
    click.echo(line, err=True)


def emit(document: dict[str, Any]) -> None:
    """The JSON document, on stdout."""
    import json

    click.echo(json.dumps(document, ensure_ascii=False))


@contextmanager
def progress(total: int | None, label: str) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, nothing in a pipe; yields what takes the number done so far."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, completed=done)


def table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """A table for people, on stdout."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*columns, title=title or None, title_justify="left")
    for row in rows:
        drawn.add_row(*map(Text, row))  # brackets in a name are no markup
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(drawn)


def finish(code: int) -> None:
    """End the verb with an exit code."""
    click.get_current_context().exit(code)
