"""The box with a sender of HL7 and folders of recordings: what comes is described, and a mistake blocks nothing."""

from __future__ import annotations

import dataclasses
import socket
import threading
from pathlib import Path

import pytest

from modality.edge.config import ArchiveConfig, BoxConfig, DeviceConfig, EdgeConfig, FhirConfig
from modality.edge.gateway import Gateway
from modality.protocol.hl7.mllp import framed
from tests.edge.box import drop
from tests.edge.readers import test_gdt, test_scp
from tests.edge.readers.recordings import Edf, aecg, edf, gdt
from tests.edge.sources.test_mllp import MESSAGE
from tests.peers.process import free_port, wait_until

_FILES = {
    "edf": ("a.EDF", edf([Edf("EEG Cz", [[1, 2, 3]])])),
    "scp": ("a.scp", test_scp.GOOD),
    "aecg": ("a.xml", aecg({"II": [1, 2]})),
    "gdt": ("BOX1EDV1.001", gdt(*test_gdt.FIELDS)),
}


def test_files_and_messages_are_taken_and_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modality.edge.gateway._DELIVERED_S", 0.0)  # nobody takes what is described here
    monkeypatch.setattr("modality.edge.sources.folder._UNCHANGED_S", 3600.0)  # whatever the test takes
    port = free_port()
    devices = [
        DeviceConfig(
            "lab", "hl7-oru", port=f"tcp-listen://127.0.0.1:{port}", matching="device", loinc={"GLU": "2345-7"}
        )
    ]
    for kind in _FILES:
        (tmp_path / kind).mkdir()
        devices.append(DeviceConfig(kind, "folder", path=tmp_path / kind, kind=kind, patient_id="P1", report=True))
    nobody = free_port()
    config = EdgeConfig(
        BoxConfig(tmp_path / "state", retry_s=0.05, retry_max_s=0.1),
        ArchiveConfig(f"dicom://NONE@127.0.0.1:{nobody}"),
        fhir=FhirConfig(f"http://127.0.0.1:{nobody}/fhir"),
        device=tuple(devices),
    )
    gateway, stop = Gateway(config), threading.Event()
    running = threading.Thread(target=gateway.run, args=(stop,))
    running.start()
    try:
        for kind, (name, data) in _FILES.items():
            drop(tmp_path / kind, name, data)
        drop(tmp_path / "scp", "b.scp", test_scp.GOOD[:2] + b"\0\0\0\0" + test_scp.GOOD[6:])
        wait_until(lambda: bool(gateway.sources[0].snapshot()["connected"]), "it listens")
        with socket.create_connection(("127.0.0.1", port), 30) as sender:
            sender.settimeout(30)
            for _ in range(2):
                sender.sendall(framed(MESSAGE))
                said = b""
                while not said.endswith(b"\x1c\r"):
                    said += sender.recv(4096)
                assert b"\rMSA|AA|M1\r" in said
        wait_until(lambda: gateway.outbox.counts() == {"ready": 5}, "described")
        sources = {one.source: one for one in gateway.outbox.items()}
        assert set(sources) == {"lab", *_FILES}
        lab = dataclasses.asdict(sources["lab"])
        assert lab["details"]["control_id"] == "M1"
        assert [path.name for path in (tmp_path / "scp").iterdir()] == ["b.scp"], (
            "it does not look whole: it is waited for"
        )
    finally:
        stop.set()
        running.join(30)
    assert not running.is_alive()
