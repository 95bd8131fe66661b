"""Modules that image IODs share (PS3.3 C.7.6, C.7.10, C.11)."""
