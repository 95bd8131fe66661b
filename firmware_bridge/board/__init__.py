"""The sensor board's own side: runs on MicroPython, and on CPython as its simulator."""
