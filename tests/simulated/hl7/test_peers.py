"""Orders of senders that others wrote, and the worklist as DCMTK's findscu gets it."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hl7.client import MLLPClient
from pydicom import Dataset, dcmread

from modality.errors import MissingExtraError, UsageError
from modality.network.address import parse_dicom
from modality.simulated.ris import SimulatedRis
from tests.cli.command import invoke
from tests.cli.test_serve import serving
from tests.network.acceptor import Authority
from tests.peers import dcmtk
from tests.peers.process import command, missing, program, wait_until
from tests.protocol.hl7.messages import OMI, ORM, text
from tests.simulated.hl7.conftest import outcome

NOW = datetime.fromisoformat("2026-11-25 09:00")
NODE = Path(__file__).parents[2] / "peers" / "node"
KEYS = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "AccessionNumber",
    "StudyInstanceUID",
    "RequestedProcedureID",
    "RequestedProcedureDescription",
    "RequestedProcedurePriority",
    "ReferringPhysicianName",
    "ScheduledProcedureStepSequence[0].Modality",
    "ScheduledProcedureStepSequence[0].ScheduledStationAETitle",
    "ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartTime",
    "ScheduledProcedureStepSequence[0].ScheduledProcedureStepID",
    "ScheduledProcedureStepSequence[0].ScheduledProcedureStepDescription",
)


@pytest.fixture
def ris() -> Iterator[SimulatedRis]:
    with SimulatedRis([], clock=lambda: NOW, hl7_port=0) as running:
        yield running


def say(ris: SimulatedRis, content: str, codec: str = "utf-8") -> str:
    """Send with python-hl7's client."""
    assert ris.hl7 is not None
    with MLLPClient("127.0.0.1", ris.hl7.port, encoding=codec) as client:
        return outcome(client.send_message(content).strip(b"\x0b\x1c\r"))


def found(ris: SimulatedRis, folder: Path, *keys: str) -> list[Dataset]:
    """What findscu gets, turned into UTF-8 by DCMTK."""
    dcmtk.find_worklist(ris.port, "RIS", folder, *KEYS, *keys)
    items = []
    for path in sorted(folder.glob("rsp*.dcm")):
        dcmtk.run("dcmconv", "+U8", path, path.with_suffix(".utf8"))
        items.append(dcmread(path.with_suffix(".utf8"), force=True))
        path.unlink()
    return items


def test_a_ris_takes_no_hl7_unless_it_is_asked_for() -> None:
    with SimulatedRis([], clock=lambda: NOW) as quiet:
        assert (quiet.hl7, quiet.hl7_address, quiet.hl7_summary) == (None, "", "")


def test_a_port_that_cannot_be_had_is_named_and_nothing_is_left_running() -> None:
    before = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        peer = SimulatedRis([], clock=lambda: NOW, hl7_port=port)
        with pytest.raises(UsageError, match=rf"cannot listen for HL7 on 127\.0\.0\.1:{port}: Address already in use"):
            peer.start()
    wait_until(lambda: threading.active_count() <= before, "no thread is left")


def test_without_the_parser_the_ris_says_which_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hl7", None)
    with pytest.raises(MissingExtraError, match=r"modality-simulator\[hl7\]"):
        SimulatedRis([], hl7_port=0)


@pytest.mark.peer
def test_findscu_sees_both_kinds_of_order_as_they_were_placed(ris: SimulatedRis, tmp_path: Path) -> None:
    assert [say(ris, text(ORM)), say(ris, text(OMI, MSH_10="M2"))] == ["AA", "AA"]
    (item,) = found(ris, tmp_path, "ScheduledProcedureStepSequence[0].Modality=CT")
    step = item.ScheduledProcedureStepSequence[0]
    assert (item.PatientName, item.PatientID, item.IssuerOfPatientID) == ("Okafor^Grace", "P1", "ISS")
    assert (item.PatientBirthDate, item.PatientSex) == ("19570312", "F")
    assert (item.AccessionNumber, item.StudyInstanceUID, item.RequestedProcedureID) == ("ACC1", "1.2.3.4", "RP1")
    assert (item.RequestedProcedureDescription, item.RequestedProcedurePriority) == ("Procedure one", "STAT")
    assert item.ReferringPhysicianName == "Referrer^Rita^^Dr."
    assert (step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime) == ("20261126", "093015")
    assert (step.Modality, step.ScheduledStationAETitle) == ("CT", "CT01")
    assert (step.ScheduledProcedureStepID, step.ScheduledProcedureStepDescription) == ("SPS1", "Head scan")
    (item,) = found(ris, tmp_path, "ScheduledProcedureStepSequence[0].ScheduledStationAETitle=MR07")
    step = item.ScheduledProcedureStepSequence[0]
    assert (item.AccessionNumber, item.StudyInstanceUID, item.RequestedProcedurePriority) == ("ACC2", "1.2.3.5", "HIGH")
    assert (step.ScheduledProcedureStepStartTime, step.ScheduledProcedureStepDescription) == ("101500", "Brain routine")


