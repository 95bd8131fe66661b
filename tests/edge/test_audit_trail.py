"""What happens reaches an audit record repository over UDP, TCP and TLS, in order; what does not is counted."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import trustme
from lxml import etree
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from modality.delivery.outbox.item import Capture, Moment, NewObject
from modality.delivery.outbox.outbox import Outbox
from modality.edge.auditing.config import AuditConfig
from modality.edge.auditing.subjects import Subjects
from modality.edge.auditing.trail import Trail
from modality.edge.config import ArchiveConfig, BoxConfig, EdgeConfig, FhirConfig
from modality.edge.events import Events
from tests.peers.process import PATIENCE_S, free_port, wait_until

SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).parents[1] / "data" / "audit_message.rng"))
UID = "1.2.826.0.1.99"


class Repository:
    """Takes syslog over a stream, and keeps the messages.

    Args:
        context: for TLS.
    """

    def __init__(self, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self.messages: list[bytes] = []
        self._connections: list[socket.socket] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
                if self._context:
                    connection = self._context.wrap_socket(connection, server_side=True)
            except ssl.SSLError:
                continue
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection, connection.makefile("rb") as stream:
            while True:
                length = b""
                while (byte := stream.read(1)) not in (b" ", b""):
                    length += byte
                self.messages.append(stream.read(int(length)))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
        self._listener.close()
        for one in self._connections:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._thread.join(2)


@pytest.fixture(autouse=True)
def _tried_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository that is away is tried again at once, and what happens at once is gathered a shorter time."""
    monkeypatch.setattr("modality.edge.auditing.trail._RETRY_FIRST_S", 0.05)
    monkeypatch.setattr("modality.edge.auditing.trail._GATHER_S", 0.1)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "state") as made:
        made.capture(Capture("bedside", "nonin-2", Moment(datetime(2026, 11, 25)), uid=UID), [b"raw"])
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.9.5.1", UID
        dataset.StudyInstanceUID, dataset.PatientID, dataset.PatientName = "1.2.3", "P1", "Doe^Jane"
        dataset.AccessionNumber = "ACC1"
        dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
        patient = b'{"resourceType":"Patient","identifier":[{"value":"P1"}],"name":[{"family":"Doe","given":["Jane"]}]}'
        bundle = b'{"entry":[{"resource":%b},{"resource":{"resourceType":"Observation"}}]}' % patient
        made.describe(UID, [
            NewObject(UID, "dicom", [(tmp_path / "a.dcm").read_bytes()], ["archive"], dataset.SOPClassUID, "1.2.3"),
            NewObject("1.2.826.0.1.100", "fhir", [bundle], ["fhir"]),
        ])  # fmt: skip
        yield made


def trail(outbox: Outbox, events: Events, audit: AuditConfig) -> Trail:
    config = EdgeConfig(
        BoxConfig(outbox.folder, "EDGE"), ArchiveConfig("dicom://PACS@192.0.2.1:104"), fhir=FhirConfig("https://f.test/r4"),
        audit=audit,
    )  # fmt: skip
    return Trail(audit, config, Subjects(outbox, lambda: ()), events)


def happen(events: Events) -> None:
    """A box starts, a person signs in and decides, an object and its observations go out."""
    events.tell("started", "box", "1 device")
    events.tell("captured", "bedside", "nothing to audit", uid=UID)
    events.tell("sending", "archive", "1 objects", uids=(UID,))
    events.tell("stored", "archive", "stored", uid=UID, object=UID)
    events.tell("delivered", "archive", "confirmed: query", uid=UID)
    events.tell("delivered", "fhir", "confirmed: answer", uid=UID)
    events.tell("signed in", "page", "ann", user="ann", address="192.0.2.7")
    events.tell("dead", "archive", "refused with status A700H", uid=UID)


EXPECTED = ["110100", "110102", "110104", "110106", "110114", "110104"]


def codes(messages: list[bytes]) -> list[str]:
    found = []
    for one in messages:
        head, _, xml = one.partition(b" - \xef\xbb\xbf")
        assert re.fullmatch(rb"<8[45]>1 \S+ \S+ modality \d+ DICOM\+RFC3881", head)
        root = etree.fromstring(xml)
        assert SCHEMA.validate(root), SCHEMA.error_log
        found.append(root.find("EventIdentification/EventID").get("csd-code"))
    return found


def test_what_happens_is_told_in_order_over_tcp(outbox: Outbox) -> None:
    repository, events = Repository(), Events()
    made = trail(outbox, events, AuditConfig(f"syslog-tcp://127.0.0.1:{repository.port}"))
    made.start()
    happen(events)
    wait_until(lambda: len(repository.messages) == len(EXPECTED), "all messages")
    events.tell("ended", "box", "")
    made.close()
    wait_until(lambda: len(repository.messages) == len(EXPECTED) + 1, "the last message")
    repository.close()
    assert codes(repository.messages) == [*EXPECTED, "110100"]
    assert made.snapshot() == {"sent": 7, "waiting": 0, "lost": 0, "problem": ""}
    transferred = etree.fromstring(repository.messages[2].partition(b"\xef\xbb\xbf")[2])
    objects = {one.get("ParticipantObjectID") for one in transferred.iter("ParticipantObjectIdentification")}
    assert objects == {"1.2.3", "P1"}
    exported = etree.fromstring(repository.messages[3].partition(b"\xef\xbb\xbf")[2])
    assert exported.findtext("ParticipantObjectIdentification/ParticipantObjectName") == "Doe^Jane"


