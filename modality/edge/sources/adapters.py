"""USB adapters by what they say of themselves, found anew at each opening: the name of the device file changes."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from firmware_bridge.errors import PortError
from modality.errors import ConfigurationError

SCHEME = "usb:"
_FORM = re.compile(r"usb:([0-9a-f]{4}):([0-9a-f]{4})(?::([^@]+))?(?:@([0-9]+-[0-9.]+(?::[0-9.]+)?))?", re.IGNORECASE)


class Fingerprint(NamedTuple):
    """What tells an adapter from others.

    vendor: its vendor's number.
    product: its product's number.
    serial: its serial number; empty where it has none.
    place: the socket that it is in, such as "1-1.2"; empty for any.
    """

    vendor: int
    product: int
    serial: str = ""
    place: str = ""


def fingerprint(address: str) -> Fingerprint | None:
    """The fingerprint in ``usb:VID:PID[:SERIAL][@PLACE]``; None for an address of another kind.

    Raises:
        ConfigurationError: it begins so, and does not go on so.
    """
    if not address.startswith(SCHEME):
        return None
    found = _FORM.fullmatch(address)
    if not found:
        raise ConfigurationError(f"{address!r}: give usb:VID:PID, usb:VID:PID:SERIAL or usb:VID:PID@1-1.2, VID in hex")
    return Fingerprint(int(found[1], 16), int(found[2], 16), found[3] or "", found[4] or "")


def located(address: str) -> str:
    """The device file of an adapter that is plugged in now; an address of another kind as it is.

    Raises:
        PortError: it is not plugged in, or several are like it.
    """
    wanted = fingerprint(address)
    if wanted is None:
        return address
    fits = [one for one in _ports() if _fits(wanted, one)]
    if not fits:
        raise PortError(f"{address}: no adapter like this is plugged in")
    if len(fits) > 1:
        places = " or ".join(sorted(f"@{one.location}" for one in fits))
        raise PortError(f"{address}: {len(fits)} adapters are like this: tell them apart by socket, {places}")
    return str(fits[0].device)


def _ports() -> list[Any]:
    """The serial ports that there are."""
    from serial.tools import list_ports

    return list(list_ports.comports())


def _fits(wanted: Fingerprint, port: Any) -> bool:
    if (port.vid, port.pid) != (wanted.vendor, wanted.product):
        return False
    if wanted.serial and port.serial_number != wanted.serial:
        return False
    # An adapter with several ports adds the interface, as in "1-1.2:1.0".
    location = str(port.location or "")
    return not wanted.place or wanted.place in (location, location.partition(":")[0])