@pytest.mark.peer
def test_findscu_follows_update_merge_and_cancellation(ris: SimulatedRis, tmp_path: Path) -> None:
    say(ris, text(ORM))
    say(ris, text(ORM, MSH_10="M2", ORC_1="XO", ORC_7="1^^^20261128110000^^R", OBR_27=""))
    (item,) = found(ris, tmp_path)
    assert item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate == "20261128"
    assert item.RequestedProcedurePriority == "ROUTINE"
    adt = {
        "MSH": ORM["MSH"].replace("ORM^O01", "ADT^A40"),
        "PID": "PID|1||P9^^^ISS||Okafor^Gloria|||F",
        "MRG": "MRG|P1^^^ISS",
    }
    assert say(ris, text(adt, MSH_10="M3")) == "AA"
    (item,) = found(ris, tmp_path, "PatientID=P9")
    assert (item.PatientName, item.AccessionNumber) == ("Okafor^Gloria", "ACC1")
    assert found(ris, tmp_path, "PatientID=P1") == []
    assert say(ris, text(ORM, MSH_10="M4", ORC_1="CA", PID_3="P9^^^ISS")) == "AA"
    assert found(ris, tmp_path) == []


@pytest.mark.peer
@pytest.mark.parametrize(
    ("declared", "codec", "name"),
    [
        ("8859/1", "latin_1", "Müller^Jörg^^Dr."),
        ("8859/5", "iso8859_5", "Люкceмбypг^Роза"),
        ("UNICODE UTF-8", "utf_8", "Nguyễn^Thị Hoa"),
    ],
)
def test_dcmtk_reads_the_name_in_each_character_set(
    ris: SimulatedRis, tmp_path: Path, declared: str, codec: str, name: str
) -> None:
    # HL7 has the prefix in the fifth component, DICOM in the fourth.
    sent = name.replace("^^Dr.", "^^^Dr.")
    assert say(ris, text(ORM, MSH_18=declared, PID_5=sent), codec) == "AA"
    (item,) = found(ris, tmp_path)
    assert item.PatientName == name


@pytest.mark.peer
def test_a_japanese_name_leaves_as_in_the_example_of_the_standard(ris: SimulatedRis, tmp_path: Path) -> None:
    # PS3.5 H.3.1. DCMTK's iconv has no ISO 2022 IR 87, so the bytes are looked at as they are.
    name = "Yamada^Tarou^^^^^L^A~山田^太郎^^^^^L^I~やまだ^たろう^^^^^L^P"
    assert say(ris, text(ORM, MSH_18="~ISO IR87", PID_5=name), "iso2022_jp") == "AA"
    dcmtk.find_worklist(ris.port, "RIS", tmp_path, "PatientName")
    received = next(tmp_path.glob("rsp*.dcm")).read_bytes()
    kanji = b"\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"
    kana = b"\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B"
    assert b"=".join((b"Yamada^Tarou", kanji, kana)) in received
    assert b"\\ISO 2022 IR 87" in received


@pytest.mark.peer
def test_simple_hl7_on_node_is_understood_and_understands(ris: SimulatedRis, tmp_path: Path) -> None:
    if not (NODE / "node_modules" / "simple-hl7").is_dir():
        missing("simple-hl7")
    assert ris.hl7 is not None
    messages = [text(ORM), text(OMI, MSH_10="M2"), text(ORM, MSH_10="M3"), text(ORM, MSH_10="M4", MSH_9="MDM^T02")]
    ran = subprocess.run(
        [command("node"), str(NODE / "hl7_send.js")],
        input=json.dumps({"port": ris.hl7.port, "messages": messages}),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-500:]
    said = [outcome(one.encode()) for one in json.loads(ran.stdout)]
    assert said == ["AA", "AA", "AE 205 ORC-2", "AR 200 MSH-9"]
    assert sorted(str(item.AccessionNumber) for item in found(ris, tmp_path)) == ["ACC1", "ACC2"]


