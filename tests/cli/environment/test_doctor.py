"""`modality doctor`: each check finds what is wrong when it is made wrong, and says what to do."""

from __future__ import annotations

import json
import os
import re
import socket
from pathlib import Path

import pytest

from modality.cli.environment import checks, versions
from tests.cli.command import run


def test_it_tells_of_versions_codecs_ports_clock_and_disk() -> None:
    done = run("doctor", "--json")
    document = json.loads(done.stdout)
    found = {one["check"] for one in document["checks"]}
    assert {"packages", "extra codecs", "transfer syntaxes", "port 11112", "serial ports", "clock"} <= found
    assert done.returncode == (1 if document["problems"] else 0)
    assert document["version"].startswith("modality 0.")
    assert "pydicom 3" in document["version"]


def test_every_finding_that_is_not_in_order_says_what_to_do() -> None:
    for check in checks.CHECKS:
        for finding in check():
            assert finding.found
            assert finding.advice or finding.state == "ok", finding


def test_a_port_that_is_taken_is_named_with_who_wanted_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        [finding] = checks.ports({"archive": number})
    assert (finding.check, finding.state) == (f"port {number}", "note")
    assert finding.found.startswith("archive: ")
    [finding] = checks.ports({"archive": number})
    assert finding.state == "ok"


def test_every_package_of_an_extra_is_looked_for() -> None:
    text = (Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8")
    extras = text.partition("[project.optional-dependencies]")[2].partition("\nall = ")[0]
    core = text.partition("\ndependencies = [")[2].partition("\n]")[0]
    named = re.findall(r'"([a-z0-9.-]+)(?:\[\w+\])?>=', core + extras)
    assert len(named) > 20
    assert set(named) - set(versions.PACKAGES) == {"tomli"}  # a part of newer Pythons


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "installed", lambda name: "" if name in ("hl7", "pydicom") else "1.0")
    found = {one.check: one for one in reversed(list(checks.packages()))}
    assert found["extra hl7"].state == "note"
    assert found["extra hl7"].advice == "pip install 'modality-simulator[hl7]'"
    missing = [one for one in checks.packages() if one.state == "problem"]
    assert [one.found for one in missing] == ["pydicom is missing"]


def test_a_codec_that_is_not_there_is_told_by_its_syntax(monkeypatch: pytest.MonkeyPatch) -> None:
    from modality.errors import MissingExtraError
    from modality.transfer.codecs.encoding import Encoding

    encode = Encoding.encode

    def without(self: Encoding, *arguments: object) -> bytes:
        if "JPEGLS" in self.keyword:
            raise MissingExtraError("JPEG-LS", "codecs")
        return encode(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Encoding, "encode", without)
    ok, missing = checks.codecs()
    assert ok.found.startswith("18 of 20")
    assert (missing.state, missing.found) == ("note", "without JPEGLSLossless, JPEGLSNearLossless")


def test_a_serial_port_without_rights_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ttyUSB0").touch()
    monkeypatch.setattr(os, "access", lambda *_: False)
    [finding] = checks.serial_ports(tmp_path)
    assert finding.state == "problem"
    assert "usermod" in finding.advice


def test_serial_ports_are_listed(tmp_path: Path) -> None:
    assert [one.state for one in checks.serial_ports(tmp_path)] == ["note"]
    for name in ("ttyUSB0", "ttyACM1", "tty7"):
        (tmp_path / name).touch()
    assert [Path(one.found).name for one in checks.serial_ports(tmp_path)] == ["ttyACM1", "ttyUSB0"]


@pytest.mark.parametrize(("known", "state"), [(True, "ok"), (False, "problem"), (None, "note")])
def test_the_clock_is_in_order_only_where_somebody_keeps_it(known: bool | None, state: str) -> None:
    [finding] = checks.clock(lambda: known)
    assert finding.state == state


def test_a_folder_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    [finding] = checks.disk(tmp_path / "nowhere")
    assert finding.state == "problem"
    assert "TMPDIR" in finding.advice


def test_the_version_names_what_matters_in_one_line() -> None:
    said = versions.line("9.9")
    assert said.startswith("modality 9.9 (Python 3.")
    assert "\n" not in said
    for name in ("pydicom", "pynetdicom", "numpy"):
        assert f"{name} {versions.installed(name)}" in said
