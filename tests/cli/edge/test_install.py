"""`modality edge install` and `edge password`: a unit with few rights, a rule for each adapter, a hash."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from modality.cli.main import cli
from modality.config import shipped
from modality.edge.page.password import fits
from tests.cli.command import invoke
from tests.peers.process import program

CONFIG = """
[edge]
state = "{state}"
listen = 11113
[archive]
address = "dicom://ORTHANC@192.0.2.10:4242"
[web]
port = 443
[[device]]
name = "Bed 3 / <left>"
driver = "nonin-2"
port = "/dev/serial/by-path/platform-fd5.pcie-pci-0000:01:00.0-usb-0:1.1:1.0-port0"
patient_id = "P1"
[[device]]
name = "lens"
driver = "nidek-lm"
port = "/dev/ttyUSB1"
patient_id = "P1"
[[device]]
name = "scanner"
driver = "barcode"
port = "/dev/input/by-id/usb-Honeywell_1-event-kbd"
[[device]]
name = "analyzer"
driver = "astm"
port = "tcp-listen://0.0.0.0:4001"
matching = "device"
report = true
[[device]]
name = "reports"
driver = "folder"
path = "/srv/in box"
kind = "pdf"
patient_id = "P1"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "edge.toml"
    path.write_text(CONFIG.format(state="/var/lib/modality-edge"))
    return path


def files(config: Path, *options: str) -> tuple[str, str]:
    """The unit and the rules that would be written."""
    done = invoke("edge", "install", str(config), "--dry-run", "--json", *options)
    assert done.exit_code == 0, done.output
    written = json.loads(done.stdout)["files"]
    unit, rules = (text for _, text in sorted(written.items()))
    return unit, rules


def values(unit: str, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", unit, re.MULTILINE)


def test_the_unit_has_only_the_rights_that_the_configuration_needs(config: Path) -> None:
    unit, _ = files(config)
    assert values(unit, "ExecStart")[0].endswith(f" -m modality edge run {config}")
    assert values(unit, "Type") == ["notify"]
    assert 0 < int(values(unit, "WatchdogSec")[0]) <= 60
    assert values(unit, "User") == values(unit, "Group") == ["modality-edge"]
    assert values(unit, "ReadWritePaths") == ["/var/lib/modality-edge", '"/srv/in box"']
    assert values(unit, "DeviceAllow") == ["char-input rw", "char-ttyACM rw", "char-ttyUSB rw"]
    assert values(unit, "ProtectSystem") == ["strict"]
    assert values(unit, "NoNewPrivileges") == ["yes"]
    assert values(unit, "CapabilityBoundingSet") == ["CAP_NET_BIND_SERVICE"], "for port 443"
    assert values(unit, "RestrictAddressFamilies") == ["AF_UNIX AF_INET AF_INET6"]


def test_without_a_device_or_a_low_port_there_are_fewer(config: Path) -> None:
    text = config.read_text().replace("port = 443", "port = 8090")
    config.write_text(text[: text.index("[[device]]")] + text[text.rindex("[[device]]") :])
    unit, rules = files(config, "--user", "box")
    assert values(unit, "DeviceAllow") == []
    assert values(unit, "PrivateDevices") == ["yes"]
    assert values(unit, "CapabilityBoundingSet") == [""]
    assert values(unit, "User") == ["box"]
    assert "SUBSYSTEM" not in rules


def test_each_adapter_is_matched_by_its_own_name_and_belongs_to_the_box(config: Path) -> None:
    _, rules = files(config)
    lines = [line for line in rules.splitlines() if line and not line.startswith("#")]
    rest = 'GROUP="modality-edge", MODE="0660", SYMLINK+="modality/{}", ENV{{ID_MM_DEVICE_IGNORE}}="1"'
    by_path = "serial/by-path/platform-fd5.pcie-pci-0000:01:00.0-usb-0:1.1:1.0-port0"
    assert lines == [
        f'SUBSYSTEM=="tty", SYMLINK=="{by_path}", {rest.format("Bed-3-left")}',
        f'SUBSYSTEM=="tty", KERNEL=="ttyUSB1", {rest.format("lens")}',
        f'SUBSYSTEM=="input", SYMLINK=="input/by-id/usb-Honeywell_1-event-kbd", {rest.format("scanner")}',
    ]
    said = invoke("edge", "install", str(config), "--dry-run").stderr
    assert "lens: /dev/ttyUSB1 may be another adapter after the next start" in said


def test_a_dry_run_prints_both_and_below_a_root_both_are_written(config: Path, tmp_path: Path) -> None:
    unit, rules = files(config)
    printed = invoke("edge", "install", str(config), "--dry-run").stdout
    assert unit in printed
    assert rules in printed
    root = tmp_path / "image"
    assert not root.exists()
    assert invoke("edge", "install", str(config), "--root", str(root)).exit_code == 0
    assert (root / "etc/systemd/system/modality-edge.service").read_text() == unit
    assert (root / "etc/udev/rules.d/70-modality-edge.rules").read_text() == rules


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--user", "Root; rm"), "is no name of an account"),
        (("--dry-run", "--root", "x"), "writes nothing"),
    ],
)
def test_wrong_usage_is_refused(config: Path, options: tuple[str, ...], why: str) -> None:
    done = invoke("edge", "install", str(config), *options)
    assert (done.exit_code, why in done.stderr) == (2, True), done.stderr


def test_who_is_not_root_is_told_to_be(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    done = invoke("edge", "install", str(config))
    assert done.exit_code == 2
    assert "sudo" in done.stderr


def test_a_configuration_with_a_mistake_is_not_installed(config: Path) -> None:
    config.write_text(config.read_text().replace("nonin-2", "nonin-3"))
    done = invoke("edge", "install", str(config), "--dry-run")
    assert done.exit_code == 2
    assert "did you mean" in done.stderr


@pytest.mark.peer
@pytest.mark.parametrize("name", ["edge_oximeter", "edge_lensmeter", "edge_analyzer", "edge_reports"])
def test_systemd_finds_no_fault_and_little_exposure(name: str, tmp_path: Path) -> None:
    analyze = program("/usr/bin/systemd-analyze")
    done = invoke("edge", "install", str(shipped(f"{name}.toml")), "--root", str(tmp_path), "--user", "daemon")
    assert done.exit_code == 0, done.stderr
    unit = tmp_path / "etc/systemd/system/modality-edge.service"
    verified = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")
    found = subprocess.run([analyze, "security", "--offline=true", unit], capture_output=True, text=True, check=True)
    exposure = re.search(r"Overall exposure level for .*: ([\d.]+) ", found.stdout)
    assert exposure is not None
    assert float(exposure[1]) <= 2.5


def test_a_password_becomes_a_line_of_the_configuration() -> None:
    done = CliRunner().invoke(cli, ["edge", "password", "ann"], input="correct horse\n")
    assert done.exit_code == 0
    name, _, kept = done.stdout.strip().partition(" = ")
    assert name == "ann"
    assert fits("correct horse", json.loads(kept))
    assert "correct" not in done.output
    assert CliRunner().invoke(cli, ["edge", "password", "ann"], input="short\n").exit_code == 2
