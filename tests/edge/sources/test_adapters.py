"""USB adapters are found by what they say of themselves and where they are, under whatever name they come back."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from serial.tools import list_ports

from firmware_bridge.errors import PortError
from modality.delivery.outbox.outbox import Outbox
from modality.edge.checks import load_edge
from modality.edge.clock import BoxClock
from modality.edge.config import DeviceConfig
from modality.edge.events import Events
from modality.edge.service import Service
from modality.edge.sources import adapters
from modality.edge.sources import port as port_module
from modality.edge.sources.adapters import Fingerprint, fingerprint, located
from modality.edge.sources.intake import Intake
from modality.edge.sources.port import PortSource
from modality.edge.sources.spool import FOLDER, recover_spools
from modality.errors import ConfigurationError
from tests.edge.sources.line import Line


@dataclass
class Plugged:
    """What `list_ports` says of a port."""

    device: str
    vid: int | None = None
    pid: int | None = None
    serial_number: str | None = None
    location: str | None = None


FTDI = Plugged("/dev/ttyUSB0", 0x0403, 0x6001, "A50285BI", "1-1.1")
LEFT = Plugged("/dev/ttyUSB1", 0x1A86, 0x7523, None, "1-1.2")
RIGHT = Plugged("/dev/ttyUSB2", 0x1A86, 0x7523, None, "1-1.3")
DOUBLE = (
    Plugged("/dev/ttyUSB3", 0x0403, 0x6010, "D", "1-1.4:1.0"),
    Plugged("/dev/ttyUSB4", 0x0403, 0x6010, "D", "1-1.4:1.1"),
)


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> list[Plugged]:
    ports = [Plugged("/dev/ttyS0"), FTDI, LEFT, RIGHT, *DOUBLE]
    monkeypatch.setattr(list_ports, "comports", lambda: list(ports))
    return ports


@pytest.mark.parametrize(
    ("address", "device"),
    [
        ("usb:0403:6001", "/dev/ttyUSB0"),
        ("usb:0403:6001:A50285BI", "/dev/ttyUSB0"),
        ("usb:1A86:7523@1-1.2", "/dev/ttyUSB1"),
        ("usb:1a86:7523@1-1.3", "/dev/ttyUSB2"),
        ("usb:0403:6010:D@1-1.4:1.1", "/dev/ttyUSB4"),
        ("/dev/ttyUSB9", "/dev/ttyUSB9"),
        ("socket://h:1", "socket://h:1"),
    ],
)
def test_an_adapter_is_found_by_its_fingerprint(plugged: list[Plugged], address: str, device: str) -> None:
    assert located(address) == device


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("usb:0403:6001:OTHER", "no adapter like this is plugged in"),
        ("usb:ffff:6001", "no adapter like this is plugged in"),
        ("usb:1a86:7523@1-1.1", "no adapter like this is plugged in"),
        ("usb:1a86:7523", "2 adapters are like this: tell them apart by socket, @1-1.2 or @1-1.3"),
        ("usb:0403:6010:D@1-1.4", "2 adapters are like this: tell them apart by socket, @1-1.4:1.0 or @1-1.4:1.1"),
    ],
)
def test_an_adapter_that_is_away_or_not_the_only_one_is_an_error_of_the_port(
    plugged: list[Plugged], address: str, said: str
) -> None:
    with pytest.raises(PortError, match=said):
        located(address)


@pytest.mark.parametrize("address", ["usb:", "usb:403:6001", "usb:0403", "usb:0403:6001:", "usb:0403:6001@there"])
def test_an_address_that_is_none_is_a_mistake_in_the_configuration(tmp_path: Path, address: str) -> None:
    with pytest.raises(ConfigurationError, match="give usb:VID:PID"):
        fingerprint(address)
    path = tmp_path / "edge.toml"
    text = '[edge]\nstate = "s"\n[archive]\naddress = "dicom://A@h:1"\n[[device]]\nname = "bed"\ndriver = "nonin-2"\n'
    path.write_text(f'{text}port = "{address}"\npatient_id = "P1"\n')
    with pytest.raises(ConfigurationError, match=r"edge.toml:8: device\[0\].port: "):
        load_edge(path)


def test_the_parts_of_a_fingerprint() -> None:
    assert fingerprint("usb:0403:6001:A:B@1-1.2") == Fingerprint(0x403, 0x6001, "A:B", "1-1.2")
    assert fingerprint("/dev/ttyUSB0") is None


def test_a_device_that_comes_back_under_another_name_is_read_again(
    tmp_path: Path, plugged: list[Plugged], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cable is pulled, and another adapter without a number takes its name: the device's is found by socket."""
    stop = threading.Event()
    opened: list[str] = []

    def moved() -> None:
        plugged[:] = [Plugged("/dev/ttyUSB1", 0x1A86, 0x7523, None, "1-1.3"), LEFT_AGAIN]

    line = Line([b"\x01", moved, PortError, b"\x02"], stop)

    def opens(address: str, _: object) -> Line:
        opened.append(address)
        return line

    monkeypatch.setattr(port_module, "open_port", opens)
    monkeypatch.setattr(port_module, "_REOPEN_FIRST_S", 0.01)
    monkeypatch.setattr(port_module, "_GATHER_S", 0.0)
    with Outbox(tmp_path / "state") as outbox:
        intake = Intake(outbox, BoxClock("always"), Events(), lambda: None)
        recover_spools(outbox.folder / FOLDER, intake)
        config = DeviceConfig("bed", "nonin-2", port="usb:1a86:7523@1-1.2", patient_id="P1")
        PortSource(config, intake, outbox.folder / FOLDER).run(stop)
    assert opened == ["/dev/ttyUSB1", "/dev/ttyUSB7"]


