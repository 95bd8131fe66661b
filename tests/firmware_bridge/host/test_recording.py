from __future__ import annotations

import random
from pathlib import Path

import pytest

from firmware_bridge.errors import BridgeError
from firmware_bridge.host.recording import read_recording

FRAMES = bytes.fromhex("018101008301800148CA")


def recorded(tmp_path: Path, data: bytes) -> bytes:
    (tmp_path / "recording").write_bytes(data)
    return read_recording(tmp_path / "recording")


@pytest.mark.parametrize(
    "text",
    [
        "01 81 01 00 83\n01 80 01 48 ca\n",
        "# a Nonin\n\n12:00:00.013 < 01 81 01 00 83\r\n12:00:00.026 > 06\r\n12:00:00.027 <0180 0148CA # the second\r\n",
        "0.013 01 81 01 00 83\n0.027 01 80 01 48 CA",
        "2026-11-25T12:00:00.5Z < 018101008301800148CA",
    ],
)
def test_a_text_of_hexadecimal_lines_is_bytes(tmp_path: Path, text: str) -> None:
    assert recorded(tmp_path, text.encode()) == FRAMES


@pytest.mark.parametrize(
    "data",
    [
        b"",
        FRAMES,
        b"12:00:00 SPO2=098 HR=072\r\n",
        b"\x021H|\\^&|||host\r\x03C6\r\n",
        b"\r\n\r\n",
        b"01 81 0\n",
        b"> 06\n",
        random.Random(1).randbytes(5000),
    ],
)
def test_all_else_is_taken_as_it_is(tmp_path: Path, data: bytes) -> None:
    assert recorded(tmp_path, data) == data


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match="No such file"):
        read_recording(tmp_path / "none")
