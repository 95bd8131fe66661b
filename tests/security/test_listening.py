"""What listens where: on the loopback, unless somebody says otherwise; and nothing else at all."""

from __future__ import annotations

import dataclasses
import inspect
import ipaddress
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import psutil
import pytest

from firmware_bridge.host.pseudo import Listening
from modality.cli.main import cli
from modality.edge.config import BoxConfig
from modality.edge.page.config import WebConfig, check_web
from modality.errors import ConfigurationError
from modality.load.metrics import Metrics
from modality.network.commitment import CommitmentListener
from modality.network.local import Local
from modality.network.mpps import NotificationListener
from modality.network.retrieve.move import Listen
from modality.simulated.archive import SimulatedArchive
from modality.simulated.dicomweb.web import Web
from modality.simulated.fhir import SimulatedFhir
from modality.simulated.hl7.listener import MllpListener
from modality.simulated.ris import SimulatedRis
from modality.station.station import Station
from modality.web.department.department import Department
from tests.cli.command import ENVIRONMENT

# Each verb that listens, and its options for where: a port that is None or absent by default opens nothing.
LISTENING: dict[str, dict[str, object]] = {
    "serve archive": {"--port": 11112, "--host": "127.0.0.1", "--web-port": None},
    "serve ris": {"--port": 11113, "--host": "127.0.0.1", "--web-port": None, "--hl7-port": None},
    "serve fhir": {"--port": 8080, "--host": "127.0.0.1"},
    "serve department": {
        "--port": 11112, "--ris-port": 11113, "--web-port": 8042, "--fhir-port": 8080, "--hl7-port": None,
        "--host": "127.0.0.1",
    },
    "perform": {"--listen": None, "--listen-host": "127.0.0.1"},
    "send": {"--listen": None, "--listen-host": "127.0.0.1"},
    "verify": {"--listen": None, "--listen-host": "127.0.0.1"},
    "migrate": {"--listen": None, "--listen-host": "127.0.0.1"},
    "load": {"--metrics": None, "--metrics-host": "127.0.0.1", "--listen": None, "--listen-host": "127.0.0.1"},
}  # fmt: skip


def verbs(group: click.Group = cli, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every verb, with its name."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from verbs(command, f"{prefix}{name} ")
        elif command:
            yield prefix + name, command


def wheres(command: click.Command) -> dict[str, object]:
    """The options of a verb that say where it listens, and their defaults."""
    found: dict[str, object] = {}
    for option in command.params:
        name = option.opts[0]
        if name.startswith("--") and (
            name.endswith(("-port", "-host", "--port", "--host")) or name in ("--listen", "--metrics", "--bind")
        ):
            found[name] = None if option.default is None or repr(option.default) == "Sentinel.UNSET" else option.default
    return found


def test_every_verb_that_listens_does_so_on_the_loopback_and_on_the_ports_of_the_paper() -> None:
    found = {name: where for name, command in verbs() if (where := wheres(command))}
    for name, where in LISTENING.items():
        assert {key: found[name][key] for key in where} == where
    others = {name: where for name, where in found.items() if name not in LISTENING}
    assert all(default in (None, "127.0.0.1") for where in others.values() for default in where.values()), others


@pytest.mark.parametrize(
    "what",
    [
        SimulatedArchive, SimulatedRis, SimulatedFhir, Department, MllpListener, CommitmentListener,
        NotificationListener, Metrics, Listening,
    ],
)  # fmt: skip
def test_everything_that_listens_does_so_on_the_loopback_by_default(what: Any) -> None:
    assert inspect.signature(what).parameters["host"].default == "127.0.0.1"


def test_so_do_station_edge_box_and_retrieval() -> None:
    assert inspect.signature(Station).parameters["listen_host"].default == "127.0.0.1"
    defaults = {one.name: one.default for one in dataclasses.fields(BoxConfig)}
    assert (defaults["listen"], defaults["listen_host"]) == (None, "127.0.0.1")
    assert (WebConfig().host, WebConfig().port) == ("127.0.0.1", 8090)
    assert Listen(0).host == "127.0.0.1"


def sockets() -> set[tuple[str, int]]:
    """What this process listens on."""
    return {
        (one.laddr.ip, one.laddr.port)
        for one in psutil.Process().net_connections("inet")
        if one.status == psutil.CONN_LISTEN
    }


def test_a_department_listens_on_its_ports_alone_and_on_none_when_stopped() -> None:
    before = sockets()
    with Department() as department, CommitmentListener(Local(), 0, lambda _: None):
        opened = sockets() - before
        assert {ipaddress.ip_address(address).is_loopback for address, _ in opened} == {True}
        assert len(opened) == 5  # archive, RIS, DICOMweb with the page, FHIR; reports of commitment
        assert department.archive.port in {port for _, port in opened}
    assert sockets() == before


def test_a_peer_without_a_web_or_hl7_port_opens_none() -> None:
    before = sockets()
    with SimulatedArchive(), SimulatedRis():
        assert len(sockets() - before) == 2
    with SimulatedArchive(web=Web()), SimulatedRis(hl7_port=0):
        assert len(sockets() - before) == 4


WATCHED = """
import socket, sys
def refuse(*_):
    raise SystemExit("somebody listens")
socket.socket.listen = refuse
from modality.cli.main import run
sys.argv[0] = "modality"
run()
"""


def test_making_files_opens_no_port(tmp_path: Path) -> None:
    arguments = ["generate", "ct", "-o", str(tmp_path), "--slices", "1", "--rows", "16", "--columns", "16"]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *arguments], check=False, env=ENVIRONMENT, capture_output=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("*.dcm"))


def test_the_page_of_an_edge_box_is_not_opened_to_a_network_without_a_login_and_a_certificate() -> None:
    def wrong(place: str, message: str) -> ConfigurationError:
        return ConfigurationError(f"{place}: {message}")

    check_web(WebConfig(), wrong)
    for open_to_all in (WebConfig(host="0.0.0.0"), WebConfig(host="192.0.2.1"), WebConfig(host="::")):
        with pytest.raises(ConfigurationError):
            check_web(open_to_all, wrong)
