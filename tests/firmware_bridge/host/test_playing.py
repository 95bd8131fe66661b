"""Simulated devices on real pseudo-terminals and TCP ports, heard by real ports."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware_bridge.drivers.driver import Serial
from firmware_bridge.errors import PortError
from firmware_bridge.host.playing import play
from firmware_bridge.host.port import Port, open_port
from firmware_bridge.host.probing import probe
from firmware_bridge.host.pseudo import Line, Listening, Pseudo
from firmware_bridge.measurement import Reply
from modality.registry import DEVICES, SIMULATORS
from tests.firmware_bridge.truth import follows, numbers
from tests.peers.process import PATIENCE_S
from tests.timing import durations, measured

EVERY = [DEVICES.load(name) for name in ("nonin-2", "nonin-7", "nonin-ascii", "cms50d", "cyton", "medibus")]


@contextmanager
def playing(
    name: str, line: Line, *, wait: bool = True, speed: float = 1.0, **settings: object
) -> Iterator[list[float]]:
    simulator = SIMULATORS.load(name).simulator(1, settings)
    over = threading.Event()
    passed: list[float] = []
    thread = threading.Thread(
        target=lambda: passed.append(play(simulator, line, wait=wait, speed=speed, stopped=over.is_set))
    )
    thread.start()
    try:
        yield passed
    finally:
        over.set()
        thread.join()
        line.close()


def heard(port: Port, seconds: float) -> bytes:
    data = b""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        data += port.read(left)
    return data


def opened(address: str, *, within_s: float) -> Port:
    """A port that comes back, as soon as it is there."""
    until = time.monotonic() + within_s
    while True:
        try:
            return open_port(address, Serial())
        except PortError:
            assert time.monotonic() < until
            time.sleep(0.02)


def gone(address: str, *, within_s: float) -> None:
    """Wait until a port is not there any more; its last connection may be lost a moment before it is."""
    until = time.monotonic() + within_s
    while True:
        try:
            open_port(address, Serial()).close()
        except PortError:
            return
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("line", [Pseudo, Listening])
@measured
def test_what_is_played_is_heard_from_its_begin(line: type[Pseudo | Listening]) -> None:
    on = line()
    with playing("nonin-2", on, speed=4.0):
        port = open_port(on.address, Serial())
        data = heard(port, 0.5)
        port.close()
    expected = SIMULATORS.load("nonin-2").simulator(1, {}).advance(4.0)
    assert expected.startswith(data)
    with durations():
        assert 300 < len(data) < 1000


def test_a_link_leads_to_the_terminal_while_it_is_there(tmp_path: Path) -> None:
    link = tmp_path / "tty"
    for _ in range(2):
        line = Pseudo(link)
        assert line.address == str(link)
        assert not line.heard()
        port = open_port(str(link), Serial())
        assert line.heard()
        assert line.exchange(b"x") == b""
        assert port.read(1.0) == b"x"
        port.write(b"y")
        assert line.exchange(b"") == b"y"
        port.close()
        assert not line.heard()
        if link.is_symlink():
            line.close()
    assert not link.exists()
    link.write_text("a file of yours")
    with pytest.raises(PortError, match="tty"):
        Pseudo(link)


def test_a_host_that_reads_nothing_or_leaves_stops_nobody() -> None:
    for on in (Pseudo(), Listening()):
        port = open_port(on.address, Serial())
        on.exchange(b"")
        on.exchange(bytes(10_000_000))
        port.close()
        for _ in range(3):
            on.exchange(b"more")
        again = open_port(on.address, Serial())
        data, until = b"", time.monotonic() + PATIENCE_S
        while b"again" not in data:
            assert time.monotonic() < until, data
            on.exchange(b"again")
            data += again.read(0.02)
        again.close()
        on.close()


@pytest.mark.parametrize("linked", [True, False])
def test_an_unplugged_port_is_lost_and_comes_back_at_its_address(linked: bool, tmp_path: Path) -> None:
    line = Pseudo(tmp_path / "tty") if linked else Listening()
    simulator = SIMULATORS.load("nonin-2").simulator(1, {})
    seen_gone, over = threading.Event(), threading.Event()

    def unplugged(at_s: float) -> bool:
        return at_s >= 3 and not seen_gone.is_set()  # for as long as it takes to see it

    thread = threading.Thread(
        target=lambda: play(simulator, line, speed=10, unplugged=unplugged, stopped=over.is_set), daemon=True
    )
    thread.start()
    address = line.address
    try:
        port = open_port(address, Serial())
        with pytest.raises(PortError):
            heard(port, PATIENCE_S)
        port.close()
        gone(address, within_s=PATIENCE_S)
        seen_gone.set()
        again = opened(address, within_s=PATIENCE_S)
        data, until = b"", time.monotonic() + PATIENCE_S
        while len(data) <= 300:
            assert time.monotonic() < until, data
            data += again.read(0.1)
        again.close()
    finally:
        over.set()
        thread.join(PATIENCE_S)
        line.close()


def test_a_conversation_over_a_line_gives_the_truth() -> None:
    line = Pseudo()
    device = DEVICES.load("cms50d-recorded")
    with playing("cms50d-recorded", line, speed=4.0, seconds=100):
        port = open_port(line.address, device.serial)
        driver = device.driver({})
        port.write(driver.start())
        events = []
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and not any(isinstance(one, Reply) for one in events):
            events += driver.feed(port.read(0.1))
        port.close()
    truth = SIMULATORS.load("cms50d-recorded").simulator(1, {"seconds": 100})
    truth.feed(b"\xf5\xf5")
    truth.advance(5.0)
    assert numbers(events) == numbers(truth.said)
    assert len(numbers(events)) == 200


@pytest.mark.parametrize("name", ["nonin-2", "nonin-7", "cms50d", "medibus"])
@measured
def test_a_probe_names_what_talks_and_sends_nothing(name: str) -> None:
    line = Pseudo()
    with playing(name, line, wait=False, speed=4.0):
        found = probe(line.address, EVERY, listen_s=0.7)
    with durations():  # within what was listened, enough was said
        assert found.guesses
        assert found.guesses[0].device.name == name
        assert found.guesses[0].confidence > 0.7
    assert found.guesses[0].serial == DEVICES.load(name).serial
    assert found.settings == 1


def test_a_probe_of_silence_finds_nothing() -> None:
    line = Listening()
    with playing("cyton", line):
        found = probe(line.address, EVERY, listen_s=0.2)
    assert (found.guesses, found.bytes) == ([], 0)


def test_a_driver_understands_a_line_with_faults_in_real_time() -> None:
    from firmware_bridge.simulators.faults import Faulty, parse

    line = Listening()
    entry = SIMULATORS.load("nonin-7")
    truth = entry.simulator(2, {})
    faulty = Faulty(entry.simulator(2, {}), [parse("lose=100")], seed=4)
    thread = threading.Thread(target=lambda: play(faulty, line, wait=True, speed=10.0, duration_s=10.0))
    thread.start()
    port = open_port(line.address, Serial())
    driver = DEVICES.load("nonin-7").driver({})
    data = b""
    while thread.is_alive():
        data += port.read(0.05)
    thread.join()
    events = driver.feed(data + heard(port, 0.1)) + driver.finish()
    port.close()
    line.close()
    truth.advance(10.0)
    assert driver.rejected_frames > 10
    assert len(numbers(events)) > 4
    assert follows(numbers(events), numbers(truth.said))
