"""The files of `modality edge flash-files`, run by the real MicroPython on a pseudo-terminal, against the real host.

The interpreter lives in an environment of its own, build/micropython, made by `make peers`, or is named by
MODALITY_MICROPYTHON.
"""

from __future__ import annotations

import os
import select
import subprocess
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from firmware_bridge.drivers.driver import Event
from firmware_bridge.drivers.sensor_board import SENSOR_BOARD, SensorBoard
from firmware_bridge.errors import PortError
from firmware_bridge.host.port import Port, open_port
from firmware_bridge.host.probing import probe
from firmware_bridge.measurement import Reply
from firmware_bridge.simulators.faults import Faulty, parse
from modality.cli.edge.flash_files import flash_files
from tests.firmware_bridge.conversation import samples, values
from tests.peers.process import PATIENCE_S, missing
from tests.timing import durations, measured

ROOT = Path(__file__).parents[3]
MICROPYTHON = os.environ.get("MODALITY_MICROPYTHON", str(ROOT / "build" / "micropython" / "bin" / "micropython"))
PROGRAM = Path(__file__).with_name("on_board.py")

pytestmark = pytest.mark.peer


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """What is copied to a board."""
    if not os.access(MICROPYTHON, os.X_OK):
        missing("MicroPython")
    found = CliRunner().invoke(flash_files, [str(tmp_path / "board")])
    assert found.exit_code == 0, found.output
    return tmp_path / "board"


class Wire:
    """Bytes of a board that pass unchanged, or behind faults of the line."""

    said: list[Event]

    def __init__(self) -> None:
        self.said = []
        self.waiting = b""

    def advance(self, _: float) -> bytes:
        found, self.waiting = self.waiting, b""
        return found

    def feed(self, _: bytes) -> bytes:
        return b""

    def fault(self, name: str, on: bool) -> None:
        pass


class Cable:
    """A pseudo-terminal for the host, and a board at the other end that can be started again.

    Args:
        files: what is on the board.
        faults: of the line, in both directions.
    """

    def __init__(self, files: Path, faults: list[str]) -> None:
        self._files = files
        self._wires = [Wire(), Wire()]
        self._lines = [
            Faulty(wire, [parse(one) for one in faults], seed=place) for place, wire in enumerate(self._wires)
        ]
        self._host, theirs = os.openpty()
        tty.setraw(theirs)
        self.address = os.ttyname(theirs)
        self._kept = theirs
        self._starts = 0
        self._board = self._started()
        self._stop, self._nothing_more = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def cut_off(self) -> None:
        """The board loses its power; what it has said has come to the host when this returns."""
        self._nothing_more.clear()
        self._board.kill()
        self._board.wait()
        assert self._nothing_more.wait(PATIENCE_S)

    def restart(self) -> None:
        """It has its power again."""
        self._board = self._started()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._board.kill()
        self._board.wait()
        for one in (self._host, self._kept, self._line):
            os.close(one)

    def _started(self) -> subprocess.Popen[bytes]:
        self._starts += 1
        if self._starts > 1:
            os.close(self._line)
        self._line, theirs = os.openpty()
        tty.setraw(theirs)
        command = [MICROPYTHON, str(PROGRAM), str(self._files), str(self._starts)]
        board = subprocess.Popen(command, stdin=theirs, stdout=theirs)
        os.close(theirs)
        return board

    def _carry(self) -> None:
        while not self._stop.is_set():
            ends = [self._line, self._host]
            ready, _, _ = select.select(ends, [], [], 0.02)
            for place, one in enumerate(ends):
                if one not in ready:
                    continue
                try:
                    self._wires[place].waiting = os.read(one, 4096)
                    other = self._host if place == 0 else self._line
                    arrived = self._lines[place].advance(0.001)
                    _, room, _ = select.select([], [other], [], 0)
                    if room and arrived:
                        os.write(other, arrived)
                except OSError:  # the board is being started again
                    self._nothing_more.set()
                    time.sleep(0.01)


@contextmanager
def cable(files: Path, *faults: str) -> Iterator[Cable]:
    found = Cable(files, list(faults))
    try:
        yield found
    finally:
        found.close()


def read(port: Port, driver: SensorBoard, enough: Callable[[list[Event]], bool], limit_s: float = 60.0) -> list[Event]:
    """What the driver gives until it is enough."""
    events: list[Event] = []
    port.write(driver.start())
    begin = before = time.monotonic()
    while not enough(events):
        assert time.monotonic() - begin < limit_s, (driver.frames, driver.warnings)
        data = port.read(0.05)
        now = time.monotonic()
        found = driver.feed(data) if data else driver.waited(now - before)
        before = now
        for one in found:
            if isinstance(one, Reply):
                port.write(one.data)
        events += found
    return events


