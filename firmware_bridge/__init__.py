"""Drivers of legacy devices and the framing of their bytes; they run on CPython and MicroPython alike."""
