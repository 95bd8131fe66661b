from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_bridge.drivers.driver import Serial
from firmware_bridge.host.port import open_port
from modality.registry import SIMULATORS
from tests.cli.command import ENVIRONMENT, MODALITY, document, invoke
from tests.firmware_bridge.drivers.test_nonin import PUBLISHED
from tests.timing import durations, measured


@contextmanager
def simulated(*arguments: str | Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A simulated device in a process of its own, and the first line that it prints."""
    command = [*MODALITY, "edge", "simulate", *map(str, arguments)]
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate(timeout=100)


def heard(address: str, count: int) -> bytes:
    port = open_port(address, Serial())
    data = b""
    end = time.monotonic() + 60
    while len(data) < count and time.monotonic() < end:
        data += port.read(0.5)
    port.close()
    return data


@pytest.mark.parametrize("port", ["pty", "tcp", "link"])
def test_a_device_plays_on_a_port_that_it_prints_until_sigterm(port: str, tmp_path: Path) -> None:
    where = str(tmp_path / "tty") if port == "link" else port
    with simulated("nonin-2", "--port", where, "--seed", "3", "--speed", "5", "--wait") as (process, address):
        assert address == where if port == "link" else address.startswith(("/dev/pts/", "socket://127.0.0.1:"))
        assert heard(address, 1000)[:1000] == SIMULATORS.load("nonin-2").simulator(3, {}).advance(10.0)[:1000]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=100) == 0
    assert not (tmp_path / "tty").exists()


def test_json_names_the_port_and_the_seed() -> None:
    with simulated("nonin", "--port", "TCP", "--json", "--duration", "0.2") as (process, line):
        found = json.loads(line)
        assert set(found) == {"device", "seed", "port"}
        assert found["device"] == "nonin-2"
        assert process.wait(timeout=100) == 0
        assert process.stderr is not None
        assert process.stderr.read() == f"seed {found['seed']}\n"


def test_same_seed_same_bytes_and_the_truth_beside_them(tmp_path: Path) -> None:
    def made(seed: str, *more: str) -> tuple[bytes, list[dict[str, object]]]:
        path = tmp_path / "out"
        found = document(
            invoke("edge", "simulate", "nonin-7", "--out", path, "--duration", "5", "--seed", seed, "--json", *more)
        )
        assert found["bytes"] == path.stat().st_size
        return path.read_bytes(), found["measurements"]

    first = made("1")
    assert made("1") == first
    assert made("2") != first
    assert len(first[0]) == 5 * 375
    assert len(first[1]) == 30
    shown = made("1", "--set", "spo2=91", "--set", "heart_rate=180")[1]
    assert {(one["name"], one["value"]) for one in shown} == {("spo2", 91), ("heart_rate", 180)}
    assert made("1", "--fault", "sensor-off")[1] == []
    assert len(made("1", "--fault", "silence=1:2")[0]) == 3 * 375


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--port for a device that plays"),
        (("--port", "pty", "--out", "x"), "--port for a device that plays"),
        (("--out", "x"), "--out needs --duration"),
        (("--out", "x", "--duration", "1", "--speed", "2"), "leave out --speed"),
        (("--port", "com1"), "give pty, pty:LINK"),
        (("--port", "tcp:99999"), "tcp:PORT, up to 65535"),
        (("--port", "pty", "--fault", "losse=2"), "unknown fault 'losse': did you mean 'lose'?"),
        (("--port", "pty", "--fault", "lose"), "for one byte in N"),
        (("--port", "pty", "--set", "spo=2"), "unknown setting 'spo': did you mean 'spo2'?"),
        (("--port", "pty", "--set", "spo2=x"), "spo2 = 'x' has to be int"),
    ],
)
def test_mistakes_are_named(arguments: tuple[str, ...], said: str) -> None:
    result = invoke("edge", "simulate", "nonin-2", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_port_in_use_and_a_file_in_the_way_are_said(tmp_path: Path) -> None:
    with simulated("nonin-2", "--port", "tcp") as (_, address):
        result = invoke("edge", "simulate", "nonin-2", "--port", f"tcp:{address.rpartition(':')[2]}")
    assert result.exit_code == 3
    assert "cannot listen" in result.stderr
    (tmp_path / "file").write_text("yours")
    assert invoke("edge", "simulate", "nonin-2", "--port", tmp_path / "file").exit_code == 3
    result = invoke("edge", "simulate", "nonin-2", "--out", tmp_path / "no" / "dir", "--duration", "1")
    assert result.exit_code == 1


@measured
def test_a_probe_names_a_device_on_a_port_and_in_a_recording(tmp_path: Path) -> None:
    with simulated("nonin-7", "--port", "pty", "--speed", "4") as (_, address):
        result = invoke("edge", "probe", address, "--seconds", "0.8", "--json")
    with durations():  # within what was listened, enough was said
        assert result.exit_code == 0
        assert json.loads(result.stdout)["confidence"] > 0.9
    found = document(result)
    assert (found["device"], found["baud"], found["framing"]) == ("nonin-7", 9600, "8N1")
    (tmp_path / "recording").write_bytes(PUBLISHED * 3)
    found = document(invoke("edge", "probe", tmp_path / "recording", "--json"))
    assert (found["device"], found["bytes"]) == ("nonin-2", 375)
    assert [one["device"] for one in found["candidates"]] == ["nonin-2"]
    assert "nonin-2" in invoke("edge", "probe", tmp_path / "recording").stdout


def test_a_probe_of_what_nobody_knows_is_exit_1_and_of_no_port_3(tmp_path: Path) -> None:
    (tmp_path / "recording").write_bytes(bytes(1000))
    result = invoke("edge", "probe", tmp_path / "recording", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["device"] is None
    (tmp_path / "recording").write_bytes(b"")
    assert "nothing was heard" in invoke("edge", "probe", tmp_path / "recording").stdout
    assert invoke("edge", "probe", "/dev/no-such-port").exit_code == 3


def test_the_devices_are_listed() -> None:
    found = {one["name"]: one for one in document(invoke("list", "devices", "--json"))["devices"]}
    assert found["nonin-2"] == {
        "name": "nonin-2",
        "what": "Nonin OEM III, Xpod: pulse oximeter, serial format #2",
        "serial": "9600 8N1",
        "checksum": True,
        "waveforms": "pleth 75 Hz",
        "simulated": True,
        "faults": "sensor-off, artifact",
        "settings": {"average": "4-beat"},
    }
    assert found["cms50d"]["serial"] == "19200 8O1 XON/XOFF"
    shown = invoke("list", "devices").stdout
    assert all(name in shown for name in found)