def test_over_tls_the_repository_is_verified(outbox: Outbox, tmp_path: Path) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    stranger.cert_pem.write_to_path(tmp_path / "other.pem")
    repository, events = Repository(context), Events()
    address = f"syslog-tls://localhost:{repository.port}"
    made = trail(outbox, events, AuditConfig(address, ca=tmp_path / "ca.pem"))
    made.start()
    happen(events)
    wait_until(lambda: len(repository.messages) == len(EXPECTED), "all messages")
    made.close()
    assert codes(repository.messages) == EXPECTED

    wary = Events()
    made = trail(outbox, wary, AuditConfig(address, ca=tmp_path / "other.pem"))
    made.start()
    wary.tell("started", "box", "")
    wait_until(lambda: bool(made.snapshot()["problem"]), "the stranger's certificate is refused")
    made.close()
    repository.close()
    assert "certificate" in made.snapshot()["problem"]
    assert len(repository.messages) == len(EXPECTED)
    assert made.snapshot()["lost"] == 1


def test_a_datagram_is_a_message(outbox: Outbox) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(30)
        events = Events()
        made = trail(outbox, events, AuditConfig(f"syslog-udp://127.0.0.1:{receiver.getsockname()[1]}"))
        made.start()
        happen(events)
        messages = [receiver.recv(65536) for _ in EXPECTED]
        made.close()
    assert codes(messages) == EXPECTED


def test_what_waits_while_the_repository_is_away_comes_later_and_what_is_too_much_is_counted(outbox: Outbox) -> None:
    port, events = free_port(), Events()
    made = trail(outbox, events, AuditConfig(f"syslog-tcp://127.0.0.1:{port}", queue=4))
    made.start()
    for name in "abcdef":
        events.tell("signed in", "page", name, user=name)
    wait_until(lambda: bool(made.snapshot()["problem"]), "it is away")
    assert [one.where for one in events.recent() if one.what == "away"] == ["audit"]
    repository = Repository(port=port)
    wait_until(lambda: len(repository.messages) == 4, "what waited")
    made.close()
    repository.close()
    users = [re.search(rb'UserID="(\w)"', one)[1].decode() for one in repository.messages]  # type: ignore[index]
    assert users == list("cdef")
    assert made.snapshot()["lost"] == 2
    assert events.recent()[-1].text == "2 audit messages never reached the repository"


def test_a_connection_that_was_closed_is_opened_again(outbox: Outbox) -> None:
    repository, events = Repository(port=free_port()), Events()
    made = trail(outbox, events, AuditConfig(f"syslog-tcp://127.0.0.1:{repository.port}"))
    made.start()
    events.tell("started", "box", "")
    wait_until(lambda: len(repository.messages) == 1, "the first")
    repository.close()
    again = Repository(port=repository.port)
    events.tell("ended", "box", "")
    wait_until(lambda: len(again.messages) == 1, "the second")
    made.close()
    again.close()
    assert made.snapshot()["lost"] == 0


def test_what_waits_is_tried_once_more_at_the_end_whenever_that_comes(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end comes while the last events are gathered, long before the repository was to be tried again."""
    monkeypatch.setattr("modality.edge.auditing.trail._RETRY_FIRST_S", 60.0)
    port, events = free_port(), Events()
    made = trail(outbox, events, AuditConfig(f"syslog-tcp://127.0.0.1:{port}"))
    made.start()
    events.tell("started", "box", "")
    wait_until(lambda: bool(made.snapshot()["problem"]), "it is away")
    monkeypatch.setattr("modality.edge.auditing.trail._GATHER_S", 30.0)
    repository, gathers, wait = Repository(port=port), threading.Event(), made._end.wait

    def waited(seconds: float) -> bool:
        if seconds:
            gathers.set()
        return wait(seconds)

    monkeypatch.setattr(made._end, "wait", waited)
    events.tell("ended", "box", "")
    assert gathers.wait(PATIENCE_S)
    made.close()
    wait_until(lambda: len(repository.messages) == 2, "both")
    repository.close()
    assert made.snapshot()["lost"] == 0


def test_whose_it_is_by_a_persons_word(outbox: Outbox) -> None:
    uid = "1.2.826.0.1.101"
    outbox.capture(Capture("lens", "nidek-lm", Moment(datetime(2026, 11, 25)), uid=uid), [b"x"])
    outbox.hold(uid, "nobody knows")
    outbox.assign(uid, {"patient_id": "P9", "name": "Roe^Richard"})
    repository, events = Repository(), Events()
    made = trail(outbox, events, AuditConfig(f"syslog-tcp://127.0.0.1:{repository.port}"))
    made.start()
    events.tell("assigned", "page", "", uid=uid, user="ann", address="192.0.2.7")
    events.tell("discarded", "page", "", uid=UID, user="ann", address="192.0.2.7")
    events.tell("discarded", "bedside", "it holds no measurement", uid=UID)  # nobody's decision
    wait_until(lambda: len(repository.messages) == 2, "both")
    made.close()
    repository.close()
    assert codes(repository.messages) == ["110110", "110103"]
    record = etree.fromstring(repository.messages[0].partition(b"\xef\xbb\xbf")[2])
    assert record.find("ParticipantObjectIdentification").get("ParticipantObjectID") == "P9"
    assert record.find("ActiveParticipant").get("UserID") == "ann"
