"""Drivers: one legacy device a file, sans-IO: bytes in, measurements out."""
