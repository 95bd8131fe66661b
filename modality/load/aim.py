"""A load is put on one's own archives alone: on this machine, or where somebody says that it is his."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from modality.errors import UsageError
from modality.network.address import DicomAddress, WebAddress


def is_loopback(address: DicomAddress | WebAddress) -> bool:
    """Whether an address is on this machine for sure: a name but `localhost` may lead anywhere."""
    host = address.host if isinstance(address, DicomAddress) else urlsplit(address.url).hostname or ""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_aim(address: DicomAddress | WebAddress, *, owned: bool) -> None:
    """Refuse to put a load on an archive that may be somebody else's.

    Args:
        address: whom the load would hit.
        owned: the user has said that the archive is his.

    Raises:
        UsageError: it is neither on this machine nor said to be the user's own.
    """
    if not owned and not is_loopback(address):
        raise UsageError(
            f"{address}: not on this machine, and a load can bring an archive down: say --i-own-this-archive, or "
            "i_own_this_archive = true in the [target] of a scenario, if it is yours"
        )
