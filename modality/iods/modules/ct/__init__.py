"""Computed tomography modules (PS3.3 C.8.2)."""
