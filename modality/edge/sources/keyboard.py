"""A scanner that types like a keyboard, read from the kernel's events so that no window needs the focus."""

from __future__ import annotations

import fcntl
import os
import select
import struct
from contextlib import suppress

from firmware_bridge.errors import PortError

# Linux, include/uapi/linux/input.h and input-event-codes.h: struct input_event, EV_KEY, EVIOCGRAB, the codes of keys.
_EVENT = struct.Struct("llHHi")
_KEY, _GRAB = 1, 0x40044590
_ENTER, _SHIFTS = (28, 96), (42, 54)
_PLAIN = {
    **dict(zip(range(2, 14), "1234567890-=", strict=True)),
    **dict(zip(range(16, 28), "qwertyuiop[]", strict=True)),
    **dict(zip(range(30, 42), "asdfghjkl;'`", strict=True)),
    **dict(zip(range(43, 54), "\\zxcvbnm,./", strict=True)),
    57: " ",
    **dict(zip((71, 72, 73, 75, 76, 77, 79, 80, 81, 82), "7894561230", strict=True)),
    74: "-",
    78: "+",
}
_SHIFTED = dict(zip("1234567890-=[];'`\\,./", '!@#$%^&*()_+{}:"~|<>?', strict=True))


class Keys:
    """Turns key events into text, with the layout that scanners have from the factory (US)."""

    def __init__(self) -> None:
        self._shift = False
        self._rest = b""

    def text(self, data: bytes) -> bytes:
        """What the events type; Enter is a line's end."""
        data = self._rest + data
        whole = len(data) - len(data) % _EVENT.size
        self._rest = data[whole:]
        typed = []
        for _, _, kind, code, value in _EVENT.iter_unpack(data[:whole]):
            if kind != _KEY:
                continue
            if code in _SHIFTS:
                self._shift = value != 0
            elif value and code in _ENTER:
                typed.append("\r")
            elif value and code in _PLAIN:
                plain = _PLAIN[code]
                typed.append(_SHIFTED.get(plain, plain.upper()) if self._shift else plain)
        return "".join(typed).encode("ascii")


class Keyboard:
    """An input device, taken for ourselves, so that its keys go nowhere else.

    Args:
        address: its path, such as ``/dev/input/by-id/usb-...-event-kbd``.

    Raises:
        PortError: it cannot be opened.
    """

    def __init__(self, address: str) -> None:
        self.address, self.calls = address, 1
        self._keys = Keys()
        try:
            self._handle = os.open(address, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            raise PortError(f"{address}: cannot be opened: {error.strerror}") from error
        with suppress(OSError):
            fcntl.ioctl(self._handle, _GRAB, 1)

    def read(self, wait_s: float) -> bytes:
        """What was typed.

        Raises:
            PortError: it is gone.
        """
        try:
            ready, _, _ = select.select([self._handle], [], [], wait_s)
            return self._keys.text(os.read(self._handle, 64 * _EVENT.size)) if ready else b""
        except (OSError, ValueError) as error:
            raise PortError(f"{self.address}: is gone: {getattr(error, 'strerror', None) or error}") from error

    def write(self, _: bytes) -> None:
        """Say something: a keyboard hears nothing."""

    def close(self) -> None:
        """Close it."""
        with suppress(OSError):
            os.close(self._handle)
