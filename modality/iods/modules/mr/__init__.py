"""Magnetic resonance modules (PS3.3 C.8.3)."""