LEFT_AGAIN = Plugged("/dev/ttyUSB7", 0x1A86, 0x7523, None, "1-1.2")


def test_without_adapters_the_source_says_so_and_goes_on(
    tmp_path: Path, plugged: list[Plugged], monkeypatch: pytest.MonkeyPatch
) -> None:
    plugged.clear()
    stop = threading.Event()
    looked = []

    def ports() -> list[Plugged]:
        looked.append(1)
        if len(looked) == 3:
            stop.set()
        return []

    monkeypatch.setattr(adapters, "_ports", ports)
    monkeypatch.setattr(port_module, "_REOPEN_FIRST_S", 0.01)
    with Outbox(tmp_path / "state") as outbox:
        intake = Intake(outbox, BoxClock("always"), Events(), lambda: None)
        recover_spools(outbox.folder / FOLDER, intake)
        source = PortSource(
            DeviceConfig("bed", "nonin-2", port="usb:0403:6001", patient_id="P1"), intake, outbox.folder / FOLDER
        )
        source.run(stop)
        assert source.snapshot()["problem"] == "usb:0403:6001: no adapter like this is plugged in"
    assert len(looked) == 3


def test_the_rule_of_an_installed_box_gives_it_the_adapter(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    text = '[edge]\nstate = "s"\n[archive]\naddress = "dicom://A@h:1"\n[[device]]\nname = "bed"\ndriver = "nonin-2"\n'
    path.write_text(f'{text}port = "usb:1A86:7523:X9@1-1.2:1.0"\npatient_id = "P1"\n')
    service = Service(load_edge(path), path, "edge", Path("/usr/bin/python3"))
    rule = service.rules().splitlines()[-1]
    assert rule.startswith(
        'SUBSYSTEM=="tty", ATTRS{idVendor}=="1a86", ATTRS{idProduct}=="7523", ATTRS{serial}=="X9", KERNELS=="1-1.2", '
    )
    assert "DeviceAllow=char-ttyACM rw\nDeviceAllow=char-ttyUSB rw\n" in service.unit()
