"""Modules of emission images (PS3.3 C.8.4, C.8.9)."""