def listening(files: Path, *faults: str) -> tuple[ExitStack, Cable, Port]:
    stack = ExitStack()
    line = stack.enter_context(cable(files, *faults))
    port = open_port(line.address, SENSOR_BOARD.serial)
    stack.callback(port.close)
    return stack, line, port


def pulse_of(events: list[Event]) -> dict[int, float]:
    return samples([one for one in events if getattr(one, "name", "") == "pulse"])


def in_place(pulse: dict[int, float]) -> bool:
    """Each sample says its own number: all are as far from the first as their number says."""
    begin, first = next(iter(pulse.items()))
    return all(value == (first + place - begin) % 1000 for place, value in pulse.items())


@pytest.mark.timeout(600)
@measured
def test_the_boards_loop_runs_on_micropython_and_nothing_is_lost(files: Path) -> None:
    driver = SensorBoard({})
    stack, _, port = listening(files)
    with stack:
        events = read(port, driver, lambda found: len(pulse_of(found)) >= 200)
    pulse = pulse_of(events)
    assert in_place(pulse)
    with durations():  # a turn that comes late on a busy machine leaves its moment out
        assert len(pulse) >= 0.95 * (max(pulse) + 1)
    assert {one.value for one in values(events) if one.name == "temperature"} == {36.8}
    assert {one.value for one in values(events) if one.name == "button"} == {0, 1}
    assert (driver.rejected_frames, driver.skipped_bytes) == (0, 0)


@pytest.mark.parametrize("fault", ["flip=300", "lose=300"])
@pytest.mark.timeout(600)
@measured
def test_bit_errors_and_lost_bytes_in_both_directions_cost_nothing(files: Path, fault: str) -> None:
    driver = SensorBoard({})
    stack, _, port = listening(files, fault)
    with stack:
        events = read(port, driver, lambda found: len(pulse_of(found)) >= 300 and driver.rejected_frames > 0)
    pulse = pulse_of(events)
    assert in_place(pulse)
    with durations():
        assert len(pulse) >= 0.95 * (max(pulse) + 1)


def test_a_board_that_starts_again_goes_on_behind_a_gap(files: Path) -> None:
    driver = SensorBoard({})
    stack, line, port = listening(files)
    with stack:
        events = read(port, driver, lambda found: len(pulse_of(found)) >= 50)
        line.cut_off()
        while waits := port.read(0.05):
            events += driver.feed(waits)
        before = pulse_of(events)
        line.restart()
        after = pulse_of(read(port, driver, lambda found: len(pulse_of(found)) >= 50))
    assert "the board has started again" in driver.warnings
    assert min(after) > max(before) + 1
    assert in_place(before)
    assert in_place(after)


@pytest.mark.timeout(600)
@measured
def test_a_host_that_appears_late_gets_what_the_board_has_kept(files: Path) -> None:
    driver = SensorBoard({})
    with cable(files) as line:
        time.sleep(2.0)
        port = open_port(line.address, SENSOR_BOARD.serial)
        try:
            begin = time.monotonic()
            events = read(port, driver, lambda found: len(pulse_of(found)) >= 200)
            took = time.monotonic() - begin
        finally:
            port.close()
    assert in_place(pulse_of(events))
    with durations():
        assert took < 1.5  # two seconds of samples were waiting


def test_a_second_host_goes_on_where_the_first_one_left(files: Path) -> None:
    first, second = SensorBoard({}), SensorBoard({})
    stack, _, port = listening(files)
    with stack:
        before = pulse_of(read(port, first, lambda found: len(pulse_of(found)) >= 50))
        after = pulse_of(read(port, second, lambda found: len(pulse_of(found)) >= 100))
    assert in_place(after)
    last, begins = list(before.values())[-1], next(iter(after.values()))
    assert begins <= last + 1  # nothing between them is lost


@measured
def test_a_probe_that_only_listens_recognises_it(files: Path) -> None:
    with cable(files) as line:
        found = probe(line.address, [SENSOR_BOARD], listen_s=3.0)
    with durations():
        assert [(one.device.name, one.confidence) for one in found.guesses] == [("sensor-board", 0.99)]


def test_a_port_that_is_gone_is_said(files: Path) -> None:
    with pytest.raises(PortError, match="cannot be opened"):
        open_port(str(files / "nothing"), SENSOR_BOARD.serial)
