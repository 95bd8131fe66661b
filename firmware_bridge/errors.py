"""The bridge's own errors; `modality.edge` wraps them into those of the product."""

from __future__ import annotations


class BridgeError(Exception):
    """The root."""


class SettingsError(BridgeError):
    """A device's settings do not fit it."""


class PortError(BridgeError):
    """A port cannot be opened, read or written; opening it again later may help."""
