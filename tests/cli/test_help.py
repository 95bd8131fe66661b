"""Every command and option has help, and help is quick."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from modality.cli.main import VERBS, cli
from tests.cli.command import ENVIRONMENT, invoke, run

HEAVY = ("pydicom", "pynetdicom", "numpy", "rich", "PIL", "jinja2", "importlib.metadata")


def commands(command: click.Command, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, *path, name)


ALL = list(commands(cli))


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) or "modality" for path, _ in ALL])
def test_every_command_and_option_has_help(path: tuple[str, ...], command: click.Command) -> None:
    assert command.help
    options = [one for one in command.params if isinstance(one, click.Option)]
    assert {one.name: one.help for one in options if not one.help} == {}


@pytest.mark.parametrize("path", [path for path, _ in ALL], ids=" ".join)
def test_help_is_shown_for_every_command(path: tuple[str, ...]) -> None:
    for option in ("--help", "-h"):
        result = invoke(*path, option)
        assert result.exit_code == 0
        assert result.output.startswith("Usage: ")
        assert result.output.count("Commands:") == isinstance(dict(ALL)[path], click.Group)


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) or "modality" for path, _ in ALL])
def test_every_verb_takes_json_and_debug(path: tuple[str, ...], command: click.Command) -> None:
    if not isinstance(command, click.Group):
        assert {"as_json", "debug"} <= {one.name for one in command.params}


def test_the_table_of_verbs_says_what_the_verbs_say() -> None:
    context = click.Context(cli)
    for name, (_, line) in VERBS.items():
        command = cli.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert line.endswith(".")


def test_the_main_help_lists_every_verb_once_in_order() -> None:
    section = invoke("--help").output.partition("Commands:\n")[2]
    assert [line.split()[0] for line in section.splitlines() if line[2:3].strip()] == list(VERBS)


@pytest.mark.parametrize("arguments", [("--help",), ("send", "--help")])
def test_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    code = (
        "import sys\nfrom modality.cli.main import cli\n"
        f"try: cli({list(arguments)!r}, prog_name='modality')\nexcept SystemExit: pass\n"
        f"print('|'.join(one for one in {HEAVY!r} if one in sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=False, env=ENVIRONMENT, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sendd",), "unknown command 'sendd': did you mean 'send'?"),
        (("serve", "archve"), "unknown command 'archve': did you mean 'archive'?"),
        (("generate", "cct", "-o", "x"), "unknown kind 'cct'"),
        (("generate", "ct", "-o", "x", "--phantom", "hed"), "did you mean 'head'?"),
        (("generate", "ct", "-o", "x", "--transfer-syntax", "RLELoseless"), "did you mean 'RLELossless'?"),
        (("generate", "ct", "-o", "x", "--phantm", "head"), "'--phantom'|--phantom,"),
        (("list", "phantom"), "'phantoms'"),
        (("generate",), "Missing argument 'KIND'"),
        (("generate", "ct"), "Missing option '-o' / '--out'"),
        (("generate", "ct", "-o", "x", "--slices", "0"), "--slices"),
        (("generate", "ct", "-o", "x", "--slices", "many"), "--slices"),
        (("serve", "archive", "--fault", "statsu=A700"), "did you mean 'status'?"),
        (("serve", "archive", "--destination", "X=host"), "give AET=HOST:PORT"),
    ],
)
def test_wrong_usage_is_exit_2_and_names_what_was_meant(
    arguments: tuple[str, ...], said: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert any(one in result.stderr for one in said.split("|"))
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_python_m_modality_is_the_same_command() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "modality")


def test_the_shell_completes_verbs() -> None:
    words = {"_MODALITY_COMPLETE": "bash_complete", "COMP_WORDS": "modality gen", "COMP_CWORD": "1"}
    command = [sys.executable, "-c", "from modality.cli.main import cli; cli(prog_name='modality')"]
    done = subprocess.run(command, check=False, env=ENVIRONMENT | words, capture_output=True, text=True, timeout=100)
    assert "plain,generate" in done.stdout
