"""Modules that every kind of instance shares (PS3.3 C.7.1 to C.7.5, C.12.1)."""
