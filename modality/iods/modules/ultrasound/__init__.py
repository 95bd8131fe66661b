"""Modules of ultrasound images (PS3.3 C.8.5)."""
