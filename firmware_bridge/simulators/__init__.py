"""Devices that do not exist: bytes as their manuals describe them, with a known truth; sans-IO, like the drivers."""
