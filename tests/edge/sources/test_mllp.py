"""Results over MLLP: AA means safe on the disk, a message that comes again is one capture, what is refused is said."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modality.delivery.outbox.disk import Disk
from modality.delivery.outbox.outbox import Outbox
from modality.edge.checks import load_edge
from modality.edge.clock import BoxClock
from modality.edge.config import DeviceConfig
from modality.edge.events import Events
from modality.edge.sources.intake import Intake
from modality.edge.sources.mllp import Hl7Source
from modality.errors import ConfigurationError, StorageFailed
from modality.protocol.hl7.mllp import framed
from tests.peers.process import free_port, wait_until

MESSAGE = (
    b"MSH|^~\\&|ANALYZER|LAB|EDGE|BOX|20261125120000||ORU^R01|M1|P|2.5.1\r"
    b"PID|1||P77^^^HOSP||Doe^Jane\rOBR|1|A9||GLU\rOBX|1|NM|GLU||5.5|mmol/L|4-6|N|||F\r"
)


class Rig:
    """A source, and the outbox behind it."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.outbox = Outbox(folder / "state")
        self.events = Events()
        clock = BoxClock("always", wall=lambda: datetime(2026, 11, 25, 12, 0))
        self.intake = Intake(self.outbox, clock, self.events, lambda: None)
        address = f"tcp-listen://127.0.0.1:{port}"
        self.config = DeviceConfig("analyzer", "hl7-oru", port=address, matching="device")
        self.source = Hl7Source(self.config, self.intake)

    def again(self) -> None:
        """The box starts anew."""
        self.source = Hl7Source(self.config, self.intake)

    def code(self, message: bytes) -> str:
        """MSA-1 of the answer."""
        found = re.search(rb"\rMSA\|(\w\w)[|\r]", self.source.answer(message))
        assert found is not None
        return found[1].decode()

    def captured(self) -> list[bytes]:
        return [item.raw.read_bytes() for item in self.outbox.items()]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.outbox.close()


def test_a_message_is_answered_when_it_is_safe_and_names_what_it_answers(rig: Rig) -> None:
    answer = rig.source.answer(MESSAGE)
    assert answer.startswith(b"MSH|^~\\&|EDGE|BOX|ANALYZER|LAB|20261125120000||ACK^R01^ACK|")
    assert b"\rMSA|AA|M1\r" in answer
    (item,) = rig.outbox.items()
    assert (item.kind, item.source, item.acknowledged, item.details["control_id"]) == (
        "hl7-oru",
        "analyzer",
        True,
        "M1",
    )
    assert rig.captured() == [MESSAGE]


def test_the_same_message_sent_again_is_acknowledged_and_not_doubled_even_after_a_restart(rig: Rig) -> None:
    assert rig.code(MESSAGE) == "AA"
    assert rig.code(MESSAGE) == "AA"
    rig.again()
    later = MESSAGE.replace(b"20261125120000", b"20261125120500").replace(b"\r", b"\r\n")
    assert rig.code(later) == "AA", "sent again with the time of its sending, and other ends of lines"
    assert rig.captured() == [MESSAGE]
    assert [event.what for event in rig.events.recent()] == ["captured", "again", "again"]


@pytest.mark.parametrize(
    ("old", "new"), [(b"|M1|", b"|M2|"), (b"5.5", b"6.1"), (b"ANALYZER", b"OTHER"), (b"P77", b"P78")]
)
def test_another_message_is_another_capture_though_its_control_id_may_be_the_same(
    rig: Rig, old: bytes, new: bytes
) -> None:
    other = MESSAGE.replace(old, new)
    assert (rig.code(MESSAGE), rig.code(other), rig.code(other)) == ("AA", "AA", "AA")
    assert rig.captured() == [MESSAGE, other]


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        (b"ORU^R01", b"ADT^A01", "AR", "200"),
        (b"ORU^R01", b"ORU^R30", "AR", "201"),
        (b"|2.5.1", b"|3.0", "AR", "203"),
        (b"|P|2.5", b"|Q|2.5", "AR", "202"),
        (b"|M1|", b"||", "AE", "101"),
        (b"OBR|1", b"ZBR|1", "AE", "OBR"),
        (b"OBX|1", b"ZBX|1", "AE", "OBX"),
        (b"|F\r", b"|X\r", "AE", "not final"),
        (b"OBX|1|NM|GLU||5.5", b"OBX|1|ED|GLU||^PDF^^Base64^JVBERi", "AE", "documents"),
        (b"MSH|", b"MSX|", "AR", "100"),
    ],
)
def test_what_is_refused_is_not_kept_and_the_answer_says_why(
    rig: Rig, old: bytes, new: bytes, code: str, said: str
) -> None:
    answer = rig.source.answer(MESSAGE.replace(old, new))
    assert f"\rMSA|{code}".encode() in answer
    assert said.encode() in answer.partition(b"\rERR|")[2]
    assert rig.captured() == []
    assert rig.source.snapshot()["rejected_frames"] == 1


