"""Run by MicroPython, not by pytest: the board's real loop, on stdin and stdout, with sensors that do not exist.

Arguments: the folder with what `modality edge flash-files` laid out, and the board's number of this start. The pulse is
its own index modulo 1000 as the clock has it, so that whoever reads it sees whether each sample stands in its place.
"""

import select
import sys
import time

sys.path.insert(0, sys.argv[1])

from firmware_bridge.board.loop import Board, run
from firmware_bridge.board.sensors import BUTTON, PULSE, TEMPERATURE, Sensor

begin = time.ticks_ms()
poll = select.poll()
poll.register(sys.stdin, select.POLLIN)


def now_ms():
    return time.ticks_diff(time.ticks_ms(), begin)


def read():
    out = b""
    while len(out) < 64 and poll.poll(0):
        byte = sys.stdin.buffer.read(1)
        if not byte:
            return None
        out += byte
    return out


def write(data):
    while data:
        data = data[sys.stdout.buffer.write(data) :]


moment = [0]


def turn():
    moment[0] = now_ms()
    return moment[0]


sensors = [
    Sensor(PULSE, lambda: moment[0] // PULSE.period_ms % 1000, False),
    Sensor(TEMPERATURE, lambda: 3680, False),
    Sensor(BUTTON, lambda: moment[0] // 500 % 2, True),
]
run(Board(sensors, int(sys.argv[2])), turn, read, write, lambda: time.sleep_ms(1))
