"""What every verb shares: `--json` and `--debug`, errors in one line, exit codes, progress."""

from __future__ import annotations

import importlib
import re
import signal
import sys
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from modality.errors import ModalityError, UsageError
from modality.registry import unknown

Command = TypeVar("Command", bound=Callable[..., Any])

PARTIAL = 1
_NO_MEMORY = "there is not memory enough for this: ask for less, such as fewer rows and columns, or fewer processes"

# Control characters (C0 with ESC, DEL, C1 with CSI), other line ends, what turns the direction of a text round, and
# what stands for a byte of a file name that is no UTF-8.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Verb(click.Command):
    """A command whose errors are one line and an exit code: 1 refused, 2 usage, 3 unreachable."""

    def invoke(self, context: click.Context) -> Any:
        """Run the command."""
        try:
            with warnings.catch_warnings():
                if not context.params.get("debug"):
                    warnings.simplefilter("ignore")  # pydicom warns of odd values in other people's files
                return super().invoke(context)
        except (ModalityError, MemoryError) as problem:
            if context.params.get("debug"):
                raise
            error = problem if isinstance(problem, ModalityError) else UsageError(_NO_MEMORY)
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


class Lazy(Nearest):
    """A group that knows its commands by table and imports each when it is called, so that `--help` is quick.

    Args:
        verbs: name to (module:command, what help says of it in one line).
    """

    def __init__(self, *arguments: Any, verbs: Mapping[str, tuple[str, str]], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._verbs = verbs

    def list_commands(self, _: click.Context) -> list[str]:
        """Every command, in the order of the table."""
        return list(self._verbs)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        """Import one command."""
        if name not in self._verbs:
            return None
        module, attribute = self._verbs[name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the `Commands:` section without importing a command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._verbs.items()])


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


def plain(text: str) -> str:
    r"""A text as a terminal may show it: what others sent is no line end and no command in it, but ``\x1b``."""
    return _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def say(line: str) -> None:
    """A line for people, on stderr."""
    click.echo(plain(line), err=True)


def emit(document: dict[str, Any]) -> None:
    """The JSON document, on stdout."""
    import json

    # JSON may hold what a terminal takes for commands.
    text = json.dumps(document, ensure_ascii=False)
    click.echo(_CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


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
        drawn.add_row(*(Text(plain(cell)) for cell in row))  # brackets in a name are no markup
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(drawn)


def finish(code: int) -> None:
    """End the verb with an exit code."""
    click.get_current_context().exit(code)