def test_a_full_disk_is_an_error_in_the_answer_and_the_message_is_taken_later(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Disk.place

    def full(*_: object, **__: object) -> int:
        raise StorageFailed("no room")

    monkeypatch.setattr(Disk, "place", full)
    answer = rig.source.answer(MESSAGE)
    assert b"\rMSA|AE|M1\r" in answer
    assert b"207" in answer
    assert rig.source.snapshot()["problem"] == "no room"
    assert rig.captured() == []
    monkeypatch.setattr(Disk, "place", place)
    assert rig.code(MESSAGE) == "AA"
    assert (rig.captured(), rig.source.snapshot()["problem"]) == ([MESSAGE], "")


def test_no_answer_is_given_before_the_row_is_there(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever fails between the bytes and the row, the sender is told to keep the message."""

    def broken(*_: object, **__: object) -> None:
        raise StorageFailed("the database does not take it")

    monkeypatch.setattr(rig.outbox.database, "transaction", broken)
    assert rig.code(MESSAGE) == "AE"


def test_over_the_wire_messages_are_answered_in_order_and_the_port_is_free_afterwards(tmp_path: Path) -> None:
    port = free_port()
    made, stop = Rig(tmp_path, port), threading.Event()
    running = threading.Thread(target=made.source.run, args=(stop,))
    running.start()
    try:
        wait_until(lambda: made.source.port == port, "it listens")
        with socket.create_connection(("127.0.0.1", port), 30) as sender:
            sender.settimeout(30)
            sender.sendall(framed(MESSAGE) + framed(MESSAGE.replace(b"|M1|", b"|M2|")) + framed(b"no message"))
            said = b""
            while said.count(b"\x1c\r") < 3:
                said += sender.recv(4096)
        assert re.findall(rb"\rMSA\|(\w\w\|?\w*)", said) == [b"AA|M1", b"AA|M2", b"AR"]
        assert len(made.captured()) == 2
        assert made.source.snapshot()["connected"]
    finally:
        stop.set()
        running.join(30)
        made.outbox.close()
    assert not running.is_alive()
    socket.create_server(("127.0.0.1", port)).close()


def test_a_port_that_is_taken_is_a_problem_and_not_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modality.edge.sources.mllp._REOPEN_S", 0.02)
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        made, stop = Rig(tmp_path, port), threading.Event()
        running = threading.Thread(target=made.source.run, args=(stop,))
        running.start()
        wait_until(lambda: "cannot listen" in made.source.snapshot()["problem"], "it says so")
    wait_until(lambda: made.source.snapshot()["connected"], "it listens at last")
    stop.set()
    running.join(30)
    assert [event.what for event in made.events.recent()] == ["lost", "opened"]
    made.outbox.close()


@pytest.mark.parametrize("port", ["", "/dev/ttyUSB0", "socket://h:1", "tcp-listen://:2575", "tcp-listen://h:99999"])
def test_a_port_that_nobody_can_call_is_a_mistake_in_the_configuration(tmp_path: Path, port: str) -> None:
    path = tmp_path / "edge.toml"
    text = '[edge]\nstate = "s"\n[fhir]\naddress = "http://h/fhir"\n[[device]]\nname = "a"\ndriver = "hl7-oru"\n'
    path.write_text(f'{text}port = "{port}"\nmatching = "device"\n')
    with pytest.raises(ConfigurationError, match=r"device\[0\].port"):
        load_edge(path)
    path.write_text(f'{text}port = "tcp-listen://[::1]:2575"\nmatching = "device"\n')
    assert load_edge(path).device[0].driver == "hl7-oru"
    path.write_text(path.read_text().replace("[fhir]\naddress", '[archive]\naddress = "dicom://A@h:1"\n#'))
    with pytest.raises(ConfigurationError, match="'hl7-oru' gives values only"):
        load_edge(path)


_FIELD = st.text(st.characters(codec="latin-1", exclude_characters="\r"), max_size=12)
_LINES = st.lists(
    st.builds(
        lambda name, fields: "|".join([name, *fields]),
        st.sampled_from(["PID", "OBR", "OBX", "NTE", "MSH", "ZZZ"]),
        st.lists(_FIELD | st.sampled_from(["NM", "SN", "5.5", "GLU^Glucose^LN", "^>^5", "20261125", "F"]), max_size=15),
    ),
    max_size=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=_LINES | st.binary(max_size=200))
def test_any_bytes_get_an_answer(rig: Rig, lines: list[str] | bytes) -> None:
    head = MESSAGE.partition(b"\r")[0]
    content = lines if isinstance(lines, bytes) else b"\r".join([head, *(one.encode("latin-1") for one in lines)])
    before = len(rig.outbox.items())
    code = rig.code(content)
    if code != "AA":
        assert len(rig.outbox.items()) == before
