"""What the commands about devices share: the bridge's errors as ours, and a device by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from modality.errors import InputError, UnreachableError, UsageError
from modality.registry import Table

# The format that Nonin's devices leave the factory with, for those who name only the maker.
_ALSO = {"nonin": "nonin-2"}


@contextmanager
def bridged() -> Iterator[None]:
    """Raise the bridge's errors as those of the product."""
    from firmware_bridge.errors import BridgeError, PortError, SettingsError

    try:
        yield
    except SettingsError as error:
        raise UsageError(str(error)) from error
    except PortError as error:
        raise UnreachableError(str(error)) from error
    except BridgeError as error:
        raise InputError(str(error)) from error


def named(table: Table, name: str) -> str:
    """The name as the table has it.

    Raises:
        UnknownNameError: no entry has that name.
    """
    name = name if name in table.entries else _ALSO.get(name, name)
    table.load(name)
    return name
