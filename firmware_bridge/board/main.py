"""Started by MicroPython on a Raspberry Pi Pico: which pin is which sensor. Change the pins here, nothing else.

pulse: an analogue photoplethysmograph on GP26 (ADC 0). temperature: a TMP102 at I2C address 72 on GP4 and GP5, or the
chip's own sensor where none answers. button: between GP15 and ground.
"""
# mypy: ignore-errors

import os
import select
import sys
import time

import machine
import micropython

from firmware_bridge.board.loop import Board, run
from firmware_bridge.board.sensors import BUTTON, PULSE, TEMPERATURE, Sensor

PULSE_PIN, BUTTON_PIN = 26, 15
I2C_ID, SDA_PIN, SCL_PIN, THERMOMETER = 0, 4, 5, 72


def thermometer():
    """Hundredths of a degree Celsius, of the TMP102 on the bus or of the chip."""
    bus = machine.I2C(I2C_ID, sda=machine.Pin(SDA_PIN), scl=machine.Pin(SCL_PIN))
    if THERMOMETER in bus.scan():

        def read():
            high, low = bus.readfrom_mem(THERMOMETER, 0, 2)  # TMP102: 12 bits, left aligned, 1/16 degree
            raw = (high << 8 | low) >> 4
            return (raw - 4096 if raw & 0x800 else raw) * 100 // 16

        return read
    chip = machine.ADC(4)
    return lambda: int((27 - (chip.read_u16() * 3.3 / 65535 - 0.706) / 0.001721) * 100)  # RP2040 datasheet


def clock():
    """Milliseconds since now, which do not wrap as the ticks do."""
    last, total = time.ticks_ms(), 0

    def now_ms():
        nonlocal last, total
        ticks = time.ticks_ms()
        total += time.ticks_diff(ticks, last)
        last = ticks
        return total

    return now_ms


def port():
    """What reads from and writes to the USB port, without waiting."""
    poll = select.poll()
    poll.register(sys.stdin, select.POLLIN)

    def read():
        out = b""
        while len(out) < 64 and poll.poll(0):
            out += sys.stdin.buffer.read(1)
        return out

    return read, sys.stdout.buffer.write


def main():
    """Never returns."""
    micropython.kbd_intr(-1)  # a byte 3 is data, not Ctrl-C
    adc, button = machine.ADC(PULSE_PIN), machine.Pin(BUTTON_PIN, machine.Pin.IN, machine.Pin.PULL_UP)
    sensors = [
        Sensor(PULSE, lambda: adc.read_u16() >> 4, False),
        Sensor(TEMPERATURE, thermometer(), False),
        Sensor(BUTTON, lambda: 1 - button.value(), True),
    ]
    read, write = port()
    run(Board(sensors, int.from_bytes(os.urandom(4), "little")), clock(), read, write, lambda: time.sleep_ms(1))


if __name__ == "__main__":
    main()
