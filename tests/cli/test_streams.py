"""What goes to a terminal, to a pipe and into a closed one; what `--debug` adds."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from modality.cli.verb import table
from tests.cli.command import ENVIRONMENT, MODALITY, invoke, run

SMALL = ("--rows", "16", "--columns", "16", "--slices", "3", "--seed", "7")


def test_json_goes_to_stdout_and_talk_to_stderr(tmp_path: Path) -> None:
    done = run("generate", "ct", "-o", tmp_path, *SMALL[:-2], "--json")
    assert json.loads(done.stdout)["instances"] == 3
    assert done.stderr.startswith("seed ")
    assert done.stderr.count("\n") == 1


def test_no_progress_in_a_pipe(tmp_path: Path) -> None:
    done = run("generate", "ct", "-o", tmp_path, *SMALL)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout


def test_a_progress_bar_on_a_terminal(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [*MODALITY, "generate", "ct", "-o", str(tmp_path), *SMALL, "--json"]
    with subprocess.Popen(
        command, env={**ENVIRONMENT, "TERM": "xterm"}, stderr=theirs, stdout=subprocess.PIPE, text=True
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while more := os.read(ours, 4096):
                shown += more
        except OSError:  # the terminal's other side is closed
            pass
        assert process.stdout is not None
        document = json.loads(process.stdout.read())
    os.close(ours)
    assert document["instances"] == 3
    assert b"generating ct" in shown
    assert b"3/3" in shown


@pytest.mark.parametrize("arguments", [("list", "kinds"), ("list", "phantoms", "--json"), ("generate", "ct", *SMALL)])
def test_a_closed_pipe_gives_no_traceback(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    out = ["-o", str(tmp_path)] if "generate" in arguments else []
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen(
        [*MODALITY, *arguments, *out], env=ENVIRONMENT, stdout=writer, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(writer)
        _, talk = process.communicate(timeout=100)
    assert (talk, process.returncode in (0, 1)) == ("", True)


def test_debug_gives_the_traceback_and_else_one_line(tmp_path: Path) -> None:
    arguments = ("generate", "mr", "-o", tmp_path, *SMALL, "--kvp", "100")
    plain, debug = run(*arguments), run(*arguments, "--debug")
    assert (plain.returncode, plain.stderr.count("\n")) == (2, 1)
    assert "Traceback (most recent call last)" in debug.stderr
    assert "modality.errors.UsageError: --kvp is not an option of mr" in debug.stderr
    assert debug.returncode != 0


def test_nobody_there_is_one_line_and_exit_3(tmp_path: Path) -> None:
    assert invoke("generate", "ct", "-o", tmp_path, *SMALL).exit_code == 0
    result = invoke("send", tmp_path, "--to", "dicom://X@127.0.0.1:1")
    assert result.exit_code == 3
    assert result.stderr.startswith("Error: dicom://X@127.0.0.1:1: nobody answers")
    assert result.stderr.count("\n") == 1


def test_brackets_in_a_table_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    table("", ["name"], [["[bold]x[/bold] [red]"]])
    assert "[bold]x[/bold] [red]" in capsys.readouterr().out