@pytest.mark.peer
def test_serve_ris_takes_what_mllp_send_sends(tmp_path: Path) -> None:
    file = tmp_path / "orders.hl7"
    file.write_bytes(b"".join(b"\x0b" + one.encode() + b"\x1c\r" for one in (text(ORM), text(OMI, MSH_10="M2"))))
    with serving("ris", "--hl7-port", "0", "--json") as (process, line):
        where = json.loads(line)
        port = where["hl7"].rpartition(":")[2]
        assert where["hl7"].startswith("mllp://127.0.0.1:")
        send = [sys.executable, "-c", "from hl7.client import mllp_send; mllp_send()", "-p", port, "-f", str(file)]
        sent = subprocess.run([*send, "127.0.0.1"], capture_output=True, text=True, timeout=100, check=True)
        assert sent.stdout.count("MSA|AA|") == 2
        address = parse_dicom(where["address"])
        items = dcmtk.find_worklist(address.port, address.aet, tmp_path / "found", "AccessionNumber=ACC1", "PatientID")
        assert [item.PatientID for item in items] == ["P1"]
        process.send_signal(signal.SIGTERM)
        _, talk = process.communicate(timeout=100)
    assert process.returncode == 0
    assert "0 performed steps, 2 HL7 messages taken and 0 refused, 0 results kept" in talk
    assert "Okafor" not in talk


def test_an_order_is_a_workitem_too_that_follows_it_until_it_is_claimed(ris: SimulatedRis) -> None:
    from modality.network import ups
    from modality.network.local import Local
    from modality.protocol.ups.workitem import query

    address, local = parse_dicom(ris.address), Local("CT01")
    assert ups.find_workitems(address, query(), local) == []
    assert say(ris, text(ORM)) == "AA"
    (item,) = ups.find_workitems(address, query(station_aet="CT01"), local)
    assert (item.state, item.step.accession_number, item.step.patient.patient_id) == ("SCHEDULED", "ACC1", "P1")
    assert say(ris, text(ORM, MSH_10="M2", ORC_1="CA", ORC_5="CA")) == "AA"
    assert ups.find_workitems(address, query(), local) == []
    assert ups.get_workitem(address, item.uid, local).state == "CANCELED"


@pytest.mark.peer
@pytest.mark.parametrize("asks", [False, True])
def test_openssl_sends_an_order_over_tls(tmp_path: Path, asks: bool) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("127.0.0.1")
    options = ["--hl7-client-ca", str(authority.ca)] if asks else []
    with serving(
        "ris", "--hl7-port", "0", "--hl7-cert", str(certificate), "--hl7-key", str(key), *options, "--json"
    ) as (process, line):
        where = json.loads(line)
        assert where["hl7"].startswith("mllps://127.0.0.1:")
        port = int(where["hl7"].rpartition(":")[2])
        call = [
            program("/usr/bin/openssl"), "s_client", "-quiet", "-no_ign_eof", "-verify_return_error",
            "-connect", f"127.0.0.1:{port}", "-CAfile", str(authority.ca),
        ]  # fmt: skip
        ours = ["-cert", str(certificate), "-key", str(key)] if asks else []
        answer = exchanged([*call, *ours], b"\x0b" + text(ORM).encode() + b"\x1c\r")
        assert "MSA|AA|" in answer
        if asks:  # and nobody without a certificate
            assert "MSA" not in exchanged(call, b"\x0b" + text(ORM, MSH_10="M2").encode() + b"\x1c\r")
        with socket.create_connection(("127.0.0.1", port), timeout=100) as plain:
            plain.sendall(b"\x0b" + text(ORM, MSH_10="M3").encode() + b"\x1c\r")
            with contextlib.suppress(ConnectionResetError):
                assert b"MSA" not in plain.recv(4096)
        address = parse_dicom(where["address"])
        items = dcmtk.find_worklist(address.port, address.aet, tmp_path / "found", "AccessionNumber=ACC1", "PatientID")
        assert [item.PatientID for item in items] == ["P1"]
        process.send_signal(signal.SIGTERM)
        _, talk = process.communicate(timeout=100)
    assert (process.returncode, "1 HL7 message taken" in talk) == (0, True)


def exchanged(line: list[str], sent: bytes) -> str:
    """What a program prints until the first answer is whole, or it ends."""
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            running.stdin.write(sent)
            running.stdin.flush()
        got = b""
        while b"\x1c" not in got and (piece := running.stdout.read1(4096)):
            got += piece
        with contextlib.suppress(BrokenPipeError):
            running.stdin.close()
        running.kill()
    return got.decode()


def test_tls_options_of_hl7_need_each_other(tmp_path: Path) -> None:
    alone = invoke("serve", "ris", "--hl7-cert", str(tmp_path / "c.pem"))
    assert (alone.exit_code, "leave out --hl7-cert" in alone.stderr) == (2, True)
    no_certificate = invoke("serve", "ris", "--hl7-port", "0", "--hl7-client-ca", str(tmp_path / "c.pem"))
    assert (no_certificate.exit_code, "leave out --hl7-client-ca" in no_certificate.stderr) == (2, True)
    unreadable = invoke("serve", "ris", "--hl7-port", "0", "--hl7-cert", str(tmp_path / "c.pem"))
    assert (unreadable.exit_code, "cannot be read" in unreadable.stderr) == (2, True)
