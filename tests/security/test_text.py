"""Names that hold more than a name: line ends and terminal commands, and markup."""

from __future__ import annotations

import json
import logging
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

import modality.web
from modality.cli import verb
from modality.cli.main import cli
from modality.fhir.imaging import imaging_study_of
from modality.fhir.people import patient
from modality.identity import Patient
from modality.protocol.upper_layer.command import read_response
from modality.simulated.archive import SimulatedArchive
from modality.simulated.ris import SimulatedRis
from modality.station.study import ct
from modality.web.department import Department
from modality.web.load import charts
from modality.web.telestroke import page
from tests.security.attacks import answer, associated, command, dial, p_data, request

# Clears the screen, sets the title (OSC), CSI of C1, a forged line, and a text that is read backwards.
EVIL = "Doe\x1b[2J\x1b]0;owned\x07\x9b31m\nError: all is well\r\u202egnp.exe\u2028"
MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
COMMANDS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]")


@pytest.fixture(scope="module")
def ris() -> Iterator[SimulatedRis]:
    """A RIS whose patients' names are not theirs alone."""
    with SimulatedRis() as running:
        for step in running.steps:
            step.item.SpecificCharacterSet = "ISO_IR 192"
            step.item.PatientName = "Doe\x1b[2J\x07\x9b31m"
            step.step.ScheduledProcedureStepDescription = "head\x1b]0;owned\x07"
        yield running


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_a_worklist_in_a_terminal_holds_no_commands(ris: SimulatedRis, arguments: tuple[str, ...]) -> None:
    done = CliRunner().invoke(cli, ["worklist", "--from", ris.address, "--date", "any", *arguments])
    assert done.exit_code == 0, done.output
    assert "Doe" in done.output
    assert not COMMANDS.search(done.output)
    if arguments:
        assert json.loads(done.stdout)["steps"]


def test_what_is_said_stays_on_its_line_and_holds_no_commands(capsys: pytest.CaptureFixture[str]) -> None:
    verb.say(f"Error: {EVIL}")
    verb.table("", ["name"], [[EVIL]])
    verb.emit({"name": EVIL})
    captured = capsys.readouterr()
    assert not COMMANDS.search(captured.out + captured.err)
    assert captured.err.count("\n") == 1
    assert "\nError" not in captured.out
    assert json.loads(captured.out.splitlines()[-1]) == {"name": EVIL}


def test_the_comment_of_a_peer_s_refusal_holds_no_commands() -> None:
    def element(number: int, value: bytes) -> bytes:
        return struct.pack("<HHI", 0, number, len(value)) + value

    sent = element(0x0100, b"\x01\x80") + element(0x0120, b"\1\0") + element(0x0900, b"\x00\xa7")
    assert not COMMANDS.search(read_response(sent + element(0x0902, b"no\x1b[2J\r\nroom")).comment)


@pytest.mark.parametrize("aet", ["A\nERROR all ok", "A\x1b[2J", "A\x9b2J"])
def test_an_ae_title_forges_no_line_of_the_log(aet: str, caplog: pytest.LogCaptureFixture) -> None:
    """Of what listens: an association that is taken, a request that is refused, and one that is aborted."""
    caplog.set_level(logging.DEBUG, "modality")
    raw = request(calling="X" * len(aet)).replace(b"X" * len(aet), aet.encode("latin-1"))
    with SimulatedArchive() as archive:
        for message in (raw, raw[:74] + raw[80:], raw.replace(b"1.2.840.10008.1.1", b"1.2.840\n1000\x1b.1.1")):
            with dial(archive.port) as connection:
                connection.sendall(message[:2] + (len(message) - 6).to_bytes(4, "big") + message[6:])
                answer(connection)
        with associated(archive.port) as connection:
            sent = command(1, "1.2\n\x1b[2J", instance="1.2\n\x1b[2J", data_set=True)
            connection.sendall(p_data(sent, command=True, last=True) + p_data(b"\n\x1b", command=False, last=True))
            answer(connection)
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("modality")]
    assert not [line for line in ours if COMMANDS.search(line) or "\n" in line]


def test_an_hl7_message_forges_no_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "modality")
    with SimulatedRis(hl7_port=0) as ris, dial(int(ris.hl7_address.rpartition(":")[2])) as connection:
        head = "MSH|^~\\&|A\x1b[2J|B\x1b[2J|C|D|2026||{}|1\x1b[2J|P|2.3\r"
        for kind in ("ORM^O01", "AD\x1b^T\x1b", "ADT^A08", "ORU^R01"):
            text = head.format(kind) + "PID|1||X\x1b[2J^^^\\X0A\\\x1b||N\x1b[2J\rORC|NW\x1b|\x1b[2J\rOBR|1\x1b\r"
            connection.sendall(b"\x0b" + text.encode() + b"\x1c\r")
            assert connection.recv(4096)
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("modality")]
    assert ours
    assert not [line for line in ours if COMMANDS.search(line) or "\n" in line]


def test_a_patient_s_name_is_text_on_the_tele_stroke_page() -> None:
    who = patient(Patient("ID1", f"{MARKUP}^Eve", "19570312", "F"))
    images = list(ct(seed=1, slices=1, rows=16, columns=16))
    study = imaging_study_of((one.dataset() for one in images), who, description=MARKUP)
    drawn = page(who, study, [], {images[0].series_uid: images}, MARKUP, []).decode()
    assert "alert(1)" in drawn
    assert "<script>alert" not in drawn
    assert "<img src=x" not in drawn


def test_a_label_is_text_in_the_charts_of_a_load_report() -> None:
    """SVG stands in that page unescaped."""
    made = charts.chart("one", MARKUP, MARKUP, lambda axes, _: axes.set_title(MARKUP))
    for svg in (made.wide, made.narrow):
        assert "<script" not in svg
        assert "<img" not in svg


def test_the_department_s_page_writes_text_and_runs_nothing_but_its_own() -> None:
    """Names come as JSON, and are put there as text; a policy stands behind that."""
    with Department() as department:
        for step in department.ris.steps:
            step.item.PatientName = MARKUP[:64]
        with httpx.Client(base_url=department.page_address) as client:
            shown, state = client.get("/"), client.get("/page/state")
    assert MARKUP[:20] in json.dumps(state.json())
    assert state.headers["content-type"] == "application/json"
    assert state.headers["x-content-type-options"] == "nosniff"
    policy = shown.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    (nonce,) = set(re.findall(r"script-src 'nonce-([^']+)'", policy))
    assert re.findall(r"<script([^>]*)>", shown.text) == [f' nonce="{nonce}"']


def test_no_template_and_no_script_of_ours_turns_text_into_markup() -> None:
    root = Path(modality.web.__file__).parent / "templates"
    found = {
        path.name: re.findall(r"\|\s*safe|innerHTML|outerHTML|insertAdjacentHTML|document\.write|autoescape", text)
        for path in root.rglob("*")
        if path.suffix in (".html", ".js") and (text := path.read_text(encoding="utf-8"))
    }
    assert {name: set(words) for name, words in found.items() if words} == {"load.html": {"|safe"}}  # the charts above
