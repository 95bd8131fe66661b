from __future__ import annotations

import ast
from pathlib import Path

from tests.cli.command import document, invoke

# What MicroPython has of what our files import.
THERE = {"collections", "machine", "micropython", "os", "select", "struct", "sys", "time"}


def copied(folder: Path) -> dict[str, str]:
    return {one.relative_to(folder).as_posix(): one.read_text() for one in folder.rglob("*") if one.is_file()}


def test_what_a_board_needs_is_laid_out_and_complete(tmp_path: Path) -> None:
    found = document(invoke("edge", "flash-files", tmp_path / "board", "--json"))
    files = copied(tmp_path / "board")
    assert {str(tmp_path / "board" / one) for one in files} == set(found["written"])
    assert "main.py" in files
    modules = {one.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for one in files}
    for text in files.values():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom):
                assert node.module in modules | THERE
            elif isinstance(node, ast.Import):
                assert {one.name for one in node.names} <= THERE


def test_pins_that_were_changed_are_kept_and_the_rest_is_renewed(tmp_path: Path) -> None:
    invoke("edge", "flash-files", tmp_path)
    (tmp_path / "main.py").write_text("PULSE_PIN = 28\n")
    (tmp_path / "firmware_bridge" / "framing.py").write_text("old")
    found = document(invoke("edge", "flash-files", tmp_path, "--json"))
    assert found["kept"] == [str(tmp_path / "main.py")]
    assert (tmp_path / "main.py").read_text() == "PULSE_PIN = 28\n"
    assert "crc16" in (tmp_path / "firmware_bridge" / "framing.py").read_text()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = invoke("edge", "flash-files", tmp_path / "file" / "board")
    assert found.exit_code == 1
    assert str(tmp_path / "file") in found.stderr
    assert len(found.stderr.splitlines()) == 1
