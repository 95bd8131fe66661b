from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from modality.registry import DEVICES, SIMULATORS
from tests.cli.command import document, invoke
from tests.firmware_bridge.drivers.test_nonin import PUBLISHED


def recorded(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "recording"
    path.write_bytes(data)
    return path


def test_a_recording_is_read_as_the_contract_has_it(tmp_path: Path) -> None:
    result = invoke("edge", "replay", recorded(tmp_path, b"rubbish" + PUBLISHED * 3), "--device", "nonin-2", "--json")
    assert result.exit_code == 0
    assert document(result) == {
        "device": "nonin-2",
        "bytes": 382,
        "measurements": [
            {"name": "spo2", "value": 97, "unit": "%"},
            {"name": "heart_rate", "value": 72, "unit": "/min"},
        ]
        * 3,
        "waveforms": [{"name": "pleth", "rate_hz": 75.0, "samples": 75, "lost": 0}],
        "messages": 0,
        "frames": 75,
        "skipped_bytes": 7,
        "rejected_frames": 0,
        "warnings": [],
    }


@pytest.mark.parametrize(
    "name", ["nonin-2", "nonin-7", "nonin-ascii", "cms50d", "cyton", "medibus", "astm", "nidek-lm"]
)
def test_the_answer_is_the_same_for_any_chunk(name: str, tmp_path: Path) -> None:
    path = tmp_path / "recording"
    seconds = "2" if name == "cyton" else "10"
    made = invoke(
        "edge", "simulate", name, "--out", path, "--seed", "1", "--duration", seconds, "--fault", "lose=500", "--json"
    )
    assert made.exit_code == 0, made.output
    answers = {
        invoke("edge", "replay", path, "--device", name, "--json", *chunk).stdout
        for chunk in ((), ("--chunk", "1"), ("--chunk", "7"), ("--chunk", "100000"))
    }
    assert len(answers) == 1
    found = json.loads(answers.pop())
    assert found["measurements"] or found["waveforms"]
    assert found["bytes"] == path.stat().st_size == json.loads(made.stdout)["bytes"]


@pytest.mark.parametrize("name", sorted(DEVICES.entries))
@pytest.mark.parametrize("data", [b"", random.Random(1).randbytes(3000), b"\x00" * 500, b"\x02\x05\x01\x1b" * 100])
def test_rubbish_in_gives_json_out(name: str, data: bytes, tmp_path: Path) -> None:
    result = invoke("edge", "replay", recorded(tmp_path, data), "--device", name, "--json")
    assert result.exit_code == 0
    found = document(result)
    assert set(found) >= {"measurements", "waveforms", "skipped_bytes", "rejected_frames", "warnings"}
    assert all(one["checked"] is False for one in found["measurements"])  # which chance can make without a checksum
    assert found["bytes"] == len(data)


def test_a_text_of_hexadecimal_lines_is_a_recording_too(tmp_path: Path) -> None:
    text = "\n".join(f"0.{at:03} < {PUBLISHED[at : at + 5].hex(' ')}" for at in range(0, 125, 5))
    found = document(invoke("edge", "replay", recorded(tmp_path, text.encode()), "--device", "nonin", "--json"))
    assert [one["value"] for one in found["measurements"]] == [97, 72]


def test_people_get_tables(tmp_path: Path) -> None:
    result = invoke("edge", "replay", recorded(tmp_path, PUBLISHED * 2 + b"x"), "--device", "nonin-2")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert any("heart_rate" in line and "72" in line and "/min" in line for line in lines)
    assert any("pleth" in line and "75" in line and "50" in line for line in lines)
    assert "251 bytes: 50 frames, 0 refused, 1 bytes in none" in lines


def test_settings_reach_the_driver(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    entry = SIMULATORS.load("nonin-2")
    path.write_bytes(entry.simulator(3, {}).advance(30.0))
    rates = [
        [one["value"] for one in document(
            invoke("edge", "replay", path, "--device", "nonin-2", "--set", f"average={average}", "--json")
        )["measurements"]]
        for average in ("4-beat", "8-beat")
    ]  # fmt: skip
    assert rates[0] != rates[1]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--device", "nonin-3"), 2, "unknown device 'nonin-3': did you mean 'nonin-7'?"),
        (("--device", "nonin-2", "--set", "avrage=1"), 2, "unknown setting 'avrage': did you mean 'average'?"),
        (("--device", "nonin-2", "--set", "average"), 2, "has to be NAME=VALUE"),
        (("--device", "cyton", "--set", "gain=much"), 2, "gain = 'much' has to be float"),
        (("--device", "nonin-2", "--chunk", "0"), 2, "--chunk"),
        ((), 2, "--device"),
    ],
)
def test_mistakes_are_named(arguments: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    result = invoke("edge", "replay", recorded(tmp_path, PUBLISHED), *arguments)
    assert result.exit_code == code
    assert said in result.stderr


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    assert invoke("edge", "replay", tmp_path / "none", "--device", "nonin-2").exit_code == 2
    assert invoke("edge", "replay", tmp_path, "--device", "nonin-2").exit_code == 2
