"""The README's blocks run as they stand; a block that cannot says why in a comment before it.

``python`` blocks run in a folder of their own (by pytest, where they define tests); of ``console`` blocks the lines
after ``$``, of ``sh`` blocks all lines, through bash. Lines that call make are left to CI, and a block after
``<!-- no-run: reason -->`` is not run.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
FENCE = re.compile(
    r"(?P<skipped><!--\s*no-run:\s*\S[^>]*-->\s*\n)?^```(?P<language>\w+)[^\n]*\n(?P<body>.*?)^```\s*$",
    re.MULTILINE | re.DOTALL,
)
TIMEOUT_S = 90


@dataclass(frozen=True)
class Block:
    """A fenced block that has to run: its language, the line where it starts, and what to run."""

    language: str
    line: int
    source: str


def blocks(text: str) -> list[Block]:
    found = []
    for match in FENCE.finditer(text):
        language, body = match["language"], match["body"]
        source = body if language == "python" else commands(language, body)
        if match["skipped"] is None and source.strip():
            found.append(Block(language, text.count("\n", 0, match.start("body")), source))
    return found


def commands(language: str, body: str) -> str:
    """The shell commands of a block, without those that call make."""
    if language == "console":
        body = body.replace("\\\n", " ")
        lines = [line[2:] for line in body.splitlines() if line.startswith("$ ")]
    elif language == "sh":
        lines = body.replace("\\\n", " ").splitlines()
    else:
        lines = []
    return "\n".join(line for line in lines if not re.match(r"make\b|\s*#|\s*$", line))


def run(block: Block, folder: Path) -> str | None:
    """Runs a block and ends what it leaves behind; returns its output if it fails."""
    script = folder / ("test_block.py" if block.language == "python" else "block.sh")
    script.write_text(block.source, encoding="utf-8")
    if block.language != "python":
        line = ["bash", "-euo", "pipefail", script.name]
    elif re.search(r"^def test_", block.source, re.MULTILINE):
        line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", script.name]
    else:
        line = [sys.executable, "-W", "error", script.name]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    log = folder / "output.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            line,
            cwd=folder,
            env=os.environ | {"PATH": path, "HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        status = process.wait(TIMEOUT_S)
    except subprocess.TimeoutExpired:
        status = None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    text = log.read_text(encoding="utf-8", errors="replace")
    return None if status == 0 else f"README.md line {block.line}: ended with {status}\n{block.source}\n{text}"


@pytest.mark.parametrize(
    "block",
    blocks(README.read_text(encoding="utf-8")) if README.exists() else [],
    ids=lambda block: f"{block.language}-line-{block.line}",
)
def test_a_block_of_the_readme_runs(block: Block, tmp_path: Path) -> None:
    failure = run(block, tmp_path)
    if failure is not None:
        pytest.fail(failure, pytrace=False)


def test_the_readme_names_make_demo_and_make_test_within_its_first_40_lines() -> None:
    head = "\n".join(README.read_text(encoding="utf-8").splitlines()[:40])
    assert "make demo" in head
    assert "make test" in head


SAMPLE = """\
```sh
make demo   # left to CI
```
```console
$ echo one \\
    two
one two
$ make test
```
<!-- no-run: needs an archive -->
```sh
modality send x
```
```python
print(1)
```
```text
nothing
```
"""


def test_the_blocks_to_run_are_found_with_their_lines() -> None:
    assert blocks(SAMPLE) == [Block("console", 4, "echo one      two"), Block("python", 14, "print(1)\n")]


@pytest.mark.parametrize(
    ("language", "source", "works"),
    [
        ("sh", "true\ntest -n $HOME", True),
        ("sh", "false\ntrue", False),
        ("sh", "sleep 60 &", True),
        ("python", "import pathlib; pathlib.Path('made').touch()", True),
        ("python", "import warnings; warnings.warn('old')", False),
        ("python", "def test_it(tmp_path):\n    assert tmp_path.exists()\n", True),
        ("python", "def test_it(tmp_path):\n    assert not tmp_path.exists()\n", False),
    ],
)
def test_a_block_that_fails_is_noticed(language: str, source: str, *, works: bool, tmp_path: Path) -> None:
    assert (run(Block(language, 1, source), tmp_path) is None) is works
